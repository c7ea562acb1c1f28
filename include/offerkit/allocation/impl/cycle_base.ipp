// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace offerkit {

namespace detail {

// How many of `part` fit into `whole`, counted by slots alone, at most `most`.
OFFERKIT_INLINE std::int64_t count_fits(const Amounts& whole, const Amounts& part,
                                        std::int64_t most) {
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (part[slot] > 0) most = std::min(most, whole[slot] / part[slot]);
    }
    return most;
}

/// True for a bundle that this claimant may be offered. Reserved resources are for the role they
/// are reserved for and those below it.
OFFERKIT_INLINE bool is_for(const Bundle& bundle, std::string_view role,
                            const FrameworkCapabilities& capabilities) {
    if (bundle.revocable && !capabilities.revocable_resources) return false;
    if (bundle.shared && !capabilities.shared_resources) return false;
    const std::string_view reserved = bundle.role();
    if (reserved.empty() || reserved == role) return true;
    return role.size() > reserved.size() && role.starts_with(reserved) &&
           role[reserved.size()] == '/';
}

}  // namespace detail

OFFERKIT_INLINE bool CycleBase::is_dirty(Instant now) const {
    return changed_ || next_wake() <= now || next_wake() < reported_wake_;
}

OFFERKIT_INLINE Instant CycleBase::next_wake() const {
    return std::min(filters_.next(), policy_wake_);
}

OFFERKIT_INLINE NoOfferCounts CycleBase::no_offer_counts(ClaimantIndex index) const {
    Claimant claimant = claimants_[index.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none());
    const std::uint64_t missed = decisions_ - claimant.counted_to;
    claimant.counts[static_cast<std::size_t>(standing(claimant))] += missed;
    return claimant.counts;
}

OFFERKIT_INLINE const Resources& CycleBase::available(AgentIndex agent) const {
    OFFERKIT_ASSERT(agents_.contains(agent));
    return agents_[agent].available;
}

OFFERKIT_INLINE const Resources& CycleBase::allocated(ClaimantIndex claimant) const {
    OFFERKIT_ASSERT(!claimants_[claimant.value].leaf.is_none());
    return claimants_[claimant.value].allocated;
}

OFFERKIT_INLINE void CycleBase::mark_agent(AgentIndex agent) {
    changed_ = true;
    if (agent.value >= agent_is_dirty_.size()) agent_is_dirty_.resize(agent.value + 1);
    if (std::exchange(agent_is_dirty_[agent.value], std::uint8_t{1}) == 0) {
        dirty_agents_.push_back(agent);
    }
}

OFFERKIT_INLINE void CycleBase::mark_claimant(ClaimantIndex index) {
    changed_ = true;
    Claimant& claimant = claimants_[index.value];
    if (!std::exchange(claimant.dirty, true)) dirty_claimants_.push_back(index);
}

OFFERKIT_INLINE void CycleBase::mark_stale(NodeIndex node) {
    if (node_is_stale_.size() < tree_.places()) node_is_stale_.resize(tree_.places());
    for (; !node.is_none(); node = tree_[node].parent) {
        if (std::exchange(node_is_stale_[node.value], std::uint8_t{1}) != 0) continue;
        stale_nodes_.push_back(node);
    }
}

OFFERKIT_INLINE bool CycleBase::wants_anything(const Claimant& claimant) const {
    if (!claimant.demand_stated) return true;
    return std::ranges::any_of(claimant.wanted, [](const Wanted& w) { return w.left > 0; });
}

OFFERKIT_INLINE void CycleBase::refresh_live(Claimant& claimant) {
    const bool live = claimant.active && wants_anything(claimant);
    if (live == claimant.live) return;
    settle_counts(claimant);
    claimant.live = live;
    tree_.add_live(claimant.leaf, live);
    mark_stale(claimant.leaf);
    if (!live) drop_from_order(claimant.leaf);
}

OFFERKIT_INLINE std::optional<NoOfferReason> CycleBase::find_offer(ClaimantIndex index,
                                                                   AgentIndex agent,
                                                                   Resources& offer) {
    const Claimant& claimant = claimants_[index.value];
    const AgentLedger::Entry& entry = agents_[agent];
    const FrameworkCapabilities& can = claimant.capabilities;
    if (!can.gpu_resources && entry.total.amounts()[*slot_of<Gpus>] > 0) {
        return NoOfferReason::capability;
    }
    const bool filtered = filters_.has_any(index);
    if (filtered && filters_.holds({index, agent}, entry.available)) {
        return NoOfferReason::filtered;
    }
    offer = entry.available;
    for (const Bundle& bundle : entry.available.bundles()) {
        if (!detail::is_for(bundle, tree_[claimant.leaf].path, can)) offer.erase_bundle(bundle.id);
    }
    if (offer.is_empty()) return NoOfferReason::reserved;
    if (claimant.demand_stated) {
        const auto fits = [&](const Wanted& w) {
            return w.left > 0 && detail::amounts_of(offer).contains(w.resources.amounts());
        };
        if (std::ranges::none_of(claimant.wanted, fits)) return NoOfferReason::demand_unfit;
    }
    if (filtered && filters_.holds({index, agent}, offer)) return NoOfferReason::filtered;
    return std::nullopt;
}

OFFERKIT_INLINE void CycleBase::book(const Grant& grant) {
    Claimant& claimant = claimants_[grant.claimant.value];
    const Amounts amounts = detail::amounts_of(grant.resources);
    agents_.take(grant.agent, grant.resources);
    tree_.allocate(claimant.leaf, amounts);
    tree_.served(claimant.leaf);
    claimant.allocated.amounts() += amounts;
    ++decisions_;
    ++claimant.counted_to;
    if (!claimant.demand_stated) return;
    Amounts room = amounts;
    for (Wanted& wanted : claimant.wanted) {
        const Amounts& each = wanted.resources.amounts();
        const std::int64_t fits = detail::count_fits(room, each, wanted.left);
        wanted.left -= static_cast<std::uint32_t>(fits);
        for (std::int64_t i = 0; i < fits && !each.is_zero(); ++i) room -= each;
    }
}

OFFERKIT_INLINE void CycleBase::unbook(const Grant& grant) {
    Claimant& claimant = claimants_[grant.claimant.value];
    const Amounts amounts = detail::amounts_of(grant.resources);
    agents_.give(grant.agent, grant.resources);
    tree_.release(claimant.leaf, amounts);
    claimant.allocated.amounts() -= amounts;
    for (Wanted& wanted : claimant.wanted) wanted.left = wanted.count;
    refresh_live(claimant);
    mark_stale(claimant.leaf);
    mark_agent(grant.agent);
}

OFFERKIT_INLINE NoOfferReason CycleBase::standing(const Claimant& claimant) const {
    if (!claimant.active) return claimant.why;
    return claimant.live ? NoOfferReason::share_order : NoOfferReason::no_demand;
}

OFFERKIT_INLINE void CycleBase::settle_counts(Claimant& claimant) {
    claimant.counts[static_cast<std::size_t>(standing(claimant))] +=
        decisions_ - claimant.counted_to;
    claimant.counted_to = decisions_;
}

OFFERKIT_INLINE void CycleBase::count(ClaimantIndex claimant, NoOfferReason reason,
                                      std::uint64_t times) {
    claimants_[claimant.value].counts[static_cast<std::size_t>(reason)] += times;
}

OFFERKIT_INLINE Result<void> CycleBase::validate(const RoleConfig& config) const {
    if (config.weight < 1 || config.weight > limits::weight_max) {
        return Refusal{RefusalCode::invalid, "role " + config.role.path(),
                       "set weight " + std::to_string(config.weight) + " thousandths",
                       "a weight is 0.001 to 1000", "give a weight between 0.001 and 1000"};
    }
    return {};
}

OFFERKIT_INLINE void CycleBase::check_invariants() const {
    tree_.check_invariants();
    agents_.check_invariants();
    filters_.check_invariants();
    Amounts allocated;
    for (const Claimant& claimant : claimants_) {
        if (claimant.leaf.is_none()) continue;
        OFFERKIT_ASSERT(tree_[claimant.leaf].allocated == claimant.allocated.amounts());
        allocated += claimant.allocated.amounts();
    }
    OFFERKIT_ASSERT(tree_[RoleTree::root()].allocated == allocated);
    OFFERKIT_ASSERT(agents_.allocated() == allocated);
}

}  // namespace offerkit
