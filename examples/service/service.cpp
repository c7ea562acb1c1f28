// SPDX-License-Identifier: Apache-2.0
// Keeps so many instances of a command running. Run again with another version, it takes over and
// replaces the old instances one by one, each only when a new one runs:
//
//     service v1 3 'sleep 1000' --once
//     service v2 3 'sleep 2000' --once
//
// --once: ends when all is as wanted, and leaves the instances running. Without it, it watches
// them.
#include <offerkit/framework/desired_state.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/runtime/file_state_store.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <string>
#include <utility>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

class Service {
public:
    Service(std::string version, std::uint32_t instances, std::string command, bool once,
            FileStateStore store)
        : once_(once), store_(std::move(store)) {
        TaskInfo task;
        task.resources = 0.1_cpus + 32_MiB;
        task.command.shell = std::move(command);
        state_.want(std::move(version), std::move(task), instances);
    }

    /// What an earlier run has launched.
    Result<void> load() {
        auto bytes = store_.find("instances");
        if (!bytes) return std::move(bytes).error();
        if (!*bytes) return {};
        ByteReader in{**bytes};
        state_.load(in, Instant{});
        if (!in.has_failed()) return {};
        return Refusal{RefusalCode::malformed, "instances", "load them", std::string{in.why()},
                       "remove the folder"};
    }

    void on_subscribed(FrameworkId, Replies& replies) { replies.reconcile(state_.instances()); }

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        for (TaskInfo& task : state_.to_launch(replies.now())) {
            const TaskId id = task.id;
            if (packer.place(std::move(task)) == nullptr) break;
            state_.launched(id, replies.now());
        }
        save(replies);  // Before anything is launched: the replies go out after this handler.
        packer.answer(replies, state_.to_launch(replies.now()).empty() ? Duration{1h} : 1s);
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        state_.on_status(status, replies.now());
        std::cout << status.task.text() << " is " << format_task_state(status.state) << std::endl;
        on_wake(replies.now(), replies);
        save(replies);
    }

    Instant next_wake() const { return state_.next_wake(); }

    void on_wake(Instant now, Replies& replies) {
        state_.steer(now, replies);
        if (!state_.to_launch(now).empty()) replies.revive();
        if (once_ && state_.is_settled()) replies.stop(false);
    }

private:
    void save(Replies& replies) {
        Bytes bytes;
        state_.save(bytes);
        if (auto put = store_.put("instances", bytes); !put) {
            std::cerr << format_refusal(put.error()) << std::endl;
            replies.stop(false);
        }
    }

    DesiredState state_{"service"};
    bool once_;
    FileStateStore store_;
};
static_assert(Scheduler<Service>);

int main(int argc, char** argv) {
    const bool once = argc == 5 && std::string{argv[4]} == "--once";
    const long instances = argc >= 4 ? std::strtol(argv[2], nullptr, 10) : -1;
    if ((argc != 4 && !once) || instances < 0 || instances > 10'000) {
        std::cerr << "usage: service VERSION INSTANCES COMMAND [--once]" << std::endl;
        return 2;
    }
    auto store = FileStateStore::open("service-state");
    if (!store) {
        std::cerr << format_refusal(store.error()) << std::endl;
        return 1;
    }
    Service service{argv[1], static_cast<std::uint32_t>(instances), argv[3], once,
                    std::move(store).value()};
    if (auto loaded = service.load(); !loaded) {
        std::cerr << format_refusal(loaded.error()) << std::endl;
        return 1;
    }
    // The id is kept, so that the next run is the same framework; its tasks wait an hour for it.
    return run_framework(
        service,
        {.name = "service", .failover_timeout = 1h, .id_file = "service-state/framework-id"});
}
