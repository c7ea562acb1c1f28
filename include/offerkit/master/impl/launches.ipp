// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Accepts: offers become tasks. Every wrong accept has one outcome, and nothing is lost by it.

#include <offerkit/master/master.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::master {

/// Offers of one agent that an accept has taken, and what is left of them.
struct Master::Taken {
    AgentIndex agent;
    std::vector<OfferRecord> offers;
    Resources left;
    std::vector<TaskInfo> tasks;  // To be started, in order.
};

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Accept& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    Result<Taken> result = take_offers(index, c.offers);
    if (!result) return drop_launches(index, c, result.error());
    Taken& taken = *result;
    for (Operation& operation : c.operations)
        perform(index, taken, operation);

    const Framework& framework = state_.frameworks[index];
    const ClaimantIndex claimant = taken.offers.front().claimant;
    const Role& role = framework.roles[state_.claimants[claimant].membership].role;
    if (!taken.tasks.empty()) {
        // Receipts first: a scheduler may use the id of a task again once it has acknowledged it.
        flush_receipts(taken.agent);
        send(state_.agents[taken.agent].peer,
             protocol::RunTasks{framework.id, framework.info.name, framework.info.user, role,
                                std::move(taken.tasks)});
    }
    if (taken.left.is_empty()) return;
    tell_allocator(allocator_event::Recovered{claimant, taken.agent, taken.left});
    refuse_agent(claimant, taken.agent, taken.left, c.refuse_for);
}

// All or nothing: an accept that names one offer wrongly takes none, and the good ones stay open.
OFFERKIT_INLINE Result<Master::Taken> Master::take_offers(FrameworkIndex index,
                                                          const std::vector<OfferId>& ids) {
    const auto refuse = [&](RefusalCode code, std::string what, std::string why, std::string todo) {
        return Refusal{code, "framework " + format_id(state_.frameworks[index].id), std::move(what),
                       std::move(why), std::move(todo)};
    };
    if (ids.empty()) {
        return refuse(RefusalCode::invalid, "accept", "names no offer", "name at least one offer");
    }
    Taken taken;
    std::set<OfferId> seen;
    ClaimantIndex claimant;
    for (const OfferId id : ids) {
        const std::string what = "accept offer " + format_id(id);
        const auto found = state_.offers.find(id);
        if (found == state_.offers.end()) {
            return refuse(RefusalCode::no_longer_available, what,
                          "it was answered before, rescinded, or has expired",
                          "wait for a new offer");
        }
        const OfferRecord& offer = found->second;
        if (offer.framework != index) {
            return refuse(RefusalCode::not_owner, what, "it was made to another framework",
                          "accept only offers that were made to this framework");
        }
        if (!seen.insert(id).second) {
            return refuse(RefusalCode::invalid, what, "it is named twice", "name each offer once");
        }
        if (!claimant.is_none() && (offer.agent != taken.agent || offer.claimant != claimant)) {
            return refuse(RefusalCode::invalid, what, "the offers are of different agents or roles",
                          "accept offers of one agent and role at a time");
        }
        taken.agent = offer.agent;
        claimant = offer.claimant;
    }
    for (const OfferId id : ids) {
        taken.offers.push_back(
            take_offer(state_.offers.find(id), OfferEnd::accepted, DeclineReason::unspecified));
        taken.left += taken.offers.back().resources;
    }
    return taken;
}

OFFERKIT_INLINE void Master::perform(FrameworkIndex index, Taken& taken, Operation& operation) {
    if (auto* tasks = std::get_if<Launch>(&operation.action)) return launch(index, taken, *tasks);
    if (auto* group = std::get_if<LaunchGroup>(&operation.action)) {
        return launch_group(index, taken, *group);
    }
    const Framework& framework = state_.frameworks[index];
    send(framework.peer,
         protocol::CallRefused{{RefusalCode::unsupported, "framework " + format_id(framework.id),
                                "perform an operation on reservations or volumes",
                                "this master keeps no dynamic reservations or volumes",
                                "launch tasks on what was offered"}});
}

// Which of the two it is depends on who has to know: a task that is refused gets a status of its
// own, but a duplicate must not, since the status would be taken for that of the running one.
OFFERKIT_INLINE Result<Resources> Master::admit_task(FrameworkIndex index, const Taken& taken,
                                                     const TaskInfo& task, StatusReason& reason) {
    const Framework& framework = state_.frameworks[index];
    const auto refuse = [&](RefusalCode code, StatusReason status, std::string why,
                            std::string todo) {
        reason = status;
        return Refusal{code, "framework " + format_id(framework.id),
                       "launch task " + task.id.text(), std::move(why), std::move(todo)};
    };
    if (framework.tasks.contains(task.id)) {
        return refuse(RefusalCode::already_exists, StatusReason::task_duplicate,
                      "this framework has a task with that id", "give every task an id of its own");
    }
    if (task.resources.is_empty()) {
        return refuse(RefusalCode::invalid, StatusReason::task_invalid, "it asks for no resources",
                      "ask for at least a share of a cpu");
    }
    Resources local = task.resources;
    if (!state_.kinds.try_bind_known(local) || !taken.left.contains(local)) {
        Resources left = taken.left;
        state_.kinds.unbind(left);
        return refuse(RefusalCode::insufficient, StatusReason::resources_insufficient,
                      "it asks for " + format_resources(task.resources) +
                          ", what is left of the offers is " + format_resources(left),
                      "ask for no more than was offered");
    }
    return local;
}

OFFERKIT_INLINE void Master::launch(FrameworkIndex index, Taken& taken, Launch& launch) {
    const ClaimantIndex claimant = taken.offers.front().claimant;
    for (const RefusedTask& refused : launch.refused)
        refuse_task(index, taken.agent, refused.task, StatusReason::task_invalid, refused.why);
    for (TaskInfo& task : launch.tasks) {
        StatusReason reason = StatusReason::none;
        Result<Resources> local = admit_task(index, taken, task, reason);
        const Framework& framework = state_.frameworks[index];
        if (!local) {
            refuse_task(index, taken.agent, task.id, reason, local.error());
            continue;
        }
        taken.left -= *local;
        const Role& role = framework.roles[state_.claimants[claimant].membership].role;
        add_task(index, taken.agent, claimant, role, task, std::move(*local), TaskState::staging);
        taken.tasks.push_back(std::move(task));
    }
}

// A duplicate is told by a refusal: a status would be taken for that of the running task.
OFFERKIT_INLINE void Master::refuse_task(FrameworkIndex index, AgentIndex agent, const TaskId& task,
                                         StatusReason reason, const Refusal& why) {
    const Framework& framework = state_.frameworks[index];
    if (framework.tasks.contains(task)) {
        return send(framework.peer, protocol::CallRefused{why});
    }
    TaskStatus status;
    status.task = task;
    status.state = TaskState::error;
    status.agent = state_.agents[agent].id;
    status.reason = reason;
    status.message = bound_message(format_refusal(why));
    status.at = state_.wall_now;
    tell_status(index, std::move(status));
}

OFFERKIT_INLINE void Master::launch_group(FrameworkIndex index, Taken& taken, LaunchGroup& group) {
    const Framework& framework = state_.frameworks[index];
    send(framework.peer,
         protocol::CallRefused{{RefusalCode::unsupported, "framework " + format_id(framework.id),
                                "launch a group of " + std::to_string(group.tasks.size()) +
                                    " tasks on agent " + format_id(state_.agents[taken.agent].id),
                                "agents run command tasks only",
                                "launch the tasks one by one, without an executor"}});
}

OFFERKIT_INLINE void Master::add_task(FrameworkIndex index, AgentIndex agent_index,
                                      ClaimantIndex claimant, const Role& role,
                                      const TaskInfo& info, Resources local, TaskState state) {
    Agent& agent = state_.agents[agent_index];
    agent.used += local;
    mark_usage(agent_index);
    Task task;
    task.id = info.id;
    task.framework = index;
    task.agent = agent_index;
    task.claimant = claimant;
    task.role = role;
    task.resources = std::move(local);
    task.state = state;
    task.next = agent.first_task;
    const TaskIndex at = state_.tasks.insert(std::move(task));
    if (!agent.first_task.is_none()) state_.tasks[agent.first_task].previous = at;
    agent.first_task = at;
    Framework& framework = state_.frameworks[index];
    framework.tasks.emplace(info.id, at);
    out_->deltas.emplace_back(TaskPut{framework.id, info.id, info.name, agent.id, role,
                                      info.resources, state, state_.wall_now});
}

// The accept came too late or was wrong: each of its tasks is told so, by a status of its own.
OFFERKIT_INLINE void Master::drop_launches(FrameworkIndex index, const protocol::Accept& c,
                                           const Refusal& why) {
    const Framework& framework = state_.frameworks[index];
    bool told = false;
    const auto drop = [&](const TaskId& task) {
        if (!framework.tasks.contains(task)) {  // Else it would look like the other one's.
            TaskStatus status;
            status.task = task;
            status.state = TaskState::dropped;
            status.reason = StatusReason::offer_unavailable;
            status.message = format_refusal(why);
            status.at = state_.wall_now;
            tell_status(index, std::move(status));
            told = true;
        }
    };
    for (const Operation& operation : c.operations) {
        if (const auto* launch = std::get_if<Launch>(&operation.action)) {
            for (const TaskInfo& task : launch->tasks)
                drop(task.id);
            for (const RefusedTask& refused : launch->refused)
                drop(refused.task);
        }
        if (const auto* group = std::get_if<LaunchGroup>(&operation.action)) {
            for (const TaskInfo& task : group->tasks)
                drop(task.id);
        }
    }
    if (!told) send(framework.peer, protocol::CallRefused{why});
}

}  // namespace offerkit::master
