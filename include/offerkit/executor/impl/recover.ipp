// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The executor machine: what the launcher knows of tasks that an agent before this one had, and of
/// our own after a launcher has died.

#include <offerkit/executor/executor.hpp>
#include <offerkit/executor/impl/process.ipp>

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <utility>

namespace offerkit::executor {

/// Pre: the first event. A kill that was under way is asked for again once the task is found: it
/// may have been lost, and a repeat does no harm.
OFFERKIT_INLINE void Executor::on(Recovered& event, Effects& out) {
    OFFERKIT_ASSERT(state_.processes.empty());
    ListProcesses list;
    for (auto& task : event.recovered.tasks) {
        const ProcessKey key{task.launch.framework, task.launch.task.id};
        Process& process = state_.processes[key];
        process.stage = Stage::recovering;
        process.grace = task.launch.task.kill_policy.grace;
        process.rebooted = task.rebooted;
        process.has_run = task.state != TaskState::staging && task.state != TaskState::starting;
        if (task.state == TaskState::killing) {
            process.kill = Kill{process.grace, state_.now + process.grace, task.reason};
            process.kill_told = true;
        }
        list.known.push_back({key, task.launch.sandbox});
        process.launch = std::move(task.launch);
    }
    out.list.emplace_back(std::move(list));
}

// Absorbs a process that nobody knows: it is killed when it has started.
OFFERKIT_INLINE void Executor::on(ProcessStarting& event, Effects&) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end()) return;
    found->second.listed = true;
    if (found->second.stage == Stage::recovering) found->second.stage = Stage::starting;
}

// Requests that were lost with a launcher, or with an agent, are made again.
OFFERKIT_INLINE void Executor::on(ListEnded&, Effects& out) {
    for (auto& [key, process] : state_.processes) {
        if (!std::exchange(process.listed, false)) {
            settle_unlisted(key, process, out);
        } else if (process.stage == Stage::running && process.kill) {
            pass_kill(key, process, std::max(Duration{0}, process.kill->until - state_.now), out);
        }
    }
}

/// The launcher keeps what it has accepted until it may forget it, so it had never heard of this
/// one when it told the list. If we know that it ran all the same, the launcher's own memory is
/// gone. Our own request to start it may be on its way behind the list: asking again does no harm,
/// but nothing may be concluded.
OFFERKIT_INLINE void Executor::settle_unlisted(const ProcessKey& key, Process& process,
                                               Effects& out) {
    if (process.stage == Stage::ended) return;
    if (process.stage == Stage::starting) {
        start(key, process, out);
    } else if (process.rebooted) {
        end(key, process, detail::make_rebooted_status());
    } else if (process.has_run) {
        end(key, process,
            detail::make_status(TaskState::failed, StatusReason::launcher_lost,
                                "the launcher does not know it any more"));
    } else if (process.kill) {
        end(key, process,
            detail::make_status(TaskState::killed, process.kill->reason,
                                "killed before it was started"));
    } else {
        start(key, process, out);
    }
}

}  // namespace offerkit::executor
