// SPDX-License-Identifier: Apache-2.0
/// Deaths and returns of machines and processes.
#include <offerkit/sim/world.hpp>

#include <utility>

namespace offerkit::sim {
namespace {

/// Takes a machine away; whatever was meant for it is lost.
template <class N>
void end_node(N& node) {
    node.machine.reset();
    node.inbox.clear();
    node.next_step = Instant::never();
    ++node.generation;
    node.crash_at = N::no_crash;
    if (!node.recordings.empty()) node.recordings.back()->writer.reset();
}

}  // namespace

// --- the master ---

void World::crash_master() {
    if (!master_.machine) return;
    remark("world", "the master dies");
    reached_.count(Fault::master_crashed);
    end_node(master_);
    connections_.for_each([this](std::uint64_t number, Connection& connection) {
        connection.master_open = false;
        if (!connection.client_open) return;
        tell_closed(number, false,
                    {RefusalCode::unavailable, "link", "carry messages",
                     "the master's process has died", "connect again"},
                    connection.last_to_client);
    });
    if (master_store_.crash(store_rng_)) reached_.count(Fault::write_torn);
    checker_.forget_master();
}

void World::restart_master() {
    crash_master();
    ++master_epoch_;
    remark("world", "the master starts with epoch " + std::to_string(master_epoch_));
    start_master();
}

// --- agents ---

void World::crash_agent(std::uint32_t agent) {
    AgentHost& host = agents_[agent];
    if (!host.agent.machine || host.stopped) return;
    remark("world", "the process of agent " + std::to_string(agent) + " dies");
    reached_.count(Fault::agent_crashed);
    end_agent(host);
    disconnect(agent_link(agent), "the agent's process has died");
    if (host.store.crash(store_rng_)) reached_.count(Fault::write_torn);
}

void World::crash_machine(std::uint32_t agent) {
    AgentHost& host = agents_[agent];
    if (host.stopped) return;
    remark("world", "machine " + std::to_string(agent) + " crashes");
    reached_.count(Fault::machine_crashed);
    if (host.agent.machine) {
        end_agent(host);
        // Nothing is sent, not even that the connection is over: its end is only forgotten.
        if (Connection* const connection = connections_.find(host.client.connection)) {
            connection->client_open = false;
        }
        host.client.connection = 0;
        if (host.store.crash(store_rng_)) reached_.count(Fault::write_torn);
    }
    lose_processes(agent);
    ++host.boots;
}

void World::restart_agent(std::uint32_t agent) {
    AgentHost& host = agents_[agent];
    if (host.agent.machine || host.stopped) return;
    remark("world", "agent " + std::to_string(agent) + " starts");
    start_agent(agent);
}

void World::end_agent(AgentHost& host) {
    end_node(host.agent);
    end_node(host.executor);
}

void World::leave_agent(std::uint32_t agent) {
    if (!agents_[agent].agent.machine || agents_[agent].stopped) return;
    remark("world", "agent " + std::to_string(agent) + " is asked to leave its tasks");
    reached_.count(Fault::agent_left);
    push_now(MachineKind::agent, agent, agent::Event{agent::StopAsked{Duration{0}, true}});
}

void World::stop_agent(std::uint32_t agent, Duration grace) {
    if (!agents_[agent].agent.machine) return;
    remark("world", "agent " + std::to_string(agent) + " is asked to stop");
    push_now(MachineKind::agent, agent, agent::Event{agent::StopAsked{grace}});
}

// --- frameworks ---

void World::kill_framework(std::uint32_t framework) {
    FrameworkHost& host = frameworks_[framework];
    if (!host.machine.machine) return;
    remark("world", "the process of framework " + std::to_string(framework) + " dies");
    reached_.count(Fault::framework_killed);
    end_node(host.machine);
    checker_.forget_framework(host.options.id);
    disconnect(framework_link(framework), "the scheduler's process has died");
    host.author_wake = Instant::never();
}

void World::restart_framework(std::uint32_t framework, std::unique_ptr<Author> author) {
    FrameworkHost& host = frameworks_[framework];
    if (host.machine.machine) return;
    if (author) {
        reached_.count(Fault::author_forgot);
        host.author = std::move(author);
    }
    host.options.take_over = !host.options.id.is_none();
    remark("world", "framework " + std::to_string(framework) + " starts again");
    start_framework(framework);
    arm_author(framework);
}

// --- in the middle of a step, and on disk ---

void World::crash_after(NodeName node, std::uint64_t effects, bool machine) {
    const auto arm = [&](auto& n) { n.crash_at = n.performed + effects; };
    switch (node.kind) {
        case MachineKind::master:
            return arm(master_);
        case MachineKind::agent:
            agents_[node.index].crashes_whole = machine;
            return arm(agents_[node.index].agent);
        case MachineKind::executor:
            agents_[node.index].crashes_whole = machine;
            return arm(agents_[node.index].executor);
        case MachineKind::framework:
            return arm(frameworks_[node.index].machine);
    }
}

void World::call_off_crashes() {
    master_.crash_at = MasterNode::no_crash;
    for (AgentHost& host : agents_) {
        host.agent.crash_at = AgentMachine::no_crash;
        host.executor.crash_at = ExecutorMachine::no_crash;
    }
    for (FrameworkHost& host : frameworks_)
        host.machine.crash_at = FrameworkMachine::no_crash;
}

void World::crash_part_way(std::uint32_t agent) {
    if (agents_[agent].crashes_whole) {
        crash_machine(agent);
    } else {
        crash_agent(agent);
    }
}

// Pre: a node that has a disk.
void World::set_full(NodeName node, bool full) {
    (node.kind == MachineKind::master ? master_store_.full : agents_[node.index].store.full) = full;
    remark("world", full ? "a disk is full" : "there is space on the disk again");
}

void World::set_store_failures(PerMille of_master, PerMille of_agents) {
    options_.store_failures = of_master;
    options_.agent_store_failures = of_agents;
}

void World::set_store_lag(NodeName node, Duration lag) {
    (node.kind == MachineKind::master ? master_store_.lag : agents_[node.index].store.lag) = lag;
    if (lag > Duration{0}) reached_.count(Fault::store_slow);
}

}  // namespace offerkit::sim
