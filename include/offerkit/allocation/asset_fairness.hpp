// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Asset fairness (Ghodsi et al., "Dominant Resource Fairness", NSDI 2011, section 4.1): equal
/// shares of different kinds are worth the same, and whoever holds least in all is served. For
/// comparison: it breaks the sharing incentive, so somebody may get less than a cluster of 1/n of
/// the size would give.
///
/// Cost: one pass over the kinds per change, and a logarithmic move among the siblings.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/resources/amounts.hpp>

namespace offerkit {

struct AssetFairness {
    static constexpr auto name = "asset";

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return {fixed_sum_of_shares(node.allocated(), node.totals()), node.weight()};
    }
};
static_assert(AllocationPolicy<AssetFairness>);

}  // namespace offerkit
