// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Tasks after their launch: statuses and receipts, kills, reconciliation, the end.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {

// Absorbs: a status sent again because its receipt was late. It is passed on again, since the
// scheduler may have missed it, and changes nothing here.
OFFERKIT_INLINE void Master::update_status(AgentIndex agent, protocol::StatusUpdate& update) {
    TaskStatus& status = update.status;
    const FrameworkIndex owner = find_framework_index(update.framework);
    if (owner.is_none()) {
        // Torn down: nobody else is going to acknowledge it.
        acknowledge(agent, update.framework, status.task, status.id);
        return;
    }
    Framework& framework = state_.frameworks[owner];
    const auto known = framework.tasks.find(status.task);
    const bool ours = known != framework.tasks.end() && state_.tasks[known->second].agent == agent;
    if (ours) {
        const TaskIndex at = known->second;
        const bool ended = is_terminal(state_.tasks[at].state);
        // Of one that came back as ended, the status that says how is still to come.
        const bool says_how = ended && state_.tasks[at].ended_by.is_none();
        if (!ended || (says_how && is_terminal(status.state))) {
            change_task(at, status.state, status.reason, status.message);
            auto& told = std::get<TaskChanged>(out_->deltas.back());
            told.exit = status.exit;
            told.sandbox = status.sandbox;
            if (is_terminal(status.state)) {
                state_.tasks[at].ended_by = status.id;
                if (!ended) end_task(at, status.state, status.reason);
            }
        }
        if (framework.ended) {
            acknowledge(agent, update.framework, status.task, status.id);
            if (is_terminal(status.state)) {
                remove_task(at);
                remove_if_ended(owner);
            }
            return;
        }
        if (holds_back(state_.tasks[at], framework, status.id)) return;
        // A status that needs no receipt ends the account here.
        if (is_terminal(status.state) && status.id.is_none()) remove_task(at);
    } else if (framework.ended) {
        acknowledge(agent, update.framework, status.task, status.id);
        return;
    }
    tell_status(owner, std::move(status));
}

// A receipt covers what came before it. So no status may overtake one that found no scheduler, or
// whose scheduler died before its receipt: later ones wait until the agent, which repeats all that
// is not acknowledged in order, has begun to do so.
OFFERKIT_INLINE bool Master::holds_back(Task& task, const Framework& framework, StatusId id) {
    if (id.is_none()) return false;
    if (framework.peer.is_none() || !framework.admitted) {
        if (task.held_from.is_none()) task.held_from = id;
        task.held_last = std::max(task.held_last, id);
        return true;
    }
    if (!task.held_from.is_none() && id > task.held_from && id > task.held_last) {
        task.held_last = id;
        repeats_[task.agent].push_back({framework.id, task.id});
        return true;
    }
    task.held_from = StatusId{};
    task.held_last = StatusId{};
    task.told = std::max(task.told, id);
    return false;
}

OFFERKIT_INLINE void Master::tell_status(FrameworkIndex index, TaskStatus status) {
    const Framework& framework = state_.frameworks[index];
    // Without a scheduler there is nobody to tell: the agent sends again, or the scheduler asks.
    if (framework.peer.is_none() || !framework.admitted) return;
    statuses_[index].push_back(std::move(status));
}

OFFERKIT_INLINE void Master::acknowledge(AgentIndex agent, FrameworkId framework,
                                         const TaskId& task, StatusId status) {
    if (status.is_none() || agent.is_none()) return;
    receipts_[agent].push_back({framework, task, status});
}

// Absorbs: receipts for tasks that are forgotten, which the agent may still wait for.
OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Acknowledge& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    for (protocol::StatusReceipt& receipt : c.receipts) {
        Framework& framework = state_.frameworks[index];
        const AgentIndex agent = find_agent_index(receipt.agent);
        if (agent.is_none()) continue;
        acknowledge(agent, framework.id, receipt.task, receipt.status);
        const auto known = framework.tasks.find(receipt.task);
        if (known == framework.tasks.end()) continue;
        Task& task = state_.tasks[known->second];
        if (receipt.status >= task.told) task.told = StatusId{};
        // A receipt of before the connection broke, for what was repeated in between.
        if (receipt.status >= std::max(task.held_from, task.held_last)) {
            task.held_from = StatusId{};
            task.held_last = StatusId{};
        }
        if (is_terminal(task.state) && task.ended_by == receipt.status) {
            remove_task(known->second);
        }
    }
}

OFFERKIT_INLINE void Master::change_task(TaskIndex index, TaskState state, StatusReason reason,
                                         std::string message) {
    Task& task = state_.tasks[index];
    task.state = state;
    task.reason = reason;
    out_->deltas.emplace_back(TaskChanged{state_.frameworks[task.framework].id,
                                          task.id,
                                          state,
                                          reason,
                                          std::move(message),
                                          std::nullopt,
                                          {},
                                          state_.wall_now});
}

// What it used is available again. Called once per task, when it becomes terminal.
OFFERKIT_INLINE void Master::end_task(TaskIndex index, TaskState state, StatusReason reason) {
    Task& task = state_.tasks[index];
    task.state = state;
    task.reason = reason;
    state_.agents[task.agent].used -= task.resources;
    mark_usage(task.agent);
    tell_allocator(allocator_event::Recovered{task.claimant, task.agent, task.resources});
}

OFFERKIT_INLINE void Master::remove_task(TaskIndex index) {
    const Task& task = state_.tasks[index];
    OFFERKIT_ASSERT(is_terminal(task.state));
    Agent& agent = state_.agents[task.agent];
    if (task.previous.is_none()) {
        agent.first_task = task.next;
    } else {
        state_.tasks[task.previous].next = task.next;
    }
    if (!task.next.is_none()) state_.tasks[task.next].previous = task.previous;
    const AgentIndex where = task.agent;
    state_.frameworks[task.framework].tasks.erase(task.id);
    state_.tasks.erase(index);
    if (agent.first_task.is_none()) go_on_draining(where);
}

// An agent that is away, or whose connection breaks before it has read this, is told when it is
// back.
OFFERKIT_INLINE void Master::kill_task(const Framework& framework, Task& task,
                                       std::optional<Duration> grace) {
    if (is_terminal(task.state)) return;
    task.kill = grace;
    const PeerId agent = state_.agents[task.agent].peer;
    if (agent.is_none()) return;
    send(agent, protocol::KillTask{framework.id, task.id, grace, StatusReason::kill_requested});
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Kill& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    const Framework& framework = state_.frameworks[index];
    const auto known = framework.tasks.find(c.task);
    if (known != framework.tasks.end()) {
        return kill_task(framework, state_.tasks[known->second], c.grace);
    }
    // It may come with an agent that is not back: the scheduler is told of it then, and asks again.
    if (state_.agents_recovering != 0) return;
    TaskStatus status;
    status.task = std::move(c.task);
    status.state = TaskState::unknown;
    status.reason = StatusReason::task_unknown;
    status.message = "kill: this framework has no such task";
    status.at = state_.wall_now;
    tell_status(index, std::move(status));
}

OFFERKIT_INLINE TaskStatus Master::status_of(const Task& task) const {
    TaskStatus status;
    status.task = task.id;
    status.state = task.state;
    status.agent = state_.agents[task.agent].id;
    status.reason = task.reason;
    status.at = state_.wall_now;
    return status;
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Reconcile& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    const Framework& framework = state_.frameworks[index];
    if (c.tasks.empty()) {
        for (const auto& [id, at] : framework.tasks)
            answer_known(index, at);
        return;
    }
    for (protocol::Reconcile::Question& question : c.tasks) {
        answer_question(index, std::move(question.task), question.agent);
    }
}

}  // namespace offerkit::master
