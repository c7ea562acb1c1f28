// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Calling the policy, and keeping the tree in the order that its ranks give.

#include <offerkit/allocation/cycle.hpp>

namespace offerkit {

template <AllocationPolicy P>
void Cycle<P>::fault(std::string text) {
    faulted_ = true;
    if (outcome_ == nullptr) {
        pending_faults_.push_back(std::move(text));
    } else {
        outcome_->faults.push_back(std::move(text));
    }
}

// A grant that cannot be honoured is dropped, and the rest stands.
template <AllocationPolicy P>
void Cycle<P>::complain(std::string text) {
    constexpr std::size_t faults_max = 16;  // A policy that is wrong is wrong often.
    if (outcome_->faults.size() < faults_max) outcome_->faults.push_back(std::move(text));
}

template <AllocationPolicy P>
template <class F>
void Cycle<P>::call(const char* hook, F&& body) {
    if (faulted_) return;
    if (++hook_calls_ > hook_calls_max_ && outcome_ != nullptr) {
        return fault("hooks were called more than " + std::to_string(hook_calls_max_) +
                     " times in one cycle, last " + hook);
    }
    if constexpr (noexcept(body())) {
        body();
    } else {
        try {
            body();
        } catch (const std::exception& error) {
            fault(std::string(hook) + " failed: " + error.what());
        } catch (...) {
            fault(std::string(hook) + " failed with something that is no std::exception");
        }
    }
}

template <AllocationPolicy P>
std::optional<typename Cycle<P>::Rank> Cycle<P>::rank(NodeIndex node) {
    std::optional<Rank> rank;
    const NodeView shown = view(node);
    call("rank", [&]() noexcept(noexcept(policy_.rank(shown))) { rank = policy_.rank(shown); });
    return rank;
}

template <AllocationPolicy P>
void Cycle<P>::tell_policy(const auto& event) {
    if constexpr (detail::HearsEvent<P, std::remove_cvref_t<decltype(event)>>) {
        PolicyContext context{now_, tree_, agents_.totals()};
        call("on", [&] { policy_.on(event, context); });
        if (context.wake() > now_) policy_wake_ = std::min(policy_wake_, context.wake());
        for (const NodeIndex node : context.invalid()) {
            if (node.value >= tree_.places()) continue;
            mark_stale(node);
            mark_everything();
        }
        if (context.is_all_invalid()) {
            rank_all_ = true;
            mark_everything();
        }
    }
}

// A node stands among its siblings if something below it takes part; so do its ancestors.
template <AllocationPolicy P>
void Cycle<P>::put_in_order(NodeIndex node) {
    while (node != RoleTree::root()) {
        const ClaimantNode& entry = tree_[node];
        if (entry.live == 0 || entry.parked) return;
        if (!entry.is_leaf() && order_.is_empty(node)) return;
        // Whoever was alone until now was not ranked when it was served.
        if (order_.size(entry.parent) == 1 && !order_.contains(node)) {
            put_rank(order_.first(entry.parent));
        }
        const std::optional<Rank> ranked = rank(node);
        if (!ranked) return;
        order_.put(entry.parent, node, *ranked, entry.order);
        node = entry.parent;
        if (node != RoleTree::root() && order_.contains(node)) return;
    }
}

template <AllocationPolicy P>
void Cycle<P>::drop_from_order(NodeIndex node) {
    order_.reserve(tree_.places());
    while (node != RoleTree::root()) {
        const NodeIndex parent = tree_[node].parent;
        order_.erase(parent, node);
        node = parent;
        if (!order_.is_empty(node)) return;
    }
}

template <AllocationPolicy P>
void Cycle<P>::rerank(NodeIndex at) {
    for (; at != RoleTree::root() && !faulted_; at = tree_[at].parent) {
        // The order of one alone is no question.
        if (order_.contains(at) && order_.size(tree_[at].parent) > 1) put_rank(at);
    }
}

template <AllocationPolicy P>
void Cycle<P>::put_rank(NodeIndex node) {
    const ClaimantNode& entry = tree_[node];
    const std::optional<Rank> ranked = rank(node);
    if (ranked) order_.put(entry.parent, node, *ranked, entry.order);
}

template <AllocationPolicy P>
void Cycle<P>::refresh_order() {
    const bool all = std::exchange(rank_all_, false) ||
                     ranked_totals_ != agents_.totals_version() ||
                     ranked_renumberings_ != tree_.renumberings();
    if (std::exchange(order_is_lost_, false)) rebuild_order();
    if (all) {
        ranked_totals_ = agents_.totals_version();
        ranked_renumberings_ = tree_.renumberings();
        tree_.for_each([this](NodeIndex node) {
            order_.rerank(node, [&](const auto& entry) {
                const std::optional<Rank> ranked = rank(entry.node);
                return typename SiblingOrder<Rank>::Entry{ranked ? *ranked : entry.rank,
                                                          tree_[entry.node].order, entry.node};
            });
        });
    }
    for (const NodeIndex node : stale_nodes_) {
        node_is_stale_[node.value] = 0;
        put_in_order(node);
    }
    stale_nodes_.clear();
}

// Ranks depend on the ledgers and on the policy alone, so the order comes out as it was.
template <AllocationPolicy P>
void Cycle<P>::rebuild_order() {
    for (const Claimant& claimant : claimants_) {
        if (!claimant.leaf.is_none()) put_in_order(claimant.leaf);
    }
}

template <AllocationPolicy P>
bool Cycle<P>::is_in_order(NodeIndex leaf) const {
    if (!Traits::has_propose && parked_roles_ == 0) return true;
    for (NodeIndex at = leaf; at != RoleTree::root(); at = tree_[at].parent) {
        if (!order_.contains(at)) return false;
    }
    return true;
}

// Which of two leaves a walk of the whole tree would meet first. Pre: both are in order.
template <AllocationPolicy P>
bool Cycle<P>::precedes(NodeIndex a, NodeIndex b) const {
    while (tree_[a].depth > tree_[b].depth)
        a = tree_[a].parent;
    while (tree_[b].depth > tree_[a].depth)
        b = tree_[b].parent;
    if (a == b) return false;
    while (tree_[a].parent != tree_[b].parent) {
        a = tree_[a].parent;
        b = tree_[b].parent;
    }
    return order_.precedes(tree_[a].parent, a, b);
}

template <AllocationPolicy P>
void Cycle<P>::check_invariants() const {
    CycleBase::check_invariants();
    order_.check_invariants();
    tree_.for_each([this](NodeIndex node) {
        if (node == RoleTree::root() || !order_.contains(node)) return;
        OFFERKIT_ASSERT(tree_[node].live > 0 && !tree_[node].parked);
    });
}

}  // namespace offerkit
