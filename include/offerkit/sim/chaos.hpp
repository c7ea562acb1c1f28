// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Random faults for an author's own tests, and the search for a seed that shows a mistake. A seed
/// is all that is needed to see it again.

#include <offerkit/core/time.hpp>
#include <offerkit/sim/world.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::sim {

/// How often which fault comes: numbers are chances relative to each other, zero is never.
struct ChaosOptions {
    Duration every = std::chrono::seconds{3};       // From one to the next, on average.
    Duration lasts_max = std::chrono::seconds{20};  // Until it is mended.

    std::uint32_t link_breaks = 4;  // A connection of an agent or a scheduler.
    std::uint32_t link_cuts = 3;    // Nothing passes, and nobody is told.
    std::uint32_t slow_links = 3;
    std::uint32_t agent_crashes = 2;    // Its tasks go on.
    std::uint32_t machine_crashes = 1;  // Its tasks are gone.
    std::uint32_t master_crashes = 1;
    std::uint32_t disk_full = 1;  // The master's.
    std::uint32_t scheduler_crashes = 1;

    /// A new author for a scheduler that died: with what it has saved, and no more. Empty: it comes
    /// back with all that it knew; what the SDK knew for it is gone.
    std::function<std::unique_ptr<Author>(std::uint32_t framework)> start_again{};
};

/// Plans faults from now on, for `length`; all are mended by then. Whom they strike is drawn from
/// the agents and frameworks that are there by now. Pre: `every > 0`.
void plan_chaos(World& world, std::uint64_t seed, Duration length, ChaosOptions options = {});

/// A seed that shows a mistake, and which.
struct SeedFinding {
    std::uint64_t seed = 0;
    std::string what;
};

/// Calls `run(seed)` for so many seeds; it returns what was wrong, empty if nothing was. Stops at
/// the first.
template <class Run>
[[nodiscard]] std::optional<SeedFinding> find_seed(std::uint64_t first, std::uint64_t count,
                                                   Run&& run) {
    for (std::uint64_t seed = first; seed - first < count; ++seed) {
        std::string what = run(seed);
        if (!what.empty()) return SeedFinding{seed, std::move(what)};
    }
    return std::nullopt;
}

}  // namespace offerkit::sim
