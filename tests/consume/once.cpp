// SPDX-License-Identifier: Apache-2.0
// The one source file that holds OfferKit's bodies, in a project that does not link its library.
#include <offerkit/src.hpp>
