// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A policy that first works out who should have how much, and then serves whoever is furthest from
/// it. What should be is the answer of a solver: for each claimant what one of its tasks takes, as
/// parts of the largest of them, goes in, and the share of the cluster that it should have of that
/// largest kind comes out, all in units of 2^-32.
///
/// Cost: the solver's, whenever a demand or the cluster changes; then a step for each sibling.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/stated_shapes.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace examples {

using offerkit::fixed_one;
using offerkit::int128;

/// Of each kind, what goes with one unit of the kind of which there is most.
using Proportions = std::array<std::int64_t, offerkit::limits::slots>;

[[nodiscard]] constexpr std::int64_t times(std::int64_t a, std::int64_t b) {
    return static_cast<std::int64_t>(int128{a} * b / fixed_one);
}
[[nodiscard]] constexpr std::int64_t divided(std::int64_t a, std::int64_t b) {
    constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max() / 4;
    return b == 0 ? most
                  : static_cast<std::int64_t>(std::min<int128>(int128{a} * fixed_one / b, most));
}

template <auto Solve>
class TargetShares {
public:
    [[nodiscard]] std::int64_t rank(const offerkit::NodeView& node) {
        const std::int64_t held = offerkit::fixed_dominant_share(node.allocated(), node.totals());
        if (node.is_leaf()) return divided(held, target(node));
        std::int64_t least = std::numeric_limits<std::int64_t>::max();
        node.for_each_child([&](const offerkit::NodeView& child) {
            if (!child.is_blocked()) least = std::min(least, rank(child));
        });
        return least;
    }

    void on(const offerkit::allocator_event::DemandPut& e, offerkit::PolicyContext& context) {
        if (shapes_.size() <= e.claimant.value) shapes_.resize(e.claimant.value + 1);
        if (e.shapes.empty()) return;  // What it wanted is what still runs.
        shapes_[e.claimant.value] = e.shapes.front().resources.total_amounts();
        forget(context);
    }
    void on(const offerkit::allocator_event::ClaimantGone& e, offerkit::PolicyContext& context) {
        if (e.claimant.value < shapes_.size()) shapes_[e.claimant.value] = {};
        forget(context);
    }

    void save(offerkit::Bytes& out) const {
        offerkit::put_number(shapes_.size(), out);
        for (const offerkit::Amounts& shape : shapes_)
            offerkit::save_amounts(shape, out);
    }
    void load(offerkit::ByteReader& in) {
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i)
            shapes_.push_back(offerkit::load_amounts(in));
    }

private:
    void forget(offerkit::PolicyContext& context) {
        targets_.clear();
        context.invalidate_all();
    }

    // Who has stated nothing is as good as anybody.
    [[nodiscard]] std::int64_t target(const offerkit::NodeView& leaf) {
        if (targets_.empty() || solved_for_ != leaf.totals()) solve(leaf.totals());
        const std::uint32_t claimant = leaf.claimant().value;
        return claimant < targets_.size() && targets_[claimant] > 0 ? targets_[claimant]
                                                                    : fixed_one;
    }

    void solve(const offerkit::Amounts& totals) {
        solved_for_ = totals;
        std::vector<Proportions> wanted;
        std::vector<std::size_t> who;
        for (std::size_t i = 0; i < shapes_.size(); ++i) {
            const std::int64_t most = offerkit::fixed_dominant_share(shapes_[i], totals);
            if (most == 0) continue;
            who.push_back(i);
            Proportions& of = wanted.emplace_back();
            for (std::size_t slot = 0; slot < of.size(); ++slot)
                of[slot] = divided(offerkit::fixed_share(shapes_[i][slot], totals[slot]), most);
        }
        targets_.assign(shapes_.size() + 1, 0);
        const std::vector<std::int64_t> shares = Solve(wanted);
        for (std::size_t i = 0; i < who.size(); ++i)
            targets_[who[i]] = shares[i];
    }

    std::vector<offerkit::Amounts> shapes_;  // By claimant.
    std::vector<std::int64_t> targets_;      // Likewise. Empty: to be worked out again.
    offerkit::Amounts solved_for_;
};

}  // namespace examples
