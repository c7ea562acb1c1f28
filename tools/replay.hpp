// SPDX-License-Identifier: Apache-2.0
#pragma once

/// `offerkit replay`: runs a recorded machine again, up to any moment, and shows it.

#include <offerkit/core/result.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace offerkit::tools {

struct ReplayCommand {
    std::string log;       // Path of the file.
    std::string until;     // See `parse_moment`; empty: to the end.
    std::string break_on;  // Kind of an event or effect; empty: none.
    bool state = false;    // Also print the machine's state.
    bool json = false;
};

/// When a replay ends: after so many steps, or before the first step that is later than a time.
struct Moment {
    std::optional<std::uint64_t> step;
    std::optional<std::int64_t> ns;  // Of the machine's own clock, which begins at zero.
};

/// Reads "1200", a step, or "75.5s", "300ms", "2min", "1h", a time. Refuses: `malformed`.
[[nodiscard]] Result<Moment> parse_moment(const std::string& text);

/// Prints, and returns an exit code: 0 the same, byte for byte; 1 it differs; 2 the log or what was
/// asked cannot be used.
[[nodiscard]] int replay(const ReplayCommand& command);

}  // namespace offerkit::tools
