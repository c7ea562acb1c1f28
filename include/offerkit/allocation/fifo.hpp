// SPDX-License-Identifier: Apache-2.0
#pragma once

/// First come, first served: whoever came first is offered everything, until it wants no more. A
/// role comes when its first claimant does. Shares and weights mean nothing.
///
/// Cost: constant per change, and a logarithmic move among the siblings.

#include <offerkit/allocation/policy.hpp>

#include <cstdint>

namespace offerkit {

struct Fifo {
    static constexpr auto name = "fifo";

    [[nodiscard]] std::uint64_t rank(const NodeView& node) const noexcept { return node.arrival(); }
};
static_assert(AllocationPolicy<Fifo>);

}  // namespace offerkit
