// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Agents: they register, come back, fall silent and leave.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {

OFFERKIT_INLINE void Master::disconnect_agent(AgentIndex index) {
    Agent& agent = state_.agents[index];
    agent.peer = PeerId{};
    agent.registered = false;
    // One that is not back yet keeps the time that it was given when the master started.
    if (!agent.recovering) agent.heard_at = state_.now;
    if (!agent.admitted) return;
    rescind_all(agent.offers, protocol::RescindReason::agent_lost);
    tell_activity(index);
    put_view(agent);
}

OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::UpdateStatuses& m) {
    const AgentIndex index = state_.peers.at(from).agent;
    for (protocol::StatusUpdate& update : m.updates)
        update_status(index, update);
}

OFFERKIT_INLINE void Master::on_agent(PeerId, protocol::UpdateOperations& m) {
    std::map<FrameworkIndex, std::vector<OperationStatus>> told;
    for (auto& update : m.updates) {
        const FrameworkIndex owner = find_framework_index(update.framework);
        if (!owner.is_none()) told[owner].push_back(std::move(update.status));
    }
    for (auto& [owner, statuses] : told) {
        const PeerId to = state_.frameworks[owner].peer;
        if (!to.is_none()) send(to, protocol::OperationStatuses{std::move(statuses)});
    }
}

OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::ExecutorData& m) {
    const AgentId agent = state_.agents[state_.peers.at(from).agent].id;
    const FrameworkIndex owner = find_framework_index(m.framework);
    if (owner.is_none() || state_.frameworks[owner].peer.is_none()) return;  // At most once.
    send(state_.frameworks[owner].peer,
         protocol::FromExecutor{agent, std::move(m.executor), std::move(m.data)});
}

OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::ExecutorEnded& m) {
    note("agent " + format_id(state_.agents[state_.peers.at(from).agent].id),
         "executor " + m.executor.text() + " of framework " + format_id(m.framework) +
             " ended: " + m.message);
}

OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::AgentBeat&) {
    send(from, protocol::MasterToAgentBeat{});
}

OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::Unregister&) {
    const AgentIndex index = state_.peers.at(from).agent;
    Agent& agent = state_.agents[index];
    close(from, {RefusalCode::cancelled, "agent " + format_id(agent.id), "stay registered",
                 "it has unregistered", "register again as a new agent"});
    disconnect_agent(index);
    if (std::exchange(agent.leaving, true)) return;
    store(registry::RemoveAgent{agent.id},
          PendingWrite::Departure{agent.id, "it has unregistered", 0});
}

// A terminal state for the account; what schedulers are told may be that an operator said so.
OFFERKIT_INLINE void Master::remove_agent(AgentIndex index, TaskState told,
                                          const std::string& why) {
    Agent& agent = state_.agents[index];
    rescind_all(agent.offers, protocol::RescindReason::agent_lost);
    while (!agent.first_task.is_none()) {
        const TaskIndex at = agent.first_task;
        const FrameworkIndex owner = state_.tasks[at].framework;
        if (!is_terminal(state_.tasks[at].state)) {
            TaskStatus status = status_of(state_.tasks[at]);
            status.state = told;
            status.reason = StatusReason::agent_removed;
            status.message = "its agent is gone: " + why;
            change_task(at, told, status.reason, status.message);
            end_task(at, TaskState::gone, status.reason);
            tell_status(owner, std::move(status));
        }
        remove_task(at);
        remove_if_ended(owner);
    }
    unmark(agent);
    stop_recovering(agent);
    repeats_.erase(index);
    receipts_.erase(index);  // Its place may be somebody else's before this step ends.
    tell_allocator(allocator_event::AgentGone{index});
    state_.kinds.release(agent.total);
    tell_kinds();
    if (agent.admitted) out_->deltas.emplace_back(AgentRemoved{agent.id, why, state_.wall_now});
    const AgentId id = agent.id;
    state_.agent_by_id.erase(id);
    state_.agents.erase(index);
    answer_questions_of(id);
}

OFFERKIT_INLINE void Master::tell_activity(AgentIndex index) {
    const Agent& agent = state_.agents[index];
    const bool wanted = agent.mode == registry::AgentMode::active;
    const bool active = agent.admitted && agent.registered && wanted;
    tell_allocator(allocator_event::AgentActive{
        index, active, wanted ? NoOfferReason::agent_unreachable : NoOfferReason::agent_draining});
}

OFFERKIT_INLINE AgentCondition Master::condition_of(const Agent& agent) const {
    if (agent.unreachable) return AgentCondition::unreachable;
    if (agent.recovering) return AgentCondition::recovering;
    if (!agent.registered) return AgentCondition::disconnected;
    switch (agent.mode) {
        case registry::AgentMode::active:
            return AgentCondition::active;
        case registry::AgentMode::deactivated:
            return AgentCondition::deactivated;
        case registry::AgentMode::draining:
            return AgentCondition::draining;
        case registry::AgentMode::drained:
            return AgentCondition::drained;
    }
    OFFERKIT_ASSERT(false);
    return AgentCondition::active;
}

OFFERKIT_INLINE void Master::put_view(const Agent& agent) {
    out_->deltas.emplace_back(AgentPut{agent.id, agent.info, condition_of(agent),
                                       agent.registered_at, agent.mode, agent.drain_deadline,
                                       state_.wall_now});
}

}  // namespace offerkit::master
