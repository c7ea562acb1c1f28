// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The framework machine: the SDK between a scheduler and its master. It subscribes and comes back,
/// beats, acknowledges what handlers have seen, answers what they have not, and reconciles.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/event.hpp>
#include <offerkit/framework/state.hpp>

#include <string>
#include <utility>

namespace offerkit::framework {

class Framework {
public:
    explicit Framework(Options options);

    /// Goes on where another one was between two steps (`record/snapshot.hpp`).
    Framework(Options options, State state)
        : options_(std::move(options)), state_(std::move(state)) {}

    /// Advances by one batch and appends to `out`. The first step, however empty, asks to connect.
    /// Returns when to be woken at the latest; an early wake is harmless.
    [[nodiscard]] Instant step(const Batch<Event>& batch, Effects& out);

    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] const State& state() const { return state_; }

private:
    // The connection. impl/link.ipp
    void on(LinkOpened& e);
    void on(LinkClosed& e);
    void connect_later();
    void lose_connection(const Refusal& why);
    void beat_and_listen();
    void end(std::optional<Refusal> why);

    // What the master says. impl/master_said.ipp
    void on(MasterSaid& e);
    void hear(protocol::Subscribed& m);
    void hear(protocol::Offers& m);
    void hear(protocol::Rescind& m);
    void hear(protocol::InverseOffers& m);
    void hear(protocol::Statuses& m);
    [[nodiscard]] bool take_status(const TaskStatus& status);
    void note_ended(const TaskId& task);
    void reconcile();
    void hear(protocol::OperationStatuses& m);
    void hear(protocol::FromExecutor& m);
    void hear(protocol::AgentLost& m);
    void hear(protocol::CallRefused& m);
    void hear(protocol::SubscriptionEnded& m);
    void hear(protocol::MasterBeat& m);

    // What the author says. impl/author.ipp
    void on(AuthorReplied& e);
    void on(AuthorAsked& e);
    void reply(OfferReply& reply);
    void reply(Accept& accept);
    void refuse_invalid(Accept& accept);
    void tell_refused(const TaskInfo& task, const Refusal& why);
    void remember_launch(const TaskInfo& task, AgentId agent);
    void acknowledge(std::vector<protocol::StatusReceipt> receipts);
    void reply(Decline& decline);
    void reply(Hold& hold);
    void ask(KillTask& r);
    void ask(Revive& r);
    void ask(Suppress& r);
    void ask(StateDemand& r);
    void ask(Reconcile& r);
    void ask(Message& r);
    void ask(Stop& r);
    void decline_unanswered();
    void decline(OfferId id, Duration refuse_for, DeclineReason reason, std::string detail);
    void remember_refusal(const OpenOffer& offer, const Resources& refused, Duration refuse_for);
    void deliver();

    void send(protocol::SchedulerCall call);
    [[nodiscard]] Instant next_wake() const;

    Options options_;
    State state_;
    Effects* out_ = nullptr;  // Of the step under way.
};

}  // namespace offerkit::framework

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/framework.ipp>
#endif
