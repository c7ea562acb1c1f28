// SPDX-License-Identifier: Apache-2.0
// A kind of resource of our own. The agent has some of it, a task takes some, and nobody is offered
// what is taken:
//
//     offerkit-agent --resources 'cpus:4;mem:4096;licenses:2' ...
//     custom_kind 5       # runs five tasks, two at a time
#include <offerkit/runtime/run_framework.hpp>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>

using namespace offerkit;
using namespace offerkit::literals;

// The kind.
struct Licenses {
    static constexpr auto name = "licenses", unit = "milli-license";
};

class Simulations {
public:
    explicit Simulations(int count) : count_(count) {}

    OfferReply on_offer(const Offer& offer) {
        static const Resources needs =
            0.1_cpus + 32_MiB + Quantity<Licenses>::from_units(1 * thousandths);
        Accept accept{.offer = offer.id};
        Resources left = offer.resources;
        while (launched_ < count_ && left.contains(needs)) {
            left -= needs;
            TaskInfo task;
            task.id = TaskId{"simulation-" + std::to_string(++launched_)};
            task.resources = needs;
            task.command.shell = "sleep 0.3";
            accept.launch.push_back(task);
        }
        if (!accept.launch.empty()) return accept;
        const std::int64_t licenses = left.get<Licenses>().units() / thousandths;
        return Decline{offer.id, std::chrono::seconds{1},
                       launched_ < count_ ? DeclineReason::too_small : DeclineReason::no_work,
                       std::to_string(licenses) + " licenses are left"};
    }

    void on_status(const TaskStatus& status) {
        if (status.state == TaskState::running) most_ = std::max(most_, ++running_);
        if (!is_terminal(status.state)) return;
        --running_;
        ++ended_;
    }

    bool is_done() const { return ended_ == count_; }
    int most_at_once() const { return most_; }

private:
    int count_;
    int launched_ = 0;
    int running_ = 0;
    int most_ = 0;
    int ended_ = 0;
};
static_assert(Scheduler<Simulations>);

int main(int argc, char** argv) {
    Simulations simulations{argc > 1 ? std::atoi(argv[1]) : 4};
    const int code = run_framework(
        simulations, {.name = "simulations", .failover_timeout = std::chrono::seconds{0}});
    std::cout << "at most " << simulations.most_at_once() << " at once" << std::endl;
    return code;
}
