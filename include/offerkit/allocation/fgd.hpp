// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Fragmentation gradient descent (Weng et al., "Beware of Fragmentation: Scheduling GPU-Sharing
/// Workloads with Fragmentation Gradient Descent", ATC 2023, sections 3 and 4): each task goes to
/// the agent on which it makes least more of the gpus useless to the others. What is left of an
/// agent's gpus is useless to a task that wants none or that does not fit there, and what is left
/// of a card to one that wants more of a card. It is counted for every task of the workload, which
/// is all that has been stated as demand so far. Where there are no gpus, cpus are counted instead.
///
/// Whom to serve is the least weighted dominant share. A claimant that has stated no demand takes
/// agents in their order.
///
/// Cost: as weighted DRF, and for each grant, for all agents that could be had, a pass over the
/// cards for each of the workload's different shapes, of which the 32 most wanted count.

#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/stated_shapes.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/kind.hpp>
#include <offerkit/resources/resources.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace offerkit {

/// What is left of an agent: amounts, and of each gpu card. Gpus of which nobody said how they lie
/// on cards fill cards one after the other.
struct CardsLeft {
    static constexpr std::int64_t card_units = 1000;
    static constexpr std::size_t gpus = *slot_of<Gpus>;

    Amounts amounts;
    std::vector<std::int64_t> cards;

    void assign(const Resources& left) {
        amounts = left.amounts();
        cards.assign(left.gpu_cards().begin(), left.gpu_cards().end());
        if (!cards.empty()) return;
        for (std::int64_t rest = amounts[gpus]; rest > 0; rest -= card_units)
            cards.push_back(std::min(rest, card_units));
    }

    /// The card that a task's part of a card would be taken from: the fullest on which it fits. The
    /// number of cards if there is none.
    [[nodiscard]] std::size_t card_for(std::int64_t part) const {
        std::size_t best = cards.size();
        for (std::size_t card = 0; card < cards.size(); ++card) {
            if (cards[card] < part) continue;
            if (best == cards.size() || cards[card] < cards[best]) best = card;
        }
        return best;
    }

    [[nodiscard]] bool fits(const Amounts& task) const {
        if (!amounts.contains(task)) return false;
        const std::int64_t part = task[gpus] % card_units;
        std::int64_t whole = std::ranges::count(cards, card_units);
        if (part > 0) {
            const std::size_t card = card_for(part);
            if (card == cards.size()) return false;
            if (cards[card] == card_units) --whole;
        }
        return whole >= task[gpus] / card_units;
    }

    /// Pre: `fits(task)`.
    void take(const Amounts& task) {
        amounts -= task;
        const std::int64_t part = task[gpus] % card_units;
        if (part > 0) cards[card_for(part)] -= part;
        for (std::int64_t whole = task[gpus] / card_units; whole > 0; --whole)
            *std::ranges::find(cards, card_units) = 0;
    }
};

class Fgd {
public:
    static constexpr auto name = "fgd";

    /// A task of the workload, and how many of its kind have come.
    struct Typical {
        Amounts task;
        std::int64_t count = 0;
    };

    [[nodiscard]] Share rank(const NodeView& node) const noexcept {
        return dominant_share(node.allocated(), node.totals(), node.weight());
    }

    [[nodiscard]] AgentIndex pick(const NodeView& node, const AgentCandidates& candidates) {
        const Amounts task = shapes_.find(node.claimant());
        AgentIndex best;
        AgentIndex first;
        int128 least = 0;
        for (const AgentView agent : candidates) {
            if (task.is_zero()) return agent.index();
            if (first.is_none()) first = agent.index();
            left_.assign(agent.available());
            if (!left_.fits(task)) continue;  // Another of its shapes does.
            const std::size_t kind = counted_kind(node.totals());
            const int128 before = fragmentation(left_, workload(), kind);
            left_.take(task);
            const int128 more = fragmentation(left_, workload(), kind) - before;
            if (!best.is_none() && more >= least) continue;
            best = agent.index();
            least = more;
        }
        return best.is_none() ? first : best;
    }

    void on(const allocator_event::DemandPut& e, PolicyContext& /*context*/) {
        shapes_.put(e);
        if (stated_.size() <= e.claimant.value) stated_.resize(e.claimant.value + 1);
        std::vector<Stated>& stated = stated_[e.claimant.value];
        std::vector<std::int64_t> waiting(stated.size());
        for (const DemandShape& shape : e.shapes) {
            const Amounts task = shape.resources.total_amounts();
            const auto known = std::ranges::find(stated, task, &Stated::task);
            const auto place = static_cast<std::size_t>(known - stated.begin());
            if (place == stated.size()) {
                if (place == workload_max) continue;
                stated.push_back({task, 0, 0});
                waiting.push_back(0);
            }
            waiting[place] += shape.count;
        }
        for (std::size_t i = 0; i < stated.size(); ++i) {
            // More than before have come; fewer have only been launched.
            stated[i].count += std::max<std::int64_t>(waiting[i] - stated[i].waiting, 0);
            stated[i].waiting = waiting[i];
        }
        workload_.reset();
    }
    void on(const allocator_event::ClaimantGone& e, PolicyContext& /*context*/) {
        shapes_.erase(e.claimant);
        if (e.claimant.value < stated_.size()) stated_[e.claimant.value].clear();
        workload_.reset();
    }

    void save(Bytes& out) const {
        shapes_.save(out);
        put_number(stated_.size(), out);
        for (const std::vector<Stated>& stated : stated_) {
            put_number(stated.size(), out);
            for (const Stated& entry : stated) {
                save_amounts(entry.task, out);
                put_signed(entry.count, out);
                put_signed(entry.waiting, out);
            }
        }
    }
    void load(ByteReader& in) {
        shapes_.load(in);
        stated_.resize(in.count());
        for (std::vector<Stated>& stated : stated_) {
            const std::size_t count = in.count();
            for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
                Stated entry;
                entry.task = load_amounts(in);
                entry.count = in.signed_number();
                entry.waiting = in.signed_number();
                stated.push_back(entry);
            }
        }
    }

    /// The kind whose fragments are counted.
    [[nodiscard]] static std::size_t counted_kind(const Amounts& totals) {
        return totals[CardsLeft::gpus] > 0 ? CardsLeft::gpus : *slot_of<Cpus>;
    }

    /// How much of what is left is of no use to the tasks of the workload, all of them added up.
    [[nodiscard]] static int128 fragmentation(const CardsLeft& left,
                                              std::span<const Typical> workload, std::size_t kind) {
        int128 sum = 0;
        for (const auto& [task, count] : workload) {
            std::int64_t useless = 0;
            if (task[kind] == 0 || !left.fits(task)) {
                useless = left.amounts[kind];
            } else if (kind == CardsLeft::gpus) {
                const std::int64_t least = std::min(task[kind], CardsLeft::card_units);
                for (const std::int64_t units : left.cards)
                    useless += units < least ? units : 0;
            }
            sum += int128{useless} * count;
        }
        return sum;
    }

private:
    static constexpr std::size_t workload_max = 32;  // And so many shapes of one claimant.

    struct Stated {
        Amounts task;
        std::int64_t count = 0;    // That have come.
        std::int64_t waiting = 0;  // As stated last.
    };

    /// The different tasks that were stated, the most wanted first.
    [[nodiscard]] const std::vector<Typical>& workload() {
        if (workload_) return *workload_;
        workload_.emplace();
        for (const std::vector<Stated>& stated : stated_) {
            for (const Stated& entry : stated)
                workload_->push_back({entry.task, entry.count});
        }
        const auto is_before = [](const Typical& a, const Typical& b) {
            return std::ranges::lexicographical_compare(a.task.slots(), b.task.slots());
        };
        std::ranges::sort(*workload_, is_before);
        std::size_t kept = 0;
        for (const Typical& typical : *workload_) {
            if (kept > 0 && (*workload_)[kept - 1].task == typical.task) {
                (*workload_)[kept - 1].count += typical.count;
            } else {
                (*workload_)[kept++] = typical;
            }
        }
        workload_->resize(kept);
        std::ranges::sort(*workload_, [&](const Typical& a, const Typical& b) {
            return a.count != b.count ? a.count > b.count : is_before(a, b);
        });
        if (kept > workload_max) workload_->resize(workload_max);
        return *workload_;
    }

    StatedShapes shapes_;
    std::vector<std::vector<Stated>> stated_;       // By claimant.
    std::optional<std::vector<Typical>> workload_;  // None: to be gathered again.
    CardsLeft left_;                                // While an agent is looked at.
};
static_assert(AllocationPolicy<Fgd>);

}  // namespace offerkit
