// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Operations: what an accept does with the resources of its offers, in order.

#include <offerkit/core/id.hpp>
#include <offerkit/model/executor.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace offerkit {

/// A task that was read and breaks a rule: it is refused by itself.
struct RefusedTask {
    TaskId task;
    Refusal why;
    friend bool operator==(const RefusedTask&, const RefusedTask&) = default;
};

struct Launch {
    std::vector<TaskInfo> tasks;
    std::vector<RefusedTask> refused{};  // Filled in by whoever reads it; never sent.
    friend bool operator==(const Launch&, const Launch&) = default;
};

struct LaunchGroup {
    ExecutorInfo executor;
    std::vector<TaskInfo> tasks;
    friend bool operator==(const LaunchGroup&, const LaunchGroup&) = default;
};

struct Reserve {
    Resources source;
    Resources reserved;
    friend bool operator==(const Reserve&, const Reserve&) = default;
};

struct Unreserve {
    Resources reserved;
    friend bool operator==(const Unreserve&, const Unreserve&) = default;
};

struct CreateVolume {
    Resources volumes;
    friend bool operator==(const CreateVolume&, const CreateVolume&) = default;
};

struct DestroyVolume {
    BundleId volume;
    friend bool operator==(const DestroyVolume&, const DestroyVolume&) = default;
};

struct GrowVolume {
    BundleId volume;
    Resources addition;
    friend bool operator==(const GrowVolume&, const GrowVolume&) = default;
};

struct ShrinkVolume {
    BundleId volume;
    Resources subtraction;
    friend bool operator==(const ShrinkVolume&, const ShrinkVolume&) = default;
};

struct Operation {
    using Action = std::variant<Launch, LaunchGroup, Reserve, Unreserve, CreateVolume,
                                DestroyVolume, GrowVolume, ShrinkVolume>;

    std::string feedback_id;  // Chosen by the framework; empty: no feedback wanted.
    Action action;
    friend bool operator==(const Operation&, const Operation&) = default;
};

enum class OperationState : std::uint8_t {
    pending,
    finished,
    failed,
    error,
    dropped,
    unreachable,
    gone_by_operator,
    recovering,
    unknown,
};

struct OperationStatus {
    OperationId id;
    std::string feedback_id;
    OperationState state = OperationState::pending;
    StatusId status;  // None: nothing to acknowledge.
    AgentId agent;
    std::string message;
    friend bool operator==(const OperationStatus&, const OperationStatus&) = default;
};

}  // namespace offerkit
