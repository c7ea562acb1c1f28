// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: executors. The agent's own one of command tasks has no peer id; custom ones,
/// and operations on resources, are refused.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/result.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

namespace offerkit::agent {

// Each channel is refused once; what its peer says meanwhile is absorbed below.
OFFERKIT_INLINE void Agent::on(ExecutorOpened& event, Effects& out) {
    if (event.peer.is_none()) return;
    out.list.emplace_back(CloseExecutor{
        event.peer,
        Refusal{RefusalCode::unsupported, "executor " + format_id(event.peer), "subscribe",
                "this agent runs command tasks only", "launch tasks without an executor"}});
}

OFFERKIT_INLINE void Agent::on(ExecutorClosed&, Effects&) {}

OFFERKIT_INLINE void Agent::on(ExecutorSaid& event, Effects& out) {
    if (!event.peer.is_none()) return;
    std::visit([&](auto& each) { on(each, out); }, event.call);
}

// The agent's own executor is there from the start, and its tasks send nothing to their scheduler.
OFFERKIT_INLINE void Agent::on(protocol::SubscribeExecutor&, Effects&) {}
OFFERKIT_INLINE void Agent::on(protocol::DataToScheduler&, Effects&) {}

// Absorbs reports of tasks that are unknown, have not been launched or have ended: the first
// terminal status of a task is its last.
OFFERKIT_INLINE void Agent::on(protocol::ReportStatuses& call, Effects& out) {
    for (auto& report : call.reports) {
        Task* const task = find({report.framework, report.status.task});
        if (task == nullptr || task->stage != TaskStage::launched) continue;
        const Duration run_time_max = task->info.run_time_max;
        if (report.status.state == TaskState::running && run_time_max > Duration{0} &&
            task->run_until == Instant::never()) {
            task->run_until = state_.now + run_time_max;
            arm_run_time(*task);
        }
        report.status.source = StatusSource::executor;
        record(*task, std::move(report.status), out);
    }
}

/// In small stages, or the entries of short tasks with long limits would pile up in the heap.
OFFERKIT_INLINE void Agent::arm_run_time(const Task& task) {
    const Instant at = std::min(task.run_until, state_.now + options_.run_time_stage);
    state_.deadlines.arm(at, {TaskDeadline::Kind::run_time, task.serial});
}

// Messages to executors promise nothing, and a command task has nobody to read them.
OFFERKIT_INLINE void Agent::on(protocol::DataForExecutor&, Effects&) {}

OFFERKIT_INLINE void Agent::on(protocol::ApplyOperation& message, Effects& out) {
    OperationStatus status;
    status.id = message.id;
    status.feedback_id = std::move(message.operation.feedback_id);
    status.state = OperationState::error;
    status.agent = state_.id;
    status.message = "this agent cannot change resources by operations";
    protocol::UpdateOperations update;
    update.updates.push_back({message.framework, std::move(status)});
    out.list.emplace_back(SendMaster{std::move(update)});
}

}  // namespace offerkit::agent
