// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Why an offer was not made: a closed set, counted per claimant, shown by `why`.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace offerkit {

enum class NoOfferReason : std::uint8_t {
    no_agents,          // There is no agent at all.
    nothing_available,  // The agent has nothing left.
    below_minimum,      // What is left is below the least that the framework takes.
    filtered,           // The framework refused this agent, and its filter is still active.
    suppressed,         // The framework asked for no offers in this role.
    disconnected,       // The framework has no scheduler at present.
    quota_limit,        // The role, or one above it, has reached its limit.
    headroom,           // Held back so that guarantees can be met.
    reserved,           // Reserved for another role.
    capability,         // The framework cannot deal with this agent's resources.
    agent_draining,     // The agent is being emptied, or was deactivated.
    agent_unreachable,
    no_demand,        // The framework said that it wants nothing.
    demand_unfit,     // No shape of its demand fits this agent.
    share_order,      // Others with a smaller share were served first.
    policy_rejected,  // The policy granted what the cycle could not honour.
    policy_fault,     // A hook of the policy failed, the cycle's proposals were void.
    peer_slow,        // The framework does not read what it was sent.
};

inline constexpr std::size_t no_offer_reasons = 18;

[[nodiscard]] constexpr std::string_view format_no_offer_reason(NoOfferReason reason) {
    switch (reason) {
        case NoOfferReason::no_agents:
            return "no_agents";
        case NoOfferReason::nothing_available:
            return "nothing_available";
        case NoOfferReason::below_minimum:
            return "below_minimum";
        case NoOfferReason::filtered:
            return "filtered";
        case NoOfferReason::suppressed:
            return "suppressed";
        case NoOfferReason::disconnected:
            return "disconnected";
        case NoOfferReason::quota_limit:
            return "quota_limit";
        case NoOfferReason::headroom:
            return "headroom";
        case NoOfferReason::reserved:
            return "reserved";
        case NoOfferReason::capability:
            return "capability";
        case NoOfferReason::agent_draining:
            return "agent_draining";
        case NoOfferReason::agent_unreachable:
            return "agent_unreachable";
        case NoOfferReason::no_demand:
            return "no_demand";
        case NoOfferReason::demand_unfit:
            return "demand_unfit";
        case NoOfferReason::share_order:
            return "share_order";
        case NoOfferReason::policy_rejected:
            return "policy_rejected";
        case NoOfferReason::policy_fault:
            return "policy_fault";
        case NoOfferReason::peer_slow:
            return "peer_slow";
    }
    return "?";
}

}  // namespace offerkit
