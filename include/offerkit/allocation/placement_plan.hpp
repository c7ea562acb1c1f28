// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where tasks would go, tried out on what is left of the agents before it is proposed.

#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/proposal.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/kind.hpp>
#include <offerkit/resources/resources.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace offerkit {

class PlacementPlan {
public:
    explicit PlacementPlan(const ClusterView& cluster)
        : cluster_(&cluster), left_(cluster.agents()) {}

    /// True if the task fits on that agent beside what is planned already.
    [[nodiscard]] bool fits(ClaimantIndex claimant, std::size_t place, const Resources& task) {
        if (left_[place] && !left_[place]->contains(task)) return false;
        const Resources* const offer = cluster_->find_offer(claimant, place);
        if (offer == nullptr || !offer->contains(task)) return false;
        const Amounts* const room = cluster_->find_room(claimant);
        if (room == nullptr) return true;
        // Others may share the limit: after what is planned for one, the cycle has to be asked.
        if (grants_.size() > held_ && planned_for_ != claimant) return false;
        return room->contains(planned_ + task.total_amounts());
    }

    /// Pre: `fits(claimant, place, task)`.
    void put(ClaimantIndex claimant, std::size_t place, const Resources& task) {
        undo_.emplace_back(place, left_[place]);
        if (!left_[place]) left_[place] = cluster_->agent(place).available();
        *left_[place] -= task;
        if (grants_.size() == held_ || planned_for_ != claimant) planned_ = Amounts{};
        planned_for_ = claimant;
        planned_ += task.total_amounts();
        grants_.push_back({claimant, cluster_->agent(place).index(), task});
    }

    /// Puts up to so many tasks of the shape on agents, in their order, where `may(place)` allows
    /// it; returns how many found a place.
    template <class May>
    std::uint32_t put_many(ClaimantIndex claimant, const Resources& task, std::uint32_t most,
                           May&& may) {
        std::uint32_t put = 0;
        for (std::size_t place = 0; place < left_.size() && put < most; ++place) {
            while (put < most && fits(claimant, place, task) && may(place)) {
                this->put(claimant, place, task);
                ++put;
            }
        }
        return put;
    }

    /// Likewise all of them or none, and returns whether they were put.
    template <class May>
    bool put_all(ClaimantIndex claimant, const Resources& task, std::uint32_t count, May&& may) {
        const std::size_t before = grants_.size();
        if (put_many(claimant, task, count, may) == count) return true;
        take_back(before);
        return false;
    }

    /// What was put so far is not to be granted, but held.
    void hold() {
        held_ = grants_.size();
        undo_.clear();
    }

    /// What of that agent is not planned.
    [[nodiscard]] const Resources& left(std::size_t place) const {
        return left_[place] ? *left_[place] : cluster_->agent(place).available();
    }

    [[nodiscard]] std::vector<Grant> holds() const { return merge(0, held_); }

    /// What is planned: for each claimant one grant per agent. Tasks with gpus are granted one by
    /// one, for half a card and half a card are not one card.
    [[nodiscard]] std::vector<Grant> grants() const { return merge(held_, grants_.size()); }

private:
    // Takes back all that was put after the first so many.
    void take_back(std::size_t puts) {
        while (grants_.size() > puts) {
            planned_ -= grants_.back().resources.total_amounts();
            left_[undo_.back().first] = std::move(undo_.back().second);
            undo_.pop_back();
            grants_.pop_back();
        }
    }

    [[nodiscard]] std::vector<Grant> merge(std::size_t first, std::size_t last) const {
        std::vector<Grant> merged;
        for (std::size_t i = first; i < last; ++i) {
            const Grant& grant = grants_[i];
            const bool alone = grant.resources.amounts()[*slot_of<Gpus>] != 0;
            if (alone || merged.empty() || merged.back().claimant != grant.claimant ||
                merged.back().agent != grant.agent) {
                merged.push_back(grant);
            } else {
                merged.back().resources += grant.resources;
            }
        }
        return merged;
    }

    const ClusterView* cluster_;
    std::vector<std::optional<Resources>> left_;  // By place. None: as it is.
    std::vector<Grant> grants_;                   // One per task.
    std::size_t held_ = 0;                        // So many of them are holds.
    std::vector<std::pair<std::size_t, std::optional<Resources>>> undo_;  // Since then.
    ClaimantIndex planned_for_;  // The last one, if anything is,
    Amounts planned_;            // and what is planned for it.
};

/// How many tasks have to be granted together, of those of the shape that are left.
[[nodiscard]] inline std::uint32_t gang_of(const WantedShape& shape) {
    return std::min(shape.gang, shape.left);
}

/// How many tasks fit, by their amounts alone. Pre: the task wants something.
[[nodiscard]] constexpr std::int64_t count_tasks(const Amounts& room, const Amounts& task) {
    std::int64_t most = limits::amount_per_cluster_max;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (task[slot] > 0) most = std::min(most, room[slot] / task[slot]);
    }
    return most;
}

}  // namespace offerkit
