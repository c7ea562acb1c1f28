// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The tree of those who compete: role, sub-role, ..., and as leaves one framework in one role.
/// Amounts are kept for every subtree, so that a node's share is read, never summed.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/index.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/resources/amounts.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

/// A place in the claimant tree. Reused after the node has gone.
using NodeIndex = Index<struct NodeIndexTag>;

/// One node of the tree. Plain data: the cycle writes it, policies see it through `NodeView`.
struct alignas(64) ClaimantNode {
    static constexpr std::uint32_t no_quota = 0xffffffff;

    // What every grant looks at comes first, side by side.
    NodeIndex parent;
    ClaimantIndex claimant;  // None: a role.
    std::uint32_t depth = 0;
    std::uint32_t quota = no_quota;  // Its place in the quota ledger.
    std::uint32_t live = 0;          // Leaves of the subtree that take part.
    bool configured = false;         // The operator has set something: kept without claimants.

    /// Taken out of the order because its limit is reached.
    bool parked = false;
    /// Its limit made some offer smaller: when there is room again, all must be looked at anew.
    bool cut = false;

    std::int64_t weight = 1000;  // Thousandths.

    /// Settles ties between siblings: leaves first, by framework; then sub-roles, by path. Only
    /// comparisons mean anything, so that no insertion renumbers all siblings.
    std::uint64_t order = 0;
    std::uint64_t last_served = 0;  // When it was last granted something, in a sequence.
    std::uint64_t version = 0;      // Of all in the subtree that a rank may depend on.
    Amounts allocated;              // Of the whole subtree, offers included.

    Amounts demand;                   // Of the whole subtree, as far as stated.
    std::vector<NodeIndex> children;  // In stable order.
    FrameworkId framework;            // Of a leaf.
    std::string path;                 // Of the role; a leaf has its role's. Empty: the root.
    std::uint64_t identity = 0;       // A fingerprint of path and framework: the same in every run.
    std::uint64_t arrival = 0;        // When its first claimant came, in a sequence. Zero: none.

    /// Since which decision it is parked, and how many decisions it has missed so before.
    std::uint64_t parked_since = 0;
    std::uint64_t parked_decisions = 0;

    [[nodiscard]] bool is_leaf() const { return !claimant.is_none(); }
};

class RoleTree {
public:
    RoleTree();

    [[nodiscard]] static constexpr NodeIndex root() { return {0}; }
    [[nodiscard]] const ClaimantNode& operator[](NodeIndex node) const {
        return nodes_[node.value];
    }
    [[nodiscard]] ClaimantNode& operator[](NodeIndex node) { return nodes_[node.value]; }

    /// One past the highest place ever used.
    [[nodiscard]] std::size_t places() const { return nodes_.size(); }

    /// The node of a role; none if it has neither claimants nor settings.
    [[nodiscard]] NodeIndex find(std::string_view path) const;

    /// The node of a role, made with all its ancestors if need be. Complexity: logarithmic in the
    /// number of roles, plus moving the siblings' list of indexes.
    NodeIndex make(const Role& role);

    /// Adds a leaf. Pre: this framework has none in this role.
    NodeIndex insert(const Role& role, ClaimantIndex claimant, FrameworkId framework);

    /// Removes a leaf and the roles that are then of no use, or a role that has lost its settings.
    /// Calls `forget(node)` for each role that goes. Pre: nothing is allocated to it.
    template <class F>
    void erase(NodeIndex node, F&& forget);

    /// Adds to, or takes from, a node and all its ancestors. `grant` also notes that it was served.
    void allocate(NodeIndex node, const Amounts& amounts);
    void grant(NodeIndex leaf, const Amounts& amounts);
    void release(NodeIndex node, const Amounts& amounts);
    void put_demand(NodeIndex leaf, const Amounts& demand);
    void add_live(NodeIndex leaf, bool live);
    void put_weight(NodeIndex role, std::int64_t weight);

    /// How often siblings got new values of `order`: whoever copied some copies them again.
    [[nodiscard]] std::uint64_t renumberings() const { return renumberings_; }

    /// True if `a` precedes `b` in a walk of the tree in stable order; both are leaves.
    [[nodiscard]] bool precedes(NodeIndex a, NodeIndex b) const;

    /// Calls `f(node)` for every node, parents first, siblings in stable order.
    template <class F>
    void for_each(F&& f) const {
        visit(root(), f);
    }

    /// Aborts unless every inner node's sums are those of its children.
    void check_invariants() const;

    /// Calls `f` with everything that it remembers: for snapshots.
    template <class Self, class F>
    static void parts(Self& self, F&& f) {
        f(self.nodes_, self.vacant_, self.roles_, self.arrivals_, self.servings_,
          self.renumberings_, self.versions_);
    }

private:
    NodeIndex add_node(NodeIndex parent, ClaimantNode node);
    void remove_node(NodeIndex node);
    void place_in_order(NodeIndex parent, NodeIndex node);
    [[nodiscard]] bool is_before(NodeIndex a, NodeIndex b) const;
    // The node and all its ancestors have changed.
    void touch(NodeIndex node);
    void refresh_arrival(NodeIndex node, std::uint64_t removed);

    template <class F>
    void visit(NodeIndex node, F& f) const {
        f(node);
        for (const NodeIndex child : nodes_[node.value].children)
            visit(child, f);
    }

    std::vector<ClaimantNode> nodes_;
    std::vector<NodeIndex> vacant_;
    std::map<std::string, NodeIndex, std::less<>> roles_;
    std::uint64_t arrivals_ = 0;
    std::uint64_t servings_ = 0;
    std::uint64_t renumberings_ = 0;
    std::uint64_t versions_ = 0;
};

template <class F>
void RoleTree::erase(NodeIndex node, F&& forget) {
    const std::uint64_t arrival = nodes_[node.value].arrival;
    while (node != root()) {
        const ClaimantNode& entry = nodes_[node.value];
        if (!entry.is_leaf() && (entry.configured || !entry.children.empty())) break;
        const NodeIndex parent = entry.parent;
        if (!entry.is_leaf()) forget(node);
        remove_node(node);
        node = parent;
    }
    refresh_arrival(node, arrival);
}

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/allocation/impl/role_tree.ipp>
#endif
