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

// --- agents ---

void Checker::agent_does(const agent::Effect& effect, const Checkpoint& durable, bool store_works,
                         Instant now) {
    now_ = now;
    if (const auto* sent = std::get_if<agent::SendMaster>(&effect)) {
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

// Without a place in the checkpoint are only those that were refused, so never started.
void Checker::check_statuses(const protocol::UpdateStatuses& message, const Checkpoint& durable,
                             bool store_works) {
    for (const protocol::StatusUpdate& update : message.updates) {
        if (!store_works) tasks_[{update.framework, update.status.task}].from_memory = true;
        if (!store_works) continue;
        const TaskStatus& status = update.status;
        if (status.id.is_none() || is_on_disk(durable, status.id)) continue;
        const auto known = tasks_.find({update.framework, status.task});
        const bool started = known != tasks_.end() && known->second.started;
        if (!started && find_on_disk(durable, update.framework, status.task) == nullptr) continue;
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
    for (auto at = tasks_.lower_bound({framework, TaskId{}});
         at != tasks_.end() && at->first.first == framework; ++at) {
        at->second.told_to_process = StatusId{};
    }
}

void Checker::look_at_delivery(FrameworkId framework, const framework::Deliver& delivery,
                               Instant now) {
    now_ = now;
    for (const TaskStatus& status : delivery.statuses) {
        const auto [at, is_new] = tasks_.try_emplace({framework, status.task});
        check_told(at->first, at->second, status);
    }
}

void Checker::check_told(const TaskKey& key, Task& task, const TaskStatus& status) {
    const auto complain = [&](const std::string& what) {
        violate("task " + key.second.text() + " of " + format_id(key.first) + " is told " +
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

std::string Checker::find_untold(const std::function<bool(FrameworkId)>& hears,
                                 const std::function<bool(std::uint32_t)>& has_left) const {
    for (const auto& [key, task] : tasks_) {
        if (!task.started || task.running || task.end || !hears(key.first)) continue;
        if (has_left(task.machine)) continue;
        return "task " + key.second.text() + " of " + format_id(key.first) +
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
    Resources& left = used_on_machine_.try_emplace(machine, total).first->second;
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
    const auto found = tasks_.find({key.framework, key.task});
    if (found == tasks_.end() || !found->second.running) return;
    Task& task = found->second;
    task.running = false;
    task.exit = exit;
    task.end_known = known;
    used_on_machine_.at(machine) += task.held_on_machine;
    task.held_on_machine = {};
}

void Checker::kill_asked(const executor::ProcessKey& key) {
    const auto found = tasks_.find({key.framework, key.task});
    if (found != tasks_.end()) found->second.kill_asked = true;
}

}  // namespace offerkit::sim
