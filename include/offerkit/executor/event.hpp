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

/// The tasks of the agent before this one, as the first event if there was one. The launcher is
/// asked what it knows of them.
struct Recovered {
    protocol::RecoverTasks recovered;
    friend bool operator==(const Recovered&, const Recovered&) = default;
};

/// Only in a list: the launcher has taken the request, and the process does not run yet.
struct ProcessStarting {
    ProcessKey key;
    friend bool operator==(const ProcessStarting&, const ProcessStarting&) = default;
};

struct ProcessStarted {
    ProcessKey key;
    std::int64_t pid = 0;
    std::string sandbox;  // Absolute.
    Duration age{0};      // For how long it has been running.
    bool listed = false;  // In a list of all the launcher knows, not as news.
    friend bool operator==(const ProcessStarted&, const ProcessStarted&) = default;
};

/// It never ran: which step failed, and why.
struct ProcessNotStarted {
    ProcessKey key;
    std::string why;
    bool listed = false;
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
    bool killed = false;  // A kill had been asked for, perhaps by an agent before this one.
    std::string sandbox;  // Absolute; empty if the world does not know it.
    bool listed = false;
    friend bool operator==(const ProcessExited&, const ProcessExited&) = default;
};

/// The launcher has told everything it knows: what was not listed, it does not know. Comes after
/// `ListProcesses`, and whenever the world has connected to a launcher again.
struct ListEnded {
    friend bool operator==(const ListEnded&, const ListEnded&) = default;
};

using Event = std::variant<AgentSaid, Recovered, ProcessStarting, ProcessStarted, ProcessNotStarted,
                           ProcessExited, ListEnded>;

}  // namespace offerkit::executor
