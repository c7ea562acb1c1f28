// SPDX-License-Identifier: Apache-2.0
// The smallest framework: launches one command on the first offer that fits, and ends with it.
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <iostream>

using namespace offerkit;
using namespace offerkit::literals;

struct Hello {
    static constexpr auto needs = [] { return Resources{0.1_cpus} + 32_MiB; };
    bool launched = false;
    bool done = false;

    OfferReply on_offer(const Offer& offer) {
        if (launched || !offer.resources.contains(needs())) return Decline{offer.id};
        launched = true;
        TaskInfo task;
        task.id = TaskId{"hello"};
        task.resources = needs();
        task.command.shell = "echo hello from $OFFERKIT_TASK_ID";
        return Accept{.offer = offer.id, .launch = {task}};
    }

    void on_status(const TaskStatus& status) {
        std::cout << status.task.text() << " is " << format_task_state(status.state) << '\n';
        done = is_terminal(status.state);
    }

    bool is_done() const { return done; }
};

int main() {
    Hello hello;
    return run_framework(hello, {.name = "hello", .failover_timeout = std::chrono::seconds{0}});
}
