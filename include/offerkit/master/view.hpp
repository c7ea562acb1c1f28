// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What readers see of a master: typed deltas, appended by each step and applied by a read model on
/// a thread of its own. A put replaces what was known of that thing.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/registry.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/demand.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/quota.hpp>
#include <offerkit/model/reasons.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/resources/resources.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace offerkit::master {

enum class AgentCondition : std::uint8_t {
    active,
    deactivated,
    draining,
    drained,
    disconnected,
    unreachable,
    recovering,  // Known from the registry, not heard of since the master has started.
};
[[nodiscard]] constexpr std::string_view format_agent_condition(AgentCondition condition) {
    switch (condition) {
        case AgentCondition::active:
            return "active";
        case AgentCondition::deactivated:
            return "deactivated";
        case AgentCondition::draining:
            return "draining";
        case AgentCondition::drained:
            return "drained";
        case AgentCondition::disconnected:
            return "disconnected";
        case AgentCondition::unreachable:
            return "unreachable";
        case AgentCondition::recovering:
            return "recovering";
    }
    return "?";
}

enum class FrameworkCondition : std::uint8_t { active, disconnected };

struct AgentPut {
    AgentId id;
    AgentInfo info;  // Resources in portable form.
    AgentCondition condition = AgentCondition::active;
    WallTime registered_at;
    registry::AgentMode mode = registry::AgentMode::active;  // Whatever its condition.
    WallTime drain_deadline;                                 // Zero: it is not draining.
    WallTime at{};
    friend bool operator==(const AgentPut&, const AgentPut&) = default;
};

/// What of an agent is under tasks and what is out on offer. At most once per agent and step.
struct AgentUsagePut {
    AgentId id;
    Resources used;
    Resources offered;
    friend bool operator==(const AgentUsagePut&, const AgentUsagePut&) = default;
};

struct AgentRemoved {
    AgentId id;
    std::string why;
    WallTime at{};
    friend bool operator==(const AgentRemoved&, const AgentRemoved&) = default;
};

struct FrameworkPut {
    FrameworkId id;
    FrameworkInfo info;
    FrameworkCondition condition = FrameworkCondition::active;
    WallTime subscribed_at;
    std::vector<Role> suppressed;
    WallTime at{};
    friend bool operator==(const FrameworkPut&, const FrameworkPut&) = default;
};

struct FrameworkRemoved {
    FrameworkId id;
    std::string why;
    WallTime at{};
    friend bool operator==(const FrameworkRemoved&, const FrameworkRemoved&) = default;
};

struct TaskPut {
    FrameworkId framework;
    TaskId task;
    std::string name;
    AgentId agent;
    Role role;
    Resources resources;
    TaskState state = TaskState::staging;
    WallTime at;
    friend bool operator==(const TaskPut&, const TaskPut&) = default;
};

/// A known task has changed its state.
struct TaskChanged {
    FrameworkId framework;
    TaskId task;
    TaskState state = TaskState::staging;
    StatusReason reason = StatusReason::none;
    std::string message;
    std::optional<ExitStatus> exit;
    std::string sandbox;
    WallTime at;
    friend bool operator==(const TaskChanged&, const TaskChanged&) = default;
};

struct OfferPut {
    Offer offer;
    WallTime at;
    friend bool operator==(const OfferPut&, const OfferPut&) = default;
};

enum class OfferEnd : std::uint8_t { accepted, declined, rescinded };

struct OfferRemoved {
    OfferId id;
    OfferEnd end = OfferEnd::accepted;
    DeclineReason reason = DeclineReason::unspecified;  // Valid if declined.
    friend bool operator==(const OfferRemoved&, const OfferRemoved&) = default;
};

struct RolePut {
    RoleConfig config;
    friend bool operator==(const RolePut&, const RolePut&) = default;
};

/// Why this framework was not offered more in this role, and why it declined, counted since it
/// subscribed. At most once per claimant and cycle, and only if something changed.
struct ReasonsPut {
    FrameworkId framework;
    Role role;
    std::array<std::uint64_t, no_offer_reasons> not_offered{};
    std::array<std::uint64_t, decline_reasons> declined{};
    WallTime at{};
    friend bool operator==(const ReasonsPut&, const ReasonsPut&) = default;
};

/// A refuse filter: until then this agent is not offered to this claimant, as long as what is
/// available there is contained in what it refused. Replaces the one it had there.
struct FilterPut {
    FrameworkId framework;
    Role role;
    AgentId agent;
    Resources refused;
    WallTime at;
    WallTime until;  // `never_expires`: until a revive.
    /// None: it took part of an offer, and this is what it left.
    std::optional<DeclineReason> reason;
    std::string detail;  // Of the framework, for people.
    friend bool operator==(const FilterPut&, const FilterPut&) = default;
};
inline constexpr WallTime never_expires{std::numeric_limits<std::int64_t>::max()};

/// The claimant has no filters any more.
struct FiltersCleared {
    FrameworkId framework;
    Role role;
    friend bool operator==(const FiltersCleared&, const FiltersCleared&) = default;
};

/// What the claimant says that it wants, in portable form; replaces what it said before.
struct DemandPut {
    FrameworkId framework;
    Role role;
    std::vector<DemandShape> shapes;
    friend bool operator==(const DemandPut&, const DemandPut&) = default;
};

/// Something an operator should read: a refused call, a policy fault, a store that fails.
struct Noted {
    WallTime at;
    std::string who;
    std::string text;
    friend bool operator==(const Noted&, const Noted&) = default;
};

using Delta = std::variant<AgentPut, AgentUsagePut, AgentRemoved, FrameworkPut, FrameworkRemoved,
                           TaskPut, TaskChanged, OfferPut, OfferRemoved, RolePut, ReasonsPut,
                           FilterPut, FiltersCleared, DemandPut, Noted>;

}  // namespace offerkit::master
