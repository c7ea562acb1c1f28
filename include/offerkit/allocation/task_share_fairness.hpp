// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Task share fairness (Wang et al., "Multi-Resource Fair Sharing for Multi-Class Datacenter Jobs",
/// SC 2016, section 4): serve whose tasks are the least part of those that it could run if it had
/// the cluster alone and no constraint on where. Unlike dominant shares, that stays fair where some
/// can use few of the agents only.
///
/// Tasks are those of the stated demand (`StatedShapes`); who has stated none counts its dominant
/// share. A role's share is the sum of those below it. Agents of the same size are counted once.
///
/// Cost: per change, one step for each sibling at each level of roles; a new shape, a pass over the
/// sizes of agents; a new size, that for each claimant.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/stated_shapes.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace offerkit {

class TaskShareFairness {
public:
    static constexpr auto name = "tsf";

    [[nodiscard]] std::int64_t rank(const NodeView& node) { return share(node); }

    void on(const allocator_event::AgentPut& e, PolicyContext& context) {
        take_agent(e.agent);
        if (agents_.size() <= e.agent.value) agents_.resize(e.agent.value + 1);
        agents_[e.agent.value] = e.total.total_amounts();
        count_agent(agents_[e.agent.value], 1);
        forget_capacities(context);
    }
    void on(const allocator_event::AgentGone& e, PolicyContext& context) {
        take_agent(e.agent);
        forget_capacities(context);
    }
    void on(const allocator_event::DemandPut& e, PolicyContext& context) {
        if (shapes_.put(e)) forget_capacities(context);
    }
    void on(const allocator_event::ClaimantGone& e, PolicyContext& context) {
        shapes_.erase(e.claimant);
        forget_capacities(context);
    }

    void save(Bytes& out) const {
        shapes_.save(out);
        put_number(agents_.size(), out);
        for (const Amounts& total : agents_)
            save_amounts(total, out);
    }
    void load(ByteReader& in) {
        shapes_.load(in);
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
            agents_.push_back(load_amounts(in));
            count_agent(agents_.back(), 1);
        }
    }

private:
    struct Size {
        Amounts total;
        std::int64_t agents = 0;
    };
    struct Known {
        std::uint64_t version = 0;  // Of the node; none has zero.
        std::uint64_t epoch = 0;
        std::int64_t share = 0;
    };

    void count_agent(const Amounts& total, std::int64_t change) {
        if (total.is_zero()) return;
        auto known = std::ranges::find(sizes_, total, &Size::total);
        if (known == sizes_.end()) known = sizes_.insert(known, {total, 0});
        known->agents += change;
        if (known->agents == 0) sizes_.erase(known);
    }
    void take_agent(AgentIndex agent) {
        if (agent.value >= agents_.size()) return;
        count_agent(agents_[agent.value], -1);
        agents_[agent.value] = Amounts{};
    }
    void forget_capacities(PolicyContext& context) {
        ++epoch_;
        capacities_.clear();
        context.invalidate_all();
    }

    /// How many tasks of its shape the claimant could run if it were alone.
    [[nodiscard]] std::int64_t capacity(ClaimantIndex claimant, const Amounts& shape) {
        if (capacities_.size() <= claimant.value) capacities_.resize(claimant.value + 1, -1);
        std::int64_t& capacity = capacities_[claimant.value];
        if (capacity >= 0) return capacity;
        capacity = 0;
        for (const Size& size : sizes_) {
            std::int64_t fits = limits::amount_per_agent_max;
            for (std::size_t slot = 0; slot < limits::slots; ++slot) {
                if (shape[slot] > 0) fits = std::min(fits, size.total[slot] / shape[slot]);
            }
            capacity += fits * size.agents;
        }
        return capacity;
    }

    [[nodiscard]] std::int64_t share(const NodeView& node) {
        const std::size_t place = node.id().value;
        if (known_.size() <= place) known_.resize(place + 1);
        if (known_[place].version == node.version() && known_[place].epoch == epoch_) {
            return known_[place].share;
        }
        std::int64_t sum = 0;
        if (node.is_leaf()) {
            sum = leaf_share(node);
        } else {
            node.for_each_child([&](const NodeView& child) { sum += share(child); });
            sum = sum * 1000 / node.weight();
        }
        known_[place] = {node.version(), epoch_, sum};
        return sum;
    }

    [[nodiscard]] std::int64_t leaf_share(const NodeView& leaf) {
        const Amounts shape = shapes_.find(leaf.claimant());
        const std::int64_t alone = shape.is_zero() ? 0 : capacity(leaf.claimant(), shape);
        if (alone == 0) return fixed_dominant_share(leaf.allocated(), leaf.totals());
        // What it holds, in tasks: of the kind of which it holds most.
        std::int64_t most = 0;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            if (shape[slot] == 0) continue;
            const int128 tasks = int128{leaf.allocated()[slot]} * fixed_one / shape[slot];
            most = std::max(most, static_cast<std::int64_t>(tasks / alone));
        }
        return most;
    }

    StatedShapes shapes_;
    std::vector<Amounts> agents_;           // Totals, by agent.
    std::vector<Size> sizes_;               // The different ones among them.
    std::vector<std::int64_t> capacities_;  // By claimant; -1: not counted yet.
    std::vector<Known> known_;              // By node.
    std::uint64_t epoch_ = 1;               // Of the capacities.
};
static_assert(AllocationPolicy<TaskShareFairness>);

}  // namespace offerkit
