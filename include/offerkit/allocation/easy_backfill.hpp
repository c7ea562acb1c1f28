// SPDX-License-Identifier: Apache-2.0
#pragma once

/// EASY backfilling (Mu'alem and Feitelson, "Utilization, Predictability, Workloads, and User
/// Runtime Estimates in Scheduling the IBM SP2 with Backfilling", TPDS 2001, section 2): jobs begin
/// in the order in which their claimants came. The first that does not fit gets a reservation: the
/// earliest time at which it will, by what is estimated of those that run, and the agents on which.
/// Later jobs go ahead of it if they end by then, or leave it all that it needs.
///
/// A job is a shape of a stated demand, as many tasks at once as its gang; further ones of the
/// shape stand directly behind it. Who has stated no demand runs for nobody knows how long, and is
/// offered what the reservation leaves. So does what has no estimate. What runs longer than was
/// estimated may end at any moment.
///
/// Cost: for each job that begins, a pass over the queue, the agents, and what runs.

#include <offerkit/allocation/placement_plan.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/proposal.hpp>
#include <offerkit/allocation/stated_shapes.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

namespace offerkit {

class EasyBackfill {
public:
    static constexpr auto name = "easy";

    /// When the first job in the queue that has to wait will begin, and what must be left to it.
    struct Reservation {
        Instant at;
        ClaimantIndex claimant;
        std::map<AgentIndex, Amounts> spare;  // Of the agents it needs: what is not for it then.
    };

    [[nodiscard]] std::uint64_t rank(const NodeView& node) const noexcept { return node.arrival(); }

    [[nodiscard]] Proposal propose(const ClusterView& cluster) {
        Proposal proposal;
        PlacementPlan plan{cluster};
        reservation_.reset();
        ends_at_ = Instant::never();
        for (const NodeView& node : cluster.claimants()) {
            for (const WantedShape& shape : cluster.wanted(node.claimant())) {
                if (gang_of(shape) == 0) continue;
                if (!try_to_begin(cluster, node.claimant(), shape, plan)) continue;
                if (shape.run_time_estimate > Duration{0}) {
                    ends_at_ = cluster.now() + shape.run_time_estimate;
                }
                proposal.grants = plan.grants();
                return proposal;
            }
        }
        if (reservation_) proposal.holds = holds(cluster);
        return proposal;
    }

    void on(const Grant& grant, PolicyContext& /*context*/) {
        running_.push_back(
            {grant.claimant, grant.agent, grant.resources.total_amounts(), ends_at_});
    }
    void on(const allocator_event::Occupied& e, PolicyContext& /*context*/) {
        running_.push_back({e.claimant, e.agent, e.resources.total_amounts(), Instant::never()});
    }
    void on(const allocator_event::Recovered& e, PolicyContext& /*context*/) {
        Amounts ended = e.resources.total_amounts();
        // Which of its jobs has ended is not said: the one of that size, else the one due first.
        const auto is_it = [&](const Running& running) {
            return running.claimant == e.claimant && running.agent == e.agent &&
                   running.amounts == ended;
        };
        if (const auto exact = std::ranges::find_if(running_, is_it); exact != running_.end()) {
            running_.erase(exact);
            return;
        }
        for (Running& running : running_) {
            if (running.claimant != e.claimant || running.agent != e.agent) continue;
            for (std::size_t slot = 0; slot < limits::slots; ++slot) {
                const std::int64_t units = std::min(ended[slot], running.amounts[slot]);
                ended.set(slot, ended[slot] - units);
                running.amounts.set(slot, running.amounts[slot] - units);
            }
        }
        std::erase_if(running_, [](const Running& r) { return r.amounts.is_zero(); });
    }
    void on(const allocator_event::AgentActive& e, PolicyContext& /*context*/) {
        if (inactive_.size() <= e.agent.value) inactive_.resize(e.agent.value + 1);
        inactive_[e.agent.value] = e.active ? 0 : 1;
    }
    void on(const allocator_event::AgentGone& e, PolicyContext& /*context*/) {
        if (e.agent.value < inactive_.size()) inactive_[e.agent.value] = 0;
    }

    void save(Bytes& out) const {
        put_number(running_.size(), out);
        for (const Running& running : running_) {
            put_number(running.claimant.value, out);
            put_number(running.agent.value, out);
            save_amounts(running.amounts, out);
            put_signed(running.ends_at.ns, out);
        }
        put_number(inactive_.size(), out);
        for (const std::uint8_t inactive : inactive_)
            put_number(inactive, out);
    }
    void load(ByteReader& in) {
        constexpr std::uint64_t indexes = std::uint64_t{1} << 32;
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
            Running running;
            running.claimant.value = static_cast<std::uint32_t>(in.number_below(indexes));
            running.agent.value = static_cast<std::uint32_t>(in.number_below(indexes));
            running.amounts = load_amounts(in);
            running.ends_at.ns = in.signed_number();
            running_.push_back(running);
        }
        inactive_.resize(in.count());
        for (std::uint8_t& inactive : inactive_)
            inactive = static_cast<std::uint8_t>(in.number_below(2));
    }

    /// As of the last cycle. None: nobody waits who could ever begin.
    [[nodiscard]] const std::optional<Reservation>& reservation() const { return reservation_; }

private:
    struct Running {
        ClaimantIndex claimant;
        AgentIndex agent;
        Amounts amounts;
        Instant ends_at;
    };

    [[nodiscard]] bool try_to_begin(const ClusterView& cluster, ClaimantIndex claimant,
                                    const WantedShape& shape, PlacementPlan& plan) {
        const std::uint32_t gang = gang_of(shape);
        if (!reservation_) {
            const auto anywhere = [](std::size_t) { return true; };
            if (plan.put_all(claimant, shape.resources, gang, anywhere)) return true;
            reserve(cluster, claimant, shape);
            return false;
        }
        const bool ends_before = shape.run_time_estimate > Duration{0} &&
                                 cluster.now() + shape.run_time_estimate <= reservation_->at;
        const Amounts task = shape.resources.total_amounts();
        std::map<AgentIndex, Amounts> taken;
        const auto leaves_enough = [&](std::size_t place) {
            const AgentIndex agent = cluster.agent(place).index();
            const auto spare = reservation_->spare.find(agent);
            if (ends_before || spare == reservation_->spare.end()) return true;
            const Amounts after = taken[agent] + task;
            if (!spare->second.contains(after)) return false;
            taken[agent] = after;
            return true;
        };
        return plan.put_all(claimant, shape.resources, gang, leaves_enough);
    }

    // Looks for the first time at which so many tasks will fit, if all end as estimated.
    void reserve(const ClusterView& cluster, ClaimantIndex claimant, const WantedShape& shape) {
        const Amounts task = shape.resources.total_amounts();
        if (task.is_zero()) return;
        std::map<AgentIndex, Amounts> free;
        std::int64_t fits = 0;
        for (std::size_t place = 0; place < cluster.agents(); ++place) {
            const AgentView agent = cluster.agent(place);
            const Amounts left = agent.available().amounts();
            free.emplace(agent.index(), left);
            fits += count_tasks(left, task);
        }
        std::vector<const Running*> ending;
        for (const Running& running : running_) {
            if (running.ends_at != Instant::never() && !is_inactive(running.agent)) {
                ending.push_back(&running);
            }
        }
        std::ranges::sort(ending, {}, &Running::ends_at);  // Those of one instant count together.
        Instant at = cluster.now();
        for (std::size_t i = 0; i < ending.size(); ++i) {
            const Instant next = std::max(ending[i]->ends_at, cluster.now());
            if (fits >= gang_of(shape) && next > at) break;
            at = next;
            Amounts& left = free[ending[i]->agent];
            fits -= count_tasks(left, task);
            left += ending[i]->amounts;
            fits += count_tasks(left, task);
        }
        if (fits < gang_of(shape)) return;  // Never: it must not keep anything from others.
        reservation_.emplace(Reservation{at, claimant, {}});
        std::int64_t missing = gang_of(shape);
        for (const auto& [agent, left] : free) {
            const std::int64_t here = std::min(count_tasks(left, task), missing);
            if (here == 0) continue;
            missing -= here;
            Amounts spare = left;
            for (std::size_t slot = 0; slot < limits::slots; ++slot)
                spare.set(slot, left[slot] - here * task[slot]);
            reservation_->spare.emplace(agent, spare);
        }
    }

    // What is available now and not to spare later is not for those of unknown length.
    [[nodiscard]] std::vector<Grant> holds(const ClusterView& cluster) const {
        std::vector<Grant> holds;
        for (std::size_t place = 0; place < cluster.agents(); ++place) {
            const AgentView agent = cluster.agent(place);
            const auto spare = reservation_->spare.find(agent.index());
            if (spare == reservation_->spare.end()) continue;
            Resources held;
            for (std::size_t slot = 0; slot < limits::slots; ++slot) {
                const std::int64_t left = agent.available().amounts()[slot];
                held.amounts().set(slot, left - std::min(left, spare->second[slot]));
            }
            holds.push_back({reservation_->claimant, agent.index(), held});
        }
        return holds;
    }

    [[nodiscard]] bool is_inactive(AgentIndex agent) const {
        return agent.value < inactive_.size() && inactive_[agent.value] != 0;
    }

    std::vector<Running> running_;        // In the order in which they began.
    std::vector<std::uint8_t> inactive_;  // By agent.
    std::optional<Reservation> reservation_;
    Instant ends_at_ = Instant::never();  // Of what is granted next.
};
static_assert(AllocationPolicy<EasyBackfill>);

}  // namespace offerkit
