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

/// Offers of this agent again: ends a deactivation or a drain. Tasks that were killed stay so.
struct ActivateAgent {
    AgentId agent;
    friend bool operator==(const ActivateAgent&, const ActivateAgent&) = default;
};

/// Empties the agent: no offers of it any more, and its frameworks are told. What still runs there
/// when `within` is over is killed, with its own grace. Said again, it replaces the deadline.
struct DrainAgent {
    AgentId agent;
    Duration within{0};
    friend bool operator==(const DrainAgent&, const DrainAgent&) = default;
};

/// The agent will never come back: it is no member any more, its tasks are told so, and one that
/// comes with its id is refused.
struct MarkAgentGone {
    AgentId agent;
    friend bool operator==(const MarkAgentGone&, const MarkAgentGone&) = default;
};

using OperatorCall = std::variant<ConfigureRole, TeardownFramework, KillTaskOf, DeactivateAgent,
                                  ActivateAgent, DrainAgent, MarkAgentGone>;

/// The answer to one call.
using OperatorAnswer = Result<void>;

}  // namespace offerkit::protocol
