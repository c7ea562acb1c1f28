// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Gangs: so many tasks of a stated shape as are needed at once are granted all in one cycle or not
/// at all (Feitelson and Rudolph, "Gang Scheduling Performance Benefits for Fine-Grain
/// Synchronization", 1992, section 2: a job is only served with all its processors). Nobody waits
/// with half a gang in hand, so that no two can wait for one another.
///
/// Under small tasks that come and go, a large gang would never find enough at once. The first that
/// does not fit therefore hoards: for at most `hoard_for` whatever it could use is kept from
/// others. If it has not begun by then, it lets go, and hoards again after as long a time. Only one
/// gang hoards at a time, and none that is larger than the cluster.
///
/// Who is asked first is the least weighted dominant share. Tasks that are needed one by one are
/// gangs of one.
///
/// Cost: as weighted DRF, and for each gang a pass over the agents for all who have stated demand.

#include <offerkit/allocation/placement_plan.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/proposal.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace offerkit {

class Gang {
public:
    static constexpr auto name = "gang";

    Gang() = default;
    /// Zero: nobody hoards, and large gangs may wait for ever.
    explicit Gang(Duration hoard_for) : hoard_for_(hoard_for) {}

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return dominant_share(node.allocated(), node.totals(), node.weight());
    }

    [[nodiscard]] Proposal propose(const ClusterView& cluster) {
        if (!hoarder_.is_none() && cluster.now() >= until_) let_go(cluster.now() + hoard_for_);
        PlacementPlan plan{cluster};
        Proposal proposal;
        if (!hoarder_.is_none() && serve_hoarder(cluster, plan)) {
            let_go(cluster.now());
            proposal.grants = plan.grants();
            return proposal;
        }
        for (const NodeView& node : cluster.claimants()) {
            if (node.claimant() == hoarder_) continue;
            for (const WantedShape& shape : cluster.wanted(node.claimant())) {
                const std::uint32_t gang = gang_of(shape);
                if (gang == 0) continue;
                if (plan.put_all(node.claimant(), shape.resources, gang, anywhere)) {
                    proposal.grants = plan.grants();
                    return hold(std::move(proposal), plan);
                }
                if (!may_hoard(cluster, shape)) continue;
                hoarder_ = node.claimant();
                until_ = cluster.now() + hoard_for_;
                plan.put_many(hoarder_, shape.resources, gang, anywhere);
                plan.hold();
                break;
            }
        }
        return hold(std::move(proposal), plan);
    }

    void on(const allocator_event::ClaimantGone& e, PolicyContext& context) {
        if (e.claimant == hoarder_) let_go(context.now());
    }

    void save(Bytes& out) const {
        put_number(hoarder_.value, out);
        put_signed(until_.ns, out);
    }
    void load(ByteReader& in) {
        hoarder_.value =
            static_cast<std::uint32_t>(in.number_below(std::uint64_t{ClaimantIndex{}.value} + 1));
        until_.ns = in.signed_number();
    }

    /// None: nobody hoards.
    [[nodiscard]] ClaimantIndex hoarder() const { return hoarder_; }

private:
    static bool anywhere(std::size_t /*place*/) { return true; }

    // Returns whether it is served; else what it could use is held in the plan.
    [[nodiscard]] bool serve_hoarder(const ClusterView& cluster, PlacementPlan& plan) {
        const auto is_hoarder = [&](const NodeView& node) { return node.claimant() == hoarder_; };
        if (std::ranges::none_of(cluster.claimants(), is_hoarder)) {
            let_go(cluster.now());  // It wants nothing more.
            return false;
        }
        const auto wanted = cluster.wanted(hoarder_);
        for (const WantedShape& shape : wanted) {
            const std::uint32_t gang = gang_of(shape);
            if (gang > 0 && plan.put_all(hoarder_, shape.resources, gang, anywhere)) return true;
        }
        const auto waits = [](const WantedShape& shape) { return gang_of(shape) > 1; };
        const auto shape = std::ranges::find_if(wanted, waits);
        if (shape == wanted.end()) {
            let_go(cluster.now());
            return false;
        }
        plan.put_many(hoarder_, shape->resources, gang_of(*shape), anywhere);
        plan.hold();
        return false;
    }

    // What no cluster of this size could ever start must not keep anything from others.
    [[nodiscard]] bool may_hoard(const ClusterView& cluster, const WantedShape& shape) const {
        return gang_of(shape) > 1 && hoard_for_ > Duration{0} && hoarder_.is_none() &&
               cluster.now() >= until_ &&
               count_tasks(cluster.totals(), shape.resources.total_amounts()) >= gang_of(shape);
    }

    void let_go(Instant rest_until) {
        hoarder_ = {};
        until_ = rest_until;
    }

    [[nodiscard]] Proposal hold(Proposal proposal, const PlacementPlan& plan) const {
        if (hoarder_.is_none()) return proposal;
        proposal.holds = plan.holds();
        proposal.wake = until_;
        return proposal;
    }

    Duration hoard_for_ = std::chrono::seconds{30};
    ClaimantIndex hoarder_;  // None: nobody hoards,
    Instant until_;          // and nobody may before then. Else when it has to let go.
};
static_assert(AllocationPolicy<Gang>);

}  // namespace offerkit
