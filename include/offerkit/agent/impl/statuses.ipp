// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: statuses. Each is made, made durable, sent, sent again until it is
/// acknowledged, and forgotten; per task always in order.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>
#include <offerkit/core/limits.hpp>

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <string>
#include <utility>

namespace offerkit::agent {

/// Takes a status of a task into the agent's care. Pre: the task has not ended.
OFFERKIT_INLINE void Agent::record(Task& task, TaskStatus status, Effects& out) {
    OFFERKIT_ASSERT(task.stage != TaskStage::ended);
    status.task = task.key.task;
    status.id = StatusId{state_.run, ++state_.last_status};
    status.agent = state_.id;
    status.executor = ExecutorId{};
    if (status.source == StatusSource::master) status.source = StatusSource::agent;
    if (status.at == WallTime{}) status.at = state_.wall_now;
    status.message = bound_message(std::move(status.message));
    if (is_terminal(status.state)) end(task);

    task.unacknowledged.push_back({std::move(status), false});
    Unacknowledged& kept = task.unacknowledged.back();
    if (!task.checkpointed) {
        show(task, kept, out);
        return;
    }
    const std::uint64_t entry =
        store(checkpoint::PutStatus{{task.key.framework, kept.status}}, out);
    if (state_.store_failed) {
        show(task, kept, out);
        return;
    }
    state_.pending.push_back({entry, task.serial, kept.status.id});
}

/// What an ended task held is free at once; the master learns it later, so it never gives out more
/// than there is.
OFFERKIT_INLINE void Agent::end(Task& task) {
    task.stage = TaskStage::ended;
    task.run_until = Instant::never();
    state_.available += task.held;
    task.held = {};
    --state_.tasks_live;
}

/// A status that is durable may be seen.
OFFERKIT_INLINE void Agent::show(Task& task, Unacknowledged& shown, Effects& out) {
    shown.durable = true;
    task.state = shown.status.state;
    const std::string& sandbox = shown.status.sandbox.empty() ? task.sandbox : shown.status.sandbox;
    out.deltas.emplace_back(
        TaskPut{task.key.framework, task.key.task, task.state, sandbox, state_.wall_now});
    if (is_terminal(task.state) && !state_.store_failed) tell_noted(task);
    if (is_registered()) send(task, shown.status);
}

/// Pre: registered. The oldest unacknowledged status of a task decides when all are sent again.
OFFERKIT_INLINE void Agent::send(Task& task, const TaskStatus& status) {
    outbox_.push_back({task.key.framework, status});
    if (task.retry_at != Instant::never()) return;
    task.retry_every = options_.status_retry_first;
    arm_retry(task, state_.now + task.retry_every);
}

/// Lazily: an entry of the heap that comes sooner will look at `retry_at` again.
OFFERKIT_INLINE void Agent::arm_retry(Task& task, Instant at) {
    task.retry_at = at;
    if (task.retry_armed <= at) return;
    task.retry_armed = at;
    state_.deadlines.arm(at, {TaskDeadline::Kind::retry, task.serial});
}

/// After a registration: what went out on the link before may not have arrived.
OFFERKIT_INLINE void Agent::send_all(Task& task) {
    task.retry_at = Instant::never();
    for (const Unacknowledged& each : task.unacknowledged) {
        if (each.durable) send(task, each.status);
    }
}

/// Pre: an entry of the heap for this task has been taken out.
OFFERKIT_INLINE void Agent::retry(Task& task) {
    if (task.retry_armed > state_.now) return;  // A sooner entry took this one's place.
    task.retry_armed = Instant::never();
    if (task.retry_at == Instant::never()) return;
    if (!is_registered()) {
        task.retry_at = Instant::never();  // The next registration sends everything.
        return;
    }
    if (task.retry_at > state_.now) {
        arm_retry(task, task.retry_at);
        return;
    }
    for (const Unacknowledged& each : task.unacknowledged) {
        if (each.durable) outbox_.push_back({task.key.framework, each.status});
    }
    task.retry_every = std::min(2 * task.retry_every, options_.status_retry_max);
    arm_retry(task, state_.now + task.retry_every);
}

/// Says something once, without the promise to repeat it: an answer to a question that can be asked
/// again.
OFFERKIT_INLINE void Agent::answer(const TaskKey& key, TaskState state, StatusReason reason,
                                   std::string message) {
    TaskStatus status;
    status.task = key.task;
    status.state = state;
    status.agent = state_.id;
    status.source = StatusSource::agent;
    status.reason = reason;
    status.message = bound_message(std::move(message));
    status.at = state_.wall_now;
    outbox_.push_back({key.framework, std::move(status)});
}

// Absorbs receipts for what is unknown, or acknowledged before: they come late and twice.
OFFERKIT_INLINE void Agent::on(protocol::AcknowledgeStatuses& message, Effects& out) {
    for (auto& receipt : message.receipts) {
        Task* const task = find({receipt.framework, std::move(receipt.task)});
        if (task != nullptr) acknowledge(*task, receipt.status, out);
    }
}

/// A receipt covers the earlier statuses of the task too: they were sent before it on an ordered
/// link, and sending one of them again now would break the order.
OFFERKIT_INLINE void Agent::acknowledge(Task& task, StatusId status, Effects& out) {
    auto& waiting = task.unacknowledged;
    const auto found = std::ranges::find_if(waiting, [&](const Unacknowledged& each) {
        return each.durable && each.status.id == status;
    });
    if (found == waiting.end()) return;
    if (is_terminal(found->status.state)) {
        remove(task, out);
        return;
    }
    const auto end = std::next(found);
    if (task.checkpointed) {
        for (auto each = waiting.begin(); each != end; ++each) {
            store(checkpoint::RemoveStatus{task.key.framework, task.key.task, each->status.id},
                  out);
        }
    }
    waiting.erase(waiting.begin(), end);
    if (waiting.empty() || !waiting.front().durable) {
        task.retry_at = Instant::never();
        return;
    }
    // The framework listens, so the time of those that are left begins anew.
    task.retry_every = options_.status_retry_first;
    arm_retry(task, state_.now + task.retry_every);
}

/// Its last status is acknowledged. Pre: it has ended.
OFFERKIT_INLINE void Agent::remove(Task& task, Effects& out) {
    OFFERKIT_ASSERT(task.stage == TaskStage::ended);
    const TaskKey key = task.key;
    if (task.checkpointed) {
        // The launcher's record must outlive ours, or the next run would take the task for one that
        // was never launched.
        if (!task.noted) state_.removed.push_back(key);
        checkpoint::RemoveTask write{key.framework, key.task, {}};
        for (const Unacknowledged& each : task.unacknowledged)
            write.statuses.push_back(each.status.id);
        store(std::move(write), out);
    }
    out.deltas.emplace_back(TaskRemoved{key.framework, key.task});
    const auto place = state_.task_keys.find(key);
    state_.tasks.erase(place->second);
    state_.task_keys.erase(place);
}

/// Lets the executor, and the launcher, forget the task. Pre: its end is durable.
OFFERKIT_INLINE void Agent::tell_noted(Task& task) {
    if (task.noted || !task.checkpointed) return;
    task.noted = true;
    noted_.push_back({task.key.framework, task.key.task});
}

/// What a step has to say goes out together, in as few messages as their limit allows.
OFFERKIT_INLINE void Agent::flush(Effects& out) {
    if (!noted_.empty()) {
        out.list.emplace_back(
            SendExecutor{PeerId{}, protocol::StatusesNoted{std::exchange(noted_, {})}});
    }
    if (!is_registered()) outbox_.clear();
    auto next = outbox_.begin();
    while (next != outbox_.end()) {
        const auto left = static_cast<std::size_t>(outbox_.end() - next);
        const auto count = std::min(left, limits::statuses_per_message_max);
        const auto last = next + static_cast<std::ptrdiff_t>(count);
        out.list.emplace_back(SendMaster{protocol::UpdateStatuses{
            {std::make_move_iterator(next), std::make_move_iterator(last)}}});
        next = last;
    }
    outbox_.clear();
}

}  // namespace offerkit::agent
