// SPDX-License-Identifier: Apache-2.0
// A chaos test of one's own scheduler, without a cluster: a simulated one whose connections break
// and whose machines crash, as a seed says. One of the two schedulers has a mistake that no test
// without faults would find. The seed that shows it shows it every time.
//
//     chaos              # tries 50 seeds of both
//     chaos careless 17  # shows what happened with seed 17
#include <offerkit/framework/packer.hpp>
#include <offerkit/sim/chaos.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

/// Runs so many tasks, each until it has finished.
class BatchScheduler {
public:
    BatchScheduler(int jobs, bool careful) : careful_(careful), left_(jobs) {
        for (int job = 0; job < jobs; ++job)
            waiting_.push_back(make_task(job, 1));
    }

    // After a restart nobody knows of tasks that were launched a moment before, but we.
    void on_subscribed(FrameworkId, Replies& replies) {
        replies.reconcile({running_.begin(), running_.end()});
    }

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        for (const TaskInfo& task : waiting_)
            running_.insert(task.id);
        waiting_ = packer.place_all(std::move(waiting_));
        for (const TaskInfo& task : waiting_)
            running_.erase(task.id);
        packer.answer(replies, 1s);
    }

    void on_status(const TaskStatus& status) {
        // The mistake: tasks also end because their agent is gone, or they never reached it.
        const bool has_failed =
            status.state != TaskState::finished &&
            (careful_ ? is_over(status.state) : status.state == TaskState::failed);
        if (!has_failed && status.state != TaskState::finished) return;
        if (running_.erase(status.task) == 0) return;
        if (!has_failed) {
            --left_;
            return;
        }
        const std::string& id = status.task.text();
        const std::size_t dot = id.find('.');
        waiting_.push_back(
            make_task(std::stoi(id.substr(0, dot)), 1 + std::stoi(id.substr(dot + 1))));
    }

    bool is_done() const { return left_ == 0; }
    int left() const { return left_; }

private:
    static TaskInfo make_task(int job, int attempt) {
        TaskInfo task;
        task.id = TaskId{std::to_string(job) + "." + std::to_string(attempt)};
        task.resources = 1_cpus + 256_MiB;
        task.command.shell = "sleep 3";
        return task;
    }

    bool careful_;
    int left_;
    std::set<TaskId> running_;
    std::vector<TaskInfo> waiting_;
};
static_assert(Scheduler<BatchScheduler>);

/// What is wrong with a run; empty: nothing. With `shown`, also all that happened.
std::string find_mistake(std::uint64_t seed, bool careful, bool shown = false) {
    sim::WorldOptions options;
    options.seed = seed;
    options.agents = {2_cpus + 1_GiB, 2_cpus + 1_GiB, 2_cpus + 1_GiB};
    options.timeline = shown;
    sim::World world{std::move(options)};
    BatchScheduler batch{60, careful};
    world.add_framework(batch, {.name = "batch", .failover_timeout = 1h});
    sim::plan_chaos(world, seed, 1min, {.every = 1s, .lasts_max = 40s});
    const bool has_ended = world.run_until_ended(1h);
    for (const std::string& line : world.timeline())
        std::puts(line.c_str());
    if (!world.check().empty()) return world.check().front();
    return has_ended ? "" : std::to_string(batch.left()) + " jobs were forgotten";
}

int main(int argc, char** argv) {
    if (argc == 3) {
        const bool careful = std::string{argv[1]} == "careful";
        const std::string what = find_mistake(std::strtoull(argv[2], nullptr, 10), careful, true);
        std::printf("%s\n", what.empty() ? "nothing is wrong" : what.c_str());
        return what.empty() ? 0 : 1;
    }
    const auto of_careful =
        sim::find_seed(1, 50, [](std::uint64_t seed) { return find_mistake(seed, true); });
    if (of_careful) {
        std::printf("careful: seed %llu: %s\n", static_cast<unsigned long long>(of_careful->seed),
                    of_careful->what.c_str());
        return 1;
    }
    std::puts("careful: nothing is wrong with 50 seeds");
    const auto found =
        sim::find_seed(1, 50, [](std::uint64_t seed) { return find_mistake(seed, false); });
    if (!found) {
        std::puts("careless: the mistake was not found");
        return 1;
    }
    std::printf("careless: seed %llu: %s\n", static_cast<unsigned long long>(found->seed),
                found->what.c_str());
    return find_mistake(found->seed, false) == found->what ? 0 : 1;
}
