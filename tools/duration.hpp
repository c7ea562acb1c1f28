// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Lengths of time as people write and read them: "500ms", "90s", "1h 05m".

#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>

#include <string>
#include <string_view>

namespace offerkit::tools {

/// Reads a whole number with a unit (ms, s, m, h, d). Refuses: anything else, and more than a year.
[[nodiscard]] Result<Duration> parse_duration(std::string_view text);

/// What it reads back as: the largest unit that writes it without a fraction. Pre: whole
/// milliseconds, not negative.
[[nodiscard]] std::string format_duration(Duration duration);

/// For people, at most two units: "0s", "59s", "2m 05s", "3h 10m", "4d 02h".
[[nodiscard]] std::string format_about(Duration duration);

/// A moment on the calendar: "2026-11-22T13:05:07.123Z". Empty for none.
[[nodiscard]] std::string format_wall_time(WallTime at);

}  // namespace offerkit::tools
