// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The driver's part of a delivery: calls a scheduler's handlers and collects what they answer. The
/// runtime, the simulator and Python share it, so that a scheduler sees the same order everywhere.

#include <offerkit/core/time.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/event.hpp>
#include <offerkit/framework/handlers.hpp>
#include <offerkit/framework/scheduler.hpp>

#include <span>
#include <utility>

namespace offerkit::framework {

namespace detail {

template <class S>
void call_on_status(S& scheduler, const TaskStatus& status, Replies& replies) {
    if constexpr (requires { scheduler.on_status(status, replies); }) {
        scheduler.on_status(status, replies);
    } else {
        scheduler.on_status(status);
    }
}

template <class S>
void call_on_offers(S& scheduler, std::span<const Offer> offers, Replies& replies) {
    if constexpr (AnswersOffersTogether<S>) {
        scheduler.on_offers(offers, replies);
    } else {
        for (const Offer& offer : offers)
            replies.reply(scheduler.on_offer(offer));
    }
}

}  // namespace detail

/// True once the scheduler says that it has nothing left to do.
template <Scheduler S>
[[nodiscard]] bool is_done(S& scheduler) {
    if constexpr (requires { scheduler.is_done(); }) {
        return scheduler.is_done();
    } else {
        return false;
    }
}

/// Runs the handlers over one delivery. Exceptions pass through: the driver decides what they mean.
/// Returns the event that answers the delivery.
template <Scheduler S>
[[nodiscard]] AuthorReplied call_handlers(S& scheduler, const Deliver& delivery) {
    check_handlers<S>();
    Replies replies{delivery.now};
    if constexpr (requires { scheduler.on_disconnected(); }) {
        if (delivery.disconnected) scheduler.on_disconnected();
    }
    if (delivery.subscribed) {
        if constexpr (requires { scheduler.on_subscribed(*delivery.subscribed, replies); }) {
            scheduler.on_subscribed(*delivery.subscribed, replies);
        } else if constexpr (requires { scheduler.on_subscribed(*delivery.subscribed); }) {
            scheduler.on_subscribed(*delivery.subscribed);
        }
    }
    for (const TaskStatus& status : delivery.statuses) {
        detail::call_on_status(scheduler, status, replies);
    }
    for (const OfferId id : delivery.rescinded) {
        if constexpr (requires { scheduler.on_rescind(id); }) scheduler.on_rescind(id);
    }
    for (const AgentId id : delivery.agents_lost) {
        if constexpr (requires { scheduler.on_agent_lost(id); }) scheduler.on_agent_lost(id);
    }
    for (const protocol::FromExecutor& message : delivery.messages) {
        if constexpr (requires {
                          scheduler.on_message(message.agent, message.executor, message.data);
                      }) {
            scheduler.on_message(message.agent, message.executor, message.data);
        }
    }
    for (const Refusal& refusal : delivery.refusals) {
        if constexpr (requires { scheduler.on_refused(refusal); }) scheduler.on_refused(refusal);
    }
    for (const InverseOffer& asked : delivery.inverse_offers) {
        if constexpr (requires { scheduler.on_inverse_offer(asked, replies); }) {
            scheduler.on_inverse_offer(asked, replies);
        }
    }
    if (!delivery.offers.empty()) detail::call_on_offers(scheduler, delivery.offers, replies);
    AuthorReplied replied;
    replied.delivery = delivery.delivery;
    replied.offers = replies.take_offers();
    replied.requests = replies.take_requests();
    if (is_done(scheduler)) replied.requests.emplace_back(Stop{});
    return replied;
}

/// When the scheduler wants `on_wake` to be called; `never()` if it has none.
template <Scheduler S>
[[nodiscard]] Instant next_wake(S& scheduler) {
    if constexpr (requires { scheduler.next_wake(); }) {
        return scheduler.next_wake();
    } else {
        return Instant::never();
    }
}

/// Calls `on_wake` if the scheduler has it. The event goes to the machine if it asks for anything.
template <Scheduler S>
[[nodiscard]] AuthorAsked call_wake(S& scheduler, Instant now) {
    Replies replies{now};
    if constexpr (requires { scheduler.on_wake(now, replies); }) scheduler.on_wake(now, replies);
    AuthorAsked asked;
    asked.offers = replies.take_offers();
    asked.requests = replies.take_requests();
    if (is_done(scheduler)) asked.requests.emplace_back(Stop{});
    return asked;
}

}  // namespace offerkit::framework
