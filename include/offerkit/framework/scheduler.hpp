// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a framework author writes and what they answer with. A scheduler is a plain struct that
/// satisfies the `Scheduler` concept: no base class, nothing to register.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/demand.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/operation.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::framework {

/// Takes an offer (or several of one agent) and launches on it. What is left over counts as
/// declined for `refuse_for`.
struct Accept {
    OfferId offer;
    std::vector<OfferId> more_offers{};  // Others of the same agent, taken together with `offer`.
    std::vector<TaskInfo> launch{};
    std::vector<Operation> operations{};  // Done before the launches, in order.
    Duration refuse_for{0};
    friend bool operator==(const Accept&, const Accept&) = default;
};

struct Decline {
    OfferId offer;
    Duration refuse_for = refuse_for_default;
    DeclineReason reason = DeclineReason::unspecified;
    std::string detail{};
    friend bool operator==(const Decline&, const Decline&) = default;
};

/// Keeps an offer without an answer for at most this long. When the time is over (or the offer's
/// own deadline comes) the SDK declines it, with a warning that names the offer.
struct Hold {
    OfferId offer;
    Duration at_most = std::chrono::seconds{5};
    friend bool operator==(const Hold&, const Hold&) = default;
};

/// The answer to one offer. A return type, so that no offer can be forgotten.
using OfferReply = std::variant<Accept, Decline, Hold>;

/// What a scheduler may ask for at any time, beside its replies.
// clang-format off
struct KillTask    { TaskId task; std::optional<Duration> grace;
                     friend bool operator==(const KillTask&, const KillTask&) = default; };
struct Revive      { std::vector<Role> roles;
                     friend bool operator==(const Revive&, const Revive&) = default; };
struct Suppress    { std::vector<Role> roles;
                     friend bool operator==(const Suppress&, const Suppress&) = default; };
struct StateDemand { std::vector<Demand> demands;
                     friend bool operator==(const StateDemand&, const StateDemand&) = default; };
struct Reconcile   { std::vector<TaskId> tasks;
                     friend bool operator==(const Reconcile&, const Reconcile&) = default; };
struct Message     { AgentId agent; ExecutorId executor; std::string data;
                     friend bool operator==(const Message&, const Message&) = default; };
/// Ends this framework: `teardown` kills what still runs and frees the id; without it the tasks
/// live on for the failover timeout.
struct Stop        { bool teardown = true;
                     friend bool operator==(const Stop&, const Stop&) = default; };
// clang-format on

using Request = std::variant<KillTask, Revive, Suppress, StateDemand, Reconcile, Message, Stop>;

/// Collects what a handler answers and asks for. Handed to handlers, never kept by them.
class Replies {
public:
    Replies() = default;
    explicit Replies(Instant now) : now_(now) {}

    /// When what is being handled came about, on the clock of `on_wake` and `next_wake`: a handler
    /// needs no other.
    [[nodiscard]] Instant now() const { return now_; }

    void accept(Accept reply);
    void decline(Decline reply);
    void hold(Hold reply);
    void reply(OfferReply reply);

    void kill(TaskId task, std::optional<Duration> grace = std::nullopt);
    /// Offers again, and all of this framework's filters gone. In all roles if none is named.
    void revive(std::vector<Role> roles = {});
    void suppress(std::vector<Role> roles = {});
    void state_demand(std::vector<Demand> demands);
    void reconcile(std::vector<TaskId> tasks = {});
    void send(Message message);
    void stop(bool teardown = true);

    [[nodiscard]] const std::vector<OfferReply>& offers() const { return offers_; }
    [[nodiscard]] const std::vector<Request>& requests() const { return requests_; }
    [[nodiscard]] std::vector<OfferReply> take_offers();
    [[nodiscard]] std::vector<Request> take_requests();

private:
    Instant now_;
    std::vector<OfferReply> offers_;
    std::vector<Request> requests_;
};

/// Answers offers one at a time.
template <class S>
concept AnswersOffers = requires(S& scheduler, const Offer& offer) {
    { scheduler.on_offer(offer) } -> std::convertible_to<OfferReply>;
};

/// Answers all offers that came together. An offer without a reply counts as held.
template <class S>
concept AnswersOffersTogether =
    requires(S& scheduler, std::span<const Offer> offers, Replies& replies) {
        scheduler.on_offers(offers, replies);
    };

/// Hears of its tasks; may take `Replies&` as a second argument to ask for something.
template <class S>
concept HearsStatuses = requires(S& scheduler, const TaskStatus& status) {
    scheduler.on_status(status);
} || requires(S& scheduler, const TaskStatus& status, Replies& replies) {
    scheduler.on_status(status, replies);
};

/// A framework's scheduler.
///
/// Requires, for a scheduler `s`:
///   `s.on_offer(offer) -> OfferReply`, or `s.on_offers(offers, replies)`: answers each offer once,
///   now or, if it is held, by its deadline. What is accepted is launched at most once.
///   `s.on_status(status)`, or `s.on_status(status, replies)`: at least once per status, in the
///   order of each task; it is acknowledged when the handler returns. A scheduler must stand a
///   status that it has seen before.
///
/// Heard if present, in this order within a delivery: `s.on_disconnected()`: offers are void;
/// `s.on_subscribed(framework_id, replies)`: the statuses of all tasks follow;
/// `s.on_rescind(offer)`; `s.on_agent_lost(agent)`; `s.on_message(agent, executor, data)`, at most
/// once; `s.on_refused( refusal)`; `s.on_inverse_offer(inverse_offer, replies)`: an operator drains
/// an agent, and what still runs there at its start is killed. Also `s.on_wake(now, replies)` with
/// `s.next_wake() -> Instant`, which is asked after every handler and may wake early, and
/// `s.is_done() -> bool`, asked after every handler: true ends the framework.
///
/// Promised: handlers are never called from two threads at once, nor inside a step of a machine;
/// `replies.now()` does not go back from one delivery to the next. A scheduler that asks for
/// nothing but what it is told (no clock, no chance of its own) does the same in a replay.
///
/// Models: the schedulers of `examples/`. `check_scheduler<S>()` (handlers.hpp) says in one line
/// what is missing.
template <class S>
concept Scheduler = (AnswersOffers<S> || AnswersOffersTogether<S>) && HearsStatuses<S>;

}  // namespace offerkit::framework

namespace offerkit {

using framework::Accept;
using framework::Decline;
using framework::Hold;
using framework::OfferReply;
using framework::Replies;
using framework::Scheduler;

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/replies.ipp>
#endif
