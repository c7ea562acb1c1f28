// SPDX-License-Identifier: Apache-2.0
// Two processes, one service: start this twice with the same folder. The first has the folder and
// runs the service; the second waits for it. When the first dies, however it dies, the second takes
// over: it finds what was launched, and no task is started twice or restarted.
//
//     failover_pair FOLDER &
//     failover_pair FOLDER &
#include <offerkit/framework/desired_state.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/runtime/file_state_store.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <chrono>
#include <iostream>
#include <string>
#include <thread>
#include <utility>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

class Service {
public:
    explicit Service(FileStateStore& store) : store_(&store) {
        TaskInfo task;
        task.resources = 0.1_cpus + 32_MiB;
        task.command.shell = "sleep 1000";
        state_.want("v1", std::move(task), 3);
        const auto bytes = store.find("instances");
        if (!bytes || !*bytes) return;  // The first of all, or damage: what runs is found out.
        ByteReader in{**bytes};
        state_.load(in, Instant{});
    }

    void on_subscribed(FrameworkId id, Replies& replies) {
        std::cout << "leads as " << format_id(id) << std::endl;
        replies.reconcile(state_.instances());
    }

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        for (TaskInfo& task : state_.to_launch(replies.now())) {
            const TaskId id = task.id;
            if (packer.place(std::move(task)) == nullptr) break;
            state_.launched(id, replies.now());
            std::cout << "launches " << id.text() << std::endl;
        }
        Bytes bytes;
        state_.save(bytes);
        if (auto put = store_->put("instances", bytes); !put) return replies.stop(false);
        packer.answer(replies);
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        state_.on_status(status, replies.now());
        on_wake(replies.now(), replies);
    }

    Instant next_wake() const { return state_.next_wake(); }

    void on_wake(Instant now, Replies& replies) {
        state_.steer(now, replies);
        if (state_.is_settled()) std::cout << "all 3 run" << std::endl;
    }

private:
    DesiredState state_{"pair"};
    FileStateStore* store_;
};
static_assert(Scheduler<Service>);

int main(int argc, char** argv) {
    if (argc != 2) {
        std::cerr << "usage: failover_pair FOLDER" << std::endl;
        return 2;
    }
    const std::string folder = argv[1];
    auto store = FileStateStore::open(folder);
    while (!store && store.error().code == RefusalCode::already_exists) {
        std::this_thread::sleep_for(100ms);  // The lock goes with the process that has it.
        store = FileStateStore::open(folder);
    }
    if (!store) {
        std::cerr << format_refusal(store.error()) << std::endl;
        return 1;
    }
    Service service{*store};
    // The tasks live on for an hour without a leader. `take_over`: the master may not have noticed
    // yet that the other one is gone.
    return run_framework(service, {.name = "failover_pair",
                                   .failover_timeout = 1h,
                                   .id_file = folder + "/framework-id",
                                   .take_over = true});
}
