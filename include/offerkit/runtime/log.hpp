// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where the runtime's own words go. The library prints nothing by itself: daemons give a function
/// that writes their log, tests one that remembers.

#include <cstdint>
#include <functional>
#include <string>

namespace offerkit::runtime {

enum class LogLevel : std::uint8_t { debug, info, warning, error };

/// Called from any thread; must be safe for that. Empty: silence.
using Log = std::function<void(LogLevel, const std::string& line)>;

inline void write_log(const Log& log, LogLevel level, const std::string& line) {
    if (log) log(level, line);
}

}  // namespace offerkit::runtime
