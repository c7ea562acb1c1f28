// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the author says: replies, requests, and what the SDK says for one who is silent.

#include <offerkit/core/limits.hpp>
#include <offerkit/core/parts.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/model/validate.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::framework {

// One delivery is under way at a time: the author's code is never called twice at once, and what
// happens meanwhile is delivered together.
OFFERKIT_INLINE void Framework::deliver() {
    if (state_.phase == Phase::ended || state_.delivering || !state_.next_waits) return;
    if (state_.stop_asked) return;  // The scheduler has said its last word.
    state_.delivering = true;
    state_.next_waits = false;
    Deliver delivery = std::exchange(state_.next, Deliver{});
    delivery.delivery = ++state_.deliveries;
    delivery.now = state_.now;
    for (const TaskStatus& status : delivery.statuses) {
        if (!status.id.is_none()) {
            state_.receipts.push_back({status.agent, status.task, status.id});
        }
    }
    for (const Offer& offer : delivery.offers) {
        const auto found = state_.offers.find(offer.id);
        if (found != state_.offers.end()) found->second.delivered = true;
    }
    out_->list.emplace_back(std::move(delivery));
}

// Absorbs: an answer to a delivery that is not under way.
OFFERKIT_INLINE void Framework::on(AuthorReplied& e) {
    if (!state_.delivering || e.delivery != state_.deliveries) return;
    state_.delivering = false;
    std::vector<protocol::StatusReceipt> receipts = std::exchange(state_.receipts, {});
    if (e.failed) {
        // Nothing is acknowledged: whoever takes over sees those statuses again.
        return end(Refusal{RefusalCode::cancelled, "scheduler", "handle what it was told",
                           "a handler failed", "see the log for what it threw"});
    }
    for (const protocol::StatusReceipt& receipt : receipts) {
        const auto known = state_.tasks.find(receipt.task);
        if (known == state_.tasks.end() || known->second.agent != receipt.agent) continue;
        known->second.handled = std::max(known->second.handled, receipt.status);
    }
    acknowledge(std::move(receipts));
    for (OfferReply& offer : e.offers)
        reply(offer);
    for (Request& request : e.requests) {
        if (state_.phase == Phase::ended) return;
        std::visit([this](auto& r) { ask(r); }, request);
    }
}

OFFERKIT_INLINE void Framework::on(AuthorAsked& e) {
    for (OfferReply& offer : e.offers)
        reply(offer);
    for (Request& request : e.requests) {
        if (state_.phase == Phase::ended) return;
        std::visit([this](auto& r) { ask(r); }, request);
    }
}

OFFERKIT_INLINE void Framework::reply(OfferReply& offer_reply) {
    std::visit([this](auto& r) { reply(r); }, offer_reply);
}

OFFERKIT_INLINE void Framework::acknowledge(std::vector<protocol::StatusReceipt> receipts) {
    if (state_.phase != Phase::subscribed) return;  // They are told again, and answered then.
    for_each_part(
        std::move(receipts), limits::statuses_per_message_max, limits::message_bytes_aim,
        [](const auto& receipt) { return receipt.task.text().size() + 32; },
        [this](auto part) { send(protocol::Acknowledge{std::move(part)}); });
}

// A task that breaks a rule is refused here, by itself: the master would close the channel over it.
OFFERKIT_INLINE void Framework::refuse_invalid(Accept& accept) {
    const auto refuse_if_invalid = [this](const TaskInfo& task) {
        const Result<void> valid = validate(task);
        if (!valid) tell_refused(task, valid.error());
        return !valid;
    };
    std::erase_if(accept.launch, refuse_if_invalid);
    std::erase_if(accept.operations, [&](Operation& operation) {
        if (auto* launch = std::get_if<Launch>(&operation.action)) {
            std::erase_if(launch->tasks, refuse_if_invalid);
            return launch->tasks.empty();
        }
        const Result<void> valid = validate(operation);
        if (valid) return false;
        if (const auto* group = std::get_if<LaunchGroup>(&operation.action)) {
            for (const TaskInfo& task : group->tasks)
                tell_refused(task, valid.error());
        } else {
            state_.next.refusals.push_back(valid.error());
            state_.next_waits = true;
        }
        return true;
    });
}

OFFERKIT_INLINE void Framework::tell_refused(const TaskInfo& task, const Refusal& why) {
    TaskStatus status;
    status.task = task.id;
    status.state = TaskState::error;
    status.reason = StatusReason::task_invalid;
    status.message = bound_message(format_refusal(why));
    status.at = state_.wall_now;
    state_.next.statuses.push_back(std::move(status));
    state_.next_waits = true;
}

// The id of a task that has ended may be used again: what was heard of the old one is forgotten.
OFFERKIT_INLINE void Framework::remember_launch(const TaskInfo& task, AgentId agent) {
    KnownTask& known = state_.tasks[task.id];
    if (known.ended || known.agent.is_none()) known = KnownTask{};
    known.agent = agent;
}

// An accept of an offer that is gone is still sent: the master answers each of its tasks with a
// status, which is how the scheduler learns that they did not start.
OFFERKIT_INLINE void Framework::reply(Accept& accept) {
    refuse_invalid(accept);
    const auto offer = state_.offers.find(accept.offer);
    const AgentId agent = offer == state_.offers.end() ? AgentId{} : offer->second.agent;
    protocol::Accept call;
    call.offers.push_back(accept.offer);
    call.offers.insert(call.offers.end(), accept.more_offers.begin(), accept.more_offers.end());
    call.operations = std::move(accept.operations);
    call.refuse_for = accept.refuse_for;
    for (const OfferId id : call.offers)
        state_.offers.erase(id);
    if (state_.phase != Phase::subscribed) {
        // No connection: these tasks never existed for the master. Told as the master would.
        for (const TaskInfo& task : accept.launch) {
            TaskStatus status;
            status.task = task.id;
            status.state = TaskState::dropped;
            status.reason = StatusReason::offer_unavailable;
            status.message = "the connection to the master was lost before the accept was sent";
            status.at = state_.wall_now;
            state_.next.statuses.push_back(std::move(status));
            state_.next_waits = true;
        }
        return;
    }
    for (const TaskInfo& task : accept.launch)
        remember_launch(task, agent);
    for (const Operation& operation : call.operations) {
        const auto* const launch = std::get_if<Launch>(&operation.action);
        if (launch == nullptr) continue;
        for (const TaskInfo& task : launch->tasks)
            remember_launch(task, agent);
    }
    if (!accept.launch.empty()) {
        call.operations.push_back({{}, Launch{std::move(accept.launch)}});
    }
    send(std::move(call));
}

OFFERKIT_INLINE void Framework::reply(Decline& reply) {
    decline(reply.offer, reply.refuse_for, reply.reason, std::move(reply.detail));
}

OFFERKIT_INLINE void Framework::reply(Hold& hold) {
    const auto found = state_.offers.find(hold.offer);
    if (found == state_.offers.end()) return;
    found->second.answer_by = state_.now + hold.at_most;
    state_.answers.arm(found->second.answer_by, hold.offer);
}

// Absorbs: a decline of an offer that is answered, rescinded or void.
OFFERKIT_INLINE void Framework::decline(OfferId id, Duration refuse_for, DeclineReason reason,
                                        std::string detail) {
    const auto found = state_.offers.find(id);
    if (found == state_.offers.end()) return;
    remember_refusal(found->second, found->second.resources, refuse_for);
    state_.offers.erase(found);
    if (state_.phase != Phase::subscribed) return;
    // A scheduler without work declines a whole cluster at once: that is one call, not thousands.
    if (!out_->list.empty()) {
        if (auto* last = std::get_if<SendMaster>(&out_->list.back())) {
            auto* call = std::get_if<protocol::Decline>(&last->call);
            if (call != nullptr && call->refuse_for == refuse_for && call->reason == reason &&
                call->detail == detail && call->offers.size() < limits::offers_per_call_max) {
                call->offers.push_back(id);
                return;
            }
        }
    }
    send(protocol::Decline{{id}, refuse_for, reason, std::move(detail)});
}

OFFERKIT_INLINE void Framework::remember_refusal(const OpenOffer& offer, const Resources& refused,
                                                 Duration refuse_for) {
    if (refuse_for <= Duration{0}) return;
    const Instant until = state_.now + refuse_for;
    state_.filters.insert_or_assign(FilterKey{offer.role, offer.agent},
                                    LiveRefusal{refused, until});
}

OFFERKIT_INLINE void Framework::decline_unanswered() {
    while (const auto id = state_.answers.take_due(state_.now)) {
        const auto found = state_.offers.find(*id);
        if (found == state_.offers.end()) continue;          // Answered in time.
        if (found->second.answer_by > state_.now) continue;  // Held for longer.
        if (!found->second.delivered) {
            // The handlers are busy with something else and have not seen it: take it back.
            std::erase_if(state_.next.offers, [&](const Offer& offer) { return offer.id == *id; });
        }
        out_->list.emplace_back(Warn{"offer " + format_id(*id) + " was not answered in time by " +
                                     "the scheduler: declined for it"});
        decline(*id, refuse_for_default, DeclineReason::unanswered, {});
    }
}

OFFERKIT_INLINE void Framework::ask(KillTask& r) {
    // Remembered: the connection, or the master's to the agent, may be gone just now.
    KnownTask& task = state_.tasks[r.task];
    if (!task.ended) task.kill = r.grace;
    if (state_.phase == Phase::subscribed) send(protocol::Kill{std::move(r.task), r.grace});
}

OFFERKIT_INLINE void Framework::ask(Revive& r) {
    // Remembered even without a connection: the next subscription says it.
    if (r.roles.empty()) {
        state_.suppressed.clear();
        state_.filters.clear();
    }
    for (const Role& role : r.roles) {
        state_.suppressed.erase(role);
        std::erase_if(state_.filters, [&](const auto& entry) { return entry.first.role == role; });
    }
    state_.wishes_changed = true;
    if (state_.phase == Phase::subscribed) send(protocol::Revive{std::move(r.roles)});
}

OFFERKIT_INLINE void Framework::ask(Suppress& r) {
    const std::vector<Role>& roles = r.roles.empty() ? options_.info.roles : r.roles;
    state_.suppressed.insert(roles.begin(), roles.end());
    state_.wishes_changed = true;
    if (state_.phase == Phase::subscribed) send(protocol::Suppress{std::move(r.roles)});
}

OFFERKIT_INLINE void Framework::ask(StateDemand& r) {
    for (const Demand& demand : r.demands) {
        const auto known = std::ranges::find(state_.demands, demand.role, &Demand::role);
        if (known == state_.demands.end()) {
            state_.demands.push_back(demand);
        } else {
            *known = demand;
        }
    }
    if (state_.phase == Phase::subscribed) send(protocol::StateDemand{std::move(r.demands)});
}

OFFERKIT_INLINE void Framework::ask(Reconcile& r) {
    if (state_.phase != Phase::subscribed) return;  // The next subscription asks for all.
    protocol::Reconcile call;
    for (TaskId& task : r.tasks) {
        const auto known = state_.tasks.find(task);
        const AgentId agent = known == state_.tasks.end() ? AgentId{} : known->second.agent;
        call.tasks.push_back({std::move(task), agent});
    }
    send(std::move(call));
}

OFFERKIT_INLINE void Framework::ask(Message& r) {
    if (state_.phase != Phase::subscribed) return;  // At most once, as the protocol says.
    send(protocol::ToExecutor{r.agent, std::move(r.executor), std::move(r.data)});
}

OFFERKIT_INLINE void Framework::ask(Stop& r) {
    if (state_.stop_asked) return;
    state_.stop_asked = true;
    if (r.teardown && state_.phase == Phase::subscribed) {
        state_.teardown_asked = true;
        // The master answers with the end of the subscription: then it is certain. Asked again with
        // each beat, since its registry may take no writes for a while.
        return send(protocol::Teardown{});
    }
    end(std::nullopt);
}

}  // namespace offerkit::framework
