// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/core/fingerprint.hpp>

#include <algorithm>
#include <limits>
#include <utility>

namespace offerkit {

OFFERKIT_INLINE RoleTree::RoleTree() {
    nodes_.emplace_back();
    nodes_.front().configured = true;
}

OFFERKIT_INLINE NodeIndex RoleTree::find(std::string_view path) const {
    const auto found = roles_.find(path);
    return found == roles_.end() ? NodeIndex{} : found->second;
}

OFFERKIT_INLINE NodeIndex RoleTree::make(const Role& role) {
    if (const NodeIndex known = find(role.path()); !known.is_none()) return known;
    NodeIndex parent = root();
    if (const std::string_view above = role.parent_path(); !above.empty()) {
        const Result<Role> parsed = Role::parse(above);
        OFFERKIT_ASSERT(parsed);
        parent = make(*parsed);
    }
    ClaimantNode node;
    node.path = role.path();
    const NodeIndex index = add_node(parent, std::move(node));
    roles_.emplace(role.path(), index);
    return index;
}

OFFERKIT_INLINE NodeIndex RoleTree::insert(const Role& role, ClaimantIndex claimant,
                                           FrameworkId framework) {
    const NodeIndex parent = make(role);
    ClaimantNode node;
    node.claimant = claimant;
    node.framework = framework;
    node.path = role.path();
    node.arrival = ++arrivals_;
    const NodeIndex leaf = add_node(parent, std::move(node));
    for (NodeIndex at = parent; !at.is_none(); at = nodes_[at.value].parent) {
        if (nodes_[at.value].arrival == 0) nodes_[at.value].arrival = arrivals_;
    }
    return leaf;
}

OFFERKIT_INLINE NodeIndex RoleTree::add_node(NodeIndex parent, ClaimantNode node) {
    node.parent = parent;
    node.depth = nodes_[parent.value].depth + 1;
    Fingerprint identity;
    identity.add(std::string_view(node.path));
    identity.add(node.framework.value());
    node.identity = identity.value();
    NodeIndex index{static_cast<std::uint32_t>(nodes_.size())};
    if (vacant_.empty()) {
        nodes_.push_back(std::move(node));
    } else {
        index = vacant_.back();
        vacant_.pop_back();
        nodes_[index.value] = std::move(node);
    }
    place_in_order(parent, index);
    touch(index);
    return index;
}

OFFERKIT_INLINE void RoleTree::remove_node(NodeIndex node) {
    ClaimantNode& entry = nodes_[node.value];
    OFFERKIT_ASSERT(entry.allocated.is_zero());
    if (entry.is_leaf()) put_demand(node, Amounts{});
    if (!entry.is_leaf()) roles_.erase(entry.path);
    auto& siblings = nodes_[entry.parent.value].children;
    siblings.erase(std::ranges::find(siblings, node));
    touch(entry.parent);
    entry = ClaimantNode{};
    vacant_.push_back(node);
}

OFFERKIT_INLINE bool RoleTree::is_before(NodeIndex a, NodeIndex b) const {
    const ClaimantNode& left = nodes_[a.value];
    const ClaimantNode& right = nodes_[b.value];
    if (left.is_leaf() != right.is_leaf()) return left.is_leaf();
    return left.is_leaf() ? left.framework < right.framework : left.path < right.path;
}

OFFERKIT_INLINE void RoleTree::place_in_order(NodeIndex parent, NodeIndex node) {
    constexpr std::uint64_t gap = std::uint64_t{1} << 32;
    constexpr std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
    auto& siblings = nodes_[parent.value].children;
    const auto at = std::ranges::lower_bound(
        siblings, node, [&](NodeIndex a, NodeIndex b) { return is_before(a, b); });
    const auto place = siblings.insert(at, node);
    const std::uint64_t below = place == siblings.begin() ? 0 : nodes_[(place - 1)->value].order;
    const bool is_last = place + 1 == siblings.end();
    const std::uint64_t above = is_last ? last : nodes_[(place + 1)->value].order;
    const std::uint64_t step = is_last ? std::min(gap, above - below) : (above - below) / 2;
    if (step > 0 && below + step < last) {
        nodes_[node.value].order = below + step;
        return;
    }
    // No room between two neighbours: spread all of them again, in the order that they have.
    ++renumberings_;
    std::uint64_t order = 0;
    for (const NodeIndex sibling : siblings)
        nodes_[sibling.value].order = order += gap;
}

OFFERKIT_INLINE void RoleTree::refresh_arrival(NodeIndex node, std::uint64_t removed) {
    for (NodeIndex at = node; !at.is_none(); at = nodes_[at.value].parent) {
        if (nodes_[at.value].arrival != removed) return;
        std::uint64_t first = 0;
        for (const NodeIndex child : nodes_[at.value].children) {
            const std::uint64_t arrival = nodes_[child.value].arrival;
            if (arrival != 0 && (first == 0 || arrival < first)) first = arrival;
        }
        nodes_[at.value].arrival = first;
    }
}

OFFERKIT_INLINE void RoleTree::touch(NodeIndex node) {
    ++versions_;
    for (NodeIndex at = node; !at.is_none(); at = nodes_[at.value].parent) {
        nodes_[at.value].version = versions_;
    }
}

OFFERKIT_INLINE void RoleTree::put_weight(NodeIndex role, std::int64_t weight) {
    nodes_[role.value].weight = weight;
    touch(role);
}

OFFERKIT_INLINE void RoleTree::allocate(NodeIndex node, const Amounts& amounts) {
    ++versions_;
    for (NodeIndex at = node; !at.is_none(); at = nodes_[at.value].parent) {
        nodes_[at.value].allocated += amounts;
        nodes_[at.value].version = versions_;
    }
}

OFFERKIT_INLINE void RoleTree::release(NodeIndex node, const Amounts& amounts) {
    ++versions_;
    for (NodeIndex at = node; !at.is_none(); at = nodes_[at.value].parent) {
        nodes_[at.value].allocated -= amounts;
        nodes_[at.value].version = versions_;
    }
}

OFFERKIT_INLINE void RoleTree::put_demand(NodeIndex leaf, const Amounts& demand) {
    const Amounts before = nodes_[leaf.value].demand;
    touch(leaf);
    if (before == demand) return;
    for (NodeIndex at = leaf; !at.is_none(); at = nodes_[at.value].parent) {
        nodes_[at.value].demand -= before;
        nodes_[at.value].demand += demand;
    }
}

OFFERKIT_INLINE void RoleTree::add_live(NodeIndex leaf, bool live) {
    touch(leaf);
    for (NodeIndex at = leaf; !at.is_none(); at = nodes_[at.value].parent) {
        OFFERKIT_ASSERT(live || nodes_[at.value].live > 0);
        nodes_[at.value].live += live ? 1U : ~0U;
    }
}

OFFERKIT_INLINE void RoleTree::grant(NodeIndex leaf, const Amounts& amounts) {
    ++servings_;
    ++versions_;
    for (NodeIndex at = leaf; !at.is_none(); at = nodes_[at.value].parent) {
        nodes_[at.value].allocated += amounts;
        nodes_[at.value].last_served = servings_;
        nodes_[at.value].version = versions_;
    }
}

OFFERKIT_INLINE bool RoleTree::precedes(NodeIndex a, NodeIndex b) const {
    while (nodes_[a.value].depth > nodes_[b.value].depth)
        a = nodes_[a.value].parent;
    while (nodes_[b.value].depth > nodes_[a.value].depth)
        b = nodes_[b.value].parent;
    while (nodes_[a.value].parent != nodes_[b.value].parent) {
        a = nodes_[a.value].parent;
        b = nodes_[b.value].parent;
    }
    return nodes_[a.value].order < nodes_[b.value].order;
}

OFFERKIT_INLINE void RoleTree::check_invariants() const {
    for_each([this](NodeIndex index) {
        const ClaimantNode& node = nodes_[index.value];
        if (node.is_leaf()) {
            OFFERKIT_ASSERT(node.children.empty() && node.live <= 1);
            return;
        }
        Amounts allocated;
        Amounts demand;
        std::uint32_t live = 0;
        std::uint64_t order = 0;
        for (const NodeIndex child : node.children) {
            const ClaimantNode& entry = nodes_[child.value];
            OFFERKIT_ASSERT(entry.parent == index && entry.depth == node.depth + 1);
            OFFERKIT_ASSERT(entry.order > order);
            order = entry.order;
            allocated += entry.allocated;
            demand += entry.demand;
            live += entry.live;
        }
        OFFERKIT_ASSERT(allocated == node.allocated && demand == node.demand);
        OFFERKIT_ASSERT(live == node.live);
    });
}

}  // namespace offerkit
