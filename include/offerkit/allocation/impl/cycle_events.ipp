// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What each event changes in the ledgers, and what the next cycle has to look at because of it.

#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace offerkit {

namespace detail {

/// Everything that a demand asks for. Amounts that no cluster has are cut, so that the sums of many
/// demands cannot wrap.
OFFERKIT_INLINE Amounts sum_demand(const std::vector<DemandShape>& shapes) {
    constexpr std::int64_t most = std::int64_t{1} << 40;
    Amounts sum;
    for (const DemandShape& shape : shapes) {
        const Amounts amounts = amounts_of(shape.resources);
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            const int128 units = sum[slot] + int128{amounts[slot]} * shape.count;
            sum.set(slot, static_cast<std::int64_t>(std::min<int128>(units, most)));
        }
    }
    return sum;
}

}  // namespace detail

OFFERKIT_INLINE void CycleBase::apply(const AllocatorEvent& event, Instant now) {
    now_ = now;
    std::visit([this](const auto& e) { hear(e); }, event);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::AgentPut& e) {
    agents_.put(e.agent, e.id, e.total);
    mark_agent(e.agent);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::AgentActive& e) {
    OFFERKIT_ASSERT(agents_.contains(e.agent));
    agents_.put_active(e.agent, e.active, e.why);
    mark_agent(e.agent);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::AgentGone& e) {
    OFFERKIT_ASSERT(agents_.contains(e.agent));
    agents_.erase(e.agent);
    filters_.erase(e.agent);
    changed_ = true;
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::ClaimantPut& e) {
    if (e.claimant.value >= claimants_.size()) claimants_.resize(e.claimant.value + 1);
    Claimant& claimant = claimants_[e.claimant.value];
    if (claimant.leaf.is_none()) {
        claimant.leaf = tree_.insert(e.role, e.claimant, e.framework);
        claimant.counted_to = decisions_;
        claimant.parked_to = parked_decisions(claimant.leaf);
        claimant.active = true;
    }
    claimant.capabilities = e.info.capabilities;
    refresh_live(claimant);
    mark_claimant(e.claimant);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::ClaimantActive& e) {
    Claimant& claimant = claimants_[e.claimant.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none());
    settle_counts(claimant);
    const bool was_active = claimant.active;
    claimant.active = e.active;
    claimant.why = e.why;
    refresh_live(claimant);
    if (e.active && !was_active) mark_claimant(e.claimant);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::ClaimantGone& e) {
    Claimant& claimant = claimants_[e.claimant.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none() && claimant.allocated.is_empty());
    claimant.active = false;
    refresh_live(claimant);
    filters_.erase(e.claimant);
    if (claimant.dirty) std::erase(dirty_claimants_, e.claimant);
    drop_from_order(claimant.leaf);
    tree_.erase(claimant.leaf, [this](NodeIndex role) { forget_role(role); });
    claimant = Claimant{};
    changed_ = true;
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::Occupied& e) {
    Claimant& claimant = claimants_[e.claimant.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none() && agents_.contains(e.agent));
    const Amounts amounts = detail::amounts_of(e.resources);
    agents_.occupy(e.agent, e.resources);
    tree_.allocate(claimant.leaf, amounts);
    quota_.follow(tree_, claimant.leaf);
    claimant.allocated.amounts() += amounts;
    mark_stale(claimant.leaf);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::Recovered& e) {
    Claimant& claimant = claimants_[e.claimant.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none() && agents_.contains(e.agent));
    const Amounts amounts = detail::amounts_of(e.resources);
    agents_.give(e.agent, e.resources);
    tree_.release(claimant.leaf, amounts);
    quota_.follow(tree_, claimant.leaf);
    claimant.allocated.amounts() -= amounts;
    mark_stale(claimant.leaf);
    mark_agent(e.agent);
    look_at_limits(claimant.leaf);
    if (claimant.demand_stated) {
        // It may have declined, and still want as much: it restates its demand once it launches.
        for (Wanted& wanted : claimant.wanted)
            wanted.left = wanted.count;
        refresh_live(claimant);
    }
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::Refused& e) {
    OFFERKIT_ASSERT(!claimants_[e.claimant.value].leaf.is_none());
    if (!agents_.contains(e.agent)) return;
    filters_.put({e.claimant, e.agent}, e.refused, e.until, now_);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::Revived& e) {
    filters_.erase(e.claimant);
    mark_claimant(e.claimant);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::DemandPut& e) {
    Claimant& claimant = claimants_[e.claimant.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none());
    settle_counts(claimant);
    claimant.demand_stated = e.stated;
    claimant.wanted.clear();
    for (const DemandShape& shape : e.shapes) {
        if (shape.count == 0) continue;
        claimant.wanted.push_back(
            {shape.resources, shape.count, shape.count, shape.gang, shape.run_time_estimate});
    }
    tree_.put_demand(claimant.leaf, detail::sum_demand(e.shapes));
    mark_stale(claimant.leaf);
    refresh_live(claimant);
    mark_claimant(e.claimant);
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::RolePut& e) {
    const NodeIndex node = tree_.make(e.config.role);
    tree_.put_weight(node, e.config.weight);
    tree_[node].configured = e.config != RoleConfig{e.config.role, 1000, {}};
    quota_.put(tree_, node, e.config.quota);
    mark_stale(node);
    mark_everything();
    look_at_limits(node);
    if (!tree_[node].configured && tree_[node].children.empty()) {
        tree_.erase(node, [this](NodeIndex role) { forget_role(role); });
    }
}

OFFERKIT_INLINE void CycleBase::hear(const allocator_event::KindPut& e) {
    quota_.name_slot(e.slot, e.name);
    mark_everything();
    tree_.for_each([this](NodeIndex node) { unpark_if_possible(node); });
}

OFFERKIT_INLINE void CycleBase::forget_role(NodeIndex role) {
    drop_from_order(role);
    if (tree_[role].parked) --parked_roles_;
    quota_.forget(tree_, role);
}

}  // namespace offerkit
