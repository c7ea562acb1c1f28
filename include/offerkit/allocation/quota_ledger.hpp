// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Limits and guarantees of roles, as data beside the claimant tree. A limit caps what a subtree
/// holds, offers included; a guarantee that is not met yet is held back from everybody else
/// (headroom). Quantities only: whether headroom is in pieces that fit is not promised.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/model/quota.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/kind.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

/// Hardly a task runs without these: who may have no more of one of them is offered nothing.
inline constexpr std::array essential_slots{*slot_of<Cpus>, *slot_of<Mem>};

class QuotaLedger {
public:
    /// Sets or, if there is nothing in it, removes the quota of a role.
    void put(RoleTree& tree, NodeIndex role, const Quota& quota);
    /// The node goes. Pre: it has no claimants.
    void forget(RoleTree& tree, NodeIndex role);
    /// From now on the slot means this kind; empty: none.
    void name_slot(std::uint32_t slot, const std::string& name);

    /// Brings the sums up to date after settings have changed. Complexity: linear in the roles that
    /// have quota, and nothing if none has changed.
    void refresh(RoleTree& tree);
    /// Follows a change of what the leaf holds.
    void follow(const RoleTree& tree, NodeIndex leaf) {
        if (!guarantees_.empty() && !stale_) update(tree, leaf);
    }

    [[nodiscard]] bool is_limited(const ClaimantNode& node) const {
        return node.quota != ClaimantNode::no_quota && records_[node.quota].limited;
    }
    /// True if the limit of this very node leaves nothing of an essential kind.
    [[nodiscard]] bool is_exhausted(const ClaimantNode& node) const;
    /// True if no role has any quota.
    [[nodiscard]] bool is_empty() const { return records_.size() == vacant_.size(); }
    [[nodiscard]] bool has_guarantees() const { return !guarantees_.empty(); }

    /// Cuts the amounts down to what all limits above the leaf leave.
    /// Returns the lowest node whose limit cut, or none.
    NodeIndex cut_to_limits(const RoleTree& tree, NodeIndex leaf, Amounts& amounts) const;

    /// Cuts the amounts so that what remains of `available` still covers all unmet guarantees, but
    /// for those that the grant itself would meet. Returns whether it did. Pre: refreshed.
    bool cut_to_headroom(const RoleTree& tree, NodeIndex leaf, const Amounts& available,
                         Amounts& amounts) const;

    /// Asks whether a role may have this quota. Refuses: `invalid`, `insufficient`.
    [[nodiscard]] Result<void> validate(const RoleTree& tree, const RoleConfig& config,
                                        const Amounts& totals) const;

    /// What must stay available for all guarantees that are not met. Pre: refreshed.
    [[nodiscard]] Amounts required() const;

    void check_invariants(const RoleTree& tree) const;

    /// Calls `f` with everything that it remembers: for snapshots.
    template <class Self, class F>
    static void parts(Self& self, F&& f) {
        f(self.records_, self.vacant_, self.guarantees_, self.names_, self.root_, self.stale_);
    }

private:
    static constexpr std::int64_t unlimited = limits::amount_per_cluster_max;

    struct Record {
        NodeIndex node;  // None: not in use.
        Quota quota;     // As it was given, by names.
        std::array<std::int64_t, limits::slots> limit{};
        Amounts guarantee;
        bool limited = false;

        // Of a node with a guarantee in its subtree: what must be held back for it, and what its
        // children need together.
        bool tracks = false;
        Amounts required;
        Amounts below;
    };

    [[nodiscard]] Record& record_of(RoleTree& tree, NodeIndex node);
    [[nodiscard]] const Record* find(const ClaimantNode& node) const {
        return node.quota == ClaimantNode::no_quota ? nullptr : &records_[node.quota];
    }
    [[nodiscard]] std::optional<std::size_t> find_slot(std::string_view name) const;
    [[nodiscard]] std::string name_of(std::size_t slot) const;
    void resolve(Record& record) const;
    [[nodiscard]] Amounts resolve_guarantee(const Quota& quota) const;
    [[nodiscard]] static Amounts need(const Record& record, const Amounts& allocated);
    void update(const RoleTree& tree, NodeIndex leaf);
    [[nodiscard]] Amounts owed(const RoleTree& tree, NodeIndex role) const;
    [[nodiscard]] Amounts owed_to_children(const RoleTree& tree, NodeIndex role,
                                           std::string_view without) const;
    [[nodiscard]] static Result<void> validate_limits(const RoleConfig& config);
    [[nodiscard]] Result<void> validate_above(const RoleTree& tree, const RoleConfig& config,
                                              Amounts needed, const Amounts& totals) const;

    std::vector<Record> records_;
    std::vector<std::uint32_t> vacant_;
    std::vector<NodeIndex> guarantees_;             // Nodes with one of their own.
    std::array<std::string, limits::slots> names_;  // Of slots that are not built in.
    std::uint32_t root_ = ClaimantNode::no_quota;   // The root's record.
    bool stale_ = false;
};

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/allocation/impl/quota_ledger.ipp>
#endif
