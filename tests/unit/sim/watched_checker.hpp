// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A checker that has seen the beginning of a cluster, and short ways to tell it more.

#include <offerkit/sim/checker.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>

namespace offerkit::testing {

using namespace offerkit::literals;

inline const AgentId member{1, 1};
inline const FrameworkId owner{1, 2};
inline const PeerId agent_peer{0, 1};
inline const PeerId scheduler_peer{0, 2};

inline TaskInfo task_named(const char* id, Resources resources) {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = std::move(resources);
    return task;
}

/// A checker that has seen an agent of 4 cpus register and a framework subscribe.
struct Watched {
    sim::Checker checker;
    master::registry::Contents registry;
    agent::checkpoint::Contents checkpoint;

    Watched() {
        AgentInfo info;
        info.resources = 4_cpus + 1_GiB;
        master::registry::apply(registry, master::registry::AdmitAgent{member, info});
        master::registry::apply(registry, master::registry::PutFramework{owner, {}});
        protocol::RegisterAgent registration;
        registration.info = info;
        hears(master::AgentSaid{agent_peer, registration});
        does(master::SendAgent{agent_peer, protocol::AgentRegistered{member, {}, 1, {}}});
        protocol::Subscribe subscribe;
        subscribe.info.roles = {*Role::parse("*")};
        hears(master::SchedulerSaid{scheduler_peer, subscribe});
        does(master::SendScheduler{scheduler_peer, protocol::Subscribed{owner, {}, 1, {}}});
    }

    void hears(const master::Event& event) { checker.master_hears(event, Instant{1}); }
    void does(const master::Effect& effect) { checker.master_does(effect, registry, Instant{2}); }
    void tells(const master::Delta& delta) { checker.master_tells({delta}, Instant{3}); }

    void offers(std::uint64_t number, Resources resources) {
        Offer offer;
        offer.id = OfferId{1, number};
        offer.agent = member;
        offer.framework = owner;
        offer.role = *Role::parse("*");
        offer.resources = std::move(resources);
        does(master::SendScheduler{scheduler_peer, protocol::Offers{{std::move(offer)}}});
    }
    void wants(const char* task, Resources resources) {
        protocol::Accept accept;
        accept.operations.push_back({{}, Launch{{task_named(task, std::move(resources))}}});
        checker.framework_does(owner, framework::SendMaster{accept});
    }
    void accepts(std::uint64_t number) {
        protocol::Accept accept;
        accept.offers = {OfferId{1, number}};
        hears(master::SchedulerSaid{scheduler_peer, accept});
    }
    void declines(std::uint64_t number, Duration refuse_for) {
        protocol::Decline decline;
        decline.offers = {OfferId{1, number}};
        decline.refuse_for = refuse_for;
        hears(master::SchedulerSaid{scheduler_peer, decline});
    }
    void runs(const char* task, Resources resources) {
        protocol::RunTasks run;
        run.framework = owner;
        run.tasks.push_back(task_named(task, std::move(resources)));
        does(master::SendAgent{agent_peer, run});
    }
    static TaskStatus status(const char* task, TaskState state, std::uint64_t number = 0) {
        TaskStatus status;
        status.task = TaskId{task};
        status.state = state;
        status.agent = member;
        if (number != 0) status.id = StatusId{1, number};
        return status;
    }
    void agent_reports(const TaskStatus& status) {
        protocol::UpdateStatuses update;
        update.updates.push_back({owner, status});
        hears(master::AgentSaid{agent_peer, update});
    }
    /// Of task t, and with what it tells on its disk.
    void agent_tells(TaskState state, std::uint64_t number) {
        protocol::UpdateStatuses update;
        update.updates.push_back({owner, status("t", state, number)});
        agent::checkpoint::apply(checkpoint, agent::checkpoint::PutStatus{update.updates.front()});
        checker.agent_does(0, agent::SendMaster{update}, checkpoint, true, Instant{3});
    }
    void is_told(const TaskStatus& status) {
        framework::Deliver delivery;
        delivery.statuses = {status};
        checker.look_at_delivery(owner, delivery, Instant{4});
    }
    void starts(const char* task, std::uint32_t machine = 0) {
        checker.process_started(machine, {owner, TaskId{task}}, 4_cpus + 1_GiB, Instant{5});
    }
    void ends(const char* task, std::int32_t code = 0, std::uint32_t machine = 0) {
        checker.process_ended(machine, {owner, TaskId{task}}, {code, 0}, true);
    }

    std::string complaint() const {
        return checker.violations().empty() ? "none" : checker.violations().back();
    }
};

}  // namespace offerkit::testing
