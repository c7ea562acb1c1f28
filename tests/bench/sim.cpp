// SPDX-License-Identifier: Apache-2.0
// How fast the simulator runs: full machines, master, agents, executors and frameworks, with every
// message between them.
//
//   sim [--agents N] [--frameworks N] [--seconds 60] [--fingerprints] [--no-checks]
//       Batch frameworks keep the cluster full of short tasks. events_per_second: events that
//       machines were told, per second of one core, with the checkers on unless told otherwise.
//       Two clusters unless one is named: 20 agents with 5 frameworks, about the size that seeds
//       draw, and 200 with 20, whose state does not fit the caches of one core.

#include <offerkit/sim/world.hpp>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <string_view>
#include <vector>

namespace {

using namespace offerkit;
using namespace offerkit::literals;

/// Fills every offer with tasks, for ever.
class Filler {
public:
    OfferReply on_offer(const Offer& offer) {
        Accept accept;
        accept.offer = offer.id;
        Resources left = offer.resources;
        while (left.contains(shape_) && accept.launch.size() < 10) {
            left -= shape_;
            TaskInfo task;
            task.id = TaskId{"t" + std::to_string(++launched_)};
            task.resources = shape_;
            task.command.argv = {"sleep", "1"};
            accept.launch.push_back(std::move(task));
        }
        if (!accept.launch.empty()) return accept;
        Decline decline;
        decline.offer = offer.id;
        decline.reason = DeclineReason::too_small;
        return decline;
    }
    void on_status(const TaskStatus& status) { finished_ += is_terminal(status.state) ? 1 : 0; }
    [[nodiscard]] std::uint64_t finished() const { return finished_; }

private:
    Resources shape_ = 1_cpus + 256_MiB;
    std::uint64_t launched_ = 0;
    std::uint64_t finished_ = 0;
};

void print(const char* metric, double value, const char* unit, const std::string& workload,
           std::uint64_t seed) {
    std::printf(
        "{\"bench\":\"sim\",\"workload\":\"%s\",\"seed\":%llu,\"metric\":\"%s\","
        "\"value\":%.6g,\"unit\":\"%s\"}\n",
        workload.c_str(), static_cast<unsigned long long>(seed), metric, value, unit);
}

// Returns false if something was violated.
bool run(int agents, int frameworks, int seconds, sim::WorldOptions options) {
    const std::string workload = std::to_string(agents) + " agents, " + std::to_string(frameworks) +
                                 " frameworks, 1 s tasks" +
                                 (options.fingerprints ? ", fingerprints" : "") +
                                 (options.checks ? ", checks" : "");
    const std::uint64_t seed = options.seed;
    for (int i = 0; i < agents; ++i)
        options.agents.push_back(8_cpus + 4_GiB);
    sim::World world{std::move(options)};
    std::vector<std::unique_ptr<Filler>> fillers;
    for (int i = 0; i < frameworks; ++i) {
        FrameworkInfo info;
        info.name = "filler-" + std::to_string(i);
        world.add_framework(*fillers.emplace_back(std::make_unique<Filler>()), std::move(info));
    }

    const std::clock_t begin = std::clock();
    world.run_for(std::chrono::seconds{seconds});
    const double cpu = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;

    std::uint64_t finished = 0;
    for (const auto& filler : fillers)
        finished += filler->finished();
    const auto events = static_cast<double>(world.machine_events());
    print("events_per_second", events / cpu, "1/s", workload, seed);
    print("virtual_seconds_per_second", seconds / cpu, "s/s", workload, seed);
    print("tasks_finished", static_cast<double>(finished), "1", workload, seed);
    for (const std::string& violation : world.check())
        std::fprintf(stderr, "%s\n", violation.c_str());
    return world.check().empty();
}

}  // namespace

int main(int argc, char** argv) {
    int agents = 0;
    int frameworks = 0;
    int seconds = 60;
    sim::WorldOptions options;
    options.seed = 1;
    options.fingerprints = false;
    for (int i = 1; i < argc; ++i) {
        const std::string_view flag = argv[i];
        const auto number = [&] { return i + 1 < argc ? std::atoi(argv[++i]) : 0; };
        if (flag == "--agents") {
            agents = number();
        } else if (flag == "--frameworks") {
            frameworks = number();
        } else if (flag == "--seconds") {
            seconds = number();
        } else if (flag == "--fingerprints") {
            options.fingerprints = true;
        } else if (flag == "--no-checks") {
            options.checks = false;
        } else {
            std::fprintf(stderr, "sim: unknown flag %s\n", argv[i]);
            return 2;
        }
    }
    if (agents != 0 || frameworks != 0) {
        return run(std::max(agents, 1), std::max(frameworks, 1), seconds, options) ? 0 : 1;
    }
    const bool small = run(20, 5, seconds, options);
    const bool large = run(200, 20, seconds, options);
    return small && large ? 0 : 1;
}
