// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Assertions that stay on in every build. They state what our own code promises; what a peer, a
/// user or a disk can cause is never asserted but refused (`result.hpp`).

// tidy: allow io: the last words of a process that aborts
#include <cstdio>
#include <cstdlib>

namespace offerkit::detail {

/// Prints where and what, then aborts: a broken invariant must not decide anything any more.
[[noreturn]] inline void assertion_failed(const char* condition, const char* file, int line) {
    // tidy: allow io: the last words of a process that aborts
    std::fprintf(stderr, "offerkit: assertion failed: %s (%s:%d)\n", condition, file, line);
    std::abort();
}

}  // namespace offerkit::detail

#define OFFERKIT_ASSERT(condition) \
    ((condition) ? void() : ::offerkit::detail::assertion_failed(#condition, __FILE__, __LINE__))
