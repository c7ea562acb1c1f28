// SPDX-License-Identifier: Apache-2.0
// Runs a command as a gang: so many members at once, or none. Each finds its number in $RANK and
// how many there are in $WORLD_SIZE. A member that fails takes the others with it, and all begin
// anew.
//
//     gang 3 'echo I am $RANK of $WORLD_SIZE'
#include <offerkit/framework/gang.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;

class Training {
public:
    explicit Training(std::vector<TaskInfo> members) : gang_(std::move(members)) {}

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        if (gang_.on_offers(offers, replies)) {
            std::cout << "launched " << gang_.members().size() << " members" << std::endl;
        }
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        std::cout << status.task.text() << " is " << format_task_state(status.state) << std::endl;
        gang_.on_status(status, replies);
        const bool has_failed = is_terminal(status.state) && status.state != TaskState::finished;
        if (!has_failed || gang_.phase() != GangAssembler::Phase::running) return;
        if (gang_.launches() == launches_max) return replies.stop();
        gang_.restart(replies);
    }

    void on_rescind(OfferId offer) { gang_.on_rescind(offer); }
    void on_disconnected() { gang_.on_disconnected(); }
    Instant next_wake() const { return gang_.next_wake(); }
    void on_wake(Instant now, Replies& replies) { gang_.on_wake(now, replies); }

    bool is_done() const {
        return gang_.phase() == GangAssembler::Phase::running && gang_.has_ended();
    }

private:
    static constexpr std::uint32_t launches_max = 5;

    GangAssembler gang_;
};
static_assert(Scheduler<Training>);

int main(int argc, char** argv) {
    const long size = argc == 3 ? std::strtol(argv[1], nullptr, 10) : 0;
    if (size < 1 || size > 1000) {
        std::cerr << "usage: gang MEMBERS COMMAND" << std::endl;
        return 2;
    }
    std::vector<TaskInfo> members(static_cast<std::size_t>(size));
    for (std::size_t rank = 0; rank < members.size(); ++rank) {
        TaskInfo& member = members[rank];
        member.id = TaskId{"member-" + std::to_string(rank)};
        member.resources = 0.2_cpus + 32_MiB;
        member.command.shell = argv[2];
        member.command.environment = {{"RANK", std::to_string(rank)},
                                      {"WORLD_SIZE", std::to_string(size)}};
    }
    Training training{std::move(members)};
    const int code =
        run_framework(training, {.name = "gang", .failover_timeout = std::chrono::seconds{0}});
    return code != 0 ? code : training.is_done() ? 0 : 3;
}
