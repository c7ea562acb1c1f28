// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a master must never forget: one durable change at a time, and what all changes together
/// have left. A master that starts again gets the contents as its first event.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/quota.hpp>

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <type_traits>
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

namespace detail {

[[nodiscard]] inline AgentId key_of(const AdmitAgent& entry) { return entry.agent; }
[[nodiscard]] inline AgentId key_of(const MarkUnreachable& entry) { return entry.agent; }
[[nodiscard]] inline AgentId key_of(const SetAgentMode& entry) { return entry.agent; }
[[nodiscard]] inline AgentId key_of(const MarkGone& entry) { return entry.agent; }
[[nodiscard]] inline FrameworkId key_of(const PutFramework& entry) { return entry.framework; }
[[nodiscard]] inline const Role& key_of(const PutRole& entry) { return entry.config.role; }

template <class T, class Key>
[[nodiscard]] auto lower_bound(std::vector<T>& list, const Key& key) {
    return std::lower_bound(list.begin(), list.end(), key,
                            [](const T& entry, const Key& k) { return key_of(entry) < k; });
}

template <class T>
void put(std::vector<T>& list, const T& entry) {
    const auto at = lower_bound(list, key_of(entry));
    if (at != list.end() && key_of(*at) == key_of(entry)) {
        *at = entry;
    } else {
        list.insert(at, entry);
    }
}

template <class T, class Key>
void erase(std::vector<T>& list, const Key& key) {
    const auto at = lower_bound(list, key);
    if (at != list.end() && key_of(*at) == key) list.erase(at);
}

template <class T, class Key>
[[nodiscard]] bool contains(std::vector<T>& list, const Key& key) {
    const auto at = lower_bound(list, key);
    return at != list.end() && key_of(*at) == key;
}

}  // namespace detail

/// The contents after one more write. A mark or a mode of an agent that is no member changes
/// nothing. Complexity: linear in what the list holds when something is inserted or erased.
inline void apply(Contents& contents, const Write& write) {
    const auto forget = [&](AgentId agent) {
        detail::erase(contents.agents, agent);
        detail::erase(contents.unreachable, agent);
        detail::erase(contents.modes, agent);
    };
    const auto is_member = [&](AgentId agent) { return detail::contains(contents.agents, agent); };
    std::visit(
        [&](const auto& w) {
            using W = std::remove_cvref_t<decltype(w)>;
            if constexpr (std::is_same_v<W, AdmitAgent>) {
                detail::put(contents.agents, w);
                detail::erase(contents.unreachable, w.agent);
                detail::erase(contents.gone, w.agent);
            } else if constexpr (std::is_same_v<W, RemoveAgent>) {
                forget(w.agent);
                detail::erase(contents.gone, w.agent);
            } else if constexpr (std::is_same_v<W, MarkUnreachable>) {
                if (is_member(w.agent)) detail::put(contents.unreachable, w);
            } else if constexpr (std::is_same_v<W, MarkGone>) {
                forget(w.agent);
                detail::put(contents.gone, w);
            } else if constexpr (std::is_same_v<W, SetAgentMode>) {
                if (!is_member(w.agent)) return;
                if (w.mode == AgentMode::active) {
                    detail::erase(contents.modes, w.agent);
                } else {
                    detail::put(contents.modes, w);
                }
            } else if constexpr (std::is_same_v<W, PutFramework>) {
                detail::put(contents.frameworks, w);
            } else if constexpr (std::is_same_v<W, RemoveFramework>) {
                detail::erase(contents.frameworks, w.framework);
            } else {
                static_assert(std::is_same_v<W, PutRole>);
                detail::put(contents.roles, w);
            }
        },
        write);
}

}  // namespace offerkit::master::registry
