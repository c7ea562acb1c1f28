// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Which running tasks have to make room for a more important one. The victims on an agent are
/// those of the lowest priority; among equals those whose claimant is most above its share; then
/// those that have run for the shortest time; and no more of them than it takes. The agent is the
/// one whose victims are best by the same order, and then the one with the fewest (Verma et al.,
/// "Large-scale cluster management at Google with Borg", EuroSys 2015, section 2.5).
///
/// What always holds: no victim has the preemptor's priority or a higher one, so that nobody who
/// was preempted can ever take his place back by force; nobody is preempted unless the preemptor
/// then fits; no victim could be left out. This decides and changes nothing: telling the victims,
/// and killing those that do not go, is for who asks.
///
/// Cost: for each place that is needed, a sort of the tasks on the agents that changed, and a step
/// for each agent.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/fixed_share.hpp>
#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/resources.hpp>

#include <algorithm>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace offerkit {

/// A task that may have to go.
struct PreemptibleTask {
    std::uint64_t key = 0;         // The caller's; the lowest goes first among equals.
    std::int32_t priority = 0;     // As capped by its role.
    std::int64_t above_share = 0;  // Of its claimant, see `fixed_above_share`.
    Instant started;
    Resources resources;
    bool is_leaving = false;  // It was told to go already: its room is as good as free.
};

struct PreemptibleAgent {
    AgentIndex agent;
    Resources available;  // To the preemptor.
    std::vector<PreemptibleTask> tasks;
};

/// So many tasks of one shape, all of them or none.
struct Preemptor {
    std::int32_t priority = 0;  // As capped by its role.
    Resources task;
    std::uint32_t count = 1;
};

struct Preemption {
    struct Victim {
        AgentIndex agent;
        std::uint64_t key = 0;
        Duration lost{0};  // How long it has run.
    };
    std::vector<Victim> victims;     // Empty: it fits as it is.
    std::vector<AgentIndex> places;  // Where the preemptor's tasks go, one for each.
    Duration lost{0};                // What all victims together have run.
};

/// How much more than its share of the cluster a node holds, in units of 2^-32; less than zero if
/// it holds less. Its share is its weight's part among its siblings, of its parent's.
[[nodiscard]] inline std::int64_t fixed_above_share(const RoleTree& tree, NodeIndex node,
                                                    const Amounts& totals) {
    std::int64_t share = fixed_one;
    for (NodeIndex at = node; at != RoleTree::root(); at = tree[at].parent) {
        std::int64_t weights = 0;
        for (const NodeIndex sibling : tree[tree[at].parent].children)
            weights += tree[sibling].weight;
        share = static_cast<std::int64_t>(int128{share} * tree[at].weight / weights);
    }
    return fixed_dominant_share(tree[node].allocated, totals) - share;
}

/// None: no task of lower priority stands in the way, or not enough of them.
[[nodiscard]] std::optional<Preemption> plan_preemption(const Preemptor& preemptor,
                                                        std::span<const PreemptibleAgent> agents,
                                                        Instant now);

namespace detail {

/// The victims that one more of the preemptor's tasks would cost on an agent.
class PreemptionOnAgent {
public:
    PreemptionOnAgent(const PreemptibleAgent& agent, const Preemptor& preemptor, Instant now)
        : agent_(&agent), preemptor_(&preemptor), now_(now), free_(agent.available) {
        for (const PreemptibleTask& task : agent.tasks) {
            if (task.is_leaving) {
                free_ += task.resources;
            } else if (task.priority < preemptor.priority) {
                tasks_.push_back(&task);
            }
        }
        std::ranges::sort(tasks_, [](const PreemptibleTask* a, const PreemptibleTask* b) {
            return order_of(*a) < order_of(*b);
        });
        find_victims();
    }

    [[nodiscard]] bool fits() const { return fits_; }
    [[nodiscard]] AgentIndex agent() const { return agent_->agent; }

    /// Which of two agents' victims should rather go. Pre: both fit.
    [[nodiscard]] bool is_better_than(const PreemptionOnAgent& other) const {
        return cost_ < other.cost_;
    }

    /// Takes the place: its victims are gone and the task is there.
    void take(Preemption& into) {
        for (const PreemptibleTask* const task : victims_) {
            into.victims.push_back({agent_->agent, task->key, lost(*task)});
            into.lost += lost(*task);
            free_ += task->resources;
            std::erase(tasks_, task);
        }
        into.places.push_back(agent_->agent);
        free_ -= preemptor_->task;
        find_victims();
    }

private:
    /// The first that differs counts. Without victims: less than any with.
    struct Cost {
        std::int64_t priority =
            std::numeric_limits<std::int64_t>::min();  // The highest of a victim.
        std::int64_t below_share = 0;                  // Of the victim least above its share.
        Duration lost{0};
        std::size_t victims = 0;
        friend auto operator<=>(const Cost&, const Cost&) = default;
    };

    // Who goes first comes first.
    struct Order {
        std::int32_t priority;
        std::int64_t below_share;
        std::int64_t started;  // The latest first.
        std::uint64_t key;
        friend auto operator<=>(const Order&, const Order&) = default;
    };
    [[nodiscard]] static Order order_of(const PreemptibleTask& task) {
        return {task.priority, -task.above_share, -task.started.ns, task.key};
    }

    [[nodiscard]] Duration lost(const PreemptibleTask& task) const { return now_ - task.started; }

    void find_victims() {
        victims_.clear();
        Resources room = free_;
        for (const PreemptibleTask* const task : tasks_) {
            if (room.contains(preemptor_->task)) break;
            room += task->resources;
            victims_.push_back(task);
        }
        fits_ = room.contains(preemptor_->task);
        if (!fits_) return;
        // Some gave too little of the right kind: whoever should rather stay is asked first.
        for (std::size_t i = victims_.size(); i-- > 0;) {
            const Resources without = room - victims_[i]->resources;
            if (!without.contains(preemptor_->task)) continue;
            room = without;
            victims_.erase(victims_.begin() + static_cast<std::ptrdiff_t>(i));
        }
        cost_ = Cost{};
        if (victims_.empty()) return;
        cost_.below_share = std::numeric_limits<std::int64_t>::min();
        cost_.victims = victims_.size();
        for (const PreemptibleTask* const task : victims_) {
            cost_.priority = std::max<std::int64_t>(cost_.priority, task->priority);
            cost_.below_share = std::max(cost_.below_share, -task->above_share);
            cost_.lost += lost(*task);
        }
    }

    const PreemptibleAgent* agent_;
    const Preemptor* preemptor_;
    Instant now_;
    Resources free_;
    std::vector<const PreemptibleTask*> tasks_;    // That may be preempted, who goes first first.
    std::vector<const PreemptibleTask*> victims_;  // For the next place.
    Cost cost_;
    bool fits_ = false;
};

}  // namespace detail

inline std::optional<Preemption> plan_preemption(const Preemptor& preemptor,
                                                 std::span<const PreemptibleAgent> agents,
                                                 Instant now) {
    std::vector<detail::PreemptionOnAgent> candidates;
    candidates.reserve(agents.size());
    for (const PreemptibleAgent& agent : agents)
        candidates.emplace_back(agent, preemptor, now);
    Preemption plan;
    for (std::uint32_t place = 0; place < preemptor.count; ++place) {
        detail::PreemptionOnAgent* best = nullptr;
        for (detail::PreemptionOnAgent& candidate : candidates) {
            if (!candidate.fits()) continue;
            if (best == nullptr || candidate.is_better_than(*best)) best = &candidate;
        }
        if (best == nullptr) return std::nullopt;
        best->take(plan);
    }
    return plan;
}

}  // namespace offerkit
