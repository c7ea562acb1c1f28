// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the executor of command tasks knows of its processes.

#include <offerkit/core/time.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/model/status.hpp>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::executor {

/// Where a process stands.
enum class Stage : std::uint8_t {
    recovering,  // An agent before this one had it; the launcher has not said what became of it.
    starting,    // Asked for; the launcher has not answered.
    running,
    ended,  // Its last status is reported, and kept in mind until the agent has noted it.
};

/// A kill that was asked for.
struct Kill {
    Duration grace{0};
    Instant until;  // When the grace is over: only a kill that ends sooner is passed on.
    StatusReason reason = StatusReason::kill_requested;  // Of the first kill.
    friend bool operator==(const Kill&, const Kill&) = default;
};

struct Process {
    Stage stage = Stage::starting;
    Duration grace{0};  // The task's own, for when the agent gives none.
    std::optional<Kill> kill;
    bool kill_told = false;  // The status that says so is on its way.
    std::string sandbox;     // Absolute; empty before the process has started.

    std::optional<protocol::LaunchTask> launch;  // Until it has started: to ask for it (again).
    bool has_run = false;                        // Its status `running` is on its way, or durable.
    bool rebooted = false;                       // It cannot run any more, and must not be started.
    bool listed = false;                         // In the list that is being told.
    friend bool operator==(const Process&, const Process&) = default;
};

struct State {
    Instant now;
    WallTime wall_now;
    std::map<ProcessKey, Process> processes;
    friend bool operator==(const State&, const State&) = default;
};

namespace detail {

/// The part of a status that is news; `report` fills in whose it is.
[[nodiscard]] inline TaskStatus make_status(TaskState state, StatusReason reason,
                                            std::string message = {}) {
    TaskStatus status;
    status.state = state;
    status.reason = reason;
    status.message = std::move(message);
    return status;
}

}  // namespace detail

}  // namespace offerkit::executor
