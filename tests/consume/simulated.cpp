// SPDX-License-Identifier: Apache-2.0
// A scheduler and a cluster to try it on, from the installed library.
#include <offerkit/framework/packer.hpp>
#include <offerkit/offerkit.hpp>
#include <offerkit/sim/world.hpp>

#include <cstdio>
#include <span>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

struct BatchScheduler {
    std::vector<TaskInfo> waiting{};
    int ended = 0;

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        waiting = packer.place_all(std::move(waiting));
        packer.answer(replies);
    }
    void on_status(const TaskStatus& status) { ended += is_terminal(status.state) ? 1 : 0; }
    bool is_done() const { return ended == 20; }
};
static_assert(Scheduler<BatchScheduler>);

}  // namespace

int main() {
    BatchScheduler batch;
    for (int i = 0; i < 20; ++i) {
        TaskInfo task;
        task.id = TaskId{"t" + std::to_string(i)};
        task.resources = 1_cpus + 64_MiB;
        task.command.shell = "true";
        batch.waiting.push_back(std::move(task));
    }
    sim::WorldOptions options;
    options.agents = {4_cpus + 1_GiB, 4_cpus + 1_GiB};
    sim::World world{std::move(options)};
    world.add_framework(batch, {.name = "batch"});
    const bool has_ended = world.run_until_ended();
    std::printf("%d tasks have ended, %zu findings\n", batch.ended, world.check().size());
    return has_ended && world.check().empty() ? 0 : 1;
}
