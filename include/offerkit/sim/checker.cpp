// SPDX-License-Identifier: Apache-2.0
#include <offerkit/sim/checker.hpp>

#include <offerkit/model/status.hpp>
#include <offerkit/resources/text.hpp>

#include <variant>

namespace offerkit::sim {

void Checker::violate(Instant now, std::string what) {
    if (violations_.size() >= violations_max) return;
    violations_.push_back("at " + std::to_string(now.ns) + " ns: " + std::move(what));
}

void Checker::forget_master() {
    agents_.clear();
    tasks_.clear();
    offers_.clear();
}

void Checker::look_at_master(const std::vector<master::Delta>& deltas, Instant now) {
    now_ = now;
    for (const master::Delta& delta : deltas) {
        std::visit([this](const auto& d) { on(d); }, delta);
    }
    for (const AgentId id : touched_) {
        const auto found = agents_.find(id);
        if (found != agents_.end()) check_agent(id, found->second);
    }
    touched_.clear();
}

void Checker::on(const master::AgentPut& delta) {
    agents_[delta.id].total = delta.info.resources;
    touched_.insert(delta.id);
}

void Checker::on(const master::AgentUsagePut& delta) {
    Agent& agent = agents_[delta.id];
    agent.used_told = delta.used;
    agent.offered_told = delta.offered;
    touched_.insert(delta.id);
}

void Checker::on(const master::AgentRemoved& delta) {
    const Agent& agent = agents_[delta.id];
    if (agent.tasks != 0 || agent.offers != 0) {
        violate(now_, "agent " + format_id(delta.id) + " was removed with " +
                          std::to_string(agent.tasks) + " tasks and " +
                          std::to_string(agent.offers) + " offers left");
    }
    agents_.erase(delta.id);
}

void Checker::on(const master::FrameworkRemoved& delta) {
    for (const auto& [id, offer] : offers_) {
        if (offer.framework != delta.id) continue;
        violate(now_, "framework " + format_id(delta.id) + " was removed with offer " +
                          format_id(id) + " outstanding");
    }
    const auto first = tasks_.lower_bound({delta.id, TaskId{}});
    if (first != tasks_.end() && first->first.first == delta.id) {
        violate(now_, "framework " + format_id(delta.id) + " was removed with task " +
                          first->first.second.text() + " left");
    }
}

void Checker::on(const master::TaskPut& delta) {
    if (is_terminal(delta.state)) return;
    const auto [place, is_new] =
        tasks_.try_emplace({delta.framework, delta.task}, Task{delta.agent, delta.resources});
    if (!is_new) {
        violate(now_, "task " + delta.task.text() + " was put twice");
        return;
    }
    Agent& agent = agents_[delta.agent];
    agent.used += delta.resources;
    ++agent.tasks;
    touched_.insert(delta.agent);
}

void Checker::on(const master::TaskChanged& delta) {
    const auto found = tasks_.find({delta.framework, delta.task});
    if (found == tasks_.end() || !is_terminal(delta.state)) return;
    Agent& agent = agents_[found->second.agent];
    agent.used -= found->second.resources;
    --agent.tasks;
    touched_.insert(found->second.agent);
    tasks_.erase(found);
}

void Checker::on(const master::OfferPut& delta) {
    Agent& agent = agents_[delta.offer.agent];
    agent.offered += delta.offer.resources;
    ++agent.offers;
    touched_.insert(delta.offer.agent);
    if (!offers_.emplace(delta.offer.id, delta.offer).second) {
        violate(now_, "offer " + format_id(delta.offer.id) + " was made twice");
    }
}

void Checker::on(const master::OfferRemoved& delta) {
    const auto found = offers_.find(delta.id);
    if (found == offers_.end()) {
        violate(now_, "offer " + format_id(delta.id) + " ended and was not outstanding");
        return;
    }
    Agent& agent = agents_[found->second.agent];
    agent.offered -= found->second.resources;
    --agent.offers;
    touched_.insert(found->second.agent);
    offers_.erase(found);
}

void Checker::check_agent(AgentId id, const Agent& agent) {
    const auto complain = [&](std::string_view what, const Resources& has,
                              const Resources& expected) {
        violate(now_, "agent " + format_id(id) + " " + std::string(what) + " is " +
                          format_resources(has) + ", expected " + format_resources(expected));
    };
    if (agent.used != agent.used_told) complain("used", agent.used_told, agent.used);
    if (agent.offered != agent.offered_told) complain("offered", agent.offered_told, agent.offered);
    const Resources allocated = agent.used + agent.offered;
    if (!agent.total.is_empty() && !agent.total.contains(allocated)) {
        complain("used and offered together", allocated, agent.total);
    }
}

void Checker::look_at_delivery(std::uint32_t framework, const framework::Deliver& delivery,
                               Instant now) {
    for (const TaskStatus& status : delivery.statuses) {
        const std::pair key{framework, status.task};
        const auto ended = delivered_.find(key);
        if (ended == delivered_.end()) {
            if (is_terminal(status.state)) {
                delivered_.emplace(key, End{status.state, status.agent, status.id});
            }
            continue;
        }
        const End& end = ended->second;
        // A question about it may still be answered, also with "unknown".
        if (status.state == end.state || status.state == TaskState::unknown) continue;
        // Not acknowledged in time: told again with all that came before the end. Or the answer to
        // a question, which has no id, was ahead of the news themselves.
        const bool is_repeat = !status.id.is_none() && status.agent == end.agent &&
                               (end.status.is_none() || status.id < end.status);
        if (is_repeat) continue;
        violate(now, "task " + status.task.text() + " had ended " +
                         std::string(format_task_state(end.state)) + " and is now told " +
                         std::string(format_task_state(status.state)) + ", id " +
                         format_id(status.id));
    }
}

void Checker::process_started(std::uint32_t agent, const executor::ProcessKey& key,
                              const Resources& resources, const Resources& total, Instant now) {
    if (!started_.insert(key).second) {
        violate(now, "task " + key.task.text() + " of " + format_id(key.framework) +
                         " was started twice");
    }
    auto& running = running_[agent];
    running.emplace(key, resources);
    Resources sum;
    for (const auto& [ignored, part] : running)
        sum += part;
    if (!total.contains(sum)) {
        violate(now, "machine " + std::to_string(agent) + " runs " + format_resources(sum) +
                         " and has " + format_resources(total));
    }
}

void Checker::process_ended(std::uint32_t agent, const executor::ProcessKey& key) {
    running_[agent].erase(key);
}

void Checker::machine_ended(std::uint32_t agent) { running_.erase(agent); }

}  // namespace offerkit::sim
