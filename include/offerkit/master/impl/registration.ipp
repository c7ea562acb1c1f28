// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Agents come and come back: who is admitted, with what, and which tasks they bring.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {

// Absorbs: a registration repeated while the first is being stored or after it was answered.
OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::RegisterAgent& m) {
    Peer& peer = state_.peers.at(from);
    if (!peer.agent.is_none()) {
        if (state_.agents[peer.agent].registered) announce_registered(peer.agent);
        return;
    }
    if (m.tasks_follow) {
        peer.registering = std::move(m);
        return;
    }
    peer.registering.reset();
    register_agent(from, m);
}

OFFERKIT_INLINE void Master::on_agent(PeerId from, protocol::ReportTasks& m) {
    Peer& peer = state_.peers.at(from);
    if (!peer.registering) {
        return close(from, {RefusalCode::conflict, "peer " + format_id(from), "report tasks",
                            "no registration is waiting for them", "register first"});
    }
    std::vector<protocol::AgentTask>& tasks = peer.registering->tasks;
    if (tasks.size() + m.tasks.size() > limits::tasks_per_agent_max) {
        return refuse_agent(
            from, {RefusalCode::too_large, "agent " + peer.registering->info.hostname, "register",
                   "it reports more tasks than an agent may have", "let some of its tasks end"});
    }
    tasks.insert(tasks.end(), std::make_move_iterator(m.tasks.begin()),
                 std::make_move_iterator(m.tasks.end()));
    if (m.more) return;
    protocol::RegisterAgent whole = std::move(*peer.registering);
    peer.registering.reset();
    register_agent(from, whole);
}

OFFERKIT_INLINE void Master::register_agent(PeerId from, protocol::RegisterAgent& m) {
    if (const AgentIndex known = find_agent_index(m.id); !known.is_none()) {
        return register_again(from, known, m);
    }
    const bool comes_back = !m.id.is_none();
    if (comes_back && (state_.recovered || m.id.epoch() >= options_.epoch)) {
        return refuse_agent(
            from, {RefusalCode::not_found, "agent " + format_id(m.id), "register",
                   state_.gone.contains(m.id) ? "an operator has marked it as gone"
                                              : "this master has removed it, or never made that id",
                   "start the agent with an empty work folder: it becomes a new one"});
    }
    if (state_.agents.size() >= limits::agents_max) {
        return refuse_agent(from, {RefusalCode::too_large, "agent " + m.info.hostname, "register",
                                   "the cluster has as many agents as it may have",
                                   "mark agents as gone that will not come back"});
    }
    Agent agent;
    agent.id = comes_back ? m.id : AgentId{options_.epoch, ++state_.agents_made};
    agent.info = std::move(m.info);
    agent.peer = from;
    agent.run = m.run;
    agent.registered_at = state_.wall_now;
    const Result<AgentIndex> index = insert_agent(std::move(agent));
    if (!index) return refuse_agent(from, index.error());
    state_.peers.at(from).agent = *index;
    store_admission(*index, from, state_.agents[*index].info, std::move(m.tasks));
}

/// Refuses: resources of more kinds than there are slots for.
OFFERKIT_INLINE Result<AgentIndex> Master::insert_agent(Agent agent) {
    agent.total = agent.info.resources;
    if (Result<void> bound = state_.kinds.bind(agent.total); !bound) {
        return std::move(bound).error();
    }
    tell_kinds();
    agent.heard_at = state_.now;
    const AgentId id = agent.id;
    const AgentIndex index = state_.agents.insert(std::move(agent));
    state_.agent_by_id.emplace(id, index);
    tell_allocator(allocator_event::AgentPut{index, id, state_.agents[index].total});
    tell_activity(index);
    return index;
}

OFFERKIT_INLINE void Master::refuse_agent(PeerId peer, const Refusal& why) {
    send(peer, protocol::AgentRefused{why});
    close(peer, why);
}

OFFERKIT_INLINE void Master::register_again(PeerId from, AgentIndex index,
                                            protocol::RegisterAgent& m) {
    Agent& agent = state_.agents[index];
    const auto refuse = [&](RefusalCode code, std::string why, std::string todo) {
        refuse_agent(from, {code, "agent " + format_id(m.id), "register again", std::move(why),
                            std::move(todo)});
    };
    if (agent.leaving) {
        return refuse(RefusalCode::unavailable, "it is being removed", "try again later");
    }
    if (!may_become(agent.info, m.info)) {
        // Two machines with one id (a cloned disk), or one machine that has lost something: neither
        // may silently replace what the cluster's account is built on.
        return refuse(RefusalCode::conflict,
                      "its host or domain differs from what it registered with, or it has less",
                      "start the agent as before, or with an empty work folder");
    }
    if (m.run.number < agent.run.number) {
        return refuse(RefusalCode::conflict,
                      "a later process of it has registered: this one is over, or its work folder "
                      "is an older copy",
                      "stop it, and empty its work folder if that was copied");
    }
    if (m.run.number == agent.run.number && m.run.nonce != agent.run.nonce) {
        return refuse(RefusalCode::conflict,
                      "another process with the same work folder has registered: one of the two "
                      "folders is a copy",
                      "stop it, and empty its work folder if that is the copy");
    }
    if (!agent.peer.is_none()) {
        close(agent.peer,
              {RefusalCode::no_longer_available, "agent " + format_id(agent.id), "stay connected",
               "it has registered again on a newer connection", "use the newer connection"});
        disconnect_agent(index);
    }
    state_.peers.at(from).agent = index;
    agent.peer = from;
    agent.run = m.run;
    agent.heard_at = state_.now;
    const bool was_marked = agent.unreachable || agent.mark_entry != 0;
    unmark(agent);
    if (was_marked || !agent.admitted || m.info != agent.info) {
        return store_admission(index, from, std::move(m.info), std::move(m.tasks));
    }
    begin_registration(index, m.tasks);
}

// Every machine boots, is upgraded and may grow; the rest is what it is known by.
OFFERKIT_INLINE bool Master::may_become(const AgentInfo& known, const AgentInfo& now) {
    if (known.hostname != now.hostname || known.domain != now.domain) return false;
    for (const Attribute& attribute : known.attributes) {
        if (std::ranges::find(now.attributes, attribute) == now.attributes.end()) return false;
    }
    return now.resources.contains(known.resources);
}

OFFERKIT_INLINE void Master::store_admission(AgentIndex index, PeerId from, AgentInfo info,
                                             std::vector<protocol::AgentTask> tasks) {
    const AgentId id = state_.agents[index].id;
    registry::AdmitAgent write{id, info};
    store(std::move(write), PendingWrite::Admission{id, std::move(info), from, std::move(tasks)});
}

// The agent is a member, as it has said; if its connection is still there, it begins to count.
OFFERKIT_INLINE void Master::admit(PendingWrite::Admission& admission) {
    const AgentIndex index = find_agent_index(admission.agent);
    if (index.is_none()) return;
    Agent& agent = state_.agents[index];
    if (Result<void> grown = grow(index, admission.info); !grown) {
        if (agent.peer != admission.peer) return;
        refuse_agent(agent.peer, grown.error());
        return disconnect_agent(index);
    }
    agent.admitted = true;
    unmark(agent);
    mark_usage(index);
    watch(agent, state_.now + options_.peer_timeout);
    if (!agent.peer.is_none() && agent.peer == admission.peer) {
        return begin_registration(index, admission.tasks);
    }
    put_view(agent);
}

OFFERKIT_INLINE Result<void> Master::grow(AgentIndex index, AgentInfo& info) {
    Agent& agent = state_.agents[index];
    if (info.resources != agent.info.resources) {
        Resources total = info.resources;
        if (Result<void> bound = state_.kinds.bind(total); !bound) return bound;
        state_.kinds.release(agent.total);
        tell_kinds();
        agent.total = std::move(total);
        tell_allocator(allocator_event::AgentPut{index, agent.id, agent.total});
    }
    agent.info = std::move(info);
    return {};
}

OFFERKIT_INLINE void Master::refuse_admission(const PendingWrite::Admission& admission,
                                              const Refusal& why) {
    const AgentIndex index = find_agent_index(admission.agent);
    if (index.is_none()) return;
    Agent& agent = state_.agents[index];
    if (!agent.peer.is_none() && agent.peer == admission.peer) {
        refuse_agent(agent.peer, why);
        if (agent.admitted) disconnect_agent(index);
    }
    // One that the registry knows stays known: it has only not come back yet.
    if (!agent.admitted) return remove_agent(index, TaskState::gone, "could not be stored");
    watch(agent, state_.now + options_.peer_timeout);
}

/// Pre: the agent is admitted and connected. What it runs is taken into account and offers begin.
OFFERKIT_INLINE void Master::begin_registration(AgentIndex index,
                                                std::vector<protocol::AgentTask>& tasks) {
    Agent& agent = state_.agents[index];
    const bool was_recovering = agent.recovering;
    agent.registered = true;
    announce_registered(index);
    take_tasks(index, tasks);
    stop_recovering(agent);
    if (was_recovering) answer_questions_of(agent.id);
    tell_activity(index);
    put_view(agent);
    go_on_draining(index);
}

OFFERKIT_INLINE void Master::announce_registered(AgentIndex index) {
    const Agent& agent = state_.agents[index];
    send(agent.peer, protocol::AgentRegistered{agent.id, options_.cluster, options_.epoch,
                                               options_.heartbeat_interval});
}

// What an agent reports is the truth of what exists there: tasks that we thought it had and it does
// not know were lost with a connection; tasks that it has and we do not know are taken into
// account.
// That a framework is over may have been lost with the connection before, so it is said again.
OFFERKIT_INLINE void Master::take_tasks(AgentIndex index,
                                        std::vector<protocol::AgentTask>& reported) {
    // First what is not there any more: it may be in the place of what is.
    drop_unconfirmed(index, reported);
    for (protocol::AgentTask& task : reported) {
        FrameworkIndex owner = find_framework_index(task.framework);
        if (owner.is_none() && !state_.recovered && task.framework.epoch() < options_.epoch) {
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
            confirm_task(at, task.state);
            if (state_.frameworks[owner].ended) send(peer, protocol::EndFramework{task.framework});
            continue;
        }
        // Ended, its last status not yet acknowledged: that is told again, and it uses nothing. But
        // it is known, or its scheduler would hear that it is not and start it a second time.
        const bool over = is_terminal(task.state);
        Resources local = over ? Resources{} : task.info.resources;
        if (!state_.kinds.try_bind_known(local) || !allocator_->available(index).contains(local)) {
            note("agent " + format_id(state_.agents[index].id),
                 "reports task " + task.info.id.text() + " with more than it has: killed");
            send(peer, protocol::KillTask{task.framework, task.info.id, std::nullopt});
            continue;
        }
        const ClaimantIndex claimant = ensure_membership(owner, task.role).claimant;
        if (!over) tell_allocator(allocator_event::Occupied{claimant, index, local});
        add_task(owner, index, claimant, task.role, task.info, std::move(local), task.state);
        const TaskIndex at = state_.frameworks[owner].tasks.at(task.info.id);
        drop_questions({task.framework, task.info.id}, state_.agents[index].id);
        if (over) continue;
        if (state_.frameworks[owner].ended) {
            send(peer, protocol::EndFramework{task.framework});
        } else if (state_.agents[index].recovering) {
            TaskStatus status = status_of(state_.tasks[at]);
            status.reason = StatusReason::reconciliation;
            status.message = "its agent has come back";
            tell_status(owner, std::move(status));
        }
    }
}

OFFERKIT_INLINE void Master::drop_unconfirmed(AgentIndex index,
                                              const std::vector<protocol::AgentTask>& reported) {
    std::set<TaskIndex> confirmed;
    for (const protocol::AgentTask& task : reported) {
        const FrameworkIndex owner = find_framework_index(task.framework);
        if (owner.is_none()) continue;
        const auto known = state_.frameworks[owner].tasks.find(task.info.id);
        if (known != state_.frameworks[owner].tasks.end()) confirmed.insert(known->second);
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

// Nobody knew for certain what became of it; now its agent says so.
OFFERKIT_INLINE void Master::confirm_task(TaskIndex at, TaskState reported) {
    const TaskState known = state_.tasks[at].state;
    if (is_terminal(known) || is_terminal(reported)) return;
    const Task& task = state_.tasks[at];
    if (task.kill && reported != TaskState::killing) {
        send(state_.agents[task.agent].peer,
             protocol::KillTask{state_.frameworks[task.framework].id, task.id, *task.kill,
                                StatusReason::kill_requested});
    }
    if (known == reported) return;
    const bool was_missed = known == TaskState::unreachable || known == TaskState::lost;
    change_task(at, reported, StatusReason::reconciliation, {});
    if (!was_missed) return;
    TaskStatus status = status_of(state_.tasks[at]);
    status.message = "its agent has come back";
    tell_status(state_.tasks[at].framework, std::move(status));
}

}  // namespace offerkit::master
