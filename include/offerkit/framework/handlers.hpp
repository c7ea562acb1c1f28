// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What is wrong with a scheduler, in one line each. The handlers that it may leave out are checked
/// too: one that is there but cannot be called as documented would never be called, and nobody
/// would know why.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/scheduler.hpp>

#include <concepts>
#include <string>

namespace offerkit::framework {

namespace detail {

// `&S::name` finds any member that is not overloaded; an overloaded one is taken at its word.

template <class S>
concept SubscribedFits =
    !requires { &S::on_subscribed; } || requires(S& s, const FrameworkId id, Replies& replies) {
        s.on_subscribed(id, replies);
    } || requires(S& s, const FrameworkId id) { s.on_subscribed(id); };
template <class S>
concept DisconnectedFits =
    !requires { &S::on_disconnected; } || requires(S& s) { s.on_disconnected(); };
template <class S>
concept RescindFits =
    !requires { &S::on_rescind; } || requires(S& s, const OfferId id) { s.on_rescind(id); };
template <class S>
concept AgentLostFits =
    !requires { &S::on_agent_lost; } || requires(S& s, const AgentId id) { s.on_agent_lost(id); };
template <class S>
concept MessageFits = !requires { &S::on_message; } ||
                      requires(S& s, const AgentId agent, const ExecutorId& executor,
                               const std::string& data) { s.on_message(agent, executor, data); };
template <class S>
concept RefusedFits =
    !requires { &S::on_refused; } || requires(S& s, const Refusal& why) { s.on_refused(why); };
template <class S>
concept InverseOfferFits = !requires { &S::on_inverse_offer; } ||
                           requires(S& s, const InverseOffer& asked, Replies& replies) {
                               s.on_inverse_offer(asked, replies);
                           };
template <class S>
concept WakeFits = !requires { &S::on_wake; } ||
                   requires(S& s, Instant now, Replies& replies) { s.on_wake(now, replies); };
template <class S>
concept NextWakeFits = !requires { &S::next_wake; } || requires(S& s) {
    { s.next_wake() } -> std::convertible_to<Instant>;
};
template <class S>
concept IsDoneFits = !requires { &S::is_done; } || requires(S& s) {
    { s.is_done() } -> std::convertible_to<bool>;
};

// Named, whatever its arguments are: then it is the arguments that are wrong.
template <class S>
concept NamesOnOffer = requires { &S::on_offer; } || requires { &S::on_offers; };
template <class S>
concept NamesOnStatus = requires { &S::on_status; };

}  // namespace detail

/// Does not compile if an optional handler of `S` has arguments or a result other than these.
template <class S>
consteval void check_handlers() {
    static_assert(detail::SubscribedFits<S>, "want: on_subscribed(FrameworkId, Replies&)");
    static_assert(detail::DisconnectedFits<S>, "want: on_disconnected()");
    static_assert(detail::RescindFits<S>, "want: on_rescind(OfferId)");
    static_assert(detail::AgentLostFits<S>, "want: on_agent_lost(AgentId)");
    static_assert(detail::MessageFits<S>,
                  "want: on_message(AgentId, ExecutorId, const std::string& data)");
    static_assert(detail::RefusedFits<S>, "want: on_refused(const Refusal&)");
    static_assert(detail::InverseOfferFits<S>,
                  "want: on_inverse_offer(const InverseOffer&, Replies&)");
    static_assert(detail::WakeFits<S>, "want: on_wake(Instant, Replies&)");
    static_assert(detail::NextWakeFits<S>, "want: Instant next_wake()");
    static_assert(detail::IsDoneFits<S>, "want: bool is_done()");
}

/// True if `S` is a scheduler; if not, does not compile, and says which piece is missing or wrong.
/// `static_assert(check_scheduler<S>())` below a scheduler is `static_assert(Scheduler<S>)` in
/// words.
template <class S>
consteval bool check_scheduler() {
    constexpr bool answers = AnswersOffers<S> || AnswersOffersTogether<S>;
    static_assert(answers || detail::NamesOnOffer<S>,
                  "a scheduler is missing: OfferReply on_offer(const Offer&)");
    static_assert(answers || !detail::NamesOnOffer<S>,
                  "want: OfferReply on_offer(const Offer&), or "
                  "void on_offers(std::span<const Offer>, Replies&)");
    static_assert(HearsStatuses<S> || detail::NamesOnStatus<S>,
                  "a scheduler is missing: void on_status(const TaskStatus&)");
    static_assert(HearsStatuses<S> || !detail::NamesOnStatus<S>,
                  "want: void on_status(const TaskStatus&), or "
                  "void on_status(const TaskStatus&, Replies&)");
    if constexpr (Scheduler<S>) check_handlers<S>();
    return Scheduler<S>;
}

}  // namespace offerkit::framework

namespace offerkit {

using framework::check_scheduler;

}  // namespace offerkit
