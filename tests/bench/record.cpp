// SPDX-License-Identifier: Apache-2.0
// What it costs to record: CPU seconds of a daemon under one load, with `--record` and without.
//
//   record [--rounds 5] [--agents 200] [--tasks 20000] [--per-task 20]
//       A master that passes on statuses, as in `status`.
//   record --real [--rounds 5] [--tasks 2000]
//       An agent that runs /bin/true, as in `launch --real`.
//
// Each round runs both, in turns, on daemons of their own. record_cpu_share is what recording adds:
// with over without, less one; from the sums over all rounds, and the median of the rounds.

#include "status_load.hpp"

#include <support/temporary_folder.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace offerkit;

struct Load {
    bool real = false;
    std::size_t rounds = 5;
    std::size_t real_tasks = 2000;
    bench::StatusLoad statuses;

    [[nodiscard]] std::string text() const {
        return real ? std::to_string(real_tasks) + " /bin/true through one agent" : statuses.text();
    }
};

/// What one run took.
struct Cost {
    double cpu_seconds = 0;
    std::uintmax_t bytes = 0;  // In the files of the record.
};

void print(const Load& load, const char* metric, double value, const char* unit) {
    std::printf(
        "{\"bench\":\"record\",\"workload\":\"%s, %zu rounds\",\"seed\":0,\"metric\":\"%s\","
        "\"value\":%.4g,\"unit\":\"%s\"}\n",
        load.text().c_str(), load.rounds, metric, value, unit);
    std::fflush(stdout);
}

std::vector<std::string> arguments(const std::string& folder) {
    if (folder.empty()) return {};
    return {"--record", folder};
}

std::optional<double> run_master(const Load& load, const std::string& folder) {
    offerkit::testing::MasterProcess master{OFFERKIT_BIN_DIR, arguments(folder)};
    const std::optional<bench::StatusRun> done = bench::run_statuses(master, load.statuses);
    if (!done) return std::nullopt;
    return done->cpu_seconds;
}

std::optional<double> run_agent(const Load& load, const std::string& folder) {
    offerkit::testing::MasterProcess master{OFFERKIT_BIN_DIR};
    const auto agent = master.start_agent("agent", "cpus:16;mem:4096", arguments(folder));
    Command command;
    command.argv = {"/bin/true"};
    bench::Launcher launcher{load.real_tasks, load.real_tasks, command};
    const double before = agent->cpu_seconds();
    const Result<void> ended = try_run_framework(launcher, bench::framework_options(master));
    if (!ended || launcher.failed() != 0) {
        std::fprintf(stderr, "record: %zu tasks failed; %s\n", launcher.failed(),
                     ended ? "" : format_refusal(ended.error()).c_str());
        return std::nullopt;
    }
    // What was gathered for the disk is written too.
    std::this_thread::sleep_for(std::chrono::milliseconds{100});
    return agent->cpu_seconds() - before;
}

std::optional<Cost> run_once(const Load& load, bool records) {
    const offerkit::testing::TemporaryFolder kept;
    const std::string folder = records ? kept.path() : std::string{};
    const std::optional<double> cpu =
        load.real ? run_agent(load, folder) : run_master(load, folder);
    if (!cpu) return std::nullopt;
    Cost cost{.cpu_seconds = *cpu};
    for (const auto& file : std::filesystem::directory_iterator{kept.path()})
        cost.bytes += file.file_size();
    return cost;
}

int run(const Load& load) {
    double without = 0;
    double with = 0;
    std::uintmax_t bytes = 0;
    std::vector<double> shares;
    for (std::size_t round = 0; round < load.rounds; ++round) {
        // The order changes, so that what grows warm or gets crowded meanwhile favours neither.
        const bool records_first = round % 2 == 1;
        const std::optional<Cost> first = run_once(load, records_first);
        const std::optional<Cost> second = first ? run_once(load, !records_first) : std::nullopt;
        if (!second) return 1;
        const Cost& on = records_first ? *first : *second;
        const Cost& off = records_first ? *second : *first;
        if (on.bytes == 0) {
            std::fprintf(stderr, "record: nothing was recorded\n");
            return 1;
        }
        with += on.cpu_seconds;
        without += off.cpu_seconds;
        bytes += on.bytes;
        shares.push_back(on.cpu_seconds / off.cpu_seconds - 1);
    }
    std::ranges::sort(shares);
    const auto rounds = static_cast<double>(load.rounds);
    print(load, "cpu_seconds_without", without / rounds, "s");
    print(load, "cpu_seconds_with", with / rounds, "s");
    print(load, "record_megabytes", static_cast<double>(bytes) / rounds / 1e6, "MB");
    print(load, "record_cpu_share_median", shares[shares.size() / 2], "ratio");
    print(load, "record_cpu_share", with / without - 1, "ratio");
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    Load load;
    for (int i = 1; i < argc; ++i) {
        const std::string flag = argv[i];
        if (flag == "--real") {
            load.real = true;
            continue;
        }
        const std::uint64_t value = i + 1 < argc ? std::strtoull(argv[++i], nullptr, 10) : 0;
        if (value == 0) {
            std::fprintf(stderr, "record: %s needs a positive number\n", flag.c_str());
            return 2;
        }
        if (flag == "--rounds") {
            load.rounds = value;
        } else if (flag == "--agents") {
            load.statuses.agents = value;
        } else if (flag == "--tasks") {
            load.statuses.tasks = load.real_tasks = value;
        } else if (flag == "--per-task" && value > 1) {
            load.statuses.per_task = value;
        } else {
            std::fprintf(stderr, "record: unknown argument %s\n", flag.c_str());
            return 2;
        }
    }
    return run(load);
}
