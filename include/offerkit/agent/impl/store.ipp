// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: its checkpoint. Writes are pipelined; what depends on one waits for `Stored`.
/// While writing fails they are collected, and asked for again until they are durable.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>
#include <variant>

namespace offerkit::agent {

namespace detail {

[[nodiscard]] inline bool is_put_of(const checkpoint::Write& write, const TaskKey& key) {
    const auto* const put = std::get_if<checkpoint::PutTask>(&write);
    return put != nullptr && put->task.framework == key.framework && put->task.info.id == key.task;
}

}  // namespace detail

/// Returns the number of the entry; zero if it is not asked for at present.
OFFERKIT_INLINE std::uint64_t Agent::store(checkpoint::Write write, Effects& out) {
    std::uint64_t entry = 0;
    if (!is_waiting_to_store()) {
        entry = ++state_.last_entry;
        out.list.emplace_back(Store{entry, write});
    }
    state_.unwritten.push_back({entry, std::move(write)});
    return entry;
}

/// Nothing is written until it is tried again.
OFFERKIT_INLINE bool Agent::is_waiting_to_store() const {
    return state_.store_failed && state_.store_retry_at != Instant::never();
}

// Absorbs a repeat, and news of entries that a failure has already settled.
OFFERKIT_INLINE void Agent::on(Stored& event, Effects& out) {
    OFFERKIT_ASSERT(event.upto <= state_.last_entry);
    auto& unwritten = state_.unwritten;
    while (!unwritten.empty() && unwritten.front().entry != 0 &&
           unwritten.front().entry <= event.upto) {
        if (std::holds_alternative<checkpoint::PutStart>(unwritten.front().write)) {
            state_.starting = false;
            state_.link.retry_at = state_.now;
        }
        unwritten.pop_front();
    }
    while (!state_.pending.empty() && state_.pending.front().entry <= event.upto) {
        const PendingWrite write = state_.pending.front();
        state_.pending.pop_front();
        written(write, out);
    }
    if (state_.store_failed && unwritten.empty()) store_again(out);
}

/// A task whose launch was written may have been killed meanwhile: then it never starts.
OFFERKIT_INLINE void Agent::written(const PendingWrite& write, Effects& out) {
    Task& task = state_.tasks.at(write.serial);
    if (write.status.is_none()) {
        if (task.stage == TaskStage::storing) launch(task, out);
        return;
    }
    const auto found = std::ranges::find_if(task.unacknowledged, [&](const Unacknowledged& each) {
        return each.status.id == write.status;
    });
    OFFERKIT_ASSERT(found != task.unacknowledged.end());
    show(task, *found, out);
}

// Absorbs repeats, and late news of what was asked for before the last failure. Tasks that were not
// yet launched are dropped, for nobody knows when they could be. What runs goes on, and its
// statuses are told from memory: the launcher keeps the ends.
OFFERKIT_INLINE void Agent::on(StoreFailed& event, Effects& out) {
    if (event.from <= state_.failed_upto) return;
    state_.failed_upto = state_.last_entry;
    state_.store_retry_at = state_.now + options_.store_retry;
    for (Unwritten& each : state_.unwritten)
        each.entry = 0;
    if (state_.store_failed) return;
    state_.store_failed = true;
    note("checkpoint failed, no more tasks are taken until it can be written: " + event.why, out);
    for (const PendingWrite& write : std::exchange(state_.pending, {})) {
        Task& task = state_.tasks.at(write.serial);
        if (!write.status.is_none()) {
            written(write, out);
        } else if (task.stage == TaskStage::storing) {
            // As if it had been refused. Its removal is written instead of it: should it be on the
            // disk all the same, the next run would launch it.
            for (Unwritten& each : state_.unwritten) {
                if (!detail::is_put_of(each.write, task.key)) continue;
                each.write = checkpoint::RemoveTask{task.key.framework, task.key.task, {}};
            }
            task.checkpointed = false;
            TaskStatus status;
            status.state = TaskState::dropped;
            status.reason = StatusReason::limit_exceeded;
            status.message = "the agent could not write its checkpoint: " + event.why;
            record(task, std::move(status), out);
        }
    }
}

/// Asks for everything again that is not durable, in the same order.
OFFERKIT_INLINE void Agent::retry_store(Effects& out) {
    if (!is_waiting_to_store() || state_.now < state_.store_retry_at) return;
    state_.store_retry_at = Instant::never();
    for (Unwritten& each : state_.unwritten) {
        each.entry = ++state_.last_entry;
        out.list.emplace_back(Store{each.entry, each.write});
    }
    if (state_.unwritten.empty()) store_again(out);
}

/// The checkpoint has caught up. What ended meanwhile may be forgotten elsewhere.
OFFERKIT_INLINE void Agent::store_again(Effects& out) {
    state_.store_failed = false;
    state_.store_retry_at = Instant::never();
    note("checkpoint is written again", out);
    for (TaskKey& key : std::exchange(state_.removed, {})) {
        noted_.push_back({key.framework, std::move(key.task)});
    }
    for (auto& [serial, task] : state_.tasks) {
        if (task.stage == TaskStage::ended) tell_noted(task);
    }
}

}  // namespace offerkit::agent
