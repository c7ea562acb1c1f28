// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Tetris (Grandl et al., "Multi-Resource Packing for Cluster Schedulers", SIGCOMM 2014): agents
/// are filled one task at a time, each time with the task that goes best with what is left there
/// (section 3.2: the dot product of the two, as shares of the agent) and whose claimant has least
/// to do until it is finished (section 3.3: all that it still wants, times the estimated run time).
/// The two are added, each divided by its average over those who could be chosen.
///
/// The knob (section 3.4) says how many may be chosen: of those who want something, the 1 - f with
/// the least weighted dominant share. At 1 that is dominant resource fairness; at 0 it is packing
/// alone. The default is the paper's quarter.
///
/// Only stated demand is packed; who has stated none is offered what is left over. Where no run
/// time is stated it counts as a second.
///
/// Cost: for each task that is granted, and once for each agent, a look at all who have stated
/// demand.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/proposal.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace offerkit {

class Tetris {
public:
    static constexpr auto name = "tetris";

    Tetris() = default;
    /// `fairness` is the knob in thousandths, 0 to 1000.
    explicit Tetris(std::int64_t fairness)
        : fairness_(std::clamp<std::int64_t>(fairness, 0, 1000)) {}

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return dominant_share(node.allocated(), node.totals(), node.weight());
    }

    // Within a cycle agents only become fuller: where nothing fitted, nothing will.
    void begin_cycle(Rng& /*rng*/) { next_ = 0; }

    [[nodiscard]] Proposal propose(const ClusterView& cluster) {
        Proposal proposal;
        const auto waiting = static_cast<std::int64_t>(cluster.claimants().size());
        if (waiting == 0) return proposal;
        const std::int64_t eligible =
            std::max<std::int64_t>((waiting * (1000 - fairness_) + 999) / 1000, 1);
        for (; next_ < cluster.agents(); ++next_) {
            // The knob must not leave an agent idle that somebody further back could use.
            gather(cluster, 0, eligible);
            if (choices_.empty()) gather_next(cluster, eligible, waiting);
            if (choices_.empty()) continue;
            const Choice& best = choices_[best_choice()];
            proposal.grants.push_back(
                {best.claimant, cluster.agent(next_).index(), best.shape->resources});
            return proposal;
        }
        return proposal;
    }

    // The cursor is of the cycle that runs, and none runs while this is saved.
    void save(Bytes& /*out*/) const {}
    void load(ByteReader& /*in*/) {}

    /// How well the task goes with what is left of the agent: at most 2^36.
    [[nodiscard]] static std::int64_t alignment(const Amounts& task, const AgentView& agent) {
        const Amounts total = agent.total().amounts();
        std::int64_t sum = 0;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            const int128 wanted = fixed_share(task[slot], total[slot]);
            const int128 left = fixed_share(agent.available().amounts()[slot], total[slot]);
            sum += static_cast<std::int64_t>(wanted * left / fixed_one);
        }
        return sum;
    }

private:
    struct Choice {
        ClaimantIndex claimant;
        const WantedShape* shape = nullptr;
        std::int64_t alignment = 0;
        int128 work = 0;  // Of its claimant, until it is finished.
    };

    // Who of those places in the order could use the agent, and what for.
    void gather(const ClusterView& cluster, std::int64_t first, std::int64_t last) {
        choices_.clear();
        for (std::int64_t i = first; i < last; ++i) {
            const ClaimantIndex claimant =
                cluster.claimants()[static_cast<std::size_t>(i)].claimant();
            const Resources* const offer = cluster.find_offer(claimant, next_);
            if (offer == nullptr) continue;
            const AgentView agent = cluster.agent(next_);
            for (const WantedShape& shape : cluster.wanted(claimant)) {
                if (shape.left == 0 || !offer->contains(shape.resources)) continue;
                choices_.push_back({claimant, &shape,
                                    alignment(shape.resources.total_amounts(), agent),
                                    remaining_work(cluster, claimant)});
            }
        }
    }

    void gather_next(const ClusterView& cluster, std::int64_t first, std::int64_t last) {
        for (; first < last && choices_.empty(); ++first)
            gather(cluster, first, first + 1);
    }

    // In shares of the cluster, in units of 2^-16, times seconds: below 2^88.
    [[nodiscard]] static int128 remaining_work(const ClusterView& cluster, ClaimantIndex claimant) {
        int128 work = 0;
        for (const WantedShape& shape : cluster.wanted(claimant)) {
            constexpr Duration second = std::chrono::seconds{1};
            const int128 share =
                fixed_sum_of_shares(shape.resources.total_amounts(), cluster.totals()) >> 16;
            work +=
                share * shape.left * std::max<std::int64_t>(shape.run_time_estimate / second, 1);
        }
        return work;
    }

    // alignment / average alignment - work / average work, both sides multiplied by the averages.
    [[nodiscard]] std::size_t best_choice() const {
        int128 most = 1;
        for (const Choice& choice : choices_)
            most = std::max(most, choice.work);
        int128 alignments = 0;
        int128 works = 0;
        const auto scaled = [&](const Choice& choice) { return choice.work * fixed_one / most; };
        for (const Choice& choice : choices_) {
            alignments += choice.alignment;
            works += scaled(choice);
        }
        std::size_t best = 0;
        int128 best_score = 0;
        for (std::size_t i = 0; i < choices_.size(); ++i) {
            const int128 score = choices_[i].alignment * works - scaled(choices_[i]) * alignments;
            if (i > 0 && score <= best_score) continue;
            best = i;
            best_score = score;
        }
        return best;
    }

    std::int64_t fairness_ = 250;
    std::size_t next_ = 0;  // The agent that is filled.
    std::vector<Choice> choices_;
};
static_assert(AllocationPolicy<Tetris>);

}  // namespace offerkit
