// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/summary.hpp>

#include <offerkit/record/names.hpp>
#include <offerkit/resources/text.hpp>

#include <cstdint>

namespace offerkit::record {
namespace {

template <class Id>
std::string text_of(const Id& id) {
    return id.is_none() ? "-" : format_id(id);
}

/// Seconds with three decimals: "12.345"; "never".
std::string text_of(Instant at) {
    if (at == Instant::never()) return "never";
    const std::int64_t ms = at.ns / 1'000'000;
    std::string rest = std::to_string(1000 + ms % 1000);
    return std::to_string(ms / 1000) + "." + rest.substr(1);
}

std::string text_of(bool value) { return value ? "yes" : "no"; }
std::string text_of(std::uint64_t value) { return std::to_string(value); }

std::string text_of(const Resources& resources) {
    return resources.is_empty() ? "-" : format_resources(resources);
}

/// Resources of a machine that has given slots to kinds that are only named.
std::string text_of(const master::State& state, Resources resources) {
    state.kinds.unbind(resources);
    return text_of(resources);
}

std::string condition_of(const master::Agent& agent) {
    if (!agent.admitted) return "being admitted";
    if (agent.unreachable) return "unreachable";
    if (agent.recovering) return "recovering";
    if (!agent.registered) return "disconnected";
    return std::string(master::registry::format_agent_mode(agent.mode));
}

std::string condition_of(const master::Framework& framework) {
    if (framework.ending) return "ending";
    if (!framework.admitted) return "being admitted";
    if (framework.peer.is_none()) return "disconnected";
    return framework.slow ? "slow" : "active";
}

std::string roles_of(const master::Framework& framework) {
    std::string roles;
    for (const master::Membership& membership : framework.roles) {
        if (!roles.empty()) roles += ' ';
        roles += membership.role.path();
        if (membership.suppressed) roles += "(suppressed)";
    }
    return roles;
}

SummaryTable agents_of(const master::State& state) {
    SummaryTable table{"agents", {"id", "host", "state", "total", "used", "offered", "offers"}, {}};
    state.agents.for_each([&](AgentIndex, const master::Agent& agent) {
        table.rows.push_back({text_of(agent.id), agent.info.hostname, condition_of(agent),
                              text_of(state, agent.total), text_of(state, agent.used),
                              text_of(state, agent.offered), text_of(agent.offers.size())});
    });
    return table;
}

SummaryTable frameworks_of(const master::State& state) {
    SummaryTable table{"frameworks", {"id", "name", "state", "roles", "tasks", "offers"}, {}};
    state.frameworks.for_each([&](master::FrameworkIndex, const master::Framework& framework) {
        table.rows.push_back({text_of(framework.id), framework.info.name, condition_of(framework),
                              roles_of(framework), text_of(framework.tasks.size()),
                              text_of(framework.offers.size())});
    });
    return table;
}

SummaryTable tasks_of(const master::State& state) {
    SummaryTable table{"tasks", {"id", "framework", "agent", "role", "state", "resources"}, {}};
    state.tasks.for_each([&](master::TaskIndex, const master::Task& task) {
        const bool has_agent = state.agents.contains(task.agent);
        table.rows.push_back({text_of(task.id),
                              state.frameworks.contains(task.framework)
                                  ? text_of(state.frameworks[task.framework].id)
                                  : "-",
                              has_agent ? text_of(state.agents[task.agent].id) : "-",
                              task.role.path(), std::string(format_task_state(task.state)),
                              text_of(state, task.resources)});
    });
    return table;
}

SummaryTable offers_of(const master::State& state) {
    SummaryTable table{"offers", {"id", "framework", "agent", "resources", "expires"}, {}};
    for (const auto& [id, offer] : state.offers) {
        table.rows.push_back({text_of(id), text_of(state.frameworks[offer.framework].id),
                              text_of(state.agents[offer.agent].id),
                              text_of(state, offer.resources), text_of(offer.expires)});
    }
    return table;
}

SummaryTable roles_of(const master::State& state) {
    SummaryTable table{"roles", {"role", "weight", "guarantee"}, {}};
    for (const auto& [role, config] : state.roles) {
        table.rows.push_back(
            {role.path(), format_amount(config.weight), text_of(config.quota.guarantee)});
    }
    return table;
}

}  // namespace

Summary summarize(const master::Master& machine) {
    const master::State& state = machine.state();
    Summary summary;
    summary.facts = {{"machine", "master of " + machine.options().cluster},
                     {"epoch", text_of(machine.options().epoch)},
                     {"policy", machine.allocator().policy_name()},
                     {"now", text_of(state.now)},
                     {"peers", text_of(state.peers.size())},
                     {"writes under way", text_of(state.writes.size())},
                     {"deadlines", text_of(state.deadlines.size())},
                     {"next deadline", text_of(state.deadlines.next())}};
    summary.tables = {agents_of(state), frameworks_of(state), tasks_of(state), offers_of(state),
                      roles_of(state)};
    return summary;
}

Summary summarize(const agent::Agent& machine) {
    const agent::State& state = machine.state();
    Summary summary;
    summary.facts = {{"machine", "agent " + text_of(state.id)},
                     {"run", text_of(state.run)},
                     {"now", text_of(state.now)},
                     {"link", std::string(name_of(state.link.stage))},
                     {"master's epoch", text_of(state.epoch_seen)},
                     {"available", text_of(state.available)},
                     {"writes under way", text_of(state.unwritten.size())},
                     {"store failed", text_of(state.store_failed)},
                     {"stopping", state.stop ? state.stop->why : "no"},
                     {"stopped", text_of(state.stopped)}};
    SummaryTable tasks{
        "tasks", {"serial", "id", "framework", "stage", "state", "held", "unacknowledged"}, {}};
    for (const auto& [serial, task] : state.tasks) {
        tasks.rows.push_back({text_of(serial), text_of(task.key.task), text_of(task.key.framework),
                              std::string(name_of(task.stage)),
                              std::string(format_task_state(task.state)), text_of(task.held),
                              text_of(task.unacknowledged.size())});
    }
    summary.tables = {std::move(tasks)};
    return summary;
}

Summary summarize(const framework::Framework& machine) {
    const framework::State& state = machine.state();
    Summary summary;
    summary.facts = {{"machine", "framework " + machine.options().info.name},
                     {"id", text_of(state.id)},
                     {"now", text_of(state.now)},
                     {"phase", std::string(name_of(state.phase))},
                     {"master's epoch", text_of(state.epoch_seen)},
                     {"deliveries", text_of(state.deliveries)},
                     {"delivering", text_of(state.delivering)}};
    SummaryTable offers{"offers", {"id", "agent", "role", "resources", "answer by"}, {}};
    for (const auto& [id, offer] : state.offers) {
        offers.rows.push_back({text_of(id), text_of(offer.agent), offer.role.path(),
                               text_of(offer.resources), text_of(offer.answer_by)});
    }
    SummaryTable tasks{"tasks", {"id", "agent", "heard", "ended"}, {}};
    for (const auto& [id, task] : state.tasks) {
        tasks.rows.push_back(
            {text_of(id), text_of(task.agent), text_of(task.heard), text_of(task.ended)});
    }
    SummaryTable filters{"refusals", {"agent", "role", "refused", "until"}, {}};
    for (const auto& [key, refusal] : state.filters) {
        filters.rows.push_back({text_of(key.agent), key.role.path(), text_of(refusal.refused),
                                text_of(refusal.until)});
    }
    summary.tables = {std::move(offers), std::move(tasks), std::move(filters)};
    return summary;
}

Summary summarize(const executor::Executor& machine) {
    const executor::State& state = machine.state();
    Summary summary;
    summary.facts = {{"machine", "executor of commands"}, {"now", text_of(state.now)}};
    SummaryTable processes{
        "processes", {"task", "framework", "stage", "kill until", "sandbox"}, {}};
    for (const auto& [key, process] : state.processes) {
        processes.rows.push_back({text_of(key.task), text_of(key.framework),
                                  std::string(name_of(process.stage)),
                                  process.kill ? text_of(process.kill->until) : "-",
                                  process.sandbox.empty() ? "-" : process.sandbox});
    }
    summary.tables = {std::move(processes)};
    return summary;
}

}  // namespace offerkit::record
