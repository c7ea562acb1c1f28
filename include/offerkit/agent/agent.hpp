// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent: keeps a link to the master, has tasks run by executors within what the machine has,
/// and sees to it that every task's end is told, whatever dies or breaks in between.

#include <offerkit/agent/effect.hpp>
#include <offerkit/agent/event.hpp>
#include <offerkit/agent/options.hpp>
#include <offerkit/agent/state.hpp>
#include <offerkit/core/batch.hpp>
#include <offerkit/core/config.hpp>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::agent {

class Agent {
public:
    /// Pre: `options.run` is from 1 to `StatusId::epoch_max`.
    explicit Agent(Options options);

    /// Goes on where another one was between two steps (`record/snapshot.hpp`).
    Agent(Options options, State state) : options_(std::move(options)), state_(std::move(state)) {}

    /// Advances by one batch: same history in, same effects out. Appends to `out`. `Recovered`
    /// comes first, or never; without it the first step connects, and may be empty. After `Stopped`
    /// every event is absorbed. Returns when to be woken at the latest.
    [[nodiscard]] Instant step(const Batch<Event>& batch, Effects& out);

    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] const Options& options() const { return options_; }

    /// Asserts what must hold between steps. Complexity: linear.
    void check_invariants() const;

private:
    // A step, and what time brings (impl/step.ipp).
    void expire(Effects& out);
    void expire_link(Effects& out);
    [[nodiscard]] Instant next_wake() const;
    [[nodiscard]] Instant link_wake() const;
    [[nodiscard]] Instant silent_at() const;
    void note(std::string text, Effects& out);

    // The start from a checkpoint (impl/recover.ipp).
    void on(Recovered& event, Effects& out);
    void on(TaskFound& event, Effects& out);
    void take_back(checkpoint::Task kept, protocol::RecoverTasks& recovered, Effects& out);
    void refuse_start(std::string why, bool tasks_go_on, Effects& out);

    // The link to the master (impl/link.ipp).
    void on(LinkOpened& event, Effects& out);
    void on(LinkClosed& event, Effects& out);
    void on(MasterSaid& event, Effects& out);
    void on(protocol::AgentRegistered& message, Effects& out);
    void on(protocol::AgentRefused& message, Effects& out);
    void on(protocol::MasterToAgentBeat& message, Effects& out);
    void connect(Effects& out);
    void drop_link(std::string why, Effects& out);
    void back_off();
    void take_identity(AgentId id, std::uint64_t epoch, Effects& out);
    void store_identity(Effects& out);
    [[nodiscard]] bool is_registered() const;
    [[nodiscard]] protocol::RegisterAgent make_registration() const;

    // Tasks as the master wants them (impl/launch.ipp, impl/kill.ipp).
    void on(protocol::RunTasks& message, Effects& out);
    void on(protocol::RunGroup& message, Effects& out);
    void accept_task(const protocol::RunTasks& from, TaskInfo& info, Effects& out);
    void refuse_task(Task task, TaskState state, StatusReason reason, std::string why,
                     Effects& out);
    void answer_repeat(const Task& task);
    void launch(Task& task, Effects& out);
    void on(protocol::KillTask& message, Effects& out);
    void on(protocol::EndFramework& message, Effects& out);
    void on(protocol::ReconcileTasks& message, Effects& out);
    void kill(Task& task, Duration grace, StatusReason reason, Effects& out);

    // What is not done yet: operations, and data for custom executors (impl/executors.ipp).
    void on(protocol::ApplyOperation& message, Effects& out);
    void on(protocol::DataForExecutor& message, Effects& out);

    // Executors (impl/executors.ipp).
    void on(ExecutorOpened& event, Effects& out);
    void on(ExecutorClosed& event, Effects& out);
    void on(ExecutorSaid& event, Effects& out);
    void on(protocol::SubscribeExecutor& call, Effects& out);
    void on(protocol::ReportStatuses& call, Effects& out);
    void on(protocol::DataToScheduler& call, Effects& out);
    void arm_run_time(const Task& task);

    // Statuses, from their making to their acknowledgement (impl/statuses.ipp).
    void record(Task& task, TaskStatus status, Effects& out);
    void end(Task& task);
    void show(Task& task, Unacknowledged& shown, Effects& out);
    void send(Task& task, const TaskStatus& status);
    void send_all(Task& task);
    void answer(const TaskKey& key, TaskState state, StatusReason reason, std::string message);
    void arm_retry(Task& task, Instant at);
    void retry(Task& task);
    void on(protocol::AcknowledgeStatuses& message, Effects& out);
    void acknowledge(Task& task, StatusId status, Effects& out);
    void remove(Task& task, Effects& out);
    void tell_noted(Task& task);
    void flush(Effects& out);

    // The checkpoint (impl/store.ipp).
    std::uint64_t store(checkpoint::Write write, Effects& out);
    void on(Stored& event, Effects& out);
    void on(StoreFailed& event, Effects& out);
    void written(const PendingWrite& write, Effects& out);
    void retry_store(Effects& out);
    void store_again(Effects& out);
    [[nodiscard]] bool is_waiting_to_store() const;

    // The end (impl/stop.ipp).
    void on(StopAsked& event, Effects& out);
    void on(protocol::ShutDownAgent& message, Effects& out);
    void begin_stop(std::string why, std::optional<Duration> grace, Effects& out);
    void begin_leaving_tasks(std::string why, bool failed, Effects& out);
    void stop_if_done(Effects& out);
    void leave_cluster(Effects& out);
    void stop(Effects& out);
    [[nodiscard]] bool has_unacknowledged() const;

    [[nodiscard]] Task* find(const TaskKey& key);

    Options options_;
    State state_;

    // Of this step only: what goes out together at its end.
    std::vector<protocol::StatusUpdate> outbox_;
    std::vector<protocol::StatusesNoted::Task> noted_;
};

}  // namespace offerkit::agent

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/agent/impl/executors.ipp>
#include <offerkit/agent/impl/kill.ipp>
#include <offerkit/agent/impl/launch.ipp>
#include <offerkit/agent/impl/link.ipp>
#include <offerkit/agent/impl/recover.ipp>
#include <offerkit/agent/impl/statuses.ipp>
#include <offerkit/agent/impl/step.ipp>
#include <offerkit/agent/impl/stop.ipp>
#include <offerkit/agent/impl/store.ipp>
#endif
