// SPDX-License-Identifier: Apache-2.0
// How many statuses a master passes on: from agents to frameworks and, acknowledged, back.
//
//   status [--agents 200] [--tasks 20000] [--per-task 20]
//
// One real master over loopback, emulated agents on 8 connections, 4 frameworks. The next status of
// a task follows when the last one is acknowledged: statuses_per_second,
// statuses_per_master_cpu_second.

#include "emulated_agents.hpp"
#include "launching.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace offerkit;

struct Load {
    std::size_t agents = 200;
    std::size_t tasks = 20'000;
    std::uint64_t per_task = 20;
};

void print(const Load& load, const char* metric, double value) {
    std::printf(
        "{\"bench\":\"status\",\"workload\":\"%zu tasks of %llu statuses, %zu emulated agents\","
        "\"seed\":0,\"metric\":\"%s\",\"value\":%.6g,\"unit\":\"1/s\"}\n",
        load.tasks, static_cast<unsigned long long>(load.per_task), load.agents, metric, value);
}

int run(const Load& load) {
    constexpr std::size_t frameworks = 4;
    offerkit::testing::MasterProcess master{OFFERKIT_BIN_DIR};
    const bench::EmulatedAgents fleet{{.master = master.address(),
                                       .token = offerkit::testing::MasterProcess::token(),
                                       .agents = load.agents,
                                       .resources = "cpus:100;mem:102400",
                                       .statuses_per_task = load.per_task}};
    while (fleet.registered() < load.agents)
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    Command command;
    command.argv = {"/bin/true"};
    std::vector<std::unique_ptr<bench::Launcher>> launchers;
    std::vector<char> ended(frameworks, 0);
    const double cpu_before = master.child().cpu_seconds();
    const auto start = bench::Clock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < frameworks; ++i) {
            launchers.push_back(
                std::make_unique<bench::Launcher>(load.tasks / frameworks, 100, command));
            threads.emplace_back([&ended, &master, launcher = launchers.back().get(), i] {
                ended[i] = try_run_framework(*launcher, bench::framework_options(master)) ? 1 : 0;
            });
        }
    }
    const double wall = bench::seconds_since(start);
    const double cpu = master.child().cpu_seconds() - cpu_before;
    std::size_t statuses = 0;
    for (std::size_t i = 0; i < frameworks; ++i) {
        if (ended[i] == 0 || launchers[i]->failed() != 0) {
            std::fprintf(stderr, "status: a framework did not finish its tasks\n");
            return 1;
        }
        statuses += launchers[i]->statuses();
    }
    const std::size_t expected = load.tasks / frameworks * frameworks * load.per_task;
    if (statuses < expected) {
        std::fprintf(stderr, "status: heard %zu statuses instead of %zu\n", statuses, expected);
        return 1;
    }
    print(load, "statuses_per_second", static_cast<double>(statuses) / wall);
    print(load, "statuses_per_master_cpu_second", static_cast<double>(statuses) / cpu);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    for (int i = 1; i < argc; i += 2) {
        const std::string flag = argv[i];
        const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[i + 1], nullptr, 10) : 0;
        if (value == 0) {
            std::fprintf(stderr, "status: %s needs a positive number\n", flag.c_str());
            return 2;
        }
        if (flag == "--agents") {
            load.agents = value;
        } else if (flag == "--tasks") {
            load.tasks = value;
        } else if (flag == "--per-task" && value > 1) {
            load.per_task = value;
        } else {
            std::fprintf(stderr, "status: unknown argument %s %s\n", flag.c_str(), argv[i + 1]);
            return 2;
        }
    }
    return run(load);
}
