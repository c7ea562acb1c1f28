// SPDX-License-Identifier: Apache-2.0
// What delay scheduling is worth: jobs whose data lies on two machines each, on a simulated cluster
// of 20 machines in 4 racks, without waiting and with a wait of a few seconds for a better place.
#include <offerkit/framework/delay.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/sim/world.hpp>

#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

constexpr std::size_t machines = 20;
constexpr std::size_t jobs = 30;
constexpr int tasks_per_job = 6;

std::string host(std::uint64_t number) { return "host-" + std::to_string(number); }
std::string rack(std::uint64_t number) { return "rack-" + std::to_string(number % 4); }

class Analytics {
public:
    explicit Analytics(std::vector<Duration> waits) {
        Rng rng{7};
        for (std::size_t i = 0; i < jobs; ++i) {
            Locality data;
            for (const std::uint64_t copy : {rng.below(machines), rng.below(machines)}) {
                data.hosts.push_back(host(copy));
                data.racks.push_back(rack(copy));
            }
            jobs_.push_back({std::move(data), DelaySchedule{waits}, tasks_per_job});
        }
    }

    // In the order of the jobs: who waits for a better place lets the next one go first.
    void on_offers(std::span<const Offer> offers, Replies& replies) {
        for (const Offer& offer : offers) {
            Accept accept{.offer = offer.id, .refuse_for = 500ms};
            Resources left = offer.resources;
            for (std::size_t i = 0; i < jobs_.size(); ++i) {
                Job& job = jobs_[i];
                const std::size_t level = job.data.level(offer);
                while (job.waiting > 0 && left.contains(needs()) &&
                       job.delay.take(level, replies.now())) {
                    left -= needs();
                    accept.launch.push_back(make_task(i, job));
                    ++at_level_[level];
                }
            }
            if (!accept.launch.empty()) {
                replies.accept(std::move(accept));
            } else {
                replies.decline({offer.id, 500ms, DeclineReason::delay, {}});
            }
        }
    }

    void on_status(const TaskStatus& status) { ended_ += is_terminal(status.state) ? 1 : 0; }
    bool is_done() const { return ended_ == jobs * tasks_per_job; }
    const std::array<std::size_t, 3>& at_level() const { return at_level_; }

private:
    struct Job {
        Locality data;
        DelaySchedule delay;
        int waiting = 0;
    };

    static Resources needs() { return 1_cpus + 128_MiB; }

    static TaskInfo make_task(std::size_t index, Job& job) {
        TaskInfo task;
        task.id = TaskId{std::to_string(index) + "-" + std::to_string(job.waiting--)};
        task.resources = needs();
        task.command.shell = "sleep 4";
        return task;
    }

    std::deque<Job> jobs_;
    std::array<std::size_t, 3> at_level_{};
    std::size_t ended_ = 0;
};
static_assert(Scheduler<Analytics>);

/// Percent of the tasks that ran where their data was.
std::size_t run(const char* what, std::vector<Duration> waits) {
    sim::World world{{}};
    for (std::size_t i = 0; i < machines; ++i) {
        agent::Options options;
        options.info.hostname = host(i);
        options.info.resources = 2_cpus + 1_GiB;
        options.info.attributes = {{"rack", rack(i)}};
        world.add_agent(std::move(options));
    }
    Analytics analytics{std::move(waits)};
    world.add_framework(analytics, {.name = "analytics"});
    if (!world.run_until_ended()) return 0;
    const auto& [local, in_rack, elsewhere] = analytics.at_level();
    const std::size_t percent = 100 * local / (local + in_rack + elsewhere);
    std::printf("%-8s %3zu%% on their host, %3zu in their rack, %3zu elsewhere; %.1f s\n", what,
                percent, in_rack, elsewhere, static_cast<double>(world.now().ns) / 1e9);
    return percent;
}

int main() {
    const std::size_t without = run("no wait", {});
    const std::size_t with = run("waiting", {3s, 2s});
    return with > without ? 0 : 1;
}
