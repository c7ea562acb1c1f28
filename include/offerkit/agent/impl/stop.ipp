// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: its end. Tasks are ended first, and their ends told, or are left running for
/// the next agent here.

#include <offerkit/agent/agent.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::agent {

// A second request absorbs itself, unless its grace ends sooner, or it does not want to keep the
// tasks that the first did.
OFFERKIT_INLINE void Agent::on(StopAsked& event, Effects& out) {
    if (event.keep_tasks) {
        begin_leaving_tasks("the operator asked", false, out);
    } else {
        begin_stop("the operator asked", event.grace, out);
    }
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
    if (state_.stop && !state_.stop->keep_tasks) {
        state_.stop->until = std::min(state_.stop->until, until);
        return;
    }
    note("stopping: " + why, out);
    state_.stop = Stop{std::move(why), until};
}

/// The tasks run on without an agent, until one is started here again. Absorbed by an agent that
/// stops already.
OFFERKIT_INLINE void Agent::begin_leaving_tasks(std::string why, bool failed, Effects& out) {
    if (state_.stop) return;
    note("stopping, tasks go on: " + why, out);
    state_.stop = Stop{std::move(why), state_.now + options_.stop_margin, true, failed};
}

/// Stops when all tasks have ended and their ends are told, or when time is up. Without a link
/// there is nobody to tell: what is durable must do. An agent that keeps its tasks waits only for
/// its checkpoint.
OFFERKIT_INLINE void Agent::stop_if_done(Effects& out) {
    if (!state_.stop) return;
    const bool time_is_up = state_.now >= state_.stop->until;
    if (state_.stop->keep_tasks || state_.stop->left) {
        if (state_.unwritten.empty() || state_.store_failed || time_is_up) stop(out);
        return;
    }
    const bool told = is_registered() ? !has_unacknowledged() : state_.pending.empty();
    const bool ended = state_.tasks_live == 0 && told;
    if (!ended && !time_is_up) return;
    if (is_registered()) leave_cluster(out);
    if (!state_.stop->left || state_.unwritten.empty() || state_.store_failed) stop(out);
}

/// The master forgets the agent, so its id is of no more use; it would be refused with it.
OFFERKIT_INLINE void Agent::leave_cluster(Effects& out) {
    flush(out);
    out.list.emplace_back(SendMaster{protocol::Unregister{}});
    out.list.emplace_back(Disconnect{});
    state_.link.stage = LinkStage::down;
    state_.id = AgentId{};
    store_identity(out);
    state_.stop->left = true;
    state_.stop->until = state_.now + options_.stop_margin;
}

OFFERKIT_INLINE void Agent::stop(Effects& out) {
    flush(out);
    if (state_.link.stage != LinkStage::down) out.list.emplace_back(Disconnect{});
    state_.link.stage = LinkStage::down;
    state_.stopped = true;
    const bool tasks_go_on = state_.stop->keep_tasks && state_.tasks_live > 0;
    out.list.emplace_back(Stopped{state_.stop->why, state_.stop->failed, tasks_go_on});
}

OFFERKIT_INLINE bool Agent::has_unacknowledged() const {
    return std::ranges::any_of(
        state_.tasks, [](const auto& entry) { return !entry.second.unacknowledged.empty(); });
}

}  // namespace offerkit::agent
