// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: its checkpoint. Writes are pipelined; what depends on one waits for `Stored`.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <deque>
#include <string>
#include <utility>

namespace offerkit::agent {

/// Returns the number of the entry, or of the last one if nothing is written any more.
OFFERKIT_INLINE std::uint64_t Agent::store(checkpoint::Write write, Effects& out) {
    if (state_.store_failed) return state_.last_entry;
    ++state_.last_entry;
    out.list.emplace_back(Store{state_.last_entry, std::move(write)});
    return state_.last_entry;
}

// Absorbs a repeat, and news of entries that a failure has already settled.
OFFERKIT_INLINE void Agent::on(Stored& event, Effects& out) {
    OFFERKIT_ASSERT(event.upto <= state_.last_entry);
    while (!state_.pending.empty() && state_.pending.front().entry <= event.upto) {
        const PendingWrite write = state_.pending.front();
        state_.pending.pop_front();
        written(write, out);
    }
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

// Absorbs a repeat. The checkpoint may now have a hole, so nothing more is written in this run, and
// nothing is launched that a next run would not know of. What runs goes on, and its statuses are
// told from memory.
OFFERKIT_INLINE void Agent::on(StoreFailed& event, Effects& out) {
    if (state_.store_failed) return;
    state_.store_failed = true;
    note("checkpoint failed, no more tasks are taken: " + event.why, out);
    for (const PendingWrite& write : std::exchange(state_.pending, {})) {
        Task& task = state_.tasks.at(write.serial);
        if (!write.status.is_none()) {
            written(write, out);
        } else if (task.stage == TaskStage::storing) {
            TaskStatus status;
            status.state = TaskState::dropped;
            status.reason = StatusReason::limit_exceeded;
            status.message = "the agent could not write its checkpoint: " + event.why;
            record(task, std::move(status), out);
        }
    }
}

}  // namespace offerkit::agent
