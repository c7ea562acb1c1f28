// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Frameworks: they subscribe, come back, change their mind about roles, and end.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {
namespace detail {

/// Its connection is gone, and what was told on it may never have been read: no later status may
/// overtake that.
inline void hold_unread(State& state, const Framework& framework) {
    for (const auto& [id, at] : framework.tasks) {
        Task& task = state.tasks[at];
        if (task.held_from.is_none()) task.held_from = std::exchange(task.told, StatusId{});
    }
}

}  // namespace detail

// Absorbs: a subscription repeated on the same channel.
OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Subscribe& c) {
    Peer& peer = state_.peers.at(from);
    if (!peer.framework.is_none()) {
        if (state_.frameworks[peer.framework].admitted) announce_subscribed(peer.framework);
        return;
    }
    c.info.principal = peer.principal;
    if (const FrameworkIndex known = find_framework_index(c.id); !known.is_none()) {
        return subscribe_again(from, known, c);
    }
    // Without a registry at hand, an id that an earlier master made is taken at its word.
    const bool comes_back = !c.id.is_none();
    if (comes_back && (state_.recovered || c.id.epoch() >= options_.epoch)) {
        const Refusal why{RefusalCode::not_found, "framework " + format_id(c.id), "subscribe",
                          "it has ended, or this master never made that id",
                          "subscribe without an id, as a new framework"};
        send(from, protocol::SubscriptionEnded{why});
        return close(from, why);
    }
    if (state_.frameworks.size() >= limits::frameworks_max) {
        const Refusal why{RefusalCode::too_large, "framework " + c.info.name, "subscribe",
                          "the cluster has as many frameworks as it may have",
                          "tear down frameworks that will not come back"};
        send(from, protocol::SubscriptionEnded{why});
        return close(from, why);
    }
    const FrameworkId id =
        comes_back ? c.id : FrameworkId{options_.epoch, ++state_.frameworks_made};
    const FrameworkIndex index = insert_framework(id, c.info);
    state_.frameworks[index].peer = from;
    peer.framework = index;
    restate(index, c);
    state_.frameworks[index].awaits =
        store(registry::PutFramework{id, c.info}, PendingWrite::Subscription{id});
}

OFFERKIT_INLINE FrameworkIndex Master::insert_framework(FrameworkId id, FrameworkInfo info) {
    Framework framework;
    framework.id = id;
    framework.info = std::move(info);
    framework.known = id.epoch() < options_.epoch;  // An earlier master gave it out.
    framework.subscribed_at = state_.wall_now;
    framework.heard_at = state_.now;
    const FrameworkIndex index = state_.frameworks.insert(std::move(framework));
    state_.framework_by_id.emplace(id, index);
    const std::vector<Role> roles = state_.frameworks[index].info.roles;
    for (const Role& role : roles)
        ensure_membership(index, role);
    watch(state_.frameworks[index], state_.now + options_.peer_timeout);
    return index;
}

OFFERKIT_INLINE void Master::subscribe_again(PeerId from, FrameworkIndex index,
                                             protocol::Subscribe& c) {
    Framework& framework = state_.frameworks[index];
    const auto refuse = [&](RefusalCode code, std::string why, std::string todo) {
        const Refusal refusal{code, "framework " + format_id(c.id), "subscribe", std::move(why),
                              std::move(todo)};
        send(from, protocol::SubscriptionEnded{refusal});
        close(from, refusal);
    };
    if (framework.ended) {
        return refuse(RefusalCode::not_found, "it has been torn down",
                      "subscribe without an id, as a new framework");
    }
    if (framework.ending) {
        return refuse(RefusalCode::unavailable, "it is being ended",
                      "subscribe without an id, as a new framework");
    }
    // Without a registry at hand, one that only its tasks tell of has no principal yet.
    if ((state_.recovered || !framework.info.principal.empty()) &&
        framework.info.principal != c.info.principal) {
        return refuse(
            RefusalCode::forbidden,
            "it belongs to principal " + framework.info.principal + ", not to " + c.info.principal,
            "use the principal that it first subscribed with");
    }
    if (!framework.peer.is_none()) {
        if (!c.take_over) {
            return refuse(RefusalCode::already_exists,
                          "another scheduler is subscribed with this id",
                          "end the other one, or subscribe with take_over");
        }
        // Not `disconnect_framework`: a failover timeout of zero would end it here.
        const PeerId old = std::exchange(framework.peer, PeerId{});
        const Refusal over{RefusalCode::no_longer_available, "framework " + format_id(c.id),
                           "stay subscribed", "another scheduler has taken over",
                           "let the newer scheduler go on"};
        send(old, protocol::SubscriptionEnded{over});
        close(old, over);
        rescind_all(framework.offers, protocol::RescindReason::operator_asked);
        detail::hold_unread(state_, framework);
    }
    state_.peers.at(from).framework = index;
    framework.peer = from;
    framework.heard_at = state_.now;
    framework.slow = false;
    framework.admitted = false;  // Until what it says now is durable.
    framework.info = c.info;
    update_roles(index, c.info.roles);
    restate(index, c);
    framework.awaits = store(registry::PutFramework{framework.id, framework.info},
                             PendingWrite::Subscription{framework.id});
}

OFFERKIT_INLINE void Master::announce_subscribed(FrameworkIndex index) {
    Framework& framework = state_.frameworks[index];
    framework.admitted = true;
    put_view(framework);
    tell_activity(index);
    if (framework.peer.is_none()) return;
    send(framework.peer, protocol::Subscribed{framework.id, options_.cluster, options_.epoch,
                                              options_.heartbeat_interval});
    watch(framework, state_.now + options_.peer_timeout);
    ask_back_all(index);
}

// Agents that began to drain while the scheduler was away: it has not been told.
OFFERKIT_INLINE void Master::ask_back_all(FrameworkIndex index) {
    std::set<AgentIndex> draining;
    for (const auto& [id, at] : state_.frameworks[index].tasks) {
        const AgentIndex agent = state_.tasks[at].agent;
        if (state_.agents[agent].mode == registry::AgentMode::draining) draining.insert(agent);
    }
    for (const AgentIndex agent : draining)
        ask_back(agent, index);
}

OFFERKIT_INLINE void Master::watch(Framework& framework, Instant until) {
    if (until >= framework.watch_at) return;
    framework.watch_at = until;
    state_.deadlines.arm(until, {DeadlineKey::Kind::framework, framework.id.value()});
}

OFFERKIT_INLINE void Master::look_after_framework(FrameworkIndex index) {
    Framework& framework = state_.frameworks[index];
    if (framework.watch_at > state_.now) return;  // It was watched for something that is over.
    framework.watch_at = Instant::never();
    if (framework.ending) return;
    const bool connected = !framework.peer.is_none();
    const Instant due =
        framework.heard_at + (connected ? options_.peer_timeout : framework.info.failover_timeout);
    if (due > state_.now) return watch(framework, due);
    if (connected) {
        close(framework.peer,
              {RefusalCode::unavailable, "framework " + format_id(framework.id), "stay subscribed",
               "not heard of for too long", "send a beat in every heartbeat interval"});
        return disconnect_framework(index);
    }
    end_framework(index,
                  {RefusalCode::cancelled, "framework " + format_id(framework.id), "live on",
                   "its scheduler did not come back in time", "ask for a longer failover timeout"});
}

OFFERKIT_INLINE void Master::tell_activity(FrameworkIndex index) {
    const Framework& framework = state_.frameworks[index];
    for (const Membership& membership : framework.roles) {
        NoOfferReason why = NoOfferReason::suppressed;
        bool active = !membership.suppressed;
        if (!framework.admitted || framework.ending || framework.peer.is_none()) {
            active = false;
            why = NoOfferReason::disconnected;
        } else if (framework.slow) {
            active = false;
            why = NoOfferReason::peer_slow;
        }
        tell_allocator(allocator_event::ClaimantActive{membership.claimant, active, why});
    }
}

OFFERKIT_INLINE void Master::disconnect_framework(FrameworkIndex index) {
    Framework& framework = state_.frameworks[index];
    framework.peer = PeerId{};
    framework.heard_at = state_.now;
    framework.slow = false;
    rescind_all(framework.offers, protocol::RescindReason::operator_asked);
    tell_activity(index);
    if (framework.ending) return;
    detail::hold_unread(state_, framework);
    if (framework.info.failover_timeout <= Duration{0}) {
        return end_framework(
            index, {RefusalCode::cancelled, "framework " + format_id(framework.id), "live on",
                    "its failover timeout is zero", "ask for a longer failover timeout"});
    }
    watch(framework, state_.now + framework.info.failover_timeout);
    put_view(framework);
}

// Absorbs: a teardown repeated while the first is being stored.
OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Teardown&) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    end_framework(index,
                  {RefusalCode::cancelled, "framework " + format_id(state_.frameworks[index].id),
                   "live on", "its scheduler has torn it down", "subscribe as a new framework"});
}

// No offers any more; the rest waits for the registry, or a framework that was told of its end
// would be there again after a restart of the master.
OFFERKIT_INLINE void Master::end_framework(FrameworkIndex index, Refusal why,
                                           std::uint64_t request) {
    Framework& framework = state_.frameworks[index];
    if (std::exchange(framework.ending, true)) return;
    rescind_all(framework.offers, protocol::RescindReason::operator_asked);
    tell_activity(index);
    store(registry::RemoveFramework{framework.id},
          PendingWrite::End{framework.id, std::move(why), request});
}

OFFERKIT_INLINE void Master::keep_framework(FrameworkIndex index, const Refusal& why) {
    Framework& framework = state_.frameworks[index];
    framework.ending = false;
    tell_activity(index);
    if (!framework.peer.is_none()) return send(framework.peer, protocol::CallRefused{why});
    framework.heard_at = state_.now;
    watch(framework, state_.now + std::max(options_.store_retry, framework.info.failover_timeout));
}

// The tasks are the agents' to end: what they use stays allocated until they say that it is over,
// or it could be given away twice. Pre: the registry does not hold the framework.
OFFERKIT_INLINE void Master::finish_framework(FrameworkIndex index, const Refusal& why) {
    Framework& framework = state_.frameworks[index];
    framework.ending = true;
    framework.ended = true;
    rescind_all(framework.offers, protocol::RescindReason::operator_asked);
    if (const PeerId peer = framework.peer; !peer.is_none()) {
        send(peer, protocol::SubscriptionEnded{why});
        close(peer, why);
        disconnect_framework(index);
    }
    tell_activity(index);
    note("framework " + format_id(framework.id), "ended: " + why.why);
    std::set<AgentIndex> agents;
    std::vector<TaskIndex> over;
    for (const auto& [id, at] : framework.tasks) {
        if (is_terminal(state_.tasks[at].state)) {
            over.push_back(at);  // Nobody is left to acknowledge it.
            acknowledge(state_.tasks[at].agent, framework.id, id, state_.tasks[at].ended_by);
        } else {
            agents.insert(state_.tasks[at].agent);
        }
    }
    for (const TaskIndex at : over)
        remove_task(at);
    for (const AgentIndex agent : agents) {
        const PeerId to = state_.agents[agent].peer;
        if (!to.is_none()) send(to, protocol::EndFramework{framework.id});
    }
    remove_if_ended(index);
}

OFFERKIT_INLINE void Master::remove_if_ended(FrameworkIndex index) {
    Framework& framework = state_.frameworks[index];
    if (!framework.ended || !framework.tasks.empty()) return;
    for (const Membership& membership : framework.roles) {
        for (const DemandShape& shape : membership.demand) {
            state_.kinds.release(shape.resources);
        }
        tell_allocator(allocator_event::ClaimantGone{membership.claimant});
        state_.claimants.erase(membership.claimant);
    }
    statuses_.erase(index);  // Its place may be somebody else's before this step ends.
    out_->deltas.emplace_back(FrameworkRemoved{framework.id, "it has ended", state_.wall_now});
    state_.framework_by_id.erase(framework.id);
    state_.frameworks.erase(index);
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Beat&) {
    send(from, protocol::MasterBeat{});
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::ToExecutor& c) {
    const Framework& framework = state_.frameworks[state_.peers.at(from).framework];
    const Agent* agent = find_agent(c.agent);
    if (agent == nullptr || agent->peer.is_none()) return;  // At most once, as the protocol says.
    send(agent->peer,
         protocol::DataForExecutor{framework.id, std::move(c.executor), std::move(c.data)});
}

OFFERKIT_INLINE void Master::put_view(const Framework& framework) {
    FrameworkPut put{
        framework.id,
        framework.info,
        framework.peer.is_none() ? FrameworkCondition::disconnected : FrameworkCondition::active,
        framework.subscribed_at,
        {},
        state_.wall_now};
    for (const Membership& membership : framework.roles) {
        if (membership.suppressed) put.suppressed.push_back(membership.role);
    }
    out_->deltas.emplace_back(std::move(put));
}

}  // namespace offerkit::master
