// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/quota_ledger.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <utility>

namespace offerkit {

OFFERKIT_INLINE void QuotaLedger::put(RoleTree& tree, NodeIndex role, const Quota& quota) {
    if (quota == Quota{} && tree[role].quota == ClaimantNode::no_quota) return;
    Record& record = record_of(tree, role);
    record.quota = quota;
    resolve(record);
    std::erase(guarantees_, role);
    if (!quota.guarantee.is_empty()) guarantees_.push_back(role);
    stale_ = true;
}

OFFERKIT_INLINE void QuotaLedger::forget(RoleTree& tree, NodeIndex role) {
    const std::uint32_t index = std::exchange(tree[role].quota, ClaimantNode::no_quota);
    if (index == ClaimantNode::no_quota) return;
    if (std::erase(guarantees_, role) > 0 || records_[index].tracks) stale_ = true;
    records_[index] = Record{};
    vacant_.push_back(index);
}

OFFERKIT_INLINE QuotaLedger::Record& QuotaLedger::record_of(RoleTree& tree, NodeIndex node) {
    std::uint32_t& index = tree[node].quota;
    if (index == ClaimantNode::no_quota) {
        if (vacant_.empty()) {
            index = static_cast<std::uint32_t>(records_.size());
            records_.emplace_back();
        } else {
            index = vacant_.back();
            vacant_.pop_back();
        }
        records_[index].node = node;
        records_[index].limit.fill(unlimited);
    }
    return records_[index];
}

OFFERKIT_INLINE void QuotaLedger::name_slot(std::uint32_t slot, const std::string& name) {
    OFFERKIT_ASSERT(slot < limits::slots && slot >= builtin_scalar_count);
    names_[slot] = name;
    for (Record& record : records_) {
        if (!record.node.is_none()) resolve(record);
    }
    stale_ = true;
}

OFFERKIT_INLINE std::optional<std::size_t> QuotaLedger::find_slot(std::string_view name) const {
    if (const auto builtin = find_builtin(name)) return builtin;
    const auto found = std::ranges::find(names_, name);
    if (name.empty() || found == names_.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names_.begin());
}

OFFERKIT_INLINE std::string QuotaLedger::name_of(std::size_t slot) const {
    return slot < builtin_scalar_count ? std::string(builtin_names[slot]) : names_[slot];
}

// Kinds without a slot are had by no agent: there is nothing of them to limit or to hold back.
OFFERKIT_INLINE void QuotaLedger::resolve(Record& record) const {
    record.limit.fill(unlimited);
    record.limited = !record.quota.limits.empty();
    for (const auto& [name, units] : record.quota.limits) {
        if (const auto slot = find_slot(name)) record.limit[*slot] = units;
    }
    record.guarantee = resolve_guarantee(record.quota);
}

OFFERKIT_INLINE Amounts QuotaLedger::resolve_guarantee(const Quota& quota) const {
    Amounts guarantee = quota.guarantee.amounts();
    for (const NamedAmount& named : quota.guarantee.named()) {
        if (const auto slot = find_slot(named.name)) guarantee.set(*slot, named.units);
    }
    return guarantee;
}

// What has to be held back for a node: what it lacks itself, or what its children do, whichever is
// more, because what a child is given also counts for its parent.
OFFERKIT_INLINE Amounts QuotaLedger::need(const Record& record, const Amounts& allocated) {
    Amounts need;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const std::int64_t lacks = record.guarantee[slot] - allocated[slot];
        need.set(slot, std::min(std::max(lacks, record.below[slot]), unlimited));
    }
    return need;
}

OFFERKIT_INLINE void QuotaLedger::refresh(RoleTree& tree) {
    if (!std::exchange(stale_, false)) return;
    for (Record& record : records_) {
        record.tracks = false;
        record.required = record.below = Amounts{};
    }
    std::vector<NodeIndex> tracked;
    for (const NodeIndex role : guarantees_) {
        for (NodeIndex at = role; !at.is_none(); at = tree[at].parent) {
            Record& record = record_of(tree, at);
            if (std::exchange(record.tracks, true)) break;
            tracked.push_back(at);
        }
    }
    root_ = tree[RoleTree::root()].quota;
    std::ranges::sort(tracked, [&](NodeIndex a, NodeIndex b) {
        return std::pair{tree[b].depth, b} < std::pair{tree[a].depth, a};
    });
    for (const NodeIndex node : tracked) {
        Record& record = record_of(tree, node);
        record.required = need(record, tree[node].allocated);
        if (node == RoleTree::root()) break;
        record_of(tree, tree[node].parent).below += record.required;
    }
}

OFFERKIT_INLINE void QuotaLedger::update(const RoleTree& tree, NodeIndex leaf) {
    for (NodeIndex at = tree[leaf].parent; !at.is_none(); at = tree[at].parent) {
        const std::uint32_t index = tree[at].quota;
        if (index == ClaimantNode::no_quota || !records_[index].tracks) continue;
        Record& record = records_[index];
        const Amounts now = need(record, tree[at].allocated);
        if (now == record.required) continue;
        if (at != RoleTree::root()) {
            Record& above = records_[tree[tree[at].parent].quota];
            above.below -= record.required;
            above.below += now;
        }
        record.required = now;
    }
}

OFFERKIT_INLINE Amounts QuotaLedger::required() const {
    return root_ == ClaimantNode::no_quota ? Amounts{} : records_[root_].required;
}

OFFERKIT_INLINE bool QuotaLedger::is_exhausted(const ClaimantNode& node) const {
    const Record* const record = find(node);
    if (record == nullptr || !record->limited) return false;
    return std::ranges::any_of(essential_slots, [&](std::size_t slot) {
        return record->limit[slot] <= node.allocated[slot];
    });
}

OFFERKIT_INLINE NodeIndex QuotaLedger::cut_to_limits(const RoleTree& tree, NodeIndex leaf,
                                                     Amounts& amounts) const {
    NodeIndex cut;
    for (NodeIndex at = tree[leaf].parent; !at.is_none(); at = tree[at].parent) {
        const Record* const record = find(tree[at]);
        if (record == nullptr || !record->limited) continue;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            const std::int64_t room =
                std::max<std::int64_t>(record->limit[slot] - tree[at].allocated[slot], 0);
            if (record->limit[slot] == unlimited || amounts[slot] <= room) continue;
            amounts.set(slot, room);
            if (cut.is_none()) cut = at;
        }
    }
    return cut;
}

OFFERKIT_INLINE bool QuotaLedger::cut_to_headroom(const RoleTree& tree, NodeIndex leaf,
                                                  const Amounts& available,
                                                  Amounts& amounts) const {
    if (guarantees_.empty()) return false;
    const Amounts& required = records_[root_].required;
    bool cut = false;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (amounts[slot] == 0 || amounts[slot] + required[slot] <= available[slot]) continue;
        // How much of what is held back the leaf itself is entitled to: a grant up to that lowers
        // the requirement by as much.
        std::int64_t own = 0;
        for (NodeIndex at = tree[leaf].parent; !at.is_none(); at = tree[at].parent) {
            const Record* const record = find(tree[at]);
            if (record == nullptr || !record->tracks) continue;
            const std::int64_t here = record->required[slot];
            own = std::min(here, here - record->below[slot] + own);
        }
        const std::int64_t spare = std::max<std::int64_t>(available[slot] - required[slot], 0);
        if (amounts[slot] <= spare + own) continue;
        amounts.set(slot, spare + own);
        cut = true;
    }
    return cut;
}

// What must be guaranteed to a role: its own, or what its sub-roles need, whichever is more.
OFFERKIT_INLINE Amounts QuotaLedger::owed(const RoleTree& tree, NodeIndex role) const {
    Amounts most = owed_to_children(tree, role, {});
    const Record* const record = find(tree[role]);
    for (std::size_t slot = 0; record != nullptr && slot < limits::slots; ++slot) {
        most.set(slot, std::min(std::max(most[slot], record->guarantee[slot]), unlimited));
    }
    return most;
}

OFFERKIT_INLINE Amounts QuotaLedger::owed_to_children(const RoleTree& tree, NodeIndex role,
                                                      std::string_view without) const {
    Amounts sum;
    if (role.is_none()) return sum;
    for (const NodeIndex child : tree[role].children) {
        if (!tree[child].is_leaf() && tree[child].path != without) sum += owed(tree, child);
    }
    return sum;
}

OFFERKIT_INLINE Result<void> QuotaLedger::validate_limits(const RoleConfig& config) {
    const auto& all = config.quota.limits;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& [name, units] = all[i];
        const auto refuse = [&](std::string why, std::string todo) {
            return Refusal{RefusalCode::invalid, "role " + config.role.path(), "limit " + name,
                           std::move(why), std::move(todo)};
        };
        if (units < 0 || units > unlimited) {
            return refuse("a limit is 0 to 2^53 thousandths",
                          "give a limit in that range, or none");
        }
        if (i > 0 && all[i - 1].first >= name) {
            return refuse("limits are not sorted by name, or one is given twice",
                          "name each kind once, in order");
        }
    }
    return {};
}

OFFERKIT_INLINE Result<void> QuotaLedger::validate(const RoleTree& tree, const RoleConfig& config,
                                                   const Amounts& totals) const {
    if (Result<void> valid = validate_limits(config); !valid) return valid;
    Record wanted;
    wanted.quota = config.quota;
    resolve(wanted);
    const auto refuse = [&](RefusalCode code, std::size_t slot, std::string why, std::string todo) {
        return Refusal{code, "role " + config.role.path(),
                       "guarantee " + name_of(slot) + ":" + format_amount(wanted.guarantee[slot]),
                       std::move(why), std::move(todo)};
    };
    for (const NamedAmount& named : config.quota.guarantee.named()) {
        if (find_slot(named.name)) continue;
        return Refusal{RefusalCode::insufficient, "role " + config.role.path(),
                       "guarantee " + named.name + ":" + format_amount(named.units),
                       "no agent has any " + named.name, "add agents first, or leave it out"};
    }
    const NodeIndex node = tree.find(config.role.path());
    Amounts needed = owed_to_children(tree, node, {});
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        needed.set(slot, std::min(std::max(needed[slot], wanted.guarantee[slot]), unlimited));
        if (needed[slot] <= wanted.limit[slot]) continue;
        return refuse(RefusalCode::invalid, slot,
                      "the limit " + name_of(slot) + ":" + format_amount(wanted.limit[slot]) +
                          " is below the " + format_amount(needed[slot]) +
                          " guaranteed to it and its sub-roles",
                      "raise the limit or guarantee less");
    }
    return validate_above(tree, config, needed, totals);
}

// Climbs from the role to the root: at each level its need joins that of its siblings.
OFFERKIT_INLINE Result<void> QuotaLedger::validate_above(const RoleTree& tree,
                                                         const RoleConfig& config, Amounts needed,
                                                         const Amounts& totals) const {
    const Amounts own = resolve_guarantee(config.quota);
    std::string_view path = config.role.path();
    const auto refuse = [&](RefusalCode code, std::size_t slot, std::string why) {
        return Refusal{code, "role " + config.role.path(),
                       "guarantee " + name_of(slot) + ":" + format_amount(own[slot]),
                       std::move(why), "guarantee less, raise that limit, or add agents"};
    };
    for (;;) {
        const std::size_t slash = path.rfind('/');
        const bool is_top = slash == std::string_view::npos;
        const std::string_view above = is_top ? std::string_view{} : path.substr(0, slash);
        const NodeIndex parent = is_top ? RoleTree::root() : tree.find(above);
        const Record* const record = parent.is_none() ? nullptr : find(tree[parent]);
        needed += owed_to_children(tree, parent, path);
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            if (is_top && own[slot] > 0 && needed[slot] > totals[slot]) {
                return refuse(RefusalCode::insufficient, slot,
                              "all guarantees would be " + format_amount(needed[slot]) +
                                  ", and the cluster has " + format_amount(totals[slot]));
            }
            if (is_top || record == nullptr) continue;
            if (own[slot] > 0 && needed[slot] > record->limit[slot]) {
                return refuse(RefusalCode::invalid, slot,
                              "role " + std::string(above) + " is limited to " +
                                  format_amount(record->limit[slot]));
            }
            needed.set(slot, std::min(std::max(needed[slot], record->guarantee[slot]), unlimited));
        }
        if (is_top) return {};
        path = above;
    }
}

OFFERKIT_INLINE void QuotaLedger::check_invariants(const RoleTree& tree) const {
    if (stale_) return;
    for (const Record& record : records_) {
        if (record.node.is_none() || !record.tracks) continue;
        Amounts below;
        for (const NodeIndex child : tree[record.node].children) {
            const Record* const entry = find(tree[child]);
            if (entry != nullptr && entry->tracks) below += entry->required;
        }
        OFFERKIT_ASSERT(below == record.below);
        OFFERKIT_ASSERT(need(record, tree[record.node].allocated) == record.required);
    }
}

}  // namespace offerkit
