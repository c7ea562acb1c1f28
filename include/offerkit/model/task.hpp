// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Tasks: the unit of work.

#include <offerkit/core/boxed_optional.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/command.hpp>
#include <offerkit/model/executor.hpp>
#include <offerkit/model/labels.hpp>
#include <offerkit/resources/resources.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace offerkit {

/// SIGTERM to the whole process group, then SIGKILL after the grace.
struct KillPolicy {
    Duration grace = std::chrono::seconds{3};
    friend bool operator==(const KillPolicy&, const KillPolicy&) = default;
};

/// A periodic question to a task: is it healthy (or ready)?
struct Check {
    enum class Kind : std::uint8_t { command, http, tcp };

    Kind kind = Kind::command;
    Command command;         // For `command`.
    std::uint16_t port = 0;  // For `http` and `tcp`.
    std::string path;        // For `http`.
    Duration delay{0};       // Before the first.
    Duration interval = std::chrono::seconds{10};
    Duration timeout = std::chrono::seconds{20};
    Duration grace = std::chrono::seconds{10};  // Failures in it do not count.
    std::uint32_t failures_max = 3;             // In a row, then the task is killed.
    friend bool operator==(const Check&, const Check&) = default;
};

/// A port under which others may find the task.
struct DiscoveryPort {
    std::string name;
    std::uint16_t number = 0;
    std::string protocol;
    friend bool operator==(const DiscoveryPort&, const DiscoveryPort&) = default;
};

struct TaskInfo {
    TaskId id;
    std::string name;     // For people; the id if empty.
    Resources resources;  // What it takes of the offer. Portable form.
    Resources limits;     // Ceilings above the request (bursting), empty: none.
    Command command;
    BoxedOptional<ExecutorInfo> executor;  // None: a command task.
    KillPolicy kill_policy;
    Duration run_time_max{0};  // Killed when it runs longer; zero: no limit.
    BoxedOptional<Check> health_check;
    BoxedOptional<Check> ready_check;
    std::vector<DiscoveryPort> ports;
    std::int32_t priority = 0;  // Higher first within a role's cap.
    Labels labels;
    std::string data;     // For the executor.
    std::string foreign;  // Unknown fields of a foreign client, carried and never read.
    friend bool operator==(const TaskInfo&, const TaskInfo&) = default;
};

}  // namespace offerkit
