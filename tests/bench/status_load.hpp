// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Statuses through one real master: from emulated agents on 8 connections to 4 frameworks and,
/// acknowledged, back. The next status of a task follows when the last one is acknowledged.

#include "emulated_agents.hpp"
#include "launching.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace offerkit::bench {

struct StatusLoad {
    std::size_t agents = 200;
    std::size_t tasks = 20'000;
    std::uint64_t per_task = 20;

    [[nodiscard]] std::string text() const {
        return std::to_string(tasks) + " tasks of " + std::to_string(per_task) + " statuses, " +
               std::to_string(agents) + " emulated agents";
    }
};

/// What a master has done, and what it took.
struct StatusRun {
    std::size_t statuses = 0;
    double wall_seconds = 0;
    double cpu_seconds = 0;  // Of all the master's threads.
};

/// Runs the load; none, said on stderr, if something of it failed.
inline std::optional<StatusRun> run_statuses(offerkit::testing::MasterProcess& master,
                                             const StatusLoad& load) {
    constexpr std::size_t frameworks = 4;
    const EmulatedAgents fleet{{.master = master.address(),
                                .token = offerkit::testing::MasterProcess::token(),
                                .agents = load.agents,
                                .resources = "cpus:100;mem:102400",
                                .statuses_per_task = load.per_task}};
    while (fleet.registered() < load.agents)
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    Command command;
    command.argv = {"/bin/true"};
    std::vector<std::unique_ptr<Launcher>> launchers;
    std::vector<char> ended(frameworks, 0);
    const double cpu_before = master.child().cpu_seconds();
    const auto start = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < frameworks; ++i) {
            launchers.push_back(std::make_unique<Launcher>(load.tasks / frameworks, 100, command));
            threads.emplace_back([&ended, &master, launcher = launchers.back().get(), i] {
                ended[i] = try_run_framework(*launcher, framework_options(master)) ? 1 : 0;
            });
        }
    }
    StatusRun run;
    run.wall_seconds = seconds_since(start);
    // What was gathered for a disk is written too.
    std::this_thread::sleep_for(std::chrono::milliseconds{50});
    run.cpu_seconds = master.child().cpu_seconds() - cpu_before;
    for (std::size_t i = 0; i < frameworks; ++i) {
        if (ended[i] == 0 || launchers[i]->failed() != 0) {
            std::fprintf(stderr, "bench: a framework did not finish its tasks\n");
            return std::nullopt;
        }
        run.statuses += launchers[i]->statuses();
    }
    const std::size_t expected = load.tasks / frameworks * frameworks * load.per_task;
    if (run.statuses < expected) {
        std::fprintf(stderr, "bench: heard %zu statuses instead of %zu\n", run.statuses, expected);
        return std::nullopt;
    }
    return run;
}

}  // namespace offerkit::bench
