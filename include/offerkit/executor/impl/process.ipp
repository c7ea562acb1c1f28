// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The executor machine: what the launcher says of processes.

#include <offerkit/executor/executor.hpp>

#include <string>
#include <utility>

namespace offerkit::executor {

namespace detail {

/// How a process ended that nobody killed.
[[nodiscard]] inline TaskStatus make_last_status(const ProcessExited& event) {
    if (event.lost) {
        return make_status(TaskState::failed, StatusReason::launcher_lost,
                           "its supervisor and the launcher ended, how it ended is not known");
    }
    if (event.exit.signal != 0) {
        return make_status(TaskState::failed, StatusReason::command_signalled,
                           "command ended by signal " + std::to_string(event.exit.signal));
    }
    return make_status(event.exit.code == 0 ? TaskState::finished : TaskState::failed,
                       StatusReason::command_exited,
                       "command exited with code " + std::to_string(event.exit.code));
}

[[nodiscard]] inline TaskStatus make_rebooted_status() {
    return make_status(TaskState::failed, StatusReason::agent_restarted,
                       "the machine was booted anew while it ran, or before it was started");
}

}  // namespace detail

// Absorbs a repeat, and a start that is told after the end. A process that nobody here has asked
// for belongs to a checkpoint that is gone: it holds resources that are given to others.
OFFERKIT_INLINE void Executor::on(ProcessStarted& event, Effects& out) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end()) {
        out.list.emplace_back(
            Note{"the launcher runs " + event.key.task.text() + ", which nobody knows: killed"});
        out.list.emplace_back(KillProcess{event.key, KillPolicy{}.grace});
        return;
    }
    Process& process = found->second;
    process.listed = process.listed || event.listed;
    if (process.stage != Stage::recovering && process.stage != Stage::starting) return;
    const bool recovered = process.stage == Stage::recovering;
    process.stage = Stage::running;
    process.sandbox = std::move(event.sandbox);
    process.launch.reset();
    if (!std::exchange(process.has_run, true)) {
        // Since it runs, not since we heard: news may lie for longer than a short task takes.
        TaskStatus status = detail::make_status(TaskState::running, StatusReason::none);
        status.at = WallTime{state_.wall_now.ns - event.age.count()};
        report(event.key, std::move(status));
    }
    if (recovered) out.list.emplace_back(TellFound{event.key, event.age});
    if (process.kill) pass_kill(event.key, process, process.kill->grace, out);
}

// Absorbs a repeat. A kill that was waiting has nothing left to do, and the reason why the command
// could not start is of more use than that somebody wanted it ended. Of a process that we do not
// know, the agent has noted the end, so the launcher is told (again) to forget it.
OFFERKIT_INLINE void Executor::on(ProcessNotStarted& event, Effects& out) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end()) {
        out.list.emplace_back(ForgetProcess{event.key});
        return;
    }
    Process& process = found->second;
    process.listed = process.listed || event.listed;
    if (process.stage != Stage::recovering && process.stage != Stage::starting) return;
    end(event.key, process,
        detail::make_status(TaskState::failed, StatusReason::command_not_started,
                            std::move(event.why)));
}

// Absorbs a repeat: the launcher tells an end until it may forget it. Of a process that we do not
// know, the agent has noted the end, as above.
OFFERKIT_INLINE void Executor::on(ProcessExited& event, Effects& out) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end()) {
        out.list.emplace_back(ForgetProcess{event.key});
        return;
    }
    Process& process = found->second;
    process.listed = process.listed || event.listed;
    if (process.stage == Stage::ended) return;
    if (process.sandbox.empty()) process.sandbox = std::move(event.sandbox);
    TaskStatus status = event.lost && process.rebooted ? detail::make_rebooted_status()
                                                       : detail::make_last_status(event);
    if ((process.kill || event.killed) && !event.lost) {
        status.state = TaskState::killed;
        status.reason = process.kill ? process.kill->reason : StatusReason::kill_requested;
    }
    if (!event.lost) status.exit = event.exit;
    status.at = event.ended_at;
    end(event.key, process, std::move(status));
}

}  // namespace offerkit::executor
