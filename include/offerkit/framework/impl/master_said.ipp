// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the master says, and what of it the scheduler gets to see.

#include <offerkit/core/limits.hpp>
#include <offerkit/core/parts.hpp>
#include <offerkit/framework/framework.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

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
    if (state_.wishes_changed) {
        send(protocol::Revive{});
        const auto& suppressed = state_.suppressed;
        if (!suppressed.empty()) send(protocol::Suppress{{suppressed.begin(), suppressed.end()}});
    }
    if (!state_.demands.empty()) send(protocol::StateDemand{state_.demands});
    reconcile();
    if (state_.teardown_asked) send(protocol::Teardown{});
}

// News may have been lost with the old connection, or with an earlier process of this scheduler:
// ask, and hear only what has changed. Kills too may have been lost.
OFFERKIT_INLINE void Framework::reconcile() {
    const bool first = !std::exchange(state_.has_subscribed, true);
    if (first && !options_.id.is_none()) send(protocol::Reconcile{});
    std::vector<protocol::Reconcile::Question> questions;
    for (const auto& [id, task] : state_.tasks) {
        if (!task.ended) questions.push_back({id, task.agent});
    }
    for_each_part(
        std::move(questions), limits::tasks_per_reconcile_max, limits::message_bytes_aim,
        [](const auto& question) { return question.task.text().size() + 16; },
        [this](auto part) { send(protocol::Reconcile{std::move(part)}); });
    for (const auto& [id, task] : state_.tasks) {
        if (!task.ended && task.kill) send(protocol::Kill{id, *task.kill});
    }
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

OFFERKIT_INLINE void Framework::hear(protocol::InverseOffers& m) {
    state_.next.inverse_offers.insert(state_.next.inverse_offers.end(),
                                      std::make_move_iterator(m.offers.begin()),
                                      std::make_move_iterator(m.offers.end()));
    state_.next_waits = true;
}

// Absorbs: statuses told again, and older ones that come after newer ones. Of those that the
// scheduler has seen the receipt was lost, so it is sent again; for the others it is on its way.
OFFERKIT_INLINE void Framework::hear(protocol::Statuses& m) {
    std::vector<protocol::StatusReceipt> lost;
    for (TaskStatus& status : m.statuses) {
        if (take_status(status)) {
            state_.next.statuses.push_back(std::move(status));
            state_.next_waits = true;
        } else if (!status.id.is_none() && status.id <= state_.tasks.at(status.task).handled) {
            lost.push_back({status.agent, status.task, status.id});
        }
    }
    acknowledge(std::move(lost));
}

/// True if it is news.
OFFERKIT_INLINE bool Framework::take_status(const TaskStatus& status) {
    KnownTask& task = state_.tasks[status.task];
    if (!status.id.is_none()) {
        if (task.agent == status.agent && status.id <= task.heard) return false;
        task.heard = status.id;
        if (task.agent != status.agent) task.handled = StatusId{};
    }
    if (!status.agent.is_none()) task.agent = status.agent;
    // The master told the end while the agent was away, which now repeats what led to it. The
    // receipt for the last status covers the others.
    if (task.over && !is_terminal(status.state)) return false;
    task.over = is_terminal(status.state);
    if (is_over(status.state)) {
        if (!std::exchange(task.ended, true)) note_ended(status.task);
        return true;
    }
    task.ended = false;
    if (task.kill && status.reason == StatusReason::reconciliation &&
        status.state != TaskState::killing && state_.phase == Phase::subscribed) {
        send(protocol::Kill{status.task, *task.kill});
    }
    return true;
}

OFFERKIT_INLINE void Framework::note_ended(const TaskId& task) {
    state_.tasks_ended.push_back(task);
    while (state_.tasks_ended.size() > limits::tasks_ended_kept_max) {
        const auto oldest = state_.tasks.find(state_.tasks_ended.front());
        // It may have been launched again since.
        if (oldest != state_.tasks.end() && oldest->second.ended) state_.tasks.erase(oldest);
        state_.tasks_ended.pop_front();
    }
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
