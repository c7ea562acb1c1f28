// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The state of a task, as reported by whoever knows it best at the time.

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/labels.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace offerkit {

/// The field's names. The first four are a task's life, the next six its end; the last four mean
/// that nobody knows for certain, and are not terminal.
enum class TaskState : std::uint8_t {
    staging,   // Accepted by the master, not yet started.
    starting,  // Its executor is being made ready.
    running,
    killing,  // Asked to end.
    finished,
    failed,
    killed,
    error,    // The description of the task is wrong: it will never run.
    dropped,  // Did not reach the agent; it never ran.
    gone,     // Its agent is gone for good.
    unreachable,
    lost,
    gone_by_operator,
    unknown,
};

inline constexpr std::size_t task_states = 14;

[[nodiscard]] constexpr bool is_terminal(TaskState state) {
    return state >= TaskState::finished && state <= TaskState::gone;
}

/// True if the task will not run again, as far as anybody knows: it has ended, or the master has
/// given up on it. A scheduler may launch a replacement.
[[nodiscard]] constexpr bool is_over(TaskState state) {
    return is_terminal(state) || state == TaskState::unknown ||
           state == TaskState::gone_by_operator;
}

[[nodiscard]] constexpr std::string_view format_task_state(TaskState state) {
    switch (state) {
        case TaskState::staging:
            return "staging";
        case TaskState::starting:
            return "starting";
        case TaskState::running:
            return "running";
        case TaskState::killing:
            return "killing";
        case TaskState::finished:
            return "finished";
        case TaskState::failed:
            return "failed";
        case TaskState::killed:
            return "killed";
        case TaskState::error:
            return "error";
        case TaskState::dropped:
            return "dropped";
        case TaskState::gone:
            return "gone";
        case TaskState::unreachable:
            return "unreachable";
        case TaskState::lost:
            return "lost";
        case TaskState::gone_by_operator:
            return "gone_by_operator";
        case TaskState::unknown:
            return "unknown";
    }
    return "?";
}

enum class StatusSource : std::uint8_t { master, agent, executor };

[[nodiscard]] constexpr std::string_view format_status_source(StatusSource source) {
    switch (source) {
        case StatusSource::master:
            return "master";
        case StatusSource::agent:
            return "agent";
        case StatusSource::executor:
            return "executor";
    }
    return "?";
}

/// Why the task is in this state, for programs; `message` says it for people.
enum class StatusReason : std::uint8_t {
    none,
    reconciliation,       // An answer to a question, not news.
    command_exited,       // The command ended by itself.
    command_signalled,    // The command was ended by a signal that we did not send.
    command_not_started,  // exec, chdir or a file failed.
    kill_requested,       // The framework asked.
    run_time_exceeded,    // Ran longer than `run_time_max`.
    preempted,            // Taken back for a task of higher priority.
    unhealthy,            // A health check failed too often.
    memory_limit,         // Killed for its memory.
    disk_limit,
    executor_terminated,  // Its executor ended.
    launcher_lost,        // Launcher and supervisor both died.
    agent_removed,        // The operator or a timeout removed the agent.
    agent_disconnected,
    agent_restarted,
    agent_unknown,  // No such agent.
    framework_removed,
    task_unknown,    // No such task.
    task_duplicate,  // The id is in use.
    task_invalid,
    offer_unavailable,       // Used, rescinded, expired or somebody else's.
    resources_insufficient,  // More than was offered.
    limit_exceeded,          // A limit of the agent or master.
    foreign,                 // A reason of a custom executor: see `message`.
    agent_draining,          // Its agent is being emptied by an operator.
};

inline constexpr std::size_t status_reasons = 26;

[[nodiscard]] std::string_view format_status_reason(StatusReason reason);

/// How a command ended: by itself with a code, or by a signal.
struct ExitStatus {
    std::int32_t code = 0;    // Valid if `signal` is 0.
    std::int32_t signal = 0;  // 0: it ended by itself.
    friend bool operator==(const ExitStatus&, const ExitStatus&) = default;
};

struct TaskStatus {
    TaskId task;
    TaskState state = TaskState::staging;
    StatusId id;  // None: nothing to acknowledge (it came from the master, or answers a question).
    AgentId agent;
    ExecutorId executor;  // None: a command task.
    StatusSource source = StatusSource::master;
    StatusReason reason = StatusReason::none;
    std::string message;
    std::optional<ExitStatus> exit;
    std::optional<bool> healthy;
    WallTime at;          // On the clock of the source.
    std::string sandbox;  // On the agent; empty before it exists.
    Labels labels;
    std::string data;
    friend bool operator==(const TaskStatus&, const TaskStatus&) = default;
};

/// Cuts a text for people to what a status may carry, never inside a UTF-8 character.
[[nodiscard]] inline std::string bound_message(std::string message) {
    if (message.size() <= limits::message_text_max) return message;
    std::size_t size = limits::message_text_max;
    while (size > 0 && (static_cast<unsigned char>(message[size]) & 0xc0U) == 0x80U)
        --size;
    message.resize(size);
    return message;
}

inline std::string_view format_status_reason(StatusReason reason) {
    switch (reason) {
        case StatusReason::none:
            return "none";
        case StatusReason::reconciliation:
            return "reconciliation";
        case StatusReason::command_exited:
            return "command_exited";
        case StatusReason::command_signalled:
            return "command_signalled";
        case StatusReason::command_not_started:
            return "command_not_started";
        case StatusReason::kill_requested:
            return "kill_requested";
        case StatusReason::run_time_exceeded:
            return "run_time_exceeded";
        case StatusReason::preempted:
            return "preempted";
        case StatusReason::unhealthy:
            return "unhealthy";
        case StatusReason::memory_limit:
            return "memory_limit";
        case StatusReason::disk_limit:
            return "disk_limit";
        case StatusReason::executor_terminated:
            return "executor_terminated";
        case StatusReason::launcher_lost:
            return "launcher_lost";
        case StatusReason::agent_removed:
            return "agent_removed";
        case StatusReason::agent_disconnected:
            return "agent_disconnected";
        case StatusReason::agent_restarted:
            return "agent_restarted";
        case StatusReason::agent_unknown:
            return "agent_unknown";
        case StatusReason::framework_removed:
            return "framework_removed";
        case StatusReason::task_unknown:
            return "task_unknown";
        case StatusReason::task_duplicate:
            return "task_duplicate";
        case StatusReason::task_invalid:
            return "task_invalid";
        case StatusReason::offer_unavailable:
            return "offer_unavailable";
        case StatusReason::resources_insufficient:
            return "resources_insufficient";
        case StatusReason::limit_exceeded:
            return "limit_exceeded";
        case StatusReason::foreign:
            return "foreign";
        case StatusReason::agent_draining:
            return "agent_draining";
    }
    return "?";
}

}  // namespace offerkit
