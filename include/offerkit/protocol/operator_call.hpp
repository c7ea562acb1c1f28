// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an operator asks of the master: writes only. Reads are answered by the read model.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/quota.hpp>

#include <string>
#include <variant>
#include <vector>

namespace offerkit::protocol {

/// Creates the role's configuration or replaces it.
struct ConfigureRole {
    RoleConfig config;
    friend bool operator==(const ConfigureRole&, const ConfigureRole&) = default;
};

/// Ends a framework as its own teardown would.
struct TeardownFramework {
    FrameworkId framework;
    friend bool operator==(const TeardownFramework&, const TeardownFramework&) = default;
};

struct KillTaskOf {
    FrameworkId framework;
    TaskId task;
    friend bool operator==(const KillTaskOf&, const KillTaskOf&) = default;
};

/// No offers of this agent any more; what runs there goes on.
struct DeactivateAgent {
    AgentId agent;
    friend bool operator==(const DeactivateAgent&, const DeactivateAgent&) = default;
};

struct ReactivateAgent {
    AgentId agent;
    friend bool operator==(const ReactivateAgent&, const ReactivateAgent&) = default;
};

using OperatorCall =
    std::variant<ConfigureRole, TeardownFramework, KillTaskOf, DeactivateAgent, ReactivateAgent>;

/// The answer to one call.
using OperatorAnswer = Result<void>;

}  // namespace offerkit::protocol
