// SPDX-License-Identifier: Apache-2.0
/// What must be so once the world is healed: the same picture everywhere, and nothing left over.
#include "scenario.hpp"

#include <offerkit/resources/text.hpp>

#include <chrono>
#include <map>
#include <set>
#include <utility>

namespace offerkit::test {

using namespace std::chrono_literals;

namespace {

using Names = std::set<std::pair<FrameworkId, TaskId>>;

Names live_tasks_of(const master::State& state, AgentId agent) {
    Names names;
    state.tasks.for_each([&](master::TaskIndex, const master::Task& task) {
        if (is_terminal(task.state) || state.agents[task.agent].id != agent) return;
        names.emplace(state.frameworks[task.framework].id, task.id);
    });
    return names;
}

Names live_tasks_of(const agent::State& state) {
    Names names;
    for (const auto& [serial, task] : state.tasks) {
        if (task.stage != agent::TaskStage::ended) names.emplace(task.key.framework, task.key.task);
    }
    return names;
}

Names live_processes(const sim::Processes& processes) {
    Names names;
    for (const auto& [key, process] : processes) {
        // One whose machine crashed before it had started is only a record: it never will.
        const bool starts = !process.started && !process.lost;
        if (process.running || starts) names.emplace(key.framework, key.task);
    }
    return names;
}

std::string name_one_of(const Names& names) {
    return names.empty() ? std::string("nothing")
                         : format_id(names.begin()->first) + ' ' + names.begin()->second.text();
}

}  // namespace

std::string Scenario::find_unrest() {
    // One that was on its way out when the world was healed.
    for (std::uint32_t i = 0; i < world_.agents(); ++i)
        world_.restart_agent(i);
    if (std::string difference = find_difference(); !difference.empty()) return difference;
    if (mark_gone()) return "an agent that will not come back";
    for (std::uint32_t i = 0; i < world_.frameworks(); ++i) {
        if (world_.has_ended(i) && (is_leaving(i) || !world_.ended_why(i))) continue;
        // The last words of a scheduler that has died may come after the first of the next one, and
        // take over from it: the master cannot tell them apart. Whoever watches over schedulers
        // starts such a one again.
        if (world_.has_ended(i) && world_.ended_why(i)->code == RefusalCode::no_longer_available) {
            world_.kill_framework(i);
            world_.restart_framework(i);
        }
        if (world_.has_ended(i)) {
            return "framework " + std::to_string(i) +
                   " has ended: " + format_refusal(*world_.ended_why(i));
        }
        const FrameworkId id = world_.id_of(i);
        const auto& state = world_.master().state();
        const auto found = state.framework_by_id.find(id);
        if (found == state.framework_by_id.end() ||
            state.frameworks[found->second].peer.is_none()) {
            return "framework " + std::to_string(i) + " is not subscribed";
        }
    }
    const auto hears = [this](FrameworkId id) {
        for (std::uint32_t i = 0; i < world_.frameworks(); ++i) {
            if (world_.id_of(i) == id) return !world_.has_ended(i);
        }
        return false;
    };
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        if (world_.has_stopped(i)) continue;
        for (const auto& [framework, status] : world_.checkpoint(i).statuses) {
            if (!hears(framework)) continue;
            return "agent " + std::to_string(i) + " still waits for the receipt of status " +
                   format_id(status.id) + " of task " + status.task.text() + " of " +
                   format_id(framework);
        }
    }
    const auto has_left = [this](std::uint32_t agent) { return world_.has_stopped(agent); };
    return world_.checker().find_untold(hears, has_left);
}

// --- whoever wants offers must get them, again and again ---

// The second time, what was declined the first time has to come back by itself.
bool Scenario::offer_to_all() {
    activate_all();
    for (Tally& tally : tallies_)
        tally.looking = true;
    for (std::uint32_t i = 0; i < world_.frameworks(); ++i) {
        framework::AuthorAsked revive;
        revive.requests.emplace_back(framework::Revive{});
        world_.ask_author(i, std::move(revive));
    }
    for (int round = 0; round < 2; ++round) {
        offers_since_ = world_.now();
        if (!come_to(&Scenario::find_neglected, 10min, "somebody is not offered anything any more"))
            return false;
    }
    return true;
}

std::string Scenario::find_neglected() {
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        if (world_.has_stopped(i)) continue;
        const agent::State& agent = world_.find_agent(i)->state();
        if (agent.available.is_empty()) continue;
        for (std::uint32_t framework = 0; framework < world_.frameworks(); ++framework) {
            if (world_.has_ended(framework)) continue;
            const auto at = world_.checker().last_offered(world_.id_of(framework), agent.id);
            if (at && *at >= offers_since_) continue;
            return "agent " + std::to_string(i) + " has " + format_resources(agent.available) +
                   ", and framework " + std::to_string(framework) + " is not offered it";
        }
    }
    return {};
}

// The master's picture, the agents' and what really runs.
std::string Scenario::find_difference() {
    const master::State& state = world_.master().state();
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        const std::string who = "agent " + std::to_string(i);
        const Names processes = live_processes(world_.processes(i));
        if (world_.has_stopped(i)) {
            if (!processes.empty()) return who + " has stopped, and runs " + name_one_of(processes);
            continue;
        }
        const agent::Agent* const agent = world_.find_agent(i);
        if (agent == nullptr) return who + " is not there";
        const AgentId id = agent->state().id;
        const auto known = state.agent_by_id.find(id);
        if (known == state.agent_by_id.end() || !state.agents[known->second].registered) {
            return who + " is not registered";
        }
        const Names at_agent = live_tasks_of(agent->state());
        const Names at_master = live_tasks_of(state, id);
        if (at_master != at_agent) {
            return who + " has " + std::to_string(at_agent.size()) + " tasks (" +
                   name_one_of(at_agent) + "), the master knows " +
                   std::to_string(at_master.size()) + " (" + name_one_of(at_master) + ')';
        }
        if (at_agent != processes) {
            return who + " has " + std::to_string(at_agent.size()) + " tasks (" +
                   name_one_of(at_agent) + "), and there run " + std::to_string(processes.size()) +
                   " (" + name_one_of(processes) + ')';
        }
    }
    return {};
}

std::string Scenario::find_remains() {
    activate_all();
    end_frameworks();
    if (std::string difference = find_difference(); !difference.empty()) return difference;
    if (mark_gone()) return "an agent that will not come back";
    const master::State& state = world_.master().state();
    std::string left;
    state.frameworks.for_each([&](master::FrameworkIndex, const master::Framework& framework) {
        left = "framework " + format_id(framework.id);
        if (framework.tasks.empty()) return;
        const auto& [id, at] = *framework.tasks.begin();
        const master::Task& task = state.tasks[at];
        left += " with task " + id.text() + ", " + std::string(format_task_state(task.state)) +
                " on agent " + format_id(state.agents[task.agent].id);
    });
    if (!left.empty()) return left;
    if (state.tasks.size() != 0) return "a task in the master's picture";
    if (!state.offers.empty()) return "an offer";
    if (world_.processes_running() != 0) return "a process";
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        if (world_.has_stopped(i)) continue;
        if (!world_.find_agent(i)->state().tasks.empty()) return "a task of an agent";
        if (!world_.checkpoint(i).tasks.empty()) return "a task in a checkpoint";
        if (!world_.checkpoint(i).statuses.empty()) return "a status in a checkpoint";
        if (!world_.processes(i).empty()) return "a record of a process";
    }
    if (!world_.registry().frameworks.empty()) return "a framework in the registry";
    return {};
}

// --- the probe: somebody new must be offered all there is ---

struct Scenario::Probe {
    std::map<AgentId, Resources> held;
    bool done = false;

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        for (const Offer& offer : offers) {
            held.insert_or_assign(offer.agent, offer.resources);
            replies.decline({offer.id, 1s, DeclineReason::no_work, {}});
        }
    }
    void on_status(const TaskStatus&) {}
};

bool Scenario::probe() {
    probe_ = std::make_shared<Probe>();
    FrameworkInfo info;
    info.name = "probe";
    info.capabilities.gpu_resources = true;
    info.roles = {*Role::parse("probe")};
    world_.add_framework(*probe_, std::move(info));
    if (!come_to(&Scenario::find_withheld, 5min, "resources are not offered any more"))
        return false;
    framework::AuthorAsked stop;
    stop.requests.emplace_back(framework::Stop{true});
    world_.ask_author(world_.frameworks() - 1, std::move(stop));
    return come_to(&Scenario::find_remains, 5min, "something is left of the last framework");
}

std::string Scenario::find_withheld() {
    activate_all();
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        if (world_.has_stopped(i)) continue;
        const agent::Agent& agent = *world_.find_agent(i);
        const auto found = probe_->held.find(agent.state().id);
        const Resources& total = agent.options().info.resources;
        if (found != probe_->held.end() && found->second == total) continue;
        return "agent " + std::to_string(i) + " has " + format_resources(total) + ", offered was " +
               (found == probe_->held.end() ? "nothing" : format_resources(found->second));
    }
    return {};
}

// Nobody wants anything: all that may be left are the agents, and a beat and a watch for each.
std::string Scenario::find_leak() {
    const master::State& state = world_.master().state();
    const std::size_t agents = state.agents.size();
    if (state.frameworks.size() != 0) return "a framework";
    if (state.claimants.size() != 0) return "a claimant";
    if (!state.offers.empty()) return "an offer";
    if (!state.writes.empty()) return "a write that nobody completes";
    if (state.deadlines.size() > 4 * agents + 4) {
        return std::to_string(state.deadlines.size()) + " deadlines for " + std::to_string(agents) +
               " agents";
    }
    for (const auto& [id, peer] : state.peers) {
        if (peer.agent.is_none()) return "peer " + format_id(id) + ", which is nobody's";
    }
    if (state.peers.size() > agents) return "a peer";
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        if (world_.has_stopped(i)) continue;
        if (world_.find_agent(i)->state().deadlines.size() > 4) return "deadlines of an agent";
    }
    return {};
}

}  // namespace offerkit::test
