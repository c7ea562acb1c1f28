// SPDX-License-Identifier: Apache-2.0
// Who gets how much of a full cluster, under each of the policies: two roles of equal weight, one
// with few large tasks and one with many small ones, on ten simulated machines. A master would
// decide the same: it runs the same code.
//
//     simulate_cluster [SEED]
#include <offerkit/allocation/policies.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/sim/world.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <utility>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

/// Has work without end: as many tasks of one shape as it can get.
class Greedy {
public:
    Greedy(std::string name, Resources shape, std::string command)
        : name_(std::move(name)), shape_(std::move(shape)), command_(std::move(command)) {}

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        for (TaskInfo task = next(); packer.place(task) != nullptr; task = next()) {
            running_.emplace(task.id, shape_);
            ++launched_;
        }
        packer.answer(replies, 1s);
    }

    void on_status(const TaskStatus& status) {
        if (is_terminal(status.state)) running_.erase(status.task);
    }

    /// Cpus under its tasks, in thousandths.
    std::int64_t cpus() const {
        return static_cast<std::int64_t>(running_.size()) * shape_.get<Cpus>().units();
    }

private:
    TaskInfo next() const {
        TaskInfo task;
        task.id = TaskId{name_ + "-" + std::to_string(launched_)};
        task.resources = shape_;
        task.command.shell = command_;
        return task;
    }

    std::string name_;
    Resources shape_;
    std::string command_;
    std::map<TaskId, Resources> running_;
    int launched_ = 0;
};
static_assert(Scheduler<Greedy>);

int main(int argc, char** argv) {
    const std::uint64_t seed = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 7;
    std::puts("policy     cpus of large  of small   (mean of a minute, 40 there are)");
    for (const PolicySummary& policy : policies()) {
        sim::WorldOptions options;
        options.seed = seed;
        options.agents.assign(10, 4_cpus + 8_GiB);
        options.make_allocator = [&] { return make_allocator(policy.name).value(); };
        sim::World world{std::move(options)};
        Greedy large{"large", 2_cpus + 1_GiB, "sleep 20"};
        Greedy small{"small", 0.5_cpus + 1_GiB, "sleep 5"};
        world.add_framework(large, {.name = "large", .roles = {Role::parse("large").value()}});
        world.add_framework(small, {.name = "small", .roles = {Role::parse("small").value()}});
        std::int64_t of_large = 0;
        std::int64_t of_small = 0;
        constexpr int looks = 60;
        for (int look = 0; look < looks; ++look) {
            world.run_for(1s);
            of_large += large.cpus();
            of_small += small.cpus();
        }
        if (!world.check().empty()) {
            std::puts(world.check().front().c_str());
            return 1;
        }
        const auto mean = [](std::int64_t sum) {
            return static_cast<double>(sum) / looks / thousandths;
        };
        std::printf("%-10s %13.1f %9.1f\n", std::string(policy.name).c_str(), mean(of_large),
                    mean(of_small));
    }
    return 0;
}
