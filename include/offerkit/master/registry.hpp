// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a master must never forget: one durable change at a time, and what all changes together
/// have left. A master that starts again gets the contents as its first event.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/quota.hpp>

#include <cstdint>
#include <string_view>
#include <variant>
#include <vector>

namespace offerkit::master::registry {

/// The agent is a member, as this. Replaces what was said of it before and takes an unreachable
/// mark away; what the operator has said of it stays.
struct AdmitAgent {
    AgentId agent;
    AgentInfo info;
    friend bool operator==(const AdmitAgent&, const AdmitAgent&) = default;
};

/// Nothing is known of the agent any more.
struct RemoveAgent {
    AgentId agent;
    friend bool operator==(const RemoveAgent&, const RemoveAgent&) = default;
};

/// A member that has not been heard of for too long. It may come back: `AdmitAgent`.
struct MarkUnreachable {
    AgentId agent;
    WallTime since;
    friend bool operator==(const MarkUnreachable&, const MarkUnreachable&) = default;
};

/// The operator has said that it will never come back: no member any more, and refused if it does.
struct MarkGone {
    AgentId agent;
    WallTime at;
    friend bool operator==(const MarkGone&, const MarkGone&) = default;
};

/// What the operator wants of an agent.
enum class AgentMode : std::uint8_t {
    active,
    deactivated,  // No offers; what runs there goes on.
    draining,     // No offers; what still runs there at the deadline is killed.
    drained,      // It was draining, and nothing runs there any more. No offers.
};

[[nodiscard]] constexpr std::string_view format_agent_mode(AgentMode mode) {
    switch (mode) {
        case AgentMode::active:
            return "active";
        case AgentMode::deactivated:
            return "deactivated";
        case AgentMode::draining:
            return "draining";
        case AgentMode::drained:
            return "drained";
    }
    return "?";
}

struct SetAgentMode {
    AgentId agent;
    AgentMode mode = AgentMode::active;
    WallTime deadline;  // Of a drain; else zero.
    friend bool operator==(const SetAgentMode&, const SetAgentMode&) = default;
};

struct PutFramework {
    FrameworkId framework;
    FrameworkInfo info;
    friend bool operator==(const PutFramework&, const PutFramework&) = default;
};

struct RemoveFramework {
    FrameworkId framework;
    friend bool operator==(const RemoveFramework&, const RemoveFramework&) = default;
};

struct PutRole {
    RoleConfig config;
    friend bool operator==(const PutRole&, const PutRole&) = default;
};

using Write = std::variant<AdmitAgent, RemoveAgent, MarkUnreachable, MarkGone, SetAgentMode,
                           PutFramework, RemoveFramework, PutRole>;

/// What all writes have left. Each list is in the order of its ids (roles: of their paths) and
/// names nothing twice; marks and modes are of agents that are members, `gone` of others.
struct Contents {
    std::vector<AdmitAgent> agents;
    std::vector<MarkUnreachable> unreachable;
    std::vector<SetAgentMode> modes;  // Of those that are not active.
    std::vector<MarkGone> gone;
    std::vector<PutFramework> frameworks;
    std::vector<PutRole> roles;
    friend bool operator==(const Contents&, const Contents&) = default;
};

/// The contents after one more write. A mark or a mode of an agent that is no member changes
/// nothing. Complexity: linear in what the list holds when something is inserted or erased.
void apply(Contents& contents, const Write& write);

}  // namespace offerkit::master::registry

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/master/impl/contents.ipp>
#endif
