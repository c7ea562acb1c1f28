// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Hierarchical dominant resource fairness (Bhattacharya et al., SoCC 2013, section 4): a role's
/// share is that of its children together, with two corrections. Children that can be served are
/// first scaled down to the least share among them, so that one who holds much does not keep its
/// siblings from being served; children that are blocked count as they are. And kinds of which
/// nothing is left do not count, so that a child that holds all of one kind does not keep its
/// siblings from another.
///
/// Blocked is who wants nothing or wants a kind of which nothing is left. A claimant that has not
/// stated its demand wants more of what it holds.
///
/// Cost: per change, one pass over the kinds for each sibling at each level; and all nodes when a
/// kind runs out or comes back.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace offerkit {

class HierarchicalDrf {
public:
    static constexpr auto name = "hdrf";

    [[nodiscard]] std::int64_t rank(const NodeView& node) { return measure(node).share; }

    /// Whatever happens may be the last or the first of a kind.
    void on(const auto& /*event*/, PolicyContext& context) {
        const Kinds now = exhausted(context.root());
        if (now == exhausted_) return;
        exhausted_ = now;
        context.invalidate_all();
    }

    /// All else follows from the ledgers.
    void save(Bytes& out) const { put_number(exhausted_, out); }
    void load(ByteReader& in) {
        exhausted_ = static_cast<Kinds>(in.number_below(1U << limits::slots));
    }

private:
    using Kinds = std::uint32_t;  // One bit for each slot.

    struct Measure {
        std::uint64_t version = 0;  // Of the node, when it was measured; none has zero.
        Kinds exhausted = 0;
        bool blocked = false;
        std::int64_t share = 0;
        Amounts amounts;  // What of it counts for its parent.
    };

    [[nodiscard]] static Kinds exhausted(const NodeView& root) {
        Kinds kinds = 0;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            const std::int64_t total = root.totals()[slot];
            if (total > 0 && root.allocated()[slot] >= total) kinds |= Kinds{1} << slot;
        }
        return kinds;
    }

    const Measure& measure(const NodeView& node) {
        const std::size_t place = node.id().value;
        if (measures_.size() <= place) measures_.resize(place + 1);
        const Measure& known = measures_[place];
        if (known.version == node.version() && known.exhausted == exhausted_ &&
            totals_ == node.totals()) {
            return known;
        }
        if (totals_ != node.totals()) {
            totals_ = node.totals();
            std::ranges::fill(measures_, Measure{});
        }
        Measure measured = node.is_leaf() ? measure_leaf(node) : measure_role(node);
        measured.version = node.version();
        measured.exhausted = exhausted_;
        return measures_[place] = measured;
    }

    [[nodiscard]] Measure measure_leaf(const NodeView& node) const {
        Measure measured;
        measured.amounts = node.allocated();
        measured.share = fixed_dominant_share(measured.amounts, node.totals(), node.weight());
        const Amounts& wanted = node.demand().is_zero() ? node.allocated() : node.demand();
        Kinds kinds = 0;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            if (wanted[slot] > 0) kinds |= Kinds{1} << slot;
        }
        measured.blocked = node.is_blocked() || (kinds & exhausted_) != 0;
        return measured;
    }

    [[nodiscard]] Measure measure_role(const NodeView& node) {
        Measure measured;
        measured.blocked = true;
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        node.for_each_child([&](const NodeView& child) {
            const Measure& of_child = measure(child);
            if (of_child.blocked) return;
            measured.blocked = false;
            least = std::min(least, of_child.share);
        });
        node.for_each_child([&](const NodeView& child) {
            const Measure& of_child = measure(child);
            const bool scales = !of_child.blocked && of_child.share > least;
            for (std::size_t slot = 0; slot < limits::slots; ++slot) {
                const int128 units = of_child.amounts[slot];
                const int128 counted = scales ? units * least / of_child.share : units;
                measured.amounts.set(slot,
                                     measured.amounts[slot] + static_cast<std::int64_t>(counted));
            }
        });
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            if ((exhausted_ >> slot & 1U) != 0) continue;
            measured.share =
                std::max(measured.share,
                         fixed_share(measured.amounts[slot], node.totals()[slot], node.weight()));
        }
        return measured;
    }

    Kinds exhausted_ = 0;
    Amounts totals_;                 // With which all were measured.
    std::vector<Measure> measures_;  // By node.
};
static_assert(AllocationPolicy<HierarchicalDrf>);

}  // namespace offerkit
