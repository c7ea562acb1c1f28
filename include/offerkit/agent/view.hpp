// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What readers see of an agent.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/status.hpp>

#include <string>
#include <variant>

namespace offerkit::agent {

struct Identified {
    AgentId id;
    friend bool operator==(const Identified&, const Identified&) = default;
};

struct TaskPut {
    FrameworkId framework;
    TaskId task;
    TaskState state = TaskState::staging;
    std::string sandbox;
    WallTime at;
    friend bool operator==(const TaskPut&, const TaskPut&) = default;
};

/// The task has ended and its last status is acknowledged; its sandbox stays until collected.
struct TaskRemoved {
    FrameworkId framework;
    TaskId task;
    friend bool operator==(const TaskRemoved&, const TaskRemoved&) = default;
};

struct Noted {
    WallTime at;
    std::string text;
    friend bool operator==(const Noted&, const Noted&) = default;
};

using Delta = std::variant<Identified, TaskPut, TaskRemoved, Noted>;

}  // namespace offerkit::agent
