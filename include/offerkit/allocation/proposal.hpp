// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a policy proposes that decides for several claimants or agents at once: a group of grants,
/// made all or none, and what to keep for those who have to wait. The cycle checks each as it does
/// its own: a proposal that cannot be honoured is dropped as a whole, and named.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/policy_view.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace offerkit {

/// One shape of a stated demand, and how many of it have not been granted yet.
struct WantedShape {
    Resources resources;
    std::uint32_t count = 0;
    std::uint32_t left = 0;
    std::uint32_t gang = 1;         // So many are needed at once.
    Duration run_time_estimate{0};  // Zero: not said.
};

/// The cluster at the moment of one call of `propose`.
class ClusterView {
public:
    virtual ~ClusterView() = default;

    [[nodiscard]] virtual Instant now() const = 0;
    [[nodiscard]] virtual const Amounts& totals() const = 0;

    /// Who has stated a demand and takes part, in the order in which they would be served.
    [[nodiscard]] virtual std::span<const NodeView> claimants() const = 0;
    [[nodiscard]] virtual std::span<const WantedShape> wanted(ClaimantIndex claimant) const = 0;

    /// The agents of which something is available, in the order in which they would be offered.
    [[nodiscard]] virtual std::size_t agents() const = 0;
    [[nodiscard]] virtual AgentView agent(std::size_t place) const = 0;

    /// What of that agent the claimant may have at most: without what it refused, limits, headroom
    /// and reservations for others. Null: nothing. Valid until the next question.
    [[nodiscard]] virtual const Resources* find_offer(ClaimantIndex claimant,
                                                      std::size_t place) const = 0;

    /// What limits and headroom leave for the claimant, on all agents together. Null: nothing
    /// stands in its way. Valid until the next question.
    [[nodiscard]] virtual const Amounts* find_room(ClaimantIndex claimant) const = 0;

protected:
    ClusterView() = default;
    ClusterView(const ClusterView&) = default;
    ClusterView& operator=(const ClusterView&) = default;
};

struct Proposal {
    /// Made all or none. Empty: there is nothing more to propose in this cycle.
    std::vector<Grant> grants;

    /// For the rest of the cycle these are for nobody but the claimant named. A later proposal's
    /// replace them; none outlives the cycle.
    std::vector<Grant> holds;

    /// Runs a cycle then even if nothing else happens.
    Instant wake = Instant::never();
};

}  // namespace offerkit
