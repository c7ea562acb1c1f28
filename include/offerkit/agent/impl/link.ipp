// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: its link to the master.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>
#include <offerkit/core/result.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace offerkit::agent {

namespace detail {

/// True if asking again, even of another master, can only be answered the same way.
[[nodiscard]] inline bool is_lasting(RefusalCode code) {
    switch (code) {
        case RefusalCode::malformed:
        case RefusalCode::invalid:
        case RefusalCode::unsupported:
        case RefusalCode::unauthenticated:
        case RefusalCode::forbidden:
        case RefusalCode::wrong_cluster:
        case RefusalCode::not_found:
        case RefusalCode::already_exists:
        case RefusalCode::not_owner:
            return true;
        case RefusalCode::too_large:
        case RefusalCode::stale_epoch:
        case RefusalCode::no_longer_available:
        case RefusalCode::insufficient:
        case RefusalCode::conflict:
        case RefusalCode::quota_exceeded:
        case RefusalCode::unavailable:
        case RefusalCode::cancelled:
            return false;
    }
    OFFERKIT_ASSERT(false);
    return false;
}

}  // namespace detail

OFFERKIT_INLINE bool Agent::is_registered() const {
    return state_.link.stage == LinkStage::registered;
}

OFFERKIT_INLINE void Agent::connect(Effects& out) {
    state_.link.stage = LinkStage::connecting;
    state_.link.heard_at = state_.now;
    out.list.emplace_back(Connect{state_.epoch_seen});
}

// Absorbs a link that was not asked for, or that opens after we gave up on it.
OFFERKIT_INLINE void Agent::on(LinkOpened& event, Effects& out) {
    if (state_.link.stage != LinkStage::connecting) return;
    if (event.welcome.epoch < state_.epoch_seen) {
        drop_link("the master has epoch " + std::to_string(event.welcome.epoch) +
                      ", a newer one with epoch " + std::to_string(state_.epoch_seen) +
                      " has taken over",
                  out);
        return;
    }
    state_.epoch_seen = event.welcome.epoch;
    // A new agent has nothing yet that a master of old could claim.
    if (!state_.id.is_none()) store_identity(out);
    state_.link.stage = LinkStage::registering;
    state_.link.heard_at = state_.now;
    out.list.emplace_back(SendMaster{make_registration()});
}

OFFERKIT_INLINE protocol::RegisterAgent Agent::make_registration() const {
    protocol::RegisterAgent message{options_.info, state_.id, {}, {}, {state_.run, state_.nonce}};
    message.tasks.reserve(state_.tasks.size());
    for (const auto& [serial, task] : state_.tasks) {
        message.tasks.push_back({task.key.framework, task.role, task.info, task.state});
    }
    for (const auto& [key, serial] : state_.task_keys) {
        if (message.frameworks.empty() || message.frameworks.back() != key.framework) {
            message.frameworks.push_back(key.framework);
        }
    }
    return message;
}

// Absorbs the end of a link that we have given up ourselves. Before the first registration a
// lasting refusal means that the agent is wrongly set up, and its operator is there to read it;
// later it is a fault of the other side, and the tasks that run are worth more attempts. A wrong
// token is no reason to end the tasks of an agent that was only started again.
OFFERKIT_INLINE void Agent::on(LinkClosed& event, Effects& out) {
    if (state_.link.stage == LinkStage::down) return;
    note("link closed: " + format_refusal(event.why), out);
    back_off();
    if (!state_.link.was_registered && detail::is_lasting(event.why.code)) {
        begin_leaving_tasks(format_refusal(event.why), true, out);
    }
}

OFFERKIT_INLINE void Agent::drop_link(std::string why, Effects& out) {
    note("link dropped: " + why, out);
    out.list.emplace_back(Disconnect{});
    back_off();
}

// Jittered, so that the agents of a cluster do not come back all at once.
OFFERKIT_INLINE void Agent::back_off() {
    Link& link = state_.link;
    link.stage = LinkStage::down;
    link.backoff = link.backoff == Duration{0} ? options_.reconnect_first
                                               : std::min(2 * link.backoff, options_.reconnect_max);
    const std::int64_t most = link.backoff.count();
    link.retry_at = state_.now + Duration{state_.rng.between(most / 2, most)};
    outbox_.clear();  // What needs an answer is sent again after the next registration.
}

// Absorbs words of a link that is gone, and orders before the registration is answered.
OFFERKIT_INLINE void Agent::on(MasterSaid& event, Effects& out) {
    const LinkStage stage = state_.link.stage;
    if (stage != LinkStage::registering && stage != LinkStage::registered) return;
    const bool answers = std::holds_alternative<protocol::AgentRegistered>(event.message) ||
                         std::holds_alternative<protocol::AgentRefused>(event.message);
    if (stage == LinkStage::registering && !answers) return;
    state_.link.heard_at = state_.now;
    std::visit([&](auto& each) { on(each, out); }, event.message);
}

// Absorbs a repeat. What the master cannot mean ends the link: going on would follow a stale
// master, or beat without pause.
OFFERKIT_INLINE void Agent::on(protocol::AgentRegistered& message, Effects& out) {
    if (is_registered()) return;
    if (message.agent.is_none() || message.heartbeat_interval <= Duration{0} ||
        message.epoch < state_.epoch_seen) {
        drop_link("the master's registration names no agent, no heartbeat interval or an old epoch",
                  out);
        return;
    }
    Link& link = state_.link;
    link.stage = LinkStage::registered;
    link.backoff = Duration{0};
    link.was_registered = true;
    link.heartbeat_interval = message.heartbeat_interval;
    link.beat_at = state_.now + message.heartbeat_interval;
    take_identity(message.agent, message.epoch, out);
    note("registered as " + format_id(message.agent) + " with cluster " + message.cluster +
             ", epoch " + std::to_string(message.epoch),
         out);
    for (auto& [serial, task] : state_.tasks)
        send_all(task);
}

OFFERKIT_INLINE void Agent::take_identity(AgentId id, std::uint64_t epoch, Effects& out) {
    out.deltas.emplace_back(Identified{id});
    if (id != state_.id) {
        for (auto& [serial, task] : state_.tasks) {
            for (Unacknowledged& each : task.unacknowledged)
                each.status.agent = id;
        }
    }
    state_.id = id;
    state_.epoch_seen = epoch;
    store_identity(out);
}

OFFERKIT_INLINE void Agent::store_identity(Effects& out) {
    if (state_.id == state_.id_stored && state_.epoch_seen == state_.epoch_stored) return;
    state_.id_stored = state_.id;
    state_.epoch_stored = state_.epoch_seen;
    store(checkpoint::PutIdentity{state_.id, state_.epoch_seen}, out);
}

// Absorbs a refusal of a link that was registered: only the answer to a registration counts. If
// the cluster has removed the agent, nobody will command its tasks any more. In any other case they
// are still somebody's: of a machine that was set up differently, or of the one whose disk this
// one's is a copy of.
OFFERKIT_INLINE void Agent::on(protocol::AgentRefused& message, Effects& out) {
    if (is_registered()) return;
    std::string why = format_refusal(message.refusal);
    drop_link(why, out);
    const RefusalCode code = message.refusal.code;
    if (code == RefusalCode::not_found) {
        begin_stop(std::move(why), std::nullopt, out);
        state_.stop->failed = true;
    } else if (code == RefusalCode::conflict || detail::is_lasting(code)) {
        begin_leaving_tasks(std::move(why), true, out);
    }
}

// Its only news is that the master is there, which every word of it says.
OFFERKIT_INLINE void Agent::on(protocol::MasterToAgentBeat&, Effects&) {}

}  // namespace offerkit::agent
