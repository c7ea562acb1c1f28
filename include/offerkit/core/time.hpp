// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Time as values. There is deliberately no now(): worlds hand time in, machines never ask.

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>

namespace offerkit {

/// A length of time, in nanoseconds.
using Duration = std::chrono::nanoseconds;

/// A moment on the clock of one world that never goes back: nanoseconds since that world began.
/// Only differences mean anything to anybody else.
struct Instant {
    std::int64_t ns = 0;

    [[nodiscard]] static constexpr Instant never() {
        return {std::numeric_limits<std::int64_t>::max()};
    }
    friend constexpr auto operator<=>(const Instant&, const Instant&) = default;

    /// Saturates at `never()`: a deadline too far away to write down does not come.
    friend constexpr Instant operator+(Instant at, Duration d) {
        if (d.count() > 0 && at.ns > std::numeric_limits<std::int64_t>::max() - d.count()) {
            return never();
        }
        return {at.ns + d.count()};
    }
    friend constexpr Duration operator-(Instant a, Instant b) { return Duration{a.ns - b.ns}; }
};

/// A moment on the calendar, nanoseconds since 1970 UTC. It may jump: for people and logs only,
/// never for a decision.
struct WallTime {
    std::int64_t ns = 0;
    friend constexpr auto operator<=>(const WallTime&, const WallTime&) = default;
};

}  // namespace offerkit
