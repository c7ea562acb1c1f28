// SPDX-License-Identifier: Apache-2.0
/// The checker's view of agents, schedulers and processes; the master's is in checker_master.cpp.
#include <offerkit/sim/checker.hpp>

#include <offerkit/core/overloaded.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <string_view>
#include <variant>

namespace offerkit::sim {
namespace {

bool is_on_disk(const agent::checkpoint::Contents& contents, StatusId id) {
    return std::ranges::binary_search(
        contents.statuses, id, {},
        [](const protocol::StatusUpdate& update) { return update.status.id; });
}

const agent::checkpoint::Task* find_on_disk(const agent::checkpoint::Contents& contents,
                                            FrameworkId framework, const TaskId& task) {
    const auto is_before = [](const agent::checkpoint::Task& a,
                              const std::pair<FrameworkId, const TaskId&>& key) {
        return a.framework != key.first ? a.framework < key.first : a.info.id < key.second;
    };
    const auto at =
        std::lower_bound(contents.tasks.begin(), contents.tasks.end(),
                         std::pair<FrameworkId, const TaskId&>{framework, task}, is_before);
    const bool there =
        at != contents.tasks.end() && at->framework == framework && at->info.id == task;
    return there ? &*at : nullptr;
}

/// Ends that say that the task's process, if it ever had one, is no more.
bool says_that_it_is_over(TaskState state) {
    return state == TaskState::finished || state == TaskState::failed ||
           state == TaskState::killed || state == TaskState::error || state == TaskState::dropped;
}

}  // namespace

void Checker::violate(Instant now, std::string what) {
    if (violations_.size() >= violations_max) return;
    violations_.push_back("at " + std::to_string(now.ns) + " ns: " + std::move(what));
}

// --- tasks ---

// If there is news of it after all, to whom it was told does not matter any more.
void Checker::settle(Task& task) {
    if (!task.end || task.running || !task.agent.is_none() || !task.made.empty()) return;
    task.told_to_process = StatusId{};
}

// --- agents ---

void Checker::agent_does(std::uint32_t machine, const agent::Effect& effect,
                         const Checkpoint& durable, bool store_works, Instant now) {
    now_ = now;
    if (const auto* sent = std::get_if<agent::SendMaster>(&effect)) {
        if (const auto* registers = std::get_if<protocol::RegisterAgent>(&sent->message)) {
            check_report(machine, *registers);
        }
        if (const auto* statuses = std::get_if<protocol::UpdateStatuses>(&sent->message)) {
            check_statuses(*statuses, durable, store_works);
        }
        return;
    }
    const auto* const sent = std::get_if<agent::SendExecutor>(&effect);
    if (sent == nullptr) return;
    if (const auto* launch = std::get_if<protocol::LaunchTask>(&sent->event)) {
        if (find_on_disk(durable, launch->framework, launch->task.id) == nullptr) {
            violate("task " + launch->task.id.text() + " is launched before it is durable");
        }
    } else if (const auto* noted = std::get_if<protocol::StatusesNoted>(&sent->event)) {
        for (const auto& task : noted->tasks) {
            const auto* const kept = find_on_disk(durable, task.framework, task.task);
            if (kept == nullptr || is_terminal(kept->state)) continue;
            violate("the end of task " + task.task.text() + " is forgotten before it is durable");
        }
    }
}

// What it does not name, the master takes for gone.
void Checker::check_report(std::uint32_t machine, const protocol::RegisterAgent& message) {
    const auto known = machines_.find(machine);
    if (known == machines_.end()) return;
    std::uint64_t named = 0;
    ++reports_;
    for (const protocol::AgentTask& each : message.tasks) {
        Task* const task = tasks_.find({each.framework, each.info.id});
        if (task == nullptr || !task->running || task->machine != machine) continue;
        if (task->named_in == reports_) continue;
        task->named_in = reports_;
        ++named;
    }
    if (named == known->second.running) return;
    for (const auto& [framework, id, task] : tasks_) {
        if (!task.running || task.machine != machine || task.named_in == reports_) continue;
        return violate("agent " + format_id(message.id) + " registers without task " + id.text() +
                       " of " + format_id(framework) + ", which runs there");
    }
}

// Without a place in the checkpoint are only those that were refused, so never started.
void Checker::check_statuses(const protocol::UpdateStatuses& message, const Checkpoint& durable,
                             bool store_works) {
    for (const protocol::StatusUpdate& update : message.updates) {
        const TaskStatus& status = update.status;
        Task& task = tasks_[{update.framework, status.task}];
        const StatusId last = task.made.empty() ? task.acknowledged : task.made.back();
        if (status.id > last) task.made.push_back(status.id);
        task.from_memory = task.from_memory || !store_works;
        if (!store_works) continue;
        if (status.id.is_none() || is_on_disk(durable, status.id)) continue;
        if (!task.started && find_on_disk(durable, update.framework, status.task) == nullptr)
            continue;
        violate("status " + format_id(status.id) + " of task " + status.task.text() +
                " is told before it is durable");
    }
}

// --- schedulers ---

void Checker::framework_does(FrameworkId framework, const framework::Effect& effect) {
    const auto* const sent = std::get_if<framework::SendMaster>(&effect);
    if (sent == nullptr) return;
    const auto* const accept = std::get_if<protocol::Accept>(&sent->call);
    if (accept == nullptr) return;
    for (const Operation& operation : accept->operations) {
        const auto* const launch = std::get_if<Launch>(&operation.action);
        if (launch == nullptr) continue;
        for (const TaskInfo& info : launch->tasks) {
            Task& task = tasks_[{framework, info.id}];
            task.wanted = true;
            task.resources = info.resources;
        }
    }
}

void Checker::forget_framework(FrameworkId framework) {
    for (auto& each : tasks_) {
        if (each.framework == framework) each.task.told_to_process = StatusId{};
    }
}

void Checker::look_at_delivery(FrameworkId framework, const framework::Deliver& delivery,
                               Instant now) {
    now_ = now;
    for (const TaskStatus& status : delivery.statuses) {
        check_told(framework, tasks_[{framework, status.task}], status);
    }
}

void Checker::check_told(FrameworkId framework, Task& task, const TaskStatus& status) {
    const auto complain = [&](const std::string& what) {
        violate("task " + status.task.text() + " of " + format_id(framework) + " is told " +
                std::string(format_task_state(status.state)) + ' ' + format_id(status.id) + what);
    };
    if (status.state == TaskState::running && !task.started) complain(", and never ran");
    if (says_that_it_is_over(status.state) && task.running) complain(", and runs");
    if (status.state == TaskState::finished && (task.exit.code != 0 || task.exit.signal != 0)) {
        complain(", and its process failed");
    }
    bool is_repeat = false;
    if (!status.id.is_none()) {
        is_repeat = std::ranges::find(task.told, status.id) != task.told.end();
        if (!is_repeat && !hostile_ && status.id < task.told_to_process) {
            complain(" after " + format_id(task.told_to_process));
        }
        if (const StatusId missing = find_left_out(task, status.id); !missing.is_none()) {
            complain(", and was not told " + format_id(missing));
        }
        if (!is_repeat) task.told.push_back(status.id);
        task.told_last = std::max(task.told_last, status.id);
        task.told_to_process = std::max(task.told_to_process, status.id);
    }
    if (!task.end) {
        if (!is_terminal(status.state)) return;
        task.end = status.state;
        task.end_agent = status.agent;
        task.end_status = status.id;
        return;
    }
    // A question about it may still be answered, also with "unknown".
    if (status.state == *task.end || status.state == TaskState::unknown) return;
    // Not acknowledged in time: told again with all that came before the end. Or the answer to a
    // question, which has no id, was ahead of the news themselves.
    const bool is_old = !status.id.is_none() && status.agent == task.end_agent &&
                        (task.end_status.is_none() || status.id < task.end_status);
    const bool is_overtaken = hostile_ && status.id.is_none();  // An answer of before.
    if (is_old || is_repeat || is_overtaken || task.from_memory) return;
    complain(", and had ended " + std::string(format_task_state(*task.end)));
}

// After an end that was the answer to a question, what led to it is no news any more.
StatusId Checker::find_left_out(const Task& task, StatusId told) const {
    if (hostile_ || task.from_memory || task.end) return {};
    for (const StatusId made : task.made) {
        if (made > task.told_to_process && made < told) return made;
    }
    return {};
}

std::string Checker::find_untold(const std::function<bool(FrameworkId)>& hears,
                                 const std::function<bool(std::uint32_t)>& has_left) const {
    for (const auto& [framework, id, task] : tasks_) {
        if (!task.started || task.running || task.end || !hears(framework)) continue;
        if (has_left(task.machine)) continue;
        return "task " + id.text() + " of " + format_id(framework) +
               " has ended, and its scheduler was never told";
    }
    return {};
}

// --- processes ---

void Checker::process_started(std::uint32_t machine, const executor::ProcessKey& key,
                              const Resources& total, Instant now) {
    now_ = now;
    Task& task = tasks_[{key.framework, key.task}];
    const auto complain = [&](std::string_view what) {
        violate("task " + key.task.text() + " of " + format_id(key.framework) + std::string(what));
    };
    if (!task.wanted) complain(" was started, and its framework has not asked for it");
    if (task.started) complain(" was started twice");
    // Told while the disk took no writes: an agent that comes back from it never knew.
    if (task.end && !task.from_memory) complain(" was started after its end had been told");
    task.machine = machine;
    task.started = true;
    task.running = true;
    Machine& host = machines_.try_emplace(machine, Machine{total}).first->second;
    ++host.running;
    Resources& left = host.left;
    if (!left.contains(task.resources)) {
        return violate("machine " + std::to_string(machine) + " has " + format_resources(left) +
                       " left and starts task " + key.task.text() + " with " +
                       format_resources(task.resources));
    }
    Resources rest = left - task.resources;
    task.held_on_machine = left - rest;
    left = std::move(rest);
}

void Checker::process_ended(std::uint32_t machine, const executor::ProcessKey& key,
                            const ExitStatus& exit, bool known) {
    Task* const found = tasks_.find({key.framework, key.task});
    if (found == nullptr || !found->running) return;
    Task& task = *found;
    task.running = false;
    task.exit = exit;
    task.end_known = known;
    machines_.at(machine).left += task.held_on_machine;
    --machines_.at(machine).running;
    task.held_on_machine = {};
}

void Checker::kill_asked(const executor::ProcessKey& key) {
    if (Task* const task = tasks_.find({key.framework, key.task})) task->kill_asked = true;
}

}  // namespace offerkit::sim
