// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What must hold at every event of a simulated cluster, seen from outside of the machines: kept up
/// step by step from what they tell, so that it costs next to nothing.
///
///   conservation   used + offered is within each agent's total, offered is the sum of its
///                  outstanding offers, used the sum of its tasks that have not ended
///   one run        a task id is started at most once, and what runs on a machine fits into it
///   status order   a task that has ended for its scheduler never lives again, never ends
///   otherwise;
///                  what was told before may be told again
///   no leaks       when a framework or agent is removed, no offer and no task of it is left

#include <offerkit/core/id.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/master/effect.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::sim {

class Checker {
public:
    /// The deltas of one step of the master.
    void look_at_master(const std::vector<master::Delta>& deltas, Instant now);

    /// A new master knows nothing until it is told again.
    void forget_master();

    /// A framework's handlers are about to see this. `framework` numbers it in the world.
    void look_at_delivery(std::uint32_t framework, const framework::Deliver& delivery, Instant now);

    void process_started(std::uint32_t agent, const executor::ProcessKey& key,
                         const Resources& resources, const Resources& total, Instant now);
    void process_ended(std::uint32_t agent, const executor::ProcessKey& key);
    void machine_ended(std::uint32_t agent);

    /// What was wrong, first things first; at most `violations_max` are kept.
    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    void violate(Instant now, std::string what);

    static constexpr std::size_t violations_max = 16;

private:
    struct Agent {
        Resources total;
        Resources used_told;
        Resources offered_told;
        Resources used;
        Resources offered;
        std::size_t tasks = 0;
        std::size_t offers = 0;
    };
    struct Task {
        AgentId agent;
        Resources resources;
    };

    void on(const master::AgentPut& delta);
    void on(const master::AgentUsagePut& delta);
    void on(const master::AgentRemoved& delta);
    void on(const master::FrameworkRemoved& delta);
    void on(const master::TaskPut& delta);
    void on(const master::TaskChanged& delta);
    void on(const master::OfferPut& delta);
    void on(const master::OfferRemoved& delta);
    template <class Other>
    void on(const Other&) {}

    void check_agent(AgentId id, const Agent& agent);

    Instant now_;
    std::map<AgentId, Agent> agents_;
    std::map<std::pair<FrameworkId, TaskId>, Task> tasks_;
    std::map<OfferId, Offer> offers_;
    std::set<AgentId> touched_;  // By the deltas of this step.

    std::set<executor::ProcessKey> started_;  // Ever.
    std::map<std::uint32_t, std::map<executor::ProcessKey, Resources>> running_;
    /// How each task ended for its scheduler.
    struct End {
        TaskState state = TaskState::finished;
        AgentId agent;
        StatusId status;
    };
    std::map<std::pair<std::uint32_t, TaskId>, End> delivered_;

    std::vector<std::string> violations_;
};

}  // namespace offerkit::sim
