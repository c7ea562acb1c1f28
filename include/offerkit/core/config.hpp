// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One switch: header-only (the default) or compile-once. The machines' bodies live in `.ipp` files
/// that mark every function OFFERKIT_INLINE, so that the same source serves both.
#if defined(OFFERKIT_SEPARATE_COMPILATION)
#define OFFERKIT_INLINE
#else
#define OFFERKIT_INLINE inline
#endif
