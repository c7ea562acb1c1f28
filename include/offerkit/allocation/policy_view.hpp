// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a policy is shown: those who compete, agents, and the events that it hears. Views are valid
/// during the call that they are handed to, and cannot change anything.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

/// One party that competes, as a policy sees it: a role with all below it, or a framework in a
/// role. Valid during the call that it is handed to. All amounts are in thousandths.
class NodeView {
public:
    NodeView(NodeIndex id, const ClaimantNode& node, const Amounts& totals)
        : id_(id), node_(&node), totals_(&totals) {}
    NodeView(NodeIndex id, const RoleTree& tree, const Amounts& totals)
        : id_(id), node_(&tree[id]), totals_(&totals), tree_(&tree) {}

    /// Names the node while it exists; equal in two runs only if their events are.
    [[nodiscard]] NodeIndex id() const { return id_; }
    /// Made of the role's path and the framework's id alone: what chance should depend on.
    [[nodiscard]] std::uint64_t identity() const { return node_->identity; }
    [[nodiscard]] NodeIndex parent() const { return node_->parent; }
    [[nodiscard]] std::uint32_t depth() const { return node_->depth; }  // The root has 0.
    [[nodiscard]] bool is_leaf() const { return node_->is_leaf(); }
    [[nodiscard]] ClaimantIndex claimant() const { return node_->claimant; }  // None: a role.
    [[nodiscard]] const std::string& role() const { return node_->path; }

    [[nodiscard]] std::int64_t weight() const { return node_->weight; }  // 1 to 10^6 thousandths.

    /// What the subtree holds, offers included; and what the node itself does, which is nothing
    /// for a role.
    [[nodiscard]] const Amounts& allocated() const { return node_->allocated; }
    [[nodiscard]] Amounts own_allocated() const { return is_leaf() ? node_->allocated : Amounts{}; }
    /// What the subtree said that it wants, and the node itself. Zero may also mean: not said.
    [[nodiscard]] const Amounts& demand() const { return node_->demand; }
    [[nodiscard]] Amounts own_demand() const { return is_leaf() ? node_->demand : Amounts{}; }

    /// True if nothing can be offered below: all are suppressed, away, at a limit, or want nothing.
    [[nodiscard]] bool is_blocked() const { return node_->live == 0; }

    /// Sequence numbers, ascending. A role came with its first claimant.
    [[nodiscard]] std::uint64_t arrival() const { return node_->arrival; }
    [[nodiscard]] std::uint64_t last_served() const { return node_->last_served; }  // Zero: never.

    /// What all agents have together, and what all claimants hold.
    [[nodiscard]] const Amounts& totals() const { return *totals_; }
    [[nodiscard]] const Amounts& all_allocated() const {
        return (*tree_)[RoleTree::root()].allocated;
    }

    /// Calls `f` with the view of each child, in stable order. For a rank that depends on more of
    /// the subtree than its sums; what it costs is the policy's to state.
    template <class F>
    void for_each_child(F&& f) const {
        for (const NodeIndex child : node_->children)
            f(NodeView{child, *tree_, *totals_});
    }

    /// Another number whenever anything that a rank may depend on has changed in the subtree: what
    /// was worked out from it may be kept for as long as the number is the same.
    [[nodiscard]] std::uint64_t version() const { return node_->version; }

private:
    NodeIndex id_;
    const ClaimantNode* node_;
    const Amounts* totals_;
    const RoleTree* tree_ = nullptr;
};

/// An agent, as a policy sees it. Valid during the call that it is handed to.
class AgentView {
public:
    AgentView(AgentIndex index, AgentId id, const Resources& total, const Resources& available,
              const Amounts& totals)
        : index_(index), id_(id), total_(&total), available_(&available), totals_(&totals) {}

    [[nodiscard]] AgentIndex index() const { return index_; }
    [[nodiscard]] AgentId id() const { return id_; }
    [[nodiscard]] const Resources& total() const { return *total_; }
    [[nodiscard]] const Resources& available() const { return *available_; }

    /// What all agents have together.
    [[nodiscard]] const Amounts& totals() const { return *totals_; }

private:
    AgentIndex index_;
    AgentId id_;
    const Resources* total_;
    const Resources* available_;
    const Amounts* totals_;
};

/// The agents that `pick` may choose from, in agent order: a lazy range, so that looking at the
/// first few costs a check of those few.
class AgentCandidates {
public:
    /// Finds the first candidate at or after `position`, and says where; false at the end.
    using Find = bool (*)(const void* source, std::size_t& position);
    using Look = AgentView (*)(const void* source, std::size_t position);

    AgentCandidates(const void* source, Find find, Look look)
        : source_(source), find_(find), look_(look) {}

    class Iterator {
    public:
        using value_type = AgentView;
        using difference_type = std::ptrdiff_t;

        Iterator() = default;
        explicit Iterator(const AgentCandidates& of) : of_(&of) {
            more_ = of_->find_(of_->source_, position_);
        }
        [[nodiscard]] AgentView operator*() const { return of_->look_(of_->source_, position_); }
        Iterator& operator++() {
            ++position_;
            more_ = of_->find_(of_->source_, position_);
            return *this;
        }
        void operator++(int) { ++*this; }
        friend bool operator==(const Iterator& at, std::default_sentinel_t) { return !at.more_; }

    private:
        const AgentCandidates* of_ = nullptr;
        std::size_t position_ = 0;
        bool more_ = false;
    };

    [[nodiscard]] Iterator begin() const { return Iterator{*this}; }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

private:
    const void* source_;
    Find find_;
    Look look_;
};

/// The time has come that a policy asked for with `wake_at`.
struct PolicyWake {};

/// What a policy may do while it hears of an event.
class PolicyContext {
public:
    PolicyContext(Instant now, const RoleTree& tree, const Amounts& totals)
        : now_(now), tree_(&tree), totals_(&totals) {}

    [[nodiscard]] Instant now() const { return now_; }

    /// Runs a cycle at that time even if nothing else happens, and lets the policy hear
    /// `PolicyWake`. The earliest wish counts; one that is not in the future does not.
    void wake_at(Instant at) { wake_ = at < wake_ ? at : wake_; }

    /// Has the node ranked again in the next cycle, and all agents looked at once more.
    void invalidate(NodeIndex node) { invalid_.push_back(node); }

    /// Has all nodes ranked again in the next cycle, and all agents looked at once more. For what
    /// changes the rank of nodes that nothing has happened to.
    void invalidate_all() { all_invalid_ = true; }

    /// The root of the tree, from which all nodes can be reached.
    [[nodiscard]] NodeView root() const { return {RoleTree::root(), *tree_, *totals_}; }

    /// The node of a role; none if there is none.
    [[nodiscard]] NodeIndex find(std::string_view role) const { return tree_->find(role); }

    [[nodiscard]] Instant wake() const { return wake_; }
    [[nodiscard]] const std::vector<NodeIndex>& invalid() const { return invalid_; }
    [[nodiscard]] bool is_all_invalid() const { return all_invalid_; }

private:
    Instant now_;
    const RoleTree* tree_;
    const Amounts* totals_;
    bool all_invalid_ = false;
    Instant wake_ = Instant::never();
    std::vector<NodeIndex> invalid_;
};

}  // namespace offerkit
