// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything that can happen to the executor of command tasks, and everything it can ask for. It
/// runs beside the agent machine; processes are the launcher's.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/protocol/executor_message.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace offerkit::executor {

/// Names one process: a task is started at most once.
struct ProcessKey {
    FrameworkId framework;
    TaskId task;
    friend auto operator<=>(const ProcessKey&, const ProcessKey&) = default;
};

struct AgentSaid {
    protocol::ExecutorEvent event;
    friend bool operator==(const AgentSaid&, const AgentSaid&) = default;
};

struct ProcessStarted {
    ProcessKey key;
    std::int64_t pid = 0;
    std::string sandbox;  // Absolute.
    friend bool operator==(const ProcessStarted&, const ProcessStarted&) = default;
};

/// It never ran: which step failed, and why.
struct ProcessNotStarted {
    ProcessKey key;
    std::string why;
    friend bool operator==(const ProcessNotStarted&, const ProcessNotStarted&) = default;
};

struct ProcessExited {
    ProcessKey key;
    ExitStatus exit;
    bool lost = false;  // Launcher and supervisor both died: how it ended is not known.
    WallTime started_at;
    WallTime ended_at;
    Duration cpu_user{0};
    Duration cpu_system{0};
    std::int64_t rss_max_kib = 0;
    friend bool operator==(const ProcessExited&, const ProcessExited&) = default;
};

using Event = std::variant<AgentSaid, ProcessStarted, ProcessNotStarted, ProcessExited>;

}  // namespace offerkit::executor
