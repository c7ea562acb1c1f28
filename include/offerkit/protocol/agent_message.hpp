// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What agent and master say to each other.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/operation.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::protocol {

// --- agent to master ---

/// A task as an agent that comes back reports it.
struct AgentTask {
    FrameworkId framework;
    Role role;
    TaskInfo info;
    TaskState state = TaskState::staging;
    friend bool operator==(const AgentTask&, const AgentTask&) = default;
};

/// Which process of an agent speaks. What one that is gone has said may arrive after the words of
/// the next, and a copied work folder makes two processes with one number.
struct AgentRun {
    std::uint64_t number = 0;  // Grows with each start. Zero: not counted, older than any.
    std::uint64_t nonce = 0;   // Drawn at each start.
    friend bool operator==(const AgentRun&, const AgentRun&) = default;
};

/// Must be the first message on a channel. With `id`: an agent that comes back, with what it runs.
struct RegisterAgent {
    AgentInfo info;
    AgentId id;  // None: a new agent.
    std::vector<AgentTask> tasks;
    std::vector<FrameworkId> frameworks;  // Those that have anything here.
    AgentRun run;
    bool tasks_follow = false;  // What does not fit into a frame comes in `ReportTasks`.
    friend bool operator==(const RegisterAgent&, const RegisterAgent&) = default;
};

/// More of the tasks of a registration, right after it. It counts once the last part has come.
struct ReportTasks {
    std::vector<AgentTask> tasks;
    bool more = false;  // Another part follows.
    friend bool operator==(const ReportTasks&, const ReportTasks&) = default;
};

/// A status and the framework it is for.
struct StatusUpdate {
    FrameworkId framework;
    TaskStatus status;
    friend bool operator==(const StatusUpdate&, const StatusUpdate&) = default;
};

struct UpdateStatuses {
    std::vector<StatusUpdate> updates;
    friend bool operator==(const UpdateStatuses&, const UpdateStatuses&) = default;
};

struct UpdateOperations {
    struct Update {
        FrameworkId framework;
        OperationStatus status;
        friend bool operator==(const Update&, const Update&) = default;
    };
    std::vector<Update> updates;
    friend bool operator==(const UpdateOperations&, const UpdateOperations&) = default;
};

struct ExecutorData {
    FrameworkId framework;
    ExecutorId executor;
    std::string data;
    friend bool operator==(const ExecutorData&, const ExecutorData&) = default;
};

struct ExecutorEnded {
    FrameworkId framework;
    ExecutorId executor;
    std::string message;
    friend bool operator==(const ExecutorEnded&, const ExecutorEnded&) = default;
};

struct AgentBeat {
    friend bool operator==(const AgentBeat&, const AgentBeat&) = default;
};

/// A graceful stop: the agent will not come back, its tasks are ended.
struct Unregister {
    friend bool operator==(const Unregister&, const Unregister&) = default;
};

using AgentMessage = std::variant<RegisterAgent, UpdateStatuses, UpdateOperations, ExecutorData,
                                  ExecutorEnded, AgentBeat, Unregister, ReportTasks>;

// --- master to agent ---

struct AgentRegistered {
    AgentId agent;
    std::string cluster;
    std::uint64_t epoch = 0;
    Duration heartbeat_interval{0};
    friend bool operator==(const AgentRegistered&, const AgentRegistered&) = default;
};

struct AgentRefused {
    Refusal refusal;
    friend bool operator==(const AgentRefused&, const AgentRefused&) = default;
};

/// Starts tasks of one framework in one role.
struct RunTasks {
    FrameworkId framework;
    std::string framework_name;
    std::string user;
    Role role;
    std::vector<TaskInfo> tasks;
    friend bool operator==(const RunTasks&, const RunTasks&) = default;
};

/// Starts tasks that begin and end together, under one executor.
struct RunGroup {
    FrameworkId framework;
    std::string framework_name;
    std::string user;
    Role role;
    ExecutorInfo executor;
    std::vector<TaskInfo> tasks;
    friend bool operator==(const RunGroup&, const RunGroup&) = default;
};

struct KillTask {
    FrameworkId framework;
    TaskId task;
    std::optional<Duration> grace;
    StatusReason reason = StatusReason::kill_requested;  // What its last status is to say.
    friend bool operator==(const KillTask&, const KillTask&) = default;
};

struct AcknowledgeStatuses {
    struct Receipt {
        FrameworkId framework;
        TaskId task;
        StatusId status;
        friend bool operator==(const Receipt&, const Receipt&) = default;
    };
    std::vector<Receipt> receipts;
    friend bool operator==(const AcknowledgeStatuses&, const AcknowledgeStatuses&) = default;
};

struct ApplyOperation {
    OperationId id;
    FrameworkId framework;
    Role role;
    Operation operation;
    friend bool operator==(const ApplyOperation&, const ApplyOperation&) = default;
};

struct DataForExecutor {
    FrameworkId framework;
    ExecutorId executor;
    std::string data;
    friend bool operator==(const DataForExecutor&, const DataForExecutor&) = default;
};

/// The framework is gone: kill what it has here.
struct EndFramework {
    FrameworkId framework;
    friend bool operator==(const EndFramework&, const EndFramework&) = default;
};

/// What is the state of these? The agent repeats the statuses that are not acknowledged, and
/// answers with `dropped` for what it does not know.
struct ReconcileTasks {
    struct Task {
        FrameworkId framework;
        TaskId task;
        friend bool operator==(const Task&, const Task&) = default;
    };
    std::vector<Task> tasks;
    friend bool operator==(const ReconcileTasks&, const ReconcileTasks&) = default;
};

struct ShutDownAgent {
    std::string message;
    friend bool operator==(const ShutDownAgent&, const ShutDownAgent&) = default;
};

/// Answers each beat of the agent, and is sent unasked when nothing else was.
struct MasterToAgentBeat {
    friend bool operator==(const MasterToAgentBeat&, const MasterToAgentBeat&) = default;
};

using MasterMessage = std::variant<AgentRegistered, AgentRefused, RunTasks, RunGroup, KillTask,
                                   AcknowledgeStatuses, ApplyOperation, DataForExecutor,
                                   EndFramework, ReconcileTasks, ShutDownAgent, MasterToAgentBeat>;

}  // namespace offerkit::protocol
