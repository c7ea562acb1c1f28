// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Why a framework is not offered more: what stands between it and each agent, read off the read
/// model. What cannot be seen there, since only the allocator knows, is taken from what the master
/// has counted since the framework's last offer.

#include <offerkit/core/config.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/read_model.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::master {

enum class WaitCause : std::uint8_t {
    // Of the whole role: no agent would help.
    not_subscribed,  // The framework has no scheduler at present.
    suppressed,      // It asked for no offers.
    no_demand,       // It said that it wants nothing.
    slow_reader,     // It does not read what it was sent.
    quota_limit,     // The role, or one above it, has reached its limit.
    no_agents,       // There is no agent at all.
    // Of single agents.
    on_offer,          // It has an offer of the agent, and has not answered.
    declined,          // It refused the agent, and its filter is still active.
    offered_to_other,  // What is left is on offer to others.
    in_use,            // What is left is not enough.
    headroom,          // What is left is held so that guarantees of others can be met.
    reserved,          // What is left is reserved for others.
    capability,        // It cannot deal with the agent's resources.
    policy,            // The policy's grant could not be honoured, or a hook of it failed.
    available,         // Nothing stands in the way: the next allocation decides.
    draining,          // The agent is being emptied, or was deactivated.
    unreachable,       // The master does not hear of the agent.
    does_not_fit,      // It wants more than all of the agent.
    // Beside the others.
    share_order,  // Others with a smaller share were served first.
};

inline constexpr std::size_t wait_causes = 19;

[[nodiscard]] std::string_view format_wait_cause(WaitCause cause);

/// One agent of a cause.
struct AgentWait {
    AgentId agent;
    std::string hostname;
    AgentCondition condition = AgentCondition::active;
    WallTime since{};                       // Of an offer or a filter.
    WallTime until{};                       // Of a filter.
    std::optional<DeclineReason> reason{};  // Of a filter; none: left over from an accept.
    std::string detail{};                   // Of a filter, in the framework's words.
    std::vector<FrameworkId> others{};      // Who hold offers of it.
    std::string kind{};                     // What there is not enough of; empty: not known.
    std::int64_t needed = 0;                // Thousandths; 0: not known.
    std::int64_t there = 0;                 // Of all of the agent, or of what is left of it.
};

struct Wait {
    WaitCause cause = WaitCause::available;
    std::vector<AgentWait> agents{};  // None: the cause is not about agents.
    // Of a limit: whose, of what, how much, and how much of it is used. Of the share order: the
    // framework's own share of `kind` and the smallest of another, in thousandths.
    std::string role{};
    std::string kind{};
    std::int64_t limit = 0;
    std::int64_t used = 0;
    std::vector<FrameworkId> others{};  // Of the share order: who have less.
    std::uint64_t counted = 0;          // By the master, since the framework came; 0: not counted.
};

/// A framework in one role. The first cause is the one to look at first.
struct RoleWait {
    Role role;
    std::size_t agents = 0;           // In the cluster.
    std::vector<Resources> wanted{};  // Any of these would do; empty: not known.
    std::vector<Wait> causes{};
};

/// `wanted` empty: what the framework has stated as its demand, if it has.
/// Complexity: linear in agents and offers; in tasks too where limits or shares matter.
[[nodiscard]] RoleWait explain(const ReadModel& model, const FrameworkPut& framework,
                               const Role& role, std::vector<Resources> wanted, WallTime now);

}  // namespace offerkit::master

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/master/impl/explain.ipp>
#endif
