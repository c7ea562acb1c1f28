// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: tasks that are to run.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/text.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit::agent {

namespace detail {

/// True if a task's id may be the name of a folder. Peers' ids were checked where they entered;
/// this stands before the file system all the same.
[[nodiscard]] inline bool is_folder_name(std::string_view name) {
    if (name.empty() || name.size() > limits::task_id_max || name == "." || name == "..") {
        return false;
    }
    for (const char c : name) {
        if (c == '/' || c < ' ' || c > '~') return false;
    }
    return true;
}

/// Why this agent can never run such a task; empty if it can.
[[nodiscard]] inline std::string find_fault(const TaskInfo& task) {
    if (!is_folder_name(task.id.text())) return "the task id cannot be the name of a folder";
    if (task.executor) {
        return "the task wants executor " + task.executor->id.text() +
               ", this agent runs command tasks only; leave the executor out";
    }
    if (task.health_check || task.ready_check) {
        return "the task wants a check, this agent makes none; leave the checks out";
    }
    if (task.command.shell.empty() == task.command.argv.empty()) {
        return "the task must give either a shell command or an argument vector";
    }
    return {};
}

struct Refused {
    TaskState state;
    StatusReason reason;
    std::string why;
};

/// Why this agent cannot take this task now; nothing if it can.
[[nodiscard]] inline std::optional<Refused> find_obstacle(const State& state,
                                                          const Options& options,
                                                          const TaskInfo& task) {
    if (std::string fault = find_fault(task); !fault.empty()) {
        return Refused{TaskState::error, StatusReason::task_invalid, std::move(fault)};
    }
    if (state.stop) {
        return Refused{TaskState::dropped, StatusReason::agent_removed, "the agent is stopping"};
    }
    if (state.store_failed) {
        return Refused{TaskState::dropped, StatusReason::limit_exceeded,
                       "the agent cannot write its checkpoint at present, see its log"};
    }
    if (state.tasks_live >= options.tasks_max) {
        return Refused{
            TaskState::dropped, StatusReason::limit_exceeded,
            "the agent runs " + std::to_string(state.tasks_live) + " tasks, its maximum"};
    }
    if (!state.available.contains(task.resources)) {
        return Refused{TaskState::dropped, StatusReason::resources_insufficient,
                       "needs " + format_resources(task.resources) + ", the agent has " +
                           format_resources(state.available) + " left"};
    }
    return std::nullopt;
}

}  // namespace detail

OFFERKIT_INLINE void Agent::on(protocol::RunTasks& message, Effects& out) {
    for (TaskInfo& info : message.tasks)
        accept_task(message, info, out);
}

// A group needs an executor of the framework's, which this agent does not run yet: every task of it
// is told so, and none runs.
OFFERKIT_INLINE void Agent::on(protocol::RunGroup& message, Effects& out) {
    for (TaskInfo& info : message.tasks) {
        const TaskKey key{message.framework, info.id};
        if (const Task* known = find(key)) {
            answer_repeat(*known);
            continue;
        }
        Task task;
        task.key = key;
        task.role = message.role;
        task.info = std::move(info);
        refuse_task(std::move(task), TaskState::error, StatusReason::task_invalid,
                    "this agent runs command tasks only, no task groups; launch single tasks", out);
    }
}

// Absorbs a repeat: a task is never run twice, its state is told again.
OFFERKIT_INLINE void Agent::accept_task(const protocol::RunTasks& from, TaskInfo& info,
                                        Effects& out) {
    const TaskKey key{from.framework, info.id};
    if (const Task* known = find(key)) {
        answer_repeat(*known);
        return;
    }
    Task task;
    task.key = key;
    task.role = from.role;
    if (auto refused = detail::find_obstacle(state_, options_, info)) {
        task.info = std::move(info);
        refuse_task(std::move(task), refused->state, refused->reason, std::move(refused->why), out);
        return;
    }
    const std::uint64_t serial = ++state_.last_serial;
    task.serial = serial;
    task.framework_name = from.framework_name;
    task.user = info.command.user.empty() ? from.user : info.command.user;
    task.sandbox = "frameworks/" + format_id(key.framework) + "/tasks/" + key.task.text() + "/" +
                   std::to_string(state_.run) + "-" + std::to_string(serial);
    task.checkpointed = true;
    Resources rest = state_.available - info.resources;
    task.held = state_.available - rest;
    state_.available = std::move(rest);
    task.info = std::move(info);

    const std::uint64_t entry =
        store(checkpoint::PutTask{{key.framework, task.framework_name, task.user, task.role,
                                   task.info, task.sandbox, options_.info.boot_id, task.state}},
              out);
    state_.pending.push_back({entry, serial, {}});
    ++state_.tasks_live;
    out.deltas.emplace_back(
        TaskPut{key.framework, key.task, task.state, task.sandbox, state_.wall_now});
    state_.task_keys.emplace(key, serial);
    state_.tasks.emplace(serial, std::move(task));
}

/// A refused task has ended before it began. It is kept like any other until the framework has
/// acknowledged that, but not written down: of what never ran nothing is lost with the agent.
OFFERKIT_INLINE void Agent::refuse_task(Task task, TaskState state, StatusReason reason,
                                        std::string why, Effects& out) {
    // Acknowledgements that never come must not cost unbounded memory: beyond this the answer is
    // given once, and a registration that does not list the task says the same.
    if (state_.tasks.size() >= 2 * options_.tasks_max) {
        answer(task.key, state, reason, std::move(why));
        return;
    }
    const std::uint64_t serial = ++state_.last_serial;
    task.serial = serial;
    ++state_.tasks_live;
    state_.task_keys.emplace(task.key, serial);
    Task& kept = state_.tasks.emplace(serial, std::move(task)).first->second;
    TaskStatus status;
    status.state = state;
    status.reason = reason;
    status.message = std::move(why);
    record(kept, std::move(status), out);
}

/// The newest status that the framework may not have; if it has them all, the state alone.
OFFERKIT_INLINE void Agent::answer_repeat(const Task& task) {
    const Unacknowledged* newest = nullptr;
    for (const Unacknowledged& each : task.unacknowledged) {
        if (each.durable) newest = &each;
    }
    if (newest != nullptr) {
        outbox_.push_back({task.key.framework, newest->status});
    } else {
        answer(task.key, task.state, StatusReason::reconciliation, {});
    }
}

/// Pre: the task is durable, and has not been launched before.
OFFERKIT_INLINE void Agent::launch(Task& task, Effects& out) {
    OFFERKIT_ASSERT(task.stage == TaskStage::storing);
    task.stage = TaskStage::launched;
    out.list.emplace_back(
        SendExecutor{PeerId{}, protocol::LaunchTask{task.key.framework, task.framework_name,
                                                    task.user, task.info, task.sandbox}});
}

}  // namespace offerkit::agent
