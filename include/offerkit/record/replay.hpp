// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Runs a recorded machine again over its own log and compares what it asks for, byte for byte.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace offerkit::record {

/// The first step in which the machine did not do what it did when it was recorded.
struct Difference {
    std::uint64_t step = 0;  // From zero.
    Instant at;
    std::string what;  // For people: which effect, by number, or the next wake.
};

struct Replay {
    std::uint64_t steps = 0;
    std::uint64_t events = 0;
    std::uint64_t effects = 0;             // Deltas included.
    std::uint64_t fingerprint = 0;         // Of all events and effects.
    bool cut_off = false;                  // The log ends in a record that is not whole.
    std::optional<Difference> difference;  // None: the same, byte for byte.
};

struct ReplayOptions {
    std::string build;  // Of this program. Empty: replay what any build wrote.
    /// Makes the allocator for a master. Empty: the built-in policies, by name.
    std::function<Result<std::unique_ptr<Allocator>>(std::string_view policy, std::uint64_t seed)>
        make_allocator;
};

/// Replays a log from its beginning, up to the first difference. Refuses: what `LogReader` refuses,
/// but for a last record that is cut off; `unsupported` for another build, or a log that does not
/// begin with its machine; `not_found` for an unknown policy.
[[nodiscard]] Result<Replay> replay(std::string_view log, const ReplayOptions& options = {});

}  // namespace offerkit::record
