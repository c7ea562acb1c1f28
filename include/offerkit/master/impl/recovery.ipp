// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A restarted master: what the registry has kept, who is not back yet, and what may be said of
/// their tasks until then.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {

// All timers count from here, whenever the master before this one has ended: a long outage of the
// master must not look like one of everybody else.
OFFERKIT_INLINE void Master::on(Recovered& e) {
    OFFERKIT_ASSERT(!state_.recovered && state_.peers.empty());
    state_.recovered = true;
    for (registry::PutRole& role : e.contents.roles) {
        put_role(std::move(role.config));
    }
    for (registry::AdmitAgent& known : e.contents.agents) {
        recover_agent(known);
    }
    for (const registry::MarkUnreachable& mark : e.contents.unreachable) {
        Agent* const agent = find_agent(mark.agent);
        if (agent == nullptr) continue;
        stop_recovering(*agent);
        agent->unreachable = true;
        ++state_.agents_unreachable;
    }
    for (const registry::SetAgentMode& set : e.contents.modes) {
        Agent* const agent = find_agent(set.agent);
        if (agent == nullptr) continue;
        agent->mode = set.mode;
        agent->drain_deadline = set.deadline;
        if (set.mode != registry::AgentMode::draining) continue;
        // The calendar alone outlives a restart. Bounded, since it may have jumped meanwhile.
        const Duration left{set.deadline.ns - state_.wall_now.ns};
        agent->drain_due =
            state_.now + std::clamp(left, Duration{0}, Duration{limits::drain_within_max});
        state_.deadlines.arm(agent->drain_due, {DeadlineKey::Kind::drain, set.agent.value()});
    }
    for (const registry::MarkGone& mark : e.contents.gone) {
        state_.gone.insert(mark.agent);
    }
    for (registry::PutFramework& known : e.contents.frameworks) {
        const FrameworkIndex index = insert_framework(known.framework, std::move(known.info));
        state_.frameworks[index].known = true;
        state_.frameworks[index].admitted = true;
        put_view(state_.frameworks[index]);
    }
    state_.agents.for_each([this](AgentIndex index, const Agent& agent) {
        tell_activity(index);
        put_view(agent);
        mark_usage(index);
    });
}

OFFERKIT_INLINE void Master::recover_agent(registry::AdmitAgent& known) {
    Agent agent;
    agent.id = known.agent;
    agent.info = std::move(known.info);
    agent.admitted = true;
    agent.recovering = true;
    agent.registered_at = state_.wall_now;
    const Result<AgentIndex> index = insert_agent(std::move(agent));
    if (!index) {
        // More kinds than an earlier build could keep: it is refused when it comes back.
        return note("agent " + format_id(known.agent),
                    "cannot be taken from the registry: " + format_refusal(index.error()));
    }
    ++state_.agents_recovering;
    watch(state_.agents[*index], state_.now + options_.reregister_timeout);
}

OFFERKIT_INLINE void Master::stop_recovering(Agent& agent) {
    if (!std::exchange(agent.recovering, false)) return;
    --state_.agents_recovering;
}

// --- who is not heard of ---

OFFERKIT_INLINE void Master::watch(Agent& agent, Instant until) {
    if (until >= agent.watch_at) return;
    agent.watch_at = until;
    state_.deadlines.arm(until, {DeadlineKey::Kind::agent, agent.id.value()});
}

OFFERKIT_INLINE void Master::look_after_agent(AgentIndex index) {
    Agent& agent = state_.agents[index];
    if (agent.watch_at > state_.now) return;  // It was watched for something that is over.
    agent.watch_at = Instant::never();
    if (!agent.admitted || agent.unreachable || agent.leaving || agent.mark_entry != 0) return;
    const Instant due =
        agent.heard_at + (agent.recovering ? options_.reregister_timeout : options_.peer_timeout);
    if (due > state_.now) {
        agent.mark_at = Instant::never();
        return watch(agent, due);  // It has spoken since.
    }
    if (!agent.peer.is_none()) {
        close(agent.peer, {RefusalCode::unavailable, "agent " + format_id(agent.id),
                           "stay registered", "not heard of for too long", "register again"});
        const Instant heard_at = agent.heard_at;
        disconnect_agent(index);
        agent.heard_at = heard_at;
    }
    mark_unreachable(index);
}

// One after the other, and not more than a share of all: whoever loses a rack should not find the
// whole cluster's tasks started again elsewhere before somebody has looked.
OFFERKIT_INLINE void Master::mark_unreachable(AgentIndex index) {
    Agent& agent = state_.agents[index];
    if (agent.mark_at == Instant::never()) {
        agent.mark_at = std::max(state_.now, state_.mark_next);
        state_.mark_next = agent.mark_at + options_.unreachable_interval;
    }
    if (agent.mark_at > state_.now) return watch(agent, agent.mark_at);
    agent.mark_at = Instant::never();
    if (is_marking_stopped()) {
        if (!std::exchange(state_.marking_stopped, true)) {
            note("master", std::to_string(state_.agents_unreachable) + " of " +
                               std::to_string(state_.agents.size()) +
                               " agents are unreachable and more are silent: no more are marked "
                               "until some are back; look at the network first, and mark as gone "
                               "what will not come back");
        }
        return watch(agent, state_.now + options_.heartbeat_interval);
    }
    ++state_.agents_unreachable;
    agent.mark_entry = store(registry::MarkUnreachable{agent.id, state_.wall_now},
                             PendingWrite::Unreachable{agent.id});
}

OFFERKIT_INLINE bool Master::is_marking_stopped() const {
    const std::uint64_t members = state_.agents.size();
    if (members < options_.unreachable_stop_from) return false;
    return (state_.agents_unreachable + 1) * 1000 > members * options_.unreachable_share_max;
}

OFFERKIT_INLINE void Master::unmark(Agent& agent) {
    if (agent.unreachable || agent.mark_entry != 0) --state_.agents_unreachable;
    agent.unreachable = false;
    agent.mark_entry = 0;
    agent.mark_at = Instant::never();
    if (state_.marking_stopped && !is_marking_stopped()) {
        state_.marking_stopped = false;
        note("master", "enough agents are back: silent ones are marked unreachable again");
    }
}

/// Pre: the registry holds the mark.
OFFERKIT_INLINE void Master::declare_unreachable(AgentIndex index) {
    Agent& agent = state_.agents[index];
    agent.unreachable = true;
    stop_recovering(agent);
    put_view(agent);
    std::set<FrameworkIndex> told;
    for (TaskIndex at = agent.first_task; !at.is_none(); at = state_.tasks[at].next) {
        const Task& task = state_.tasks[at];
        const FrameworkIndex owner = task.framework;
        if (is_terminal(task.state)) {
            answer_known(owner, at);
            continue;
        }
        TaskStatus status = status_of(task);
        status.state = missed_state(state_.frameworks[owner]);
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
    answer_questions_of(agent.id);
}

OFFERKIT_INLINE TaskState Master::missed_state(const Framework& framework) {
    return framework.info.capabilities.partition_aware ? TaskState::unreachable : TaskState::lost;
}

// --- what is asked about tasks meanwhile ---

// A task that is not known may still come with an agent that is not back: "unknown" would have its
// scheduler start it a second time.
OFFERKIT_INLINE bool Master::may_come_back(AgentId agent) const {
    if (agent.is_none()) return state_.agents_recovering != 0;
    const AgentIndex index = find_agent_index(agent);
    return !index.is_none() && state_.agents[index].recovering;
}

// Of a task that has ended, or of which something found no scheduler, its agent has the statuses
// that are not acknowledged, whole and in order: it repeats them at once, or as soon as it is back.
// An answer would run ahead of them. Once the agent is unreachable the state alone has to do.
OFFERKIT_INLINE void Master::answer_known(FrameworkIndex index, TaskIndex at) {
    const Task& task = state_.tasks[at];
    const Agent& agent = state_.agents[task.agent];
    const bool has_statuses = is_terminal(task.state) || !task.held_from.is_none();
    if (has_statuses && !agent.unreachable) {
        if (agent.registered) {
            repeats_[task.agent].push_back({state_.frameworks[index].id, task.id});
        }
        return;
    }
    TaskStatus status = status_of(task);
    status.reason = StatusReason::reconciliation;
    tell_status(index, std::move(status));
}

OFFERKIT_INLINE void Master::answer_question(FrameworkIndex index, TaskId task, AgentId agent) {
    const Framework& framework = state_.frameworks[index];
    if (const auto known = framework.tasks.find(task); known != framework.tasks.end()) {
        return answer_known(index, known->second);
    }
    if (may_come_back(agent)) {
        if (state_.questions_open == limits::questions_open_max) {
            return send(framework.peer,
                        protocol::CallRefused{
                            {RefusalCode::unavailable, "framework " + format_id(framework.id),
                             "reconcile task " + task.text(),
                             "too many questions wait for agents that are not back yet",
                             "ask again later"}});
        }
        if (state_.questions[agent].insert({framework.id, std::move(task)}).second) {
            ++state_.questions_open;
        }
        return;
    }
    TaskStatus status;
    status.task = std::move(task);
    status.state = TaskState::unknown;
    status.agent = agent;
    status.reason = StatusReason::reconciliation;
    status.message = "this framework has no such task";
    status.at = state_.wall_now;
    const AgentIndex where = find_agent_index(agent);
    if (!where.is_none() && state_.agents[where].unreachable) {
        status.state = missed_state(framework);
        status.message = "its agent is unreachable; the task may still run";
    } else if (state_.gone.contains(agent)) {
        status.state = TaskState::gone_by_operator;
        status.message = "its agent is gone";
    }
    tell_status(index, std::move(status));
}

/// The agent is back, unreachable or gone: what was asked about its tasks can be answered.
OFFERKIT_INLINE void Master::answer_questions_of(AgentId agent) {
    const auto answer_all = [this](AgentId about) {
        auto waiting = state_.questions.extract(about);
        if (waiting.empty()) return;
        state_.questions_open -= waiting.mapped().size();
        for (const OpenQuestion& question : waiting.mapped()) {
            const FrameworkIndex index = find_framework_index(question.framework);
            if (!index.is_none()) answer_question(index, question.task, about);
        }
    };
    answer_all(agent);
    if (state_.agents_recovering == 0) answer_all(AgentId{});
}

// It may have ended, and been acknowledged, before the last agent is back, and be unknown then.
OFFERKIT_INLINE void Master::drop_questions(const OpenQuestion& about, AgentId agent) {
    for (const AgentId asked : {AgentId{}, agent}) {
        const auto waiting = state_.questions.find(asked);
        if (waiting != state_.questions.end()) {
            state_.questions_open -= waiting->second.erase(about);
        }
    }
}

}  // namespace offerkit::master
