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
    place->second.grace = event.task.kill_policy.grace;
    StartProcess start{key, {}, detail::make_environment(event), {}, {}, {}};
    if (event.task.command.shell.empty()) {
        start.argv = std::move(event.task.command.argv);
    } else {
        start.argv = {"/bin/sh", "-c", std::move(event.task.command.shell)};
    }
    start.sandbox = std::move(event.sandbox);
    start.working_directory = std::move(event.task.command.working_directory);
    start.user = std::move(event.user);
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
    if (process.stage != Stage::running) return;
    out.list.emplace_back(KillProcess{key, kill.grace});
    if (first) report(key, detail::make_status(TaskState::killing, reason));
}

}  // namespace offerkit::executor
