// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Who gets which agent.

#include <offerkit/allocation/cycle.hpp>

namespace offerkit {

template <AllocationPolicy P>
void Cycle<P>::serve_agents() {
    constexpr std::size_t ahead = 4;
    for (std::size_t i = 0; i < candidates_.size(); ++i) {
        const Candidate& candidate = candidates_[i];
        if (i + ahead < candidates_.size()) agents_.prefetch(candidates_[i + ahead].agent);
        rejected_.clear();
        bool granted = candidate.narrow ? serve_narrow(candidate.agent)
                                        : serve(RoleTree::root(), candidate.agent);
        if (!granted && !candidate.narrow && rejected_.size() == rejected_in_turn_max) {
            granted = serve_unfiltered(candidate.agent);
        }
        if (granted) {
            // They were told a better reason than that others went first.
            for (const ClaimantIndex i : rejected_)
                ++claimants_[i.value].counted_to;
        }
        settle_agent();
        if (faulted_) return;
        if (order_.is_empty(RoleTree::root())) return;
    }
}

template <AllocationPolicy P>
bool Cycle<P>::is_at_limit(NodeIndex node) {
    if (!quota_.is_exhausted(tree_[node])) return false;
    parking_.push_back(node);
    return true;
}

template <AllocationPolicy P>
bool Cycle<P>::serve(NodeIndex node, AgentIndex agent) {
    const ClaimantNode& entry = tree_[node];
    if (entry.is_leaf()) return try_grant(node, agent);
    if (is_at_limit(node)) return false;
    // Mostly the first one takes it, and nobody needs to know who would have been next.
    const NodeIndex first = order_.first(node);
    if (first.is_none()) return false;
    if (serve(first, agent)) return true;
    const std::uint32_t depth = entry.depth;
    if (walks_.size() <= depth) walks_.resize(depth + 1);
    walks_[depth].start_after_first(order_, node);
    while (!faulted_ && rejected_.size() < rejected_in_turn_max) {
        const NodeIndex child = walks_[depth].next();
        if (child.is_none()) break;
        if (serve(child, agent)) return true;
    }
    return false;
}

// An agent that many have refused is mostly refused by all. Finding that out needs no order: only
// those without a filter are put into theirs. Who gets the agent is whom the walk would have found;
// but all with a filter are told of it, also those whose turn would not have come.
template <AllocationPolicy P>
bool Cycle<P>::serve_unfiltered(AgentIndex agent) {
    std::ranges::sort(rejected_);
    leaves_.clear();
    filtered_.clear();
    const Resources& available = agents_[agent].available;
    const std::size_t present = static_cast<std::size_t>(std::ranges::count_if(
        claimants_, [](const Claimant& claimant) { return !claimant.leaf.is_none(); }));
    // If all have refused it, nobody has to be asked what.
    const bool by_all = filters_.count_holding(agent, available) == present;
    RefuseFilters::Look look{filters_, agent, available};
    const auto is_rejected = [this](ClaimantIndex i) {
        return std::binary_search(rejected_.begin(), rejected_.begin() + rejected_in_turn_max, i);
    };
    for (std::uint32_t i = 0; i < claimants_.size(); ++i) {
        if (!claimants_[i].live || is_rejected({i})) continue;
        if (may_see(claimants_[i], agent) && (by_all || look.holds({i}))) {
            filtered_.push_back({i});
        } else if (is_in_order(claimants_[i].leaf)) {
            leaves_.push_back(claimants_[i].leaf);
        }
    }
    for (const ClaimantIndex i : filtered_) {
        if (!is_in_order(claimants_[i.value].leaf)) continue;
        count(i, NoOfferReason::filtered);
        rejected_.push_back(i);
    }
    return serve_first_of_leaves(agent);
}

template <AllocationPolicy P>
bool Cycle<P>::serve_narrow(AgentIndex agent) {
    leaves_.clear();
    const auto add = [this](ClaimantIndex index) {
        const Claimant& claimant = claimants_[index.value];
        if (claimant.live && is_in_order(claimant.leaf)) leaves_.push_back(claimant.leaf);
    };
    for (const ClaimantIndex claimant : dirty_claimants_)
        add(claimant);
    const auto pairs =
        std::ranges::equal_range(fresh_pairs_, agent, {}, &RefuseFilters::Key::agent);
    for (const RefuseFilters::Key& pair : pairs) {
        if (!claimants_[pair.claimant.value].dirty) add(pair.claimant);
    }
    return serve_first_of_leaves(agent);
}

// Offers the agent to the leaves in their order, until one takes it.
template <AllocationPolicy P>
bool Cycle<P>::serve_first_of_leaves(AgentIndex agent) {
    std::ranges::sort(leaves_, [this](NodeIndex a, NodeIndex b) { return precedes(a, b); });
    for (const NodeIndex leaf : leaves_) {
        if (faulted_) return false;
        bool at_limit = false;
        for (NodeIndex at = tree_[leaf].parent; !at.is_none() && !at_limit; at = tree_[at].parent) {
            at_limit = is_at_limit(at);
        }
        if (!at_limit && try_grant(leaf, agent)) return true;
    }
    return false;
}

template <AllocationPolicy P>
std::optional<NoOfferReason> Cycle<P>::shape(NodeIndex leaf, AgentIndex agent, Found& found) {
    if constexpr (Traits::has_shape) {
        const Resources& offer = found.whole ? agents_[agent].available : found.part;
        Resources shaped;
        call("shape", [&] { shaped = policy_.shape(view(leaf), view(agent), offer); });
        if (faulted_) return NoOfferReason::policy_fault;
        if (shaped.is_empty()) return NoOfferReason::share_order;
        if (!offer.contains(shaped)) {
            complain("shape gave more of agent " + format_id(agents_[agent].id) +
                     " than is available");
            return NoOfferReason::policy_rejected;
        }
        const ClaimantIndex claimant = tree_[leaf].claimant;
        if (filters_.holds({claimant, agent}, shaped)) return NoOfferReason::filtered;
        found.whole = shaped == agents_[agent].available;
        found.part = std::move(shaped);
    }
    return std::nullopt;
}

template <AllocationPolicy P>
bool Cycle<P>::try_grant(NodeIndex leaf, AgentIndex agent) {
    const ClaimantIndex claimant = tree_[leaf].claimant;
    std::optional<NoOfferReason> reason = find_offer(claimant, agent, found_);
    if constexpr (Traits::has_propose) {
        if (!reason) reason = keep_holds(leaf, agent, found_);
    }
    if (!reason) reason = shape(leaf, agent, found_);
    if (reason) {
        count(claimant, *reason);
        rejected_.push_back(claimant);
        return false;
    }
    Grant& grant = outcome_->grants.emplace_back();
    grant.claimant = claimant;
    grant.agent = agent;
    if (found_.whole) {
        agents_.take_all(agent, grant.resources);
    } else {
        grant.resources = std::move(found_.part);
        partly_granted_.push_back(agent);
    }
    book(grant, found_.whole);
    tell_policy(grant);
    rerank(leaf);
    return true;
}

// Takes out of the order who cannot be served any more. Not during a walk, which that would upset.
template <AllocationPolicy P>
void Cycle<P>::settle_agent() {
    for (const NodeIndex role : parking_)
        park(role);
    parking_.clear();
    for (; held_back_seen_ < held_back_.size(); ++held_back_seen_) {
        Claimant& claimant = claimants_[held_back_[held_back_seen_].value];
        claimant.held_back = true;
        refresh_live(claimant);
    }
    if (!outcome_->grants.empty()) {
        refresh_live(claimants_[outcome_->grants.back().claimant.value]);
    }
}

/// What the lazy range of candidates looks at.
template <AllocationPolicy P>
struct Cycle<P>::PickSource {
    Cycle* cycle;
    NodeIndex leaf;

    static bool find(const void* source, std::size_t& position) {
        const PickSource& self = *static_cast<const PickSource*>(source);
        const auto& all = self.cycle->candidates_;
        for (; position < all.size(); ++position) {
            if (self.cycle->is_candidate(self.leaf, all[position].agent)) return true;
        }
        return false;
    }
    static AgentView look(const void* source, std::size_t position) {
        const PickSource& self = *static_cast<const PickSource*>(source);
        return self.cycle->view(self.cycle->candidates_[position].agent);
    }
};

template <AllocationPolicy P>
bool Cycle<P>::is_candidate(NodeIndex leaf, AgentIndex agent) {
    if (agent_is_served_[agent.value] != 0) return false;
    Found found;
    return !find_offer(tree_[leaf].claimant, agent, found);
}

template <AllocationPolicy P>
void Cycle<P>::serve_claimants() {
    std::uint32_t places = 0;
    for (const Candidate& candidate : candidates_) {
        places = std::max(places, candidate.agent.value + 1);
    }
    agent_is_served_.assign(places, 0);
    std::vector<NodeIndex> done;
    while (!faulted_) {
        const NodeIndex leaf = first_leaf();
        if (leaf.is_none()) break;
        rejected_.clear();
        if (!serve_by_pick(leaf)) {
            done.push_back(leaf);
            drop_from_order(leaf);
        }
        settle_agent();
    }
    for (const NodeIndex leaf : done)
        put_in_order(leaf);
}

template <AllocationPolicy P>
NodeIndex Cycle<P>::first_leaf() {
    NodeIndex at = RoleTree::root();
    while (!tree_[at].is_leaf()) {
        if (is_at_limit(at)) {
            settle_agent();
            at = RoleTree::root();
        }
        if (order_.is_empty(at)) return {};
        at = order_.first(at);
    }
    return at;
}

template <AllocationPolicy P>
bool Cycle<P>::serve_by_pick(NodeIndex leaf) {
    if constexpr (Traits::has_pick) {
        const ClaimantIndex claimant = tree_[leaf].claimant;
        const PickSource source{this, leaf};
        const AgentCandidates range{&source, &PickSource::find, &PickSource::look};
        AgentIndex picked;
        call("pick", [&] { picked = policy_.pick(view(leaf), range); });
        if (faulted_) return false;
        if (picked.is_none()) {
            for (const Candidate& candidate : candidates_) {
                if (agent_is_served_[candidate.agent.value] != 0) continue;
                Found found;
                const auto reason = find_offer(claimant, candidate.agent, found);
                count(claimant, reason ? *reason : NoOfferReason::share_order);
            }
            return false;
        }
        const auto is_picked = [&](const Candidate& c) { return c.agent == picked; };
        if (std::ranges::none_of(candidates_, is_picked) || !is_candidate(leaf, picked)) {
            complain("pick chose an agent that is no candidate");
            count(claimant, NoOfferReason::policy_rejected);
            return false;
        }
        if (!try_grant(leaf, picked)) return false;
        agent_is_served_[picked.value] = 1;
        return true;
    } else {
        static_cast<void>(leaf);
        return false;
    }
}

}  // namespace offerkit
