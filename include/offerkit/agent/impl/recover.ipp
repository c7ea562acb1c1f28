// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: its start from a checkpoint. What the checkpoint says of tasks is taken over;
/// what became of them meanwhile, the launcher knows, and the executor of command tasks asks it.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::agent {

namespace detail {

/// The name of an attribute that `then` has and `now` has not, or not with the same value.
[[nodiscard]] inline std::optional<std::string> find_missing(const Attributes& then,
                                                             const Attributes& now) {
    for (const Attribute& each : then) {
        if (std::ranges::find(now, each) == now.end()) return each.name;
    }
    return std::nullopt;
}

/// How this agent differs from what it was, as far as its policy does not allow it.
[[nodiscard]] inline std::optional<Refusal> find_change(const AgentInfo& then,
                                                        const Options& options) {
    const AgentInfo& now = options.info;
    const bool may_grow = options.changes == ChangePolicy::additive;
    const auto refuse = [&](std::string why) {
        std::string todo = "start it as it was, or with an empty work folder";
        if (!may_grow) todo += "; if it has only grown, add --reconfiguration-policy additive";
        return Refusal{RefusalCode::conflict, "agent on " + now.hostname, "recover", std::move(why),
                       std::move(todo)};
    };
    const bool fits =
        may_grow ? now.resources.contains(then.resources) : now.resources == then.resources;
    if (!fits) {
        return refuse("its resources were " + format_resources(then.resources) + ", now they are " +
                      format_resources(now.resources));
    }
    if (const auto missing = find_missing(then.attributes, now.attributes)) {
        return refuse("attribute " + *missing + " is not what it was");
    }
    if (!may_grow) {
        if (const auto added = find_missing(now.attributes, then.attributes)) {
            return refuse("attribute " + *added + " is new");
        }
    }
    const bool said = !then.domain.region.empty() || !then.domain.zone.empty();
    if ((said || !may_grow) && now.domain != then.domain) {
        return refuse("its region and zone were " + then.domain.region + "/" + then.domain.zone +
                      ", now they are " + now.domain.region + "/" + now.domain.zone);
    }
    return std::nullopt;
}

}  // namespace detail

/// Pre: the first event. An agent that may not go on as it is stops at once and changes nothing,
/// neither its checkpoint nor its tasks.
OFFERKIT_INLINE void Agent::on(Recovered& event, Effects& out) {
    OFFERKIT_ASSERT(state_.last_entry == 0 && state_.tasks.empty() && !state_.starting);
    checkpoint::Contents& found = event.contents;
    std::optional<Refusal> refusal;
    if (found.run > 0) refusal = detail::find_change(found.info, options_);
    if (found.run >= StatusId::epoch_max) {
        refusal = Refusal{RefusalCode::too_large, "agent on " + options_.info.hostname, "recover",
                          "it has been started too often to name its statuses",
                          "start it with an empty work folder"};
    }
    if (refusal) return refuse_start(format_refusal(*refusal), !found.tasks.empty(), out);

    state_.id = state_.id_stored = found.agent;
    state_.epoch_seen = state_.epoch_stored = found.epoch;
    state_.run = std::max(options_.run, found.run + 1);
    protocol::RecoverTasks recovered;
    for (checkpoint::Task& each : found.tasks)
        take_back(std::move(each), recovered, out);
    for (protocol::StatusUpdate& each : found.statuses) {
        // One whose task is gone would be a hole in the checkpoint, which its reader has refused.
        Task* const task = find({each.framework, each.status.task});
        if (task != nullptr) task->unacknowledged.push_back({std::move(each.status), true});
    }
    if (!state_.tasks.empty()) {
        note("recovered " + std::to_string(state_.tasks.size()) + " tasks, " +
                 std::to_string(state_.tasks_live) + " of them without an end",
             out);
    }
    // Nothing is sent before it is durable: two runs of one number would name statuses alike.
    state_.starting = true;
    state_.link.retry_at = Instant::never();
    store(checkpoint::PutStart{state_.run, options_.info}, out);
    // Also without tasks: the launcher may have some that nobody knows.
    out.list.emplace_back(RecoverExecutor{std::move(recovered)});
}

OFFERKIT_INLINE void Agent::refuse_start(std::string why, bool tasks_go_on, Effects& out) {
    note(why, out);
    state_.stopped = true;
    out.list.emplace_back(Stopped{std::move(why), true, tasks_go_on});
}

/// Makes a task of what the checkpoint has of it. One that has not ended is also told to the
/// executor: it goes on if it runs, has its end told if it has one, and is launched if the launcher
/// has never heard of it.
OFFERKIT_INLINE void Agent::take_back(checkpoint::Task kept, protocol::RecoverTasks& recovered,
                                      Effects& out) {
    const std::uint64_t serial = ++state_.last_serial;
    Task task;
    task.key = {kept.framework, kept.info.id};
    task.serial = serial;
    task.framework_name = std::move(kept.framework_name);
    task.user = std::move(kept.user);
    task.role = std::move(kept.role);
    task.info = std::move(kept.info);
    task.sandbox = std::move(kept.sandbox);
    task.state = kept.state;
    task.checkpointed = true;
    const bool ended = is_terminal(kept.state);
    task.stage = ended ? TaskStage::ended : TaskStage::launched;
    task.noted = ended;  // This run's executor does not know it.
    if (!ended) {
        ++state_.tasks_live;
        // Fractions of gpus may lie on the cards in a way that cannot be found again. The task goes
        // on all the same, and the master, which keeps the account, decides about it.
        if (state_.available.contains(task.info.resources)) {
            Resources rest = state_.available - task.info.resources;
            task.held = state_.available - rest;
            state_.available = std::move(rest);
        }
        if (kept.state == TaskState::killing) {
            task.killed_by = state_.now + task.info.kill_policy.grace;
        }
        recovered.tasks.push_back(
            {{task.key.framework, task.framework_name, task.user, task.info, task.sandbox},
             kept.state,
             kept.reason,
             kept.boot_id != options_.info.boot_id});
    }
    out.deltas.emplace_back(
        TaskPut{task.key.framework, task.key.task, task.state, task.sandbox, state_.wall_now});
    state_.task_keys.emplace(task.key, serial);
    state_.tasks.emplace(serial, std::move(task));
}

// Absorbs news of what is unknown or has ended. A time limit counts from the task's own start.
OFFERKIT_INLINE void Agent::on(TaskFound& event, Effects&) {
    Task* const task = find({event.framework, std::move(event.task)});
    if (task == nullptr || task->stage != TaskStage::launched) return;
    const Duration run_time_max = task->info.run_time_max;
    if (run_time_max <= Duration{0}) return;
    task->run_until = state_.now + std::max(Duration{0}, run_time_max - event.age);
    arm_run_time(*task);
}

}  // namespace offerkit::agent
