// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Agents that an operator takes out of use: deactivated, drained, marked as gone.

#include <offerkit/master/master.hpp>

#include <map>
#include <string>
#include <utility>

namespace offerkit::master {

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::DeactivateAgent& c) {
    ask_mode(e, c.agent, registry::AgentMode::deactivated, Duration{0});
}

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::ActivateAgent& c) {
    ask_mode(e, c.agent, registry::AgentMode::active, Duration{0});
}

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::DrainAgent& c) {
    if (c.within < Duration{0} || c.within > limits::drain_within_max) {
        return answer(e.request, Refusal{RefusalCode::invalid, "agent " + format_id(c.agent),
                                         "drain", "the deadline is out of range",
                                         "give it between no time and 30 days"});
    }
    ask_mode(e, c.agent, registry::AgentMode::draining, c.within);
}

OFFERKIT_INLINE void Master::ask_mode(const OperatorAsked& e, AgentId id, registry::AgentMode mode,
                                      Duration within) {
    const std::string_view verb = mode == registry::AgentMode::active     ? "activate"
                                  : mode == registry::AgentMode::draining ? "drain"
                                                                          : "deactivate";
    if (Result<void> known = check_member(id, verb); !known) {
        return answer(e.request, std::move(known));
    }
    registry::SetAgentMode set{id, mode, {}};
    if (mode == registry::AgentMode::draining) {
        set.deadline = WallTime{state_.wall_now.ns + within.count()};
    }
    store(set, PendingWrite::Mode{set, within, e.request});
}

OFFERKIT_INLINE Result<void> Master::check_member(AgentId id, std::string_view verb) const {
    const AgentIndex index = find_agent_index(id);
    const auto refuse = [&](RefusalCode code, std::string why, std::string todo) {
        return Refusal{code, "agent " + format_id(id), std::string(verb), std::move(why),
                       std::move(todo)};
    };
    if (index.is_none() || !state_.agents[index].admitted) {
        return refuse(RefusalCode::not_found, "there is no such agent", "list the agents");
    }
    if (state_.agents[index].leaving) {
        return refuse(RefusalCode::conflict, "it is being removed", "list the agents");
    }
    return {};
}

/// Pre: the registry holds it.
OFFERKIT_INLINE void Master::set_mode(AgentIndex index, const registry::SetAgentMode& set,
                                      Duration within) {
    Agent& agent = state_.agents[index];
    agent.mode = set.mode;
    agent.drain_deadline = set.deadline;
    agent.drain_due = Instant::never();
    agent.drain_stored = false;
    if (set.mode != registry::AgentMode::active) {
        rescind_all(agent.offers, protocol::RescindReason::agent_draining);
    }
    tell_activity(index);
    put_view(agent);
    if (set.mode != registry::AgentMode::draining) return;
    agent.drain_due = state_.now + within;
    state_.deadlines.arm(agent.drain_due, {DeadlineKey::Kind::drain, agent.id.value()});
    ask_back(index, FrameworkIndex{});
    go_on_draining(index);
}

// Absorbs: being called at any time. What was lost on its way to the agent is asked for again when
// the agent registers.
OFFERKIT_INLINE void Master::go_on_draining(AgentIndex index) {
    Agent& agent = state_.agents[index];
    if (agent.mode != registry::AgentMode::draining || agent.leaving) return;
    if (agent.first_task.is_none()) {
        // Of an agent that is not back nobody knows what it runs.
        if (agent.recovering || agent.unreachable || agent.drain_stored) return;
        agent.drain_stored = true;
        const registry::SetAgentMode set{agent.id, registry::AgentMode::drained, {}};
        store(set, PendingWrite::Mode{set, Duration{0}, 0});
        return;
    }
    if (agent.drain_due > state_.now || !agent.registered) return;
    for (TaskIndex at = agent.first_task; !at.is_none(); at = state_.tasks[at].next) {
        const Task& task = state_.tasks[at];
        if (is_terminal(task.state)) continue;
        send(agent.peer, protocol::KillTask{state_.frameworks[task.framework].id, task.id,
                                            std::nullopt, StatusReason::agent_draining});
    }
}

// The frameworks that have tasks there are asked to end them before the deadline; `only`: that one.
OFFERKIT_INLINE void Master::ask_back(AgentIndex index, FrameworkIndex only) {
    const Agent& agent = state_.agents[index];
    std::map<FrameworkIndex, Resources> held;
    for (TaskIndex at = agent.first_task; !at.is_none(); at = state_.tasks[at].next) {
        const Task& task = state_.tasks[at];
        if (is_terminal(task.state) || (!only.is_none() && task.framework != only)) continue;
        held[task.framework] += task.resources;
    }
    for (auto& [owner, resources] : held) {
        const Framework& framework = state_.frameworks[owner];
        if (framework.peer.is_none() || !framework.admitted) continue;
        state_.kinds.unbind(resources);
        const OfferId id{options_.epoch, ++state_.offers_made};
        send(framework.peer,
             protocol::InverseOffers{{{id, framework.id, agent.id, std::move(resources),
                                       Unavailability{agent.drain_deadline, Duration{0}}}}});
    }
}

OFFERKIT_INLINE void Master::on_operator(const OperatorAsked& e, protocol::MarkAgentGone& c) {
    if (Result<void> known = check_member(c.agent, "mark as gone"); !known) {
        return answer(e.request, std::move(known));
    }
    find_agent(c.agent)->leaving = true;
    store(registry::MarkGone{c.agent, state_.wall_now},
          PendingWrite::Departure{c.agent, "an operator has marked it as gone", e.request});
}

/// Pre: the registry holds it.
OFFERKIT_INLINE void Master::depart(PendingWrite::Departure& departure) {
    const AgentIndex index = find_agent_index(departure.agent);
    if (index.is_none()) return;
    const Agent& agent = state_.agents[index];
    const bool by_operator = departure.request != 0;
    if (const PeerId peer = agent.peer; !peer.is_none()) {
        send(peer, protocol::ShutDownAgent{departure.why});
        close(peer, {RefusalCode::cancelled, "agent " + format_id(departure.agent),
                     "stay registered", departure.why, "start it with an empty work folder"});
        disconnect_agent(index);
    }
    if (by_operator) {
        state_.gone.insert(departure.agent);
        if (state_.gone.size() > limits::agents_gone_max) {
            const AgentId oldest = *state_.gone.begin();
            state_.gone.erase(state_.gone.begin());
            store(registry::RemoveAgent{oldest}, PendingWrite::Nothing{});
        }
    }
    remove_agent(index, by_operator ? TaskState::gone_by_operator : TaskState::gone, departure.why);
}

}  // namespace offerkit::master
