// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The executor machine: what goes back to the agent, and what must always hold.

#include <offerkit/executor/executor.hpp>

#include <offerkit/core/assert.hpp>
#include <offerkit/core/limits.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace offerkit::executor {

/// Adds a status to what this step reports.
OFFERKIT_INLINE void Executor::report(const ProcessKey& key, TaskStatus status) {
    const auto found = state_.processes.find(key);
    OFFERKIT_ASSERT(found != state_.processes.end());
    status.task = key.task;
    status.source = StatusSource::executor;
    status.sandbox = found->second.sandbox;
    if (status.at == WallTime{}) status.at = state_.wall_now;
    status.message = bound_message(std::move(status.message));
    reports_.push_back({key.framework, std::move(status)});
}

/// Pre: `is_terminal(status.state)`, and the process has not ended before.
OFFERKIT_INLINE void Executor::end(const ProcessKey& key, Process& process, TaskStatus status) {
    OFFERKIT_ASSERT(is_terminal(status.state) && process.stage != Stage::ended);
    process.stage = Stage::ended;
    process.launch.reset();
    report(key, std::move(status));
}

OFFERKIT_INLINE void Executor::send_reports(Effects& out) {
    auto next = reports_.begin();
    while (next != reports_.end()) {
        const auto left = static_cast<std::size_t>(reports_.end() - next);
        const auto count = std::min(left, limits::statuses_per_message_max);
        const auto last = next + static_cast<std::ptrdiff_t>(count);
        out.list.emplace_back(SendAgent{protocol::ReportStatuses{
            {std::make_move_iterator(next), std::make_move_iterator(last)}}});
        next = last;
    }
    reports_.clear();
}

OFFERKIT_INLINE void Executor::check_invariants() const {
    OFFERKIT_ASSERT(reports_.empty());
    for (const auto& [key, process] : state_.processes) {
        OFFERKIT_ASSERT(!key.task.is_none());
        const bool before = process.stage == Stage::recovering || process.stage == Stage::starting;
        OFFERKIT_ASSERT(!before || process.sandbox.empty());
        OFFERKIT_ASSERT(!before || process.launch.has_value());
        OFFERKIT_ASSERT(!process.kill_told || process.kill.has_value());
    }
}

}  // namespace offerkit::executor
