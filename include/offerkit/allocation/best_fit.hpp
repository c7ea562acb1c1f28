// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Best fit: agents are offered fullest first, so that small work fills gaps and large work still
/// finds whole agents (Coffman, Garey and Johnson, "Approximation Algorithms for Bin Packing",
/// 1984, section 2.2, with several kinds as in Panigrahy et al., "Heuristics for Vector Bin
/// Packing", 2011, section 3). How full is what is left, as shares of the cluster added up. Each
/// agent goes to the least weighted dominant share that it fits.
///
/// Cost: as weighted DRF, and one pass over the kinds for each agent that is looked at.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/resources/amounts.hpp>

#include <cstdint>

namespace offerkit {

struct BestFit {
    static constexpr auto name = "best_fit";

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return dominant_share(node.allocated(), node.totals(), node.weight());
    }
    [[nodiscard]] std::int64_t agent_key(const AgentView& agent) const noexcept {
        return fixed_sum_of_shares(agent.available().amounts(), agent.totals());
    }
};
static_assert(AllocationPolicy<BestFit>);

}  // namespace offerkit
