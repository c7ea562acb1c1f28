// SPDX-License-Identifier: Apache-2.0
/// The checker's account: what of each agent is out on offer, under tasks, and refused by whom.
#include <offerkit/sim/checker.hpp>

#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <variant>

namespace offerkit::sim {
namespace {

// How gpus lie on cards may be told differently; how many there are may not.
bool are_as_much(const Resources& told, const Resources& counted) {
    if (told.amounts() != counted.amounts()) return false;
    return std::ranges::all_of(counted.named(), [&](const NamedAmount& each) {
        return told.named_units(each.name) == each.units;
    });
}

}  // namespace

// --- what it tells its readers ---

void Checker::master_tells(const std::vector<master::Delta>& deltas, Instant now) {
    now_ = now;
    end_step();
    for (const master::Delta& delta : deltas) {
        std::visit([this](const auto& d) { on(d); }, delta);
    }
}

// A subscription and the end of its framework may have become durable together: then both are told.
void Checker::end_step() {
    for (const auto& [peer, id] : subscribed_unknown_)
        violate("framework " + format_id(id) + " is subscribed before it is durable");
    subscribed_unknown_.clear();
    for (const PeerId peer : closed_)
        close(peer);
    closed_.clear();
    for (const AgentId id : disconnected_) {
        const auto found = agents_.find(id);
        if (found == agents_.end() || !found->second.peer.is_none()) continue;
        if (found->second.offers == 0) continue;
        violate("agent " + format_id(id) + " is not connected any more, and " +
                std::to_string(found->second.offers) + " offers of it are left");
    }
    disconnected_.clear();
    for (; !deadlines_.empty() && deadlines_.front().first < now_; deadlines_.pop_front()) {
        const OfferId id = deadlines_.front().second;
        if (offers_.contains(id)) violate("offer " + format_id(id) + " has outlived its time");
    }
}

void Checker::on(const master::AgentUsagePut& delta) {
    const auto found = agents_.find(delta.id);
    if (found == agents_.end() || found->second.uncounted) return;
    const Resources told = delta.used + delta.offered;
    const Resources counted = found->second.total - found->second.free;
    if (are_as_much(told, counted)) return;
    violate("agent " + format_id(delta.id) + " is told to have given away " +
            format_resources(told) + ", and gave " + format_resources(counted));
}

void Checker::on(const master::AgentRemoved& delta) {
    const auto found = agents_.find(delta.id);
    if (found == agents_.end()) return;
    if (found->second.offers != 0) {
        violate("agent " + format_id(delta.id) + " was removed with " +
                std::to_string(found->second.offers) + " offers left");
    }
    for (Task* task : found->second.tasks)
        task->agent = AgentId{};
    agents_.erase(found);
}

void Checker::on(const master::FrameworkRemoved& delta) {
    const auto found = frameworks_.find(delta.id);
    if (found == frameworks_.end()) return;
    if (!found->second.offers.empty()) {
        violate("framework " + format_id(delta.id) + " was removed with offer " +
                format_id(*found->second.offers.begin()) + " outstanding");
    }
    forget_filters(delta.id, {});
    frameworks_.erase(found);
}

// --- the account ---

void Checker::occupy(AgentId id, Agent& agent, Task& task, const TaskId& name, bool reported) {
    if (!task.agent.is_none() || !agent.free.contains(task.resources)) {
        // The master has such a task killed, and counts it nowhere meanwhile.
        agent.uncounted = agent.uncounted || reported;
        if (reported) return;
        return violate("task " + name.text() + " with " + format_resources(task.resources) +
                       " is sent to agent " + format_id(id) + ", which has " +
                       format_resources(agent.free) + " left");
    }
    Resources rest = agent.free - task.resources;
    task.held = agent.free - rest;
    agent.free = std::move(rest);
    task.agent = id;
    task.place = agent.tasks.size();
    agent.tasks.push_back(&task);
}

void Checker::release(Task& task) {
    if (task.agent.is_none()) return;
    Agent& agent = agents_.at(task.agent);
    agent.tasks.back()->place = task.place;
    agent.tasks[task.place] = agent.tasks.back();
    agent.tasks.pop_back();
    task.agent = AgentId{};
    give_back(agent, task.held);
}

// A filter holds until there is something on the agent that was not refused.
void Checker::give_back(Agent& agent, const Resources& held) {
    agent.free += held;
    std::erase_if(agent.filters, [&](const Filter& filter) {
        return filter.until <= now_ || !filter.refused.contains(agent.free);
    });
}

void Checker::end_offer(OfferId id, FrameworkId by) {
    const auto found = offers_.find(id);
    if (found == offers_.end() || found->second.framework != by) return;
    Agent& agent = agents_.at(found->second.agent);
    // Whatever becomes of this offer, it replaces what the claimant had refused there.
    std::erase_if(agent.filters, [&](const Filter& filter) {
        return filter.framework == by && filter.role == found->second.role;
    });
    --agent.offers;
    give_back(agent, found->second.held);
    frameworks_[by].offers.erase(id);
    offers_.erase(found);
}

void Checker::end_offers_of(FrameworkId framework) {
    const auto found = frameworks_.find(framework);
    if (found == frameworks_.end()) return;
    while (!found->second.offers.empty())
        end_offer(*found->second.offers.begin(), framework);
}

void Checker::refuse(FrameworkId framework, const Role& role, AgentId id, const Resources& refused,
                     Duration refuse_for) {
    Agent& agent = agents_.at(id);
    if (refuse_for <= Duration{0} || !refused.contains(agent.free)) return;
    agent.filters.push_back({framework, role, refused, now_ + refuse_for});
}

void Checker::forget_filters(FrameworkId framework, const std::vector<Role>& roles) {
    for (auto& [id, agent] : agents_) {
        std::erase_if(agent.filters, [&](const Filter& filter) {
            return filter.framework == framework &&
                   (roles.empty() || std::ranges::find(roles, filter.role) != roles.end());
        });
    }
}

}  // namespace offerkit::sim
