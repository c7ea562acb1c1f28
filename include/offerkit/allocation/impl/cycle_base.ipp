// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/resources/text.hpp>

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

// Leaves at most these amounts beside the bundles.
OFFERKIT_INLINE void cut(Resources& resources, const Amounts& room) {
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const std::int64_t units = std::min(resources.amounts()[slot], room[slot]);
        if (units == resources.amounts()[slot]) continue;
        if (slot == *slot_of<Gpus> && !resources.gpu_cards().empty()) {
            const auto cards = resources.gpu_cards();
            auto chosen = choose_gpu_cards({cards.begin(), cards.end()}, units);
            resources.put_gpu_cards(chosen ? std::move(*chosen) : std::vector<std::int64_t>{});
            continue;
        }
        resources.amounts().set(slot, units);
    }
}

// A part without any of an essential kind that the whole has is of no use to anybody.
OFFERKIT_INLINE bool is_useful(const Resources& part, const Resources& whole) {
    if (part.is_empty()) return false;
    const Amounts left = amounts_of(part);
    const Amounts had = amounts_of(whole);
    return std::ranges::none_of(essential_slots,
                                [&](std::size_t slot) { return had[slot] > 0 && left[slot] == 0; });
}

}  // namespace detail

OFFERKIT_INLINE bool CycleBase::is_dirty(Instant now) const {
    return changed_ || next_wake() <= now || next_wake() < reported_wake_;
}

OFFERKIT_INLINE Instant CycleBase::next_wake() const {
    return std::min(filters_.next(), policy_wake_);
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

// Few leaves are looked at one by one; many are as good as all.
OFFERKIT_INLINE void CycleBase::mark_subtree(NodeIndex node) {
    scratch_leaves_.clear();
    if (collect_leaves(node, scratch_leaves_) > dirty_claimants_max) return mark_everything();
    for (const ClaimantIndex leaf : scratch_leaves_)
        mark_claimant(leaf);
}

OFFERKIT_INLINE std::size_t CycleBase::collect_leaves(NodeIndex node,
                                                      std::vector<ClaimantIndex>& leaves) const {
    const ClaimantNode& entry = tree_[node];
    if (entry.live == 0) return leaves.size();
    if (entry.is_leaf()) leaves.push_back(entry.claimant);
    for (const NodeIndex child : entry.children) {
        if (collect_leaves(child, leaves) > dirty_claimants_max) break;
    }
    return leaves.size();
}

OFFERKIT_INLINE void CycleBase::mark_everything() {
    changed_ = true;
    everything_ = true;
}

OFFERKIT_INLINE bool CycleBase::wants_anything(const Claimant& claimant) {
    if (!claimant.demand_stated) return true;
    return std::ranges::any_of(claimant.wanted, [](const Wanted& w) { return w.left > 0; });
}

OFFERKIT_INLINE void CycleBase::refresh_live(Claimant& claimant) {
    const bool live = claimant.active && !claimant.held_back && wants_anything(claimant);
    if (live == claimant.live) return;
    settle_counts(claimant);
    claimant.live = live;
    tree_.add_live(claimant.leaf, live);
    mark_stale(claimant.leaf);
    if (live) {
        mark_claimant(tree_[claimant.leaf].claimant);
    } else {
        drop_from_order(claimant.leaf);
    }
}

OFFERKIT_INLINE bool CycleBase::has_room_for(const Claimant& claimant,
                                             const Resources& offer) const {
    if (!claimant.demand_stated) return true;
    return std::ranges::any_of(claimant.wanted, [&](const Wanted& wanted) {
        return wanted.left > 0 && offer.contains(wanted.resources);
    });
}

OFFERKIT_INLINE std::optional<NoOfferReason> CycleBase::find_offer(ClaimantIndex index,
                                                                   AgentIndex agent, Found& found) {
    Claimant& claimant = claimants_[index.value];
    const AgentLedger::Entry& entry = agents_[agent];
    if (!may_see(claimant, agent)) {
        return NoOfferReason::capability;
    }
    // A filter that keeps it from all that is available keeps it from any part.
    const bool filtered = filters_.has_any(index);
    if (!filtered && entry.plain && quota_.is_empty() && !claimant.demand_stated) {
        found.whole = true;  // Nothing stands between them.
        return std::nullopt;
    }
    if (filtered && filters_.holds({index, agent}, entry.available)) {
        return NoOfferReason::filtered;
    }
    if (const auto reason = cut_offer(claimant, index, entry.available, entry.plain, found)) {
        return reason;
    }
    const Resources& offer = found.whole ? entry.available : found.part;
    if (!has_room_for(claimant, offer)) return NoOfferReason::demand_unfit;
    if (filtered && !found.whole && filters_.holds({index, agent}, offer)) {
        return NoOfferReason::filtered;
    }
    return std::nullopt;
}

// Takes out what is reserved for others, what limits do not leave, and what must be held back.
OFFERKIT_INLINE std::optional<NoOfferReason> CycleBase::cut_offer(Claimant& claimant,
                                                                  ClaimantIndex index,
                                                                  const Resources& available,
                                                                  bool plain, Found& found) {
    found.whole = true;
    if (quota_.is_empty() && plain) return std::nullopt;
    const NodeIndex leaf = claimant.leaf;
    Amounts room = detail::amounts_of(available);
    const NodeIndex limited = quota_.cut_to_limits(tree_, leaf, room);
    if (!limited.is_none()) tree_[limited].cut = true;
    if (!limited.is_none() || !plain) {
        found.whole = false;
        found.part = available;
        for (const Bundle& bundle : available.bundles()) {
            const bool fits = room.contains(bundle.amounts);
            if (fits && detail::is_for(bundle, tree_[leaf].path, claimant.capabilities)) {
                room -= bundle.amounts;
            } else {
                found.part.erase_bundle(bundle.id);
            }
        }
        detail::cut(found.part, room);
        if (!limited.is_none() && !detail::is_useful(found.part, available)) {
            return NoOfferReason::quota_limit;
        }
        if (found.part.is_empty()) return NoOfferReason::reserved;
    }
    room = found.whole ? available.amounts() : found.part.amounts();
    if (!quota_.cut_to_headroom(tree_, leaf, agents_.available(), room)) return std::nullopt;
    headroom_cut_ = true;
    if (found.whole) found.part = available;
    found.whole = false;
    detail::cut(found.part, room);
    if (detail::is_useful(found.part, available)) return std::nullopt;
    if (found.part.bundles().empty()) held_back_.push_back(index);
    return NoOfferReason::headroom;
}

OFFERKIT_INLINE bool CycleBase::cut_to(AgentIndex agent, const Amounts& room, Found& found) const {
    if (std::exchange(found.whole, false)) found.part = agents_[agent].available;
    detail::cut(found.part, room);
    return detail::is_useful(found.part, agents_[agent].available);
}

OFFERKIT_INLINE void CycleBase::park(NodeIndex role) {
    ClaimantNode& node = tree_[role];
    if (std::exchange(node.parked, true)) return;
    ++parked_roles_;
    node.cut = true;
    node.parked_since = decisions_;
    ++node.parked_decisions;  // So that a limit shows even if nobody else took what was left.
    drop_from_order(role);
}

OFFERKIT_INLINE void CycleBase::unpark_if_possible(NodeIndex role) {
    ClaimantNode& node = tree_[role];
    if (node.parked && !quota_.is_exhausted(node)) {
        node.parked = false;
        --parked_roles_;
        node.parked_decisions += decisions_ - node.parked_since;
        mark_stale(role);
    }
    if (node.cut && !node.parked) {
        node.cut = false;
        mark_subtree(role);
    }
}

OFFERKIT_INLINE void CycleBase::look_at_limits(NodeIndex node) {
    for (; !node.is_none(); node = tree_[node].parent)
        unpark_if_possible(node);
}

// Headroom may be less, or more may be available: who was held back takes part again.
OFFERKIT_INLINE void CycleBase::release_held_back() {
    if (std::exchange(headroom_cut_, false)) everything_ = true;
    for (const ClaimantIndex index : held_back_) {
        Claimant& claimant = claimants_[index.value];
        if (claimant.leaf.is_none()) continue;
        claimant.held_back = false;
        refresh_live(claimant);
    }
    held_back_.clear();
}

OFFERKIT_INLINE void CycleBase::book(const Grant& grant, bool whole) {
    Claimant& claimant = claimants_[grant.claimant.value];
    if (!whole) agents_.take(grant.agent, grant.resources);
    if (agents_[grant.agent].plain) {
        book(claimant, grant.resources.amounts());
    } else {
        book(claimant, detail::amounts_of(grant.resources));
    }
}

OFFERKIT_INLINE void CycleBase::book(Claimant& claimant, const Amounts& amounts) {
    tree_.grant(claimant.leaf, amounts);
    quota_.follow(tree_, claimant.leaf);
    claimant.allocated.amounts() += amounts;
    ++decisions_;
    ++claimant.counted_to;
    if (!claimant.demand_stated) return;
    Amounts room = amounts;
    for (Wanted& wanted : claimant.wanted) {
        const Amounts each = detail::amounts_of(wanted.resources);
        const std::int64_t fits = detail::count_fits(room, each, wanted.left);
        wanted.left -= static_cast<std::uint32_t>(fits);
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            room.set(slot, room[slot] - fits * each[slot]);
        }
    }
}

OFFERKIT_INLINE void CycleBase::unbook(const Grant& grant) {
    Claimant& claimant = claimants_[grant.claimant.value];
    const Amounts amounts = detail::amounts_of(grant.resources);
    agents_.give(grant.agent, grant.resources);
    tree_.release(claimant.leaf, amounts);
    quota_.follow(tree_, claimant.leaf);
    claimant.allocated.amounts() -= amounts;
    for (Wanted& wanted : claimant.wanted)
        wanted.left = wanted.count;
    refresh_live(claimant);
    mark_stale(claimant.leaf);
    mark_agent(grant.agent);
    look_at_limits(claimant.leaf);
}

OFFERKIT_INLINE NoOfferCounts CycleBase::no_offer_counts(ClaimantIndex index) const {
    const Claimant& claimant = claimants_[index.value];
    OFFERKIT_ASSERT(!claimant.leaf.is_none());
    NoOfferCounts counts = claimant.counts;
    count_standing(claimant, counts);
    return counts;
}

OFFERKIT_INLINE std::uint64_t CycleBase::parked_decisions(NodeIndex leaf) const {
    std::uint64_t sum = 0;
    for (NodeIndex at = tree_[leaf].parent; !at.is_none(); at = tree_[at].parent) {
        const ClaimantNode& node = tree_[at];
        sum += node.parked_decisions + (node.parked ? decisions_ - node.parked_since : 0);
    }
    return sum;
}

// Each decision went to somebody. For all others the reason is what stood in their way meanwhile.
OFFERKIT_INLINE void CycleBase::count_standing(const Claimant& claimant,
                                               NoOfferCounts& counts) const {
    const auto add = [&](NoOfferReason reason, std::uint64_t times) {
        counts[static_cast<std::size_t>(reason)] += times;
    };
    const std::uint64_t missed = decisions_ - std::min(decisions_, claimant.counted_to);
    if (!claimant.active) return add(claimant.why, missed);
    if (claimant.held_back) return add(NoOfferReason::headroom, missed);
    if (!claimant.live) return add(NoOfferReason::no_demand, missed);
    const std::uint64_t parked = parked_decisions(claimant.leaf) - claimant.parked_to;
    add(NoOfferReason::quota_limit, parked);
    add(NoOfferReason::share_order, missed - std::min(missed, parked));
}

OFFERKIT_INLINE void CycleBase::settle_counts(Claimant& claimant) {
    count_standing(claimant, claimant.counts);
    claimant.counted_to = decisions_;
    claimant.parked_to = parked_decisions(claimant.leaf);
}

OFFERKIT_INLINE void CycleBase::count(ClaimantIndex claimant, NoOfferReason reason,
                                      std::uint64_t times) {
    claimants_[claimant.value].counts[static_cast<std::size_t>(reason)] += times;
}

// What changed claimants would have been told had there been anything to offer.
OFFERKIT_INLINE void CycleBase::count_idle() {
    for (const ClaimantIndex index : dirty_claimants_) {
        if (!claimants_[index.value].live) continue;
        if (agents_.size() == 0) count(index, NoOfferReason::no_agents);
        std::uint64_t inactive = 0;
        for (std::size_t reason = 0; reason < no_offer_reasons; ++reason) {
            const std::uint32_t agents = agents_.inactive()[reason];
            inactive += agents;
            if (agents > 0) count(index, static_cast<NoOfferReason>(reason), agents);
        }
        const std::uint64_t taken = agents_.size() - inactive - agents_.offerable().size();
        if (taken > 0) count(index, NoOfferReason::nothing_available, taken);
    }
}

OFFERKIT_INLINE Result<void> CycleBase::validate(const RoleConfig& config) const {
    if (config.weight < 1 || config.weight > limits::weight_max) {
        return Refusal{RefusalCode::invalid, "role " + config.role.path(),
                       "set weight to " + format_amount(config.weight), "a weight is 0.001 to 1000",
                       "give a weight in that range"};
    }
    return quota_.validate(tree_, config, agents_.totals());
}

OFFERKIT_INLINE void CycleBase::check_invariants() const {
    tree_.check_invariants();
    agents_.check_invariants();
    std::uint64_t parked = 0;
    tree_.for_each([&](NodeIndex node) {
        OFFERKIT_ASSERT(!tree_[node].parked || quota_.is_exhausted(tree_[node]));
        parked += tree_[node].parked ? 1U : 0U;
    });
    OFFERKIT_ASSERT(parked == parked_roles_);
    filters_.check_invariants();
    quota_.check_invariants(tree_);
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
