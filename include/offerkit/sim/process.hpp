// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The modelled processes of one agent: each task's command runs for a time and ends with a code.
/// The commands that people try things out with are understood (`sleep 5`, `true`, `false`,
/// `exit 3`), also inside `/bin/sh -c`; any other runs for a drawn time.

#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/executor/effect.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/sim/network.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::sim {

struct ProcessOptions {
    Delay start{std::chrono::milliseconds{1}, std::chrono::milliseconds{5}};
    Delay run_time{std::chrono::seconds{1},
                   std::chrono::seconds{10}};  // If the command is no help.
    PerMille fails = 0;                        // Ends with code 1 instead of 0.
    PerMille starts_not = 0;                   // Cannot be started at all.
    PerMille ignores_term = 0;                 // Ends only by SIGKILL, when the grace is over.
    Delay end_after_term{std::chrono::milliseconds{1}, std::chrono::milliseconds{50}};
};

/// What a command will do.
struct ProcessPlan {
    Duration run_time{0};  // `Duration::max()`: until it is killed.
    std::int32_t code = 0;
    bool starts = true;
    bool ignores_term = false;
};

/// Reads what a command says of itself. None: any other command.
[[nodiscard]] std::optional<ProcessPlan> read_plan(const std::vector<std::string>& argv);

/// Reads the plan, or draws it.
[[nodiscard]] ProcessPlan draw_plan(const ProcessOptions& options, Rng& rng,
                                    const std::vector<std::string>& argv);

struct Process {
    ProcessPlan plan;
    std::uint64_t number = 0;  // Of this run: a planned end that was overtaken by a kill is void.
    Instant started_at;
    WallTime started_wall;
    Instant ends_at = Instant::never();
    WallTime ended_wall;
    ExitStatus exit;
    bool started = false;  // It runs, or has run, or could not be started.
    bool running = false;
    bool killed = false;  // A kill was asked for.
    bool lost = false;    // How it ended is not known.
};

/// What the launcher of one machine knows: its processes, and the ends of those that it may not
/// forget yet. They outlive the agent; the processes end with the machine.
using Processes = std::map<executor::ProcessKey, Process>;

}  // namespace offerkit::sim
