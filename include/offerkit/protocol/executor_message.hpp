// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an executor and its agent say to each other. Command tasks use it too, inside the agent's
/// process; a custom executor uses it over a channel.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/executor.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::protocol {

// --- executor to agent ---

/// Must be the first call on a channel.
struct SubscribeExecutor {
    FrameworkId framework;
    ExecutorId executor;
    std::vector<TaskId> tasks;  // Those it runs, when it comes back.
    friend bool operator==(const SubscribeExecutor&, const SubscribeExecutor&) = default;
};

/// News of a task; `status.id`, `agent`, `executor` and `source` are filled in by the agent.
struct ReportStatuses {
    struct Report {
        FrameworkId framework;
        TaskStatus status;
        friend bool operator==(const Report&, const Report&) = default;
    };
    std::vector<Report> reports;
    friend bool operator==(const ReportStatuses&, const ReportStatuses&) = default;
};

struct DataToScheduler {
    FrameworkId framework;
    std::string data;
    friend bool operator==(const DataToScheduler&, const DataToScheduler&) = default;
};

using ExecutorCall = std::variant<SubscribeExecutor, ReportStatuses, DataToScheduler>;

// --- agent to executor ---

struct ExecutorSubscribed {
    AgentId agent;
    friend bool operator==(const ExecutorSubscribed&, const ExecutorSubscribed&) = default;
};

struct LaunchTask {
    FrameworkId framework;
    std::string framework_name;
    std::string user;  // Already resolved: the command's, else the framework's, else empty.
    TaskInfo task;
    std::string sandbox;  // Relative to the agent's work folder.
    friend bool operator==(const LaunchTask&, const LaunchTask&) = default;
};

struct KillTaskNow {
    FrameworkId framework;
    TaskId task;
    Duration grace{0};
    StatusReason reason = StatusReason::kill_requested;  // Repeated in the terminal status.
    friend bool operator==(const KillTaskNow&, const KillTaskNow&) = default;
};

struct DataToExecutor {
    std::string data;
    friend bool operator==(const DataToExecutor&, const DataToExecutor&) = default;
};

/// End all tasks, then yourself.
struct ShutDownExecutor {
    friend bool operator==(const ShutDownExecutor&, const ShutDownExecutor&) = default;
};

struct ExecutorRefused {
    Refusal refusal;
    friend bool operator==(const ExecutorRefused&, const ExecutorRefused&) = default;
};

/// The agent will not lose the last statuses of these tasks any more: forget the tasks.
struct StatusesNoted {
    struct Task {
        FrameworkId framework;
        TaskId task;
        friend bool operator==(const Task&, const Task&) = default;
    };
    std::vector<Task> tasks;
    friend bool operator==(const StatusesNoted&, const StatusesNoted&) = default;
};

using ExecutorEvent = std::variant<ExecutorSubscribed, LaunchTask, KillTaskNow, DataToExecutor,
                                   ShutDownExecutor, ExecutorRefused, StatusesNoted>;

// --- within the agent's process only ---

/// After a restart of the agent: the tasks that its own executor of command tasks had.
struct RecoverTasks {
    struct Task {
        LaunchTask launch;
        TaskState state = TaskState::staging;      // As last made durable.
        StatusReason reason = StatusReason::none;  // Of that state.
        bool rebooted = false;  // Taken before the machine was booted: it does not run any more.
        friend bool operator==(const Task&, const Task&) = default;
    };
    std::vector<Task> tasks;
    friend bool operator==(const RecoverTasks&, const RecoverTasks&) = default;
};

}  // namespace offerkit::protocol
