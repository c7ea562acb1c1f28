// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: tasks that are to end, and tasks that the master asks about.

#include <offerkit/agent/agent.hpp>

#include <string>
#include <utility>

namespace offerkit::agent {

// Absorbs repeats that would not end the task sooner, and kills of tasks that have ended: their
// last status is on its way. A task that is not known has run and been acknowledged, or never came.
OFFERKIT_INLINE void Agent::on(protocol::KillTask& message, Effects& out) {
    const TaskKey key{message.framework, message.task};
    Task* const task = find(key);
    if (task == nullptr) {
        answer(key, TaskState::unknown, StatusReason::task_unknown,
               "the agent does not know this task");
        return;
    }
    kill(*task, message.grace.value_or(task->info.kill_policy.grace), message.reason, out);
}

// Absorbs repeats, as every kill does. The last statuses still go out: the master waits for them to
// give the resources to somebody else.
OFFERKIT_INLINE void Agent::on(protocol::EndFramework& message, Effects& out) {
    const TaskKey first{message.framework, TaskId{}};
    for (auto each = state_.task_keys.lower_bound(first);
         each != state_.task_keys.end() && each->first.framework == message.framework; ++each) {
        Task& task = state_.tasks.at(each->second);
        kill(task, task.info.kill_policy.grace, StatusReason::framework_removed, out);
    }
}

// A question, so repeats are answered again. Of what the agent knows the answer is every status
// that is not acknowledged, in order.
OFFERKIT_INLINE void Agent::on(protocol::ReconcileTasks& message, Effects&) {
    for (auto& task : message.tasks) {
        const TaskKey key{task.framework, std::move(task.task)};
        if (const Task* const known = find(key); known != nullptr) {
            for (const Unacknowledged& each : known->unacknowledged) {
                if (each.durable) outbox_.push_back({key.framework, each.status});
            }
            continue;
        }
        answer(key, TaskState::dropped, StatusReason::reconciliation,
               "the agent does not know this task");
    }
}

/// Asks the executor to end the task; one that the executor has not seen yet ends at once, unrun.
OFFERKIT_INLINE void Agent::kill(Task& task, Duration grace, StatusReason reason, Effects& out) {
    switch (task.stage) {
        case TaskStage::ended:
            return;
        case TaskStage::storing: {
            TaskStatus status;
            status.state = TaskState::killed;
            status.reason = reason;
            status.message = "killed before it was started";
            record(task, std::move(status), out);
            return;
        }
        case TaskStage::launched:
            break;
    }
    const Instant by = state_.now + grace;
    if (task.killed_by && by >= *task.killed_by) return;
    task.killed_by = by;
    out.list.emplace_back(SendExecutor{
        PeerId{}, protocol::KillTaskNow{task.key.framework, task.key.task, grace, reason}});
}

}  // namespace offerkit::agent
