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

}  // namespace detail

// Absorbs a repeat, and a start that is told after the end.
OFFERKIT_INLINE void Executor::on(ProcessStarted& event, Effects& out) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end() || found->second.stage != Stage::starting) return;
    Process& process = found->second;
    process.stage = Stage::running;
    process.sandbox = std::move(event.sandbox);
    report(event.key, detail::make_status(TaskState::running, StatusReason::none));
    if (!process.kill) return;
    out.list.emplace_back(KillProcess{event.key, process.kill->grace});
    report(event.key, detail::make_status(TaskState::killing, process.kill->reason));
}

// Absorbs a repeat. A kill that was waiting has nothing left to do, and the reason why the command
// could not start is of more use than that somebody wanted it ended.
OFFERKIT_INLINE void Executor::on(ProcessNotStarted& event, Effects&) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end() || found->second.stage != Stage::starting) return;
    end(event.key, found->second,
        detail::make_status(TaskState::failed, StatusReason::command_not_started,
                            std::move(event.why)));
}

// Absorbs a repeat: the launcher tells an end until it may forget it. Of a process that we do not
// know, the agent has noted the end, so the launcher is told (again) to forget it.
OFFERKIT_INLINE void Executor::on(ProcessExited& event, Effects& out) {
    const auto found = state_.processes.find(event.key);
    if (found == state_.processes.end()) {
        out.list.emplace_back(ForgetProcess{event.key});
        return;
    }
    Process& process = found->second;
    if (process.stage == Stage::ended) return;
    TaskStatus status = detail::make_last_status(event);
    if (process.kill && !event.lost) {
        status.state = TaskState::killed;
        status.reason = process.kill->reason;
    }
    if (!event.lost) status.exit = event.exit;
    status.at = event.ended_at;
    end(event.key, process, std::move(status));
}

}  // namespace offerkit::executor
