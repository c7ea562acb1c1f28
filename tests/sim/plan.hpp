// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The plan of a simulated run, as values and as text.

#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::test {

/// What can befall a world. Adding one is adding a name, and a case in `Scenario::strike`.
enum class Blow : std::uint8_t {
    break_link,
    cut_link,
    slow_link,
    crash_master,
    crash_agent,
    crash_machine,
    kill_framework,
    forget_framework,  // And its scheduler comes back without its memory.
    master_part_way,   // Dies between two effects.
    agent_part_way,
    machine_part_way,
    framework_part_way,
    fill_disk,
    slow_disk,
    jump_wall,
    replace_agent,  // One is stopped for good, another one joins.
    operate,        // An operator changes a role, or takes an agent out of use or back.
    leave_agent,    // Stops, and its tasks go on.
    crash_launcher,
    crash_supervisors,  // With their launcher.
};
inline constexpr std::uint32_t blows = 20;
[[nodiscard]] std::string_view format_blow(Blow blow);

struct PlannedBlow {
    Instant at;
    Blow blow = Blow::break_link;
    Duration length{0};
    std::uint64_t seed = 0;  // For all that it draws itself.
};

/// Everything a run follows from. As text it is what OFFERKIT_REPLAY takes.
struct Plan {
    std::uint64_t seed = 1;
    std::uint32_t workload = 0;
    std::uint32_t agents = 3;
    std::int64_t seconds = 60;                       // Of the safety phase.
    std::uint32_t blows = 10;                        // That are drawn.
    std::optional<std::vector<std::uint32_t>> kept;  // Of these, only those; none: all.
    bool hostile = false;  // Single messages are lost, repeated and reordered.
};

[[nodiscard]] Plan draw_plan(std::uint64_t seed);
[[nodiscard]] std::vector<PlannedBlow> draw_blows(const Plan& plan);
[[nodiscard]] std::string format_plan(const Plan& plan);
[[nodiscard]] Result<Plan> parse_plan(std::string_view text);

}  // namespace offerkit::test
