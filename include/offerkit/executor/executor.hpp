// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The executor of command tasks: turns launches into processes and exits into statuses. It starts
/// no process itself; the world's launcher does, and tells how each one ends. The launcher outlives
/// the agent, and runs what it was asked for at most once until it may forget it: that is what
/// makes asking again safe.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/executor/effect.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/executor/state.hpp>

#include <utility>
#include <vector>

namespace offerkit::executor {

class Executor {
public:
    Executor() = default;

    /// Goes on where another one was between two steps (`record/snapshot.hpp`).
    explicit Executor(State state) : state_(std::move(state)) {}

    /// Advances by one batch: same history in, same effects out. Appends to `out`; all that is to
    /// be reported goes into one message. Returns when to be woken at the latest: never, since the
    /// launcher keeps the time of a kill.
    [[nodiscard]] Instant step(const Batch<Event>& batch, Effects& out);

    [[nodiscard]] const State& state() const { return state_; }

    /// Asserts what must hold between steps. Complexity: linear.
    void check_invariants() const;

private:
    // What the agent says (impl/launch.ipp).
    void on(AgentSaid& said, Effects& out);
    void on(protocol::ExecutorSubscribed& event, Effects& out);
    void on(protocol::LaunchTask& event, Effects& out);
    void on(protocol::KillTaskNow& event, Effects& out);
    void on(protocol::DataToExecutor& event, Effects& out);
    void on(protocol::ShutDownExecutor& event, Effects& out);
    void on(protocol::ExecutorRefused& event, Effects& out);
    void on(protocol::StatusesNoted& event, Effects& out);
    void kill(const ProcessKey& key, Process& process, const Kill& kill, Effects& out);
    void pass_kill(const ProcessKey& key, Process& process, Duration grace, Effects& out);
    static void start(const ProcessKey& key, Process& process, Effects& out);

    // What an agent before this one had (impl/recover.ipp).
    void on(Recovered& event, Effects& out);
    void on(ProcessStarting& event, Effects& out);
    void on(ListEnded& event, Effects& out);
    void settle_unlisted(const ProcessKey& key, Process& process, Effects& out);

    // What the launcher says (impl/process.ipp).
    void on(ProcessStarted& event, Effects& out);
    void on(ProcessNotStarted& event, Effects& out);
    void on(ProcessExited& event, Effects& out);

    // What goes back to the agent (impl/report.ipp).
    void report(const ProcessKey& key, TaskStatus status);
    void end(const ProcessKey& key, Process& process, TaskStatus status);
    void send_reports(Effects& out);

    State state_;
    std::vector<protocol::ReportStatuses::Report> reports_;  // Of this step only.
};

}  // namespace offerkit::executor

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/executor/impl/launch.ipp>
#include <offerkit/executor/impl/process.ipp>
#include <offerkit/executor/impl/recover.ipp>
#include <offerkit/executor/impl/report.ipp>
#endif
