// SPDX-License-Identifier: Apache-2.0
// How many statuses a master passes on: from agents to frameworks and, acknowledged, back.
//
//   status [--agents 200] [--tasks 20000] [--per-task 20]
//
// One real master over loopback, emulated agents on 8 connections, 4 frameworks. The next status of
// a task follows when the last one is acknowledged: statuses_per_second,
// statuses_per_master_cpu_second.

#include "status_load.hpp"

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>

namespace {

using namespace offerkit;

void print(const bench::StatusLoad& load, const char* metric, double value) {
    std::printf(
        "{\"bench\":\"status\",\"workload\":\"%s\",\"seed\":0,\"metric\":\"%s\",\"value\":%.6g,"
        "\"unit\":\"1/s\"}\n",
        load.text().c_str(), metric, value);
}

int run(const bench::StatusLoad& load) {
    offerkit::testing::MasterProcess master{OFFERKIT_BIN_DIR};
    const std::optional<bench::StatusRun> done = bench::run_statuses(master, load);
    if (!done) return 1;
    const auto statuses = static_cast<double>(done->statuses);
    print(load, "statuses_per_second", statuses / done->wall_seconds);
    print(load, "statuses_per_master_cpu_second", statuses / done->cpu_seconds);
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    bench::StatusLoad load;
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
