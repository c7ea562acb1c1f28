// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Weighted dominant resource fairness (Ghodsi et al., NSDI 2011), at every level of the role tree:
/// serve whose largest share of any one kind, divided by its weight, is smallest. The default.
///
/// Cost: one pass over the kinds per change, and a logarithmic move among the siblings.

#include <offerkit/allocation/policy.hpp>
#include <offerkit/resources/amounts.hpp>

namespace offerkit {

struct WeightedDrf {
    static constexpr auto name = "drf";

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return dominant_share(node.allocated(), node.totals(), node.weight());
    }
};
static_assert(AllocationPolicy<WeightedDrf>);

}  // namespace offerkit
