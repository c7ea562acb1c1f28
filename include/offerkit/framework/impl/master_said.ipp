// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the master says, and what of it the scheduler gets to see.

#include <offerkit/framework/framework.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <variant>

namespace offerkit::framework {

OFFERKIT_INLINE void Framework::on(MasterSaid& e) {
    if (state_.phase != Phase::subscribing && state_.phase != Phase::subscribed) return;
    state_.heard_at = state_.now;
    std::visit([this](auto& m) { hear(m); }, e.event);
}

// Absorbs: the answer to a subscription that was repeated.
OFFERKIT_INLINE void Framework::hear(protocol::Subscribed& m) {
    const bool again = state_.phase == Phase::subscribed;
    state_.id = m.framework;
    state_.epoch_seen = std::max(state_.epoch_seen, m.epoch);
    state_.heartbeat_interval = m.heartbeat_interval;
    state_.beat_at = state_.now + m.heartbeat_interval;
    state_.attempt_delay = options_.reconnect_first;
    state_.phase = Phase::subscribed;
    if (again) return;
    state_.next.subscribed = m.framework;
    state_.next_waits = true;
    if (!state_.demands.empty()) send(protocol::StateDemand{state_.demands});
    if (state_.tasks.empty()) return;
    // News may have been lost with the old connection: ask, and hear only what has changed.
    protocol::Reconcile call;
    for (const auto& [task, agent] : state_.tasks)
        call.tasks.push_back({task, agent});
    send(std::move(call));
}

OFFERKIT_INLINE void Framework::hear(protocol::Offers& m) {
    for (Offer& offer : m.offers) {
        // The SDK answers well before the master would rescind.
        const Duration patience = std::min(options_.answer_timeout, offer.expires_in / 2);
        const Instant answer_by = state_.now + patience;
        state_.offers.insert_or_assign(
            offer.id, OpenOffer{offer.agent, offer.role, offer.resources, answer_by, false});
        state_.answers.arm(answer_by, offer.id);
        state_.next.offers.push_back(std::move(offer));
    }
    state_.next_waits = state_.next_waits || !m.offers.empty();
}

// Absorbs: rescinds of offers that were answered meanwhile. An offer that the scheduler has not
// seen yet is taken out of the delivery that waits.
OFFERKIT_INLINE void Framework::hear(protocol::Rescind& m) {
    for (const OfferId id : m.offers) {
        const auto found = state_.offers.find(id);
        if (found == state_.offers.end()) continue;
        if (found->second.delivered) {
            state_.next.rescinded.push_back(id);
            state_.next_waits = true;
        } else {
            std::erase_if(state_.next.offers, [&](const Offer& offer) { return offer.id == id; });
        }
        state_.offers.erase(found);
    }
}

OFFERKIT_INLINE void Framework::hear(protocol::InverseOffers&) {
    // Tasks there are killed by the drain's deadline; schedulers cannot answer inverse offers yet.
    out_->list.emplace_back(
        Warn{"the master asks for resources back: inverse offers are not answered"});
}

OFFERKIT_INLINE void Framework::hear(protocol::Statuses& m) {
    for (TaskStatus& status : m.statuses) {
        if (is_terminal(status.state) || status.state == TaskState::unknown) {
            state_.tasks.erase(status.task);
        } else {
            state_.tasks.insert_or_assign(status.task, status.agent);
        }
    }
    state_.next_waits = state_.next_waits || !m.statuses.empty();
    if (state_.next.statuses.empty()) {
        state_.next.statuses = std::move(m.statuses);
        return;
    }
    state_.next.statuses.insert(state_.next.statuses.end(),
                                std::make_move_iterator(m.statuses.begin()),
                                std::make_move_iterator(m.statuses.end()));
}

OFFERKIT_INLINE void Framework::hear(protocol::OperationStatuses& m) {
    state_.next.operations.insert(state_.next.operations.end(), m.statuses.begin(),
                                  m.statuses.end());
    state_.next_waits = true;
}

OFFERKIT_INLINE void Framework::hear(protocol::FromExecutor& m) {
    state_.next.messages.push_back(std::move(m));
    state_.next_waits = true;
}

OFFERKIT_INLINE void Framework::hear(protocol::AgentLost& m) {
    state_.next.agents_lost.push_back(m.agent);
    state_.next_waits = true;
}

OFFERKIT_INLINE void Framework::hear(protocol::CallRefused& m) {
    out_->list.emplace_back(Warn{"the master refused a call: " + format_refusal(m.refusal)});
    state_.next.refusals.push_back(std::move(m.refusal));
    state_.next_waits = true;
}

OFFERKIT_INLINE void Framework::hear(protocol::SubscriptionEnded& m) {
    // Asked for by us, or a registry that is out of order for a while: neither is an error.
    if (state_.teardown_asked) return end(std::nullopt);
    if (m.refusal.code == RefusalCode::unavailable) {
        out_->list.emplace_back(Disconnect{});
        return lose_connection(m.refusal);
    }
    end(std::move(m.refusal));
}

OFFERKIT_INLINE void Framework::hear(protocol::MasterBeat&) {}

}  // namespace offerkit::framework
