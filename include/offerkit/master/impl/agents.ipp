// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Agents: they register, come back, fall silent and leave.

#include <offerkit/master/master.hpp>

#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {

// Absorbs: a registration repeated while the first is being stored or after it was answered.
OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::RegisterAgent& m) {
    Peer& peer = state_.peers.at(from);
    if (!peer.agent.is_none()) {
        if (state_.agents[peer.agent].admitted) announce_registered(peer.agent);
        return;
    }
    if (const AgentIndex known = find_agent_index(m.id); !known.is_none()) {
        return register_again(from, known, m);
    }
    const bool comes_back = !m.id.is_none();
    if (comes_back && m.id.epoch() >= options_.epoch) {
        const Refusal why{RefusalCode::not_found, "agent " + format_id(m.id), "register",
                          "this master has removed it, or never made that id",
                          "start the agent with an empty work folder"};
        send(from, protocol::AgentRefused{why});
        return close(from, why);
    }
    Agent agent;
    agent.id = comes_back ? m.id : AgentId{options_.epoch, ++state_.agents_made};
    agent.total = m.info.resources;
    if (Result<void> bound = state_.kinds.bind(agent.total); !bound) {
        send(from, protocol::AgentRefused{bound.error()});
        return close(from, bound.error());
    }
    tell_kinds();
    agent.info = std::move(m.info);
    agent.peer = from;
    agent.registered_at = state_.wall_now;
    agent.heard_at = state_.now;
    const AgentId id = agent.id;
    registry::AdmitAgent write{id, agent.info};
    const AgentIndex index = state_.agents.insert(std::move(agent));
    state_.agent_by_id.emplace(id, index);
    peer.agent = index;
    tell_allocator(allocator_event::AgentPut{index, id, state_.agents[index].total});
    tell_activity(index);
    take_tasks(index, m.tasks);
    store(std::move(write), PendingWrite::Agent{index, id});
}

OFFERKIT_INLINE void Master::register_again(PeerId from, AgentIndex index,
                                            protocol::RegisterAgent& m) {
    Agent& agent = state_.agents[index];
    const auto refuse = [&](RefusalCode code, std::string why, std::string todo) {
        const Refusal refusal{code, "agent " + format_id(m.id), "register again", std::move(why),
                              std::move(todo)};
        send(from, protocol::AgentRefused{refusal});
        close(from, refusal);
    };
    // Every machine boots and is upgraded; the rest is what it is known by.
    AgentInfo expected = agent.info;
    expected.boot_id = m.info.boot_id;
    expected.version = m.info.version;
    expected.port = m.info.port;
    if (m.info != expected) {
        // Two machines with one id (a cloned disk), or one machine that has changed: neither may
        // silently replace what the cluster's account is built on.
        return refuse(RefusalCode::conflict,
                      "its host, resources or attributes differ from those it registered with",
                      "start the agent as before, or with an empty work folder");
    }
    if (!agent.peer.is_none()) {
        close(agent.peer,
              {RefusalCode::no_longer_available, "agent " + format_id(agent.id), "stay connected",
               "it has registered again on a newer connection", "use the newer connection"});
        disconnect_agent(index);
    }
    agent.info = std::move(m.info);
    state_.peers.at(from).agent = index;
    agent.peer = from;
    agent.heard_at = state_.now;
    agent.unreachable = false;
    if (!agent.admitted) return;  // The registry's answer is still to come.
    take_tasks(index, m.tasks);
    announce_registered(index);
    tell_activity(index);
    put_view(agent);
}

OFFERKIT_INLINE void Master::admit(AgentIndex index) {
    Agent& agent = state_.agents[index];
    agent.admitted = true;
    put_view(agent);
    mark_usage(index);
    state_.deadlines.arm(state_.now + options_.peer_timeout,
                         {DeadlineKey::Kind::agent, agent.id.value()});
    announce_registered(index);
    tell_activity(index);
}

OFFERKIT_INLINE void Master::announce_registered(AgentIndex index) {
    const Agent& agent = state_.agents[index];
    if (agent.peer.is_none()) return;
    send(agent.peer, protocol::AgentRegistered{agent.id, options_.cluster, options_.epoch,
                                               options_.heartbeat_interval});
}

// What an agent reports is the truth of what exists there: tasks that we thought it had and it does
// not know were lost with a connection; tasks that it has and we do not know are taken into
// account.
OFFERKIT_INLINE void Master::take_tasks(AgentIndex index,
                                        std::vector<protocol::AgentTask>& reported) {
    std::set<TaskIndex> confirmed;
    for (protocol::AgentTask& task : reported) {
        FrameworkIndex owner = find_framework_index(task.framework);
        if (owner.is_none() && task.framework.epoch() < options_.epoch) {
            // An earlier master knew it: it waits for its scheduler to come back.
            owner = insert_framework(task.framework, FrameworkInfo{});
            state_.frameworks[owner].admitted = true;
        }
        const PeerId peer = state_.agents[index].peer;
        if (owner.is_none()) {
            send(peer, protocol::EndFramework{task.framework});
            continue;
        }
        const auto known = state_.frameworks[owner].tasks.find(task.info.id);
        if (known != state_.frameworks[owner].tasks.end()) {
            const TaskIndex at = known->second;
            if (state_.tasks[at].agent != index) {
                note("agent " + format_id(state_.agents[index].id),
                     "reports task " + task.info.id.text() + ", which runs elsewhere: killed");
                send(peer, protocol::KillTask{task.framework, task.info.id, std::nullopt});
                continue;
            }
            confirmed.insert(at);
            if (!is_terminal(state_.tasks[at].state) && state_.tasks[at].state != task.state &&
                !is_terminal(task.state)) {
                change_task(at, task.state, StatusReason::reconciliation, {});
            }
            continue;
        }
        // Ended, its last status not yet acknowledged: that is told again, and it uses nothing.
        if (is_terminal(task.state)) continue;
        Resources local = task.info.resources;
        if (!state_.kinds.try_bind_known(local) || !allocator_->available(index).contains(local)) {
            note("agent " + format_id(state_.agents[index].id),
                 "reports task " + task.info.id.text() + " with more than it has: killed");
            send(peer, protocol::KillTask{task.framework, task.info.id, std::nullopt});
            continue;
        }
        const ClaimantIndex claimant = ensure_membership(owner, task.role).claimant;
        tell_allocator(allocator_event::Occupied{claimant, index, local});
        add_task(owner, index, claimant, task.role, task.info, std::move(local), task.state);
        confirmed.insert(state_.frameworks[owner].tasks.at(task.info.id));
        if (state_.frameworks[owner].ending) {
            send(peer, protocol::EndFramework{task.framework});
        }
    }
    TaskIndex at = state_.agents[index].first_task;
    while (!at.is_none()) {
        const TaskIndex next = state_.tasks[at].next;
        if (!confirmed.contains(at)) {
            TaskStatus status = status_of(state_.tasks[at]);
            const FrameworkIndex owner = state_.tasks[at].framework;
            if (!is_terminal(status.state)) {
                status.state = TaskState::dropped;
                status.reason = StatusReason::agent_disconnected;
                status.message = "the agent does not know it: it was lost on its way there";
                change_task(at, status.state, status.reason, status.message);
                end_task(at, status.state, status.reason);
                tell_status(owner, std::move(status));
            }
            remove_task(at);
            remove_if_ended(owner);
        }
        at = next;
    }
}

OFFERKIT_INLINE void Master::disconnect_agent(AgentIndex index) {
    Agent& agent = state_.agents[index];
    agent.peer = PeerId{};
    agent.heard_at = state_.now;
    if (!agent.admitted) return;
    rescind_all(agent.offers, protocol::RescindReason::agent_lost);
    tell_activity(index);
    put_view(agent);
}

OFFERKIT_INLINE void Master::declare_unreachable(AgentIndex index) {
    Agent& agent = state_.agents[index];
    const PeerId peer = agent.peer;
    if (!peer.is_none()) {
        close(peer, {RefusalCode::unavailable, "agent " + format_id(agent.id), "stay registered",
                     "not heard of for too long", "register again"});
        disconnect_agent(index);
    }
    agent.unreachable = true;
    put_view(agent);
    std::set<FrameworkIndex> told;
    for (TaskIndex at = agent.first_task; !at.is_none(); at = state_.tasks[at].next) {
        const Task& task = state_.tasks[at];
        const FrameworkIndex owner = task.framework;
        if (is_terminal(task.state)) continue;
        const bool aware = state_.frameworks[owner].info.capabilities.partition_aware;
        TaskStatus status = status_of(task);
        status.state = aware ? TaskState::unreachable : TaskState::lost;
        status.reason = StatusReason::agent_disconnected;
        status.message = "its agent has not been heard of for too long; the task may still run";
        change_task(at, status.state, status.reason, status.message);
        tell_status(owner, std::move(status));
        told.insert(owner);
    }
    for (const FrameworkIndex owner : told) {
        const PeerId to = state_.frameworks[owner].peer;
        if (!to.is_none()) send(to, protocol::AgentLost{agent.id});
    }
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
    const AgentId id = state_.agents[index].id;
    close(from, {RefusalCode::cancelled, "agent " + format_id(id), "stay registered",
                 "it has unregistered", "register again as a new agent"});
    disconnect_agent(index);
    store(registry::RemoveAgent{id}, PendingWrite::Nothing{});
    remove_agent(index, "it has unregistered");
}

OFFERKIT_INLINE void Master::remove_agent(AgentIndex index, const std::string& why) {
    Agent& agent = state_.agents[index];
    rescind_all(agent.offers, protocol::RescindReason::agent_lost);
    while (!agent.first_task.is_none()) {
        const TaskIndex at = agent.first_task;
        const FrameworkIndex owner = state_.tasks[at].framework;
        if (!is_terminal(state_.tasks[at].state)) {
            TaskStatus status = status_of(state_.tasks[at]);
            status.state = TaskState::gone;
            status.reason = StatusReason::agent_removed;
            status.message = "its agent is gone: " + why;
            change_task(at, status.state, status.reason, status.message);
            end_task(at, status.state, status.reason);
            tell_status(owner, std::move(status));
        }
        remove_task(at);
        remove_if_ended(owner);
    }
    receipts_.erase(index);  // Its place may be somebody else's before this step ends.
    tell_allocator(allocator_event::AgentGone{index});
    state_.kinds.release(agent.total);
    tell_kinds();
    if (agent.admitted) out_->deltas.emplace_back(AgentRemoved{agent.id, why});
    state_.agent_by_id.erase(agent.id);
    state_.agents.erase(index);
}

OFFERKIT_INLINE void Master::tell_activity(AgentIndex index) {
    const Agent& agent = state_.agents[index];
    const bool active = agent.admitted && !agent.peer.is_none() && !agent.deactivated;
    tell_allocator(allocator_event::AgentActive{
        index, active,
        agent.deactivated ? NoOfferReason::agent_draining : NoOfferReason::agent_unreachable});
}

OFFERKIT_INLINE AgentCondition Master::condition_of(const Agent& agent) const {
    if (agent.unreachable) return AgentCondition::unreachable;
    if (agent.peer.is_none()) return AgentCondition::disconnected;
    return agent.deactivated ? AgentCondition::deactivated : AgentCondition::active;
}

OFFERKIT_INLINE void Master::put_view(const Agent& agent) {
    out_->deltas.emplace_back(
        AgentPut{agent.id, agent.info, condition_of(agent), agent.registered_at});
}

}  // namespace offerkit::master
