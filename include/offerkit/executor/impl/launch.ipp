// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The executor machine: a step, and what the agent asks for.

#include <offerkit/executor/executor.hpp>

#include <offerkit/core/assert.hpp>
#include <offerkit/resources/resources.hpp>
#include <offerkit/resources/text.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::executor {

namespace detail {

using Environment = std::vector<std::pair<std::string, std::string>>;

/// What every task finds, then what its command adds; a name that comes again replaces.
[[nodiscard]] inline Environment make_environment(const protocol::LaunchTask& launch) {
    const TaskInfo& task = launch.task;
    Environment environment = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"OFFERKIT_FRAMEWORK_ID", format_id(launch.framework)},
        {"OFFERKIT_TASK_ID", task.id.text()},
        {"OFFERKIT_CPUS", format_amount(task.resources.get<Cpus>().units())},
        {"OFFERKIT_MEM_MIB", format_amount(task.resources.get<Mem>().units())},
    };
    for (const auto& [name, value] : task.command.environment) {
        bool replaced = false;
        for (auto& [known, its_value] : environment) {
            if (known != name) continue;
            its_value = value;
            replaced = true;
            break;
        }
        if (!replaced) environment.emplace_back(name, value);
    }
    return environment;
}

}  // namespace detail

OFFERKIT_INLINE Instant Executor::step(const Batch<Event>& batch, Effects& out) {
    OFFERKIT_ASSERT(batch.mono_now >= state_.now);
    state_.now = batch.mono_now;
    state_.wall_now = batch.wall_now;
    for (Event& event : batch.events) {
        std::visit([&](auto& each) { on(each, out); }, event);
    }
    send_reports(out);
    return Instant::never();
}

OFFERKIT_INLINE void Executor::on(AgentSaid& said, Effects& out) {
    std::visit([&](auto& each) { on(each, out); }, said.event);
}

// The executor of command tasks is part of the agent: there is no conversation to open or refuse,
// and its tasks take no data but what they were launched with.
OFFERKIT_INLINE void Executor::on(protocol::ExecutorSubscribed&, Effects&) {}
OFFERKIT_INLINE void Executor::on(protocol::ExecutorRefused&, Effects&) {}
OFFERKIT_INLINE void Executor::on(protocol::DataToExecutor&, Effects&) {}

// Absorbs a repeated launch, whatever became of the first: a task is started at most once.
OFFERKIT_INLINE void Executor::on(protocol::LaunchTask& event, Effects& out) {
    const ProcessKey key{event.framework, event.task.id};
    const auto [place, fresh] = state_.processes.try_emplace(key);
    if (!fresh) return;
    Process& process = place->second;
    process.grace = event.task.kill_policy.grace;
    process.launch = std::move(event);
    start(key, process, out);
}

/// Asks the launcher to start it. Pre: `launch` is there. Asking again is absorbed by the launcher.
OFFERKIT_INLINE void Executor::start(const ProcessKey& key, Process& process, Effects& out) {
    OFFERKIT_ASSERT(process.launch.has_value());
    process.stage = Stage::starting;
    const protocol::LaunchTask& launch = *process.launch;
    const Command& command = launch.task.command;
    StartProcess start{key,
                       command.argv,
                       detail::make_environment(launch),
                       launch.sandbox,
                       command.working_directory,
                       launch.user};
    if (!command.shell.empty()) start.argv = {"/bin/sh", "-c", command.shell};
    out.list.emplace_back(std::move(start));
}

// Absorbs a kill of a task that is unknown or has ended: its end is reported already.
OFFERKIT_INLINE void Executor::on(protocol::KillTaskNow& event, Effects& out) {
    const ProcessKey key{event.framework, event.task};
    const auto found = state_.processes.find(key);
    if (found == state_.processes.end()) return;
    kill(key, found->second, {event.grace, state_.now + event.grace, event.reason}, out);
}

// Absorbs repeats, as every kill does.
OFFERKIT_INLINE void Executor::on(protocol::ShutDownExecutor&, Effects& out) {
    for (auto& [key, process] : state_.processes) {
        kill(key, process,
             {process.grace, state_.now + process.grace, StatusReason::executor_terminated}, out);
    }
}

// Absorbs what is unknown, and what has not ended: the launcher must not forget what still runs.
OFFERKIT_INLINE void Executor::on(protocol::StatusesNoted& event, Effects& out) {
    for (auto& task : event.tasks) {
        const auto found = state_.processes.find({task.framework, task.task});
        if (found == state_.processes.end() || found->second.stage != Stage::ended) continue;
        out.list.emplace_back(ForgetProcess{found->first});
        state_.processes.erase(found);
    }
}

/// Absorbs a kill that would not end sooner than the one asked for before. One that comes before
/// the process has started is kept until it has.
OFFERKIT_INLINE void Executor::kill(const ProcessKey& key, Process& process, const Kill& kill,
                                    Effects& out) {
    if (process.stage == Stage::ended) return;
    const bool first = !process.kill.has_value();
    if (!first && kill.until >= process.kill->until) return;
    const StatusReason reason = first ? kill.reason : process.kill->reason;
    process.kill = Kill{kill.grace, kill.until, reason};
    if (process.stage == Stage::running) pass_kill(key, process, kill.grace, out);
}

/// Pre: it runs, and is to be killed.
OFFERKIT_INLINE void Executor::pass_kill(const ProcessKey& key, Process& process, Duration grace,
                                         Effects& out) {
    out.list.emplace_back(KillProcess{key, grace});
    if (std::exchange(process.kill_told, true)) return;
    report(key, detail::make_status(TaskState::killing, process.kill->reason));
}

}  // namespace offerkit::executor
