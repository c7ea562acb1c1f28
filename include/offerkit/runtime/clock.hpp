// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The clocks of the real world, as the machines want them: one that never goes back and starts
/// with its world, and the calendar.

#include <offerkit/core/time.hpp>

#include <algorithm>
#include <chrono>

namespace offerkit::runtime {

class WorldClock {
public:
    WorldClock() : start_(std::chrono::steady_clock::now()) {}

    [[nodiscard]] Instant mono_now() const {
        return {Duration{std::chrono::steady_clock::now() - start_}.count()};
    }

    [[nodiscard]] static WallTime wall_now() {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return {std::chrono::duration_cast<Duration>(now).count()};
    }

    /// When `at` is on the steady clock. Far moments are cut to a day ahead: an early wake is
    /// harmless, and the standard library's own arithmetic must not overflow.
    [[nodiscard]] std::chrono::steady_clock::time_point steady(Instant at) const {
        const auto latest = std::chrono::steady_clock::now() + std::chrono::hours{24};
        if (at == Instant::never()) return latest;
        return std::min(latest, start_ + Duration{at.ns});
    }

private:
    std::chrono::steady_clock::time_point start_;
};

}  // namespace offerkit::runtime
