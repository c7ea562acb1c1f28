// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Weighted max-min fairness on one kind, cpus: serve who holds the fewest for its weight, whatever
/// else it holds. With placement that only some can use it is the online form of constrained
/// max-min fairness (Ghodsi et al., "Choosy", EuroSys 2013, section 4): an agent goes to whoever
/// has least of those that accept it.
///
/// Cost: constant per change, and a logarithmic move among the siblings.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/kind.hpp>

#include <cstdint>
#include <utility>

namespace offerkit {

struct MaxMin {
    static constexpr auto name = "max_min";

    [[nodiscard]] std::pair<std::int64_t, std::uint64_t> rank(const NodeView& node) const noexcept {
        // As a part of the cluster's, in fixed point.
        const std::int64_t total = node.totals()[*slot_of<Cpus>];
        return {fixed_share(node.allocated()[*slot_of<Cpus>], total, node.weight()),
                node.last_served()};
    }
};
static_assert(AllocationPolicy<MaxMin>);

}  // namespace offerkit
