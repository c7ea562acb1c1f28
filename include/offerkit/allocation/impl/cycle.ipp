// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/cycle.hpp>

namespace offerkit {

template <AllocationPolicy P>
void Cycle<P>::on(const AllocatorEvent& event, Instant now) {
    order_.reserve(tree_.places());
    apply(event, now);
}

template <AllocationPolicy P>
void Cycle<P>::run(Instant now, CycleOutcome& outcome) {
    outcome.grants.clear();
    outcome.faults.clear();
    now_ = now;
    order_.reserve(tree_.places());
    while (const auto expired = filters_.take_expired(now)) mark_agent(expired->agent);
    if (changed_) {
        changed_ = false;
        refresh_order();
        gather_candidates();
        serve_all(outcome);
    }
    outcome.next_wake = changed_ ? now : next_wake();
    reported_wake_ = outcome.next_wake;
}

// A node stands among its siblings if something below it takes part; so its ancestors do too.
template <AllocationPolicy P>
void Cycle<P>::put_in_order(NodeIndex node) {
    while (node != RoleTree::root()) {
        const ClaimantNode& entry = tree_[node];
        order_.put(entry.parent, node, policy_.rank(view(node)), entry.order);
        node = entry.parent;
        if (node == RoleTree::root() || order_.contains(node)) break;
    }
}

template <AllocationPolicy P>
void Cycle<P>::drop_from_order(NodeIndex node) {
    order_.reserve(tree_.places());
    while (node != RoleTree::root()) {
        const NodeIndex parent = tree_[node].parent;
        order_.erase(parent, node);
        node = parent;
        if (!order_.is_empty(node)) break;
    }
}

template <AllocationPolicy P>
void Cycle<P>::refresh_order() {
    if (ranked_totals_ != agents_.totals_version() ||
        ranked_renumberings_ != tree_.renumberings()) {
        ranked_totals_ = agents_.totals_version();
        ranked_renumberings_ = tree_.renumberings();
        tree_.for_each([this](NodeIndex node) {
            order_.rerank(node, [this](NodeIndex child) {
                return typename SiblingOrder<Rank>::Entry{policy_.rank(view(child)),
                                                          tree_[child].order, child};
            });
        });
    }
    for (const NodeIndex node : stale_nodes_) {
        node_is_stale_[node.value] = 0;
        const ClaimantNode& entry = tree_[node];
        if (node == RoleTree::root() || entry.live == 0) continue;
        put_in_order(node);
    }
    stale_nodes_.clear();
}

template <AllocationPolicy P>
void Cycle<P>::gather_candidates() {
    if (!dirty_claimants_.empty()) {
        for (const AgentIndex agent : agents_.offerable()) mark_agent(agent);
        for (const ClaimantIndex claimant : dirty_claimants_) {
            claimants_[claimant.value].dirty = false;
        }
        dirty_claimants_.clear();
    }
    changed_ = false;
    candidates_.clear();
    for (const AgentIndex agent : dirty_agents_) {
        agent_is_dirty_[agent.value] = 0;
        if (!agents_.contains(agent) || !agents_[agent].is_offerable()) continue;
        candidates_.push_back({agents_[agent].id, agent});
    }
    dirty_agents_.clear();
    std::ranges::sort(candidates_, {}, &Candidate::id);
}

template <AllocationPolicy P>
void Cycle<P>::serve_all(CycleOutcome& outcome) {
    for (const Candidate& candidate : candidates_) {
        rejected_.clear();
        if (!serve(RoleTree::root(), candidate.agent, outcome)) continue;
        for (const ClaimantIndex claimant : rejected_) ++claimants_[claimant.value].counted_to;
        if (agents_[candidate.agent].is_offerable()) mark_agent(candidate.agent);
    }
}

template <AllocationPolicy P>
bool Cycle<P>::serve(NodeIndex node, AgentIndex agent, CycleOutcome& outcome) {
    const ClaimantNode& entry = tree_[node];
    if (entry.is_leaf()) return try_grant(node, agent, outcome);
    if (walks_.size() <= entry.depth) walks_.resize(entry.depth + 1);
    walks_[entry.depth].start(order_, node);
    for (;;) {
        const NodeIndex child = walks_[entry.depth].next();
        if (child.is_none()) return false;
        if (serve(child, agent, outcome)) return true;
    }
}

template <AllocationPolicy P>
bool Cycle<P>::try_grant(NodeIndex leaf, AgentIndex agent, CycleOutcome& outcome) {
    const ClaimantIndex claimant = tree_[leaf].claimant;
    Resources offer;
    if (const auto reason = find_offer(claimant, agent, offer)) {
        count(claimant, *reason);
        rejected_.push_back(claimant);
        return false;
    }
    outcome.grants.push_back({claimant, agent, std::move(offer)});
    book(outcome.grants.back());
    for (NodeIndex at = leaf; at != RoleTree::root(); at = tree_[at].parent) {
        order_.put(tree_[at].parent, at, policy_.rank(view(at)), tree_[at].order);
    }
    refresh_live(claimants_[claimant.value]);
    return true;
}

template <AllocationPolicy P>
void Cycle<P>::check_invariants() const {
    CycleBase::check_invariants();
    order_.check_invariants();
}

}  // namespace offerkit
