// SPDX-License-Identifier: Apache-2.0
// How fast tasks are launched.
//
//   launch --real [--tasks 5000]
//       Real /bin/true through one agent, against a bare loop of posix_spawn and waitpid, one at a
//       time, half before and half after, in the same run: ratio_to_bare.
//   launch --emulated [--agents 1000] [--tasks 200000] [--connections 8] [--frameworks 4]
//       One real master over loopback; emulated agents; at most 10 tasks per accept; each status
//       acknowledged: tasks_per_master_cpu_second, accept_to_running_p50_ms and _p99_ms.
//   launch --python [--tasks 1000]
//       Real /bin/true through one agent, launched by a scheduler in C++ and by the same one in
//       Python, in turn, five times each; of the medians: ratio_to_cpp.

#include "emulated_agents.hpp"
#include "launching.hpp"

#include <offerkit/runtime/run_framework.hpp>

#include <support/daemons.hpp>

#include <spawn.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

namespace {

using namespace offerkit;
using namespace offerkit::literals;
using bench::Clock;
using bench::framework_options;
using bench::Launcher;
using bench::seconds_since;

void print(const std::string& workload, const char* metric, double value, const char* unit) {
    std::printf(
        "{\"bench\":\"launch\",\"workload\":\"%s\",\"seed\":0,\"metric\":\"%s\","
        "\"value\":%.6g,\"unit\":\"%s\"}\n",
        workload.c_str(), metric, value, unit);
    std::fflush(stdout);
}

/// Seconds for `tasks` processes, one at a time.
double bare_loop(std::size_t tasks) {
    const auto start = Clock::now();
    for (std::size_t i = 0; i < tasks; ++i) {
        char name[] = "/bin/true";
        char* argv[] = {name, nullptr};
        pid_t pid = 0;
        if (::posix_spawn(&pid, name, nullptr, nullptr, argv, environ) != 0) std::abort();
        ::waitpid(pid, nullptr, 0);
    }
    return seconds_since(start);
}

int real(const std::string& programs, std::size_t tasks) {
    offerkit::testing::MasterProcess master{programs};
    const auto agent = master.start_agent("agent", "cpus:16;mem:4096");
    Command command;
    command.argv = {"/bin/true"};
    double bare = bare_loop(tasks / 2);
    Launcher launcher{tasks, tasks, command};
    const Result<void> ended = try_run_framework(launcher, framework_options(master));
    const double ours = seconds_since(launcher.started());
    bare += bare_loop(tasks - tasks / 2);
    if (!ended || launcher.failed() != 0) {
        std::fprintf(stderr, "launch: %zu tasks failed; %s\n", launcher.failed(),
                     ended ? "" : format_refusal(ended.error()).c_str());
        return 1;
    }
    const std::string workload = std::to_string(tasks) + " /bin/true through one agent";
    const auto count = static_cast<double>(tasks);
    print(workload, "tasks_per_second", count / ours, "1/s");
    print(workload, "bare_per_second", count / bare, "1/s");
    print(workload, "ratio_to_bare", bare / ours, "ratio");
    return 0;
}

/// Seconds from the first accept to the last end; below zero: it failed.
double launched_by_cpp(const offerkit::testing::MasterProcess& master, std::size_t tasks) {
    Command command;
    command.argv = {"/bin/true"};
    Launcher launcher{tasks, tasks, command};
    const Result<void> ended = try_run_framework(launcher, framework_options(master));
    if (!ended) std::fprintf(stderr, "launch: %s\n", format_refusal(ended.error()).c_str());
    return ended && launcher.failed() == 0 ? seconds_since(launcher.started()) : -1;
}

double launched_by_python(const offerkit::testing::MasterProcess& master, std::size_t tasks) {
    ::setenv("OFFERKIT_MASTER", master.address().c_str(), 1);
    ::setenv("OFFERKIT_TOKEN", offerkit::testing::MasterProcess::token().c_str(), 1);
    const char* const python = std::getenv("OFFERKIT_PYTHON");  // Set by scripts/bench.
    const std::string command = std::string(python != nullptr ? python : "python3") + " " +
                                OFFERKIT_SOURCE_DIR "/tests/bench/programs/launcher.py " +
                                std::to_string(tasks);
    std::FILE* const output = ::popen(command.c_str(), "r");
    double seconds = -1;
    const bool is_told = output != nullptr && std::fscanf(output, "%lf", &seconds) == 1;
    return output != nullptr && ::pclose(output) == 0 && is_told ? seconds : -1;
}

int python(const std::string& programs, std::size_t tasks) {
    offerkit::testing::MasterProcess master{programs};
    const auto agent = master.start_agent("agent", "cpus:16;mem:4096");
    constexpr std::size_t rounds = 5;
    std::vector<double> cpp;
    std::vector<double> python;
    for (std::size_t i = 0; i < rounds; ++i) {
        cpp.push_back(launched_by_cpp(master, tasks));
        python.push_back(launched_by_python(master, tasks));
        if (cpp.back() <= 0 || python.back() <= 0) {
            std::fprintf(stderr, "launch: a scheduler did not finish its tasks\n");
            return 1;
        }
    }
    std::ranges::sort(cpp);
    std::ranges::sort(python);
    const double cpp_seconds = cpp[rounds / 2];
    const double python_seconds = python[rounds / 2];
    const std::string workload = std::to_string(tasks) + " /bin/true through one agent";
    print(workload, "tasks_per_second", static_cast<double>(tasks) / python_seconds, "1/s");
    print(workload, "cpp_tasks_per_second", static_cast<double>(tasks) / cpp_seconds, "1/s");
    print(workload, "ratio_to_cpp", cpp_seconds / python_seconds, "ratio");
    return 0;
}

int emulated(const std::string& programs, std::size_t agents, std::size_t tasks,
             std::size_t connections, std::size_t frameworks) {
    offerkit::testing::MasterProcess master{programs};
    bench::EmulatedAgents fleet{{.master = master.address(),
                                 .token = offerkit::testing::MasterProcess::token(),
                                 .agents = agents,
                                 .connections = connections,
                                 .resources = "cpus:10;mem:10240"}};
    while (fleet.registered() < agents) {
        if (fleet.lost() != 0) {
            std::fprintf(stderr, "launch: %zu agents were not let in\n", fleet.lost());
            return 1;
        }
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    Command command;
    command.argv = {"/bin/true"};
    std::vector<std::unique_ptr<Launcher>> launchers;
    for (std::size_t i = 0; i < frameworks; ++i) {
        launchers.push_back(std::make_unique<Launcher>(tasks / frameworks, 10, command));
    }
    std::vector<int> failed(frameworks, 1);
    const double cpu_before = master.child().cpu_seconds();
    const auto start = Clock::now();
    {
        std::vector<std::jthread> threads;
        for (std::size_t i = 0; i < frameworks; ++i) {
            threads.emplace_back([&, i] {
                const auto ended = try_run_framework(*launchers[i], framework_options(master));
                failed[i] = ended && launchers[i]->failed() == 0 ? 0 : 1;
                if (!ended) std::fprintf(stderr, "%s\n", format_refusal(ended.error()).c_str());
            });
        }
    }
    const double wall = seconds_since(start);
    const double cpu = master.child().cpu_seconds() - cpu_before;
    if (std::ranges::count(failed, 0) != static_cast<std::ptrdiff_t>(frameworks)) {
        std::fprintf(stderr, "launch: a framework did not finish its tasks\n");
        return 1;
    }
    std::vector<double> latencies;
    for (const auto& launcher : launchers) {
        latencies.insert(latencies.end(), launcher->latency_ms().begin(),
                         launcher->latency_ms().end());
    }
    std::ranges::sort(latencies);
    const auto at = [&](double part) {
        return latencies[static_cast<std::size_t>(part *
                                                  static_cast<double>(latencies.size() - 1))];
    };
    const std::string workload = std::to_string(tasks) + " tasks, " + std::to_string(agents) +
                                 " emulated agents on " + std::to_string(connections) +
                                 " connections, " + std::to_string(frameworks) +
                                 " frameworks, at most 10 per accept";
    const auto count = static_cast<double>(latencies.size());
    print(workload, "tasks_per_master_cpu_second", count / cpu, "1/s");
    print(workload, "tasks_per_second", count / wall, "1/s");
    print(workload, "accept_to_running_p50_ms", at(0.5), "ms");
    print(workload, "accept_to_running_p99_ms", at(0.99), "ms");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    bool is_real = false;
    bool is_emulated = false;
    bool is_python = false;
    std::size_t tasks = 0;
    std::size_t agents = 1000;
    std::size_t connections = 8;
    std::size_t frameworks = 4;
    for (int i = 1; i < argc; ++i) {
        const std::string flag = argv[i];
        const auto number = [&](std::size_t& value) {
            const char* const text = i + 1 < argc ? argv[++i] : "";
            char* end = nullptr;
            value = std::strtoull(text, &end, 10);
            if (value == 0 || *end != '\0') {
                std::fprintf(stderr, "launch: %s needs a positive number\n", flag.c_str());
                std::exit(2);
            }
        };
        if (flag == "--real") {
            is_real = true;
        } else if (flag == "--emulated") {
            is_emulated = true;
        } else if (flag == "--python") {
            is_python = true;
        } else if (flag == "--tasks") {
            number(tasks);
        } else if (flag == "--agents") {
            number(agents);
        } else if (flag == "--connections") {
            number(connections);
        } else if (flag == "--frameworks") {
            number(frameworks);
        } else {
            std::fprintf(stderr, "launch: unknown argument %s\n", flag.c_str());
            return 2;
        }
    }
    if (is_real + is_emulated + is_python != 1) {
        std::fprintf(stderr, "launch: give --real, --emulated or --python\n");
        return 2;
    }
    const std::string programs = OFFERKIT_BIN_DIR;
    if (is_python) return python(programs, tasks == 0 ? 1000 : tasks);
    if (is_real) return real(programs, tasks == 0 ? 5000 : tasks);
    return emulated(programs, agents, tasks == 0 ? 200'000 : tasks, connections, frameworks);
}
