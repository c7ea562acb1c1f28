// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: its end. Tasks are ended first, and their ends told.

#include <offerkit/agent/agent.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::agent {

// A second request absorbs itself, unless its grace ends sooner.
OFFERKIT_INLINE void Agent::on(StopAsked& event, Effects& out) {
    begin_stop("the operator asked", event.grace, out);
}

OFFERKIT_INLINE void Agent::on(protocol::ShutDownAgent& message, Effects& out) {
    begin_stop("the master asked: " + message.message, std::nullopt, out);
}

/// Kills every task with `grace`, or with its own. The first reason stays.
OFFERKIT_INLINE void Agent::begin_stop(std::string why, std::optional<Duration> grace,
                                       Effects& out) {
    Duration longest = grace.value_or(Duration{0});
    for (auto& [serial, task] : state_.tasks) {
        const Duration its = grace.value_or(task.info.kill_policy.grace);
        if (task.stage != TaskStage::ended) longest = std::max(longest, its);
        kill(task, its, StatusReason::agent_removed, out);
    }
    const Instant until = state_.now + longest + options_.stop_margin;
    if (state_.stop) {
        state_.stop->until = std::min(state_.stop->until, until);
        return;
    }
    note("stopping: " + why, out);
    state_.stop = Stop{std::move(why), until};
}

/// Stops when all tasks have ended and their ends are told, or when time is up. Without a link
/// there is nobody to tell: what is durable must do.
OFFERKIT_INLINE void Agent::stop_if_done(Effects& out) {
    if (!state_.stop) return;
    const bool told = is_registered() ? !has_unacknowledged() : state_.pending.empty();
    const bool ended = state_.tasks_live == 0 && told;
    if (!ended && state_.now < state_.stop->until) return;
    flush(out);
    if (is_registered()) out.list.emplace_back(SendMaster{protocol::Unregister{}});
    if (state_.link.stage != LinkStage::down) out.list.emplace_back(Disconnect{});
    state_.link.stage = LinkStage::down;
    state_.stopped = true;
    out.list.emplace_back(Stopped{state_.stop->why});
}

OFFERKIT_INLINE bool Agent::has_unacknowledged() const {
    return std::ranges::any_of(
        state_.tasks, [](const auto& entry) { return !entry.second.unacknowledged.empty(); });
}

}  // namespace offerkit::agent
