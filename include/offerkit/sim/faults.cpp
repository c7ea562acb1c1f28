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
    if (node.recording) node.recording->writer.reset();  // A log is of one machine.
}

}  // namespace

void World::crash_machine(std::uint32_t agent) {
    AgentHost& host = agents_[agent];
    if (!host.agent.machine) return;
    end_node(host.agent);
    end_node(host.executor);
    // Nothing is sent, not even that the connection is over: its end is only forgotten.
    if (Connection* const connection = connections_.find(host.client.connection)) {
        connection->client_open = false;
    }
    host.client.connection = 0;
    host.store = {};
    host.processes.clear();
    host.launched.clear();
    ++host.boots;
    if (options_.checks) checker_.machine_ended(agent);
    remark("world", "machine " + std::to_string(agent) + " crashes");
}

void World::restart_machine(std::uint32_t agent) {
    AgentHost& host = agents_[agent];
    if (host.agent.machine || host.stopped) return;
    ++host.options.run;
    host.options.info.boot_id = "boot-" + std::to_string(host.boots);
    remark("world", "machine " + std::to_string(agent) + " boots");
    start_agent(agent);
}

void World::stop_agent(std::uint32_t agent, Duration grace) {
    if (!agents_[agent].agent.machine) return;
    push_now(MachineKind::agent, agent, agent::Event{agent::StopAsked{grace}});
}

void World::kill_framework(std::uint32_t framework) {
    FrameworkHost& host = frameworks_[framework];
    if (!host.machine.machine) return;
    end_node(host.machine);
    disconnect(framework_link(framework), "the scheduler's process has died");
    host.author_wake = Instant::never();
    remark("world", "the process of framework " + std::to_string(framework) + " dies");
}

void World::restart_framework(std::uint32_t framework) {
    FrameworkHost& host = frameworks_[framework];
    if (host.machine.machine) return;
    host.options.take_over = !host.options.id.is_none();
    remark("world", "framework " + std::to_string(framework) + " starts again");
    start_framework(framework);
}

void World::restart_master() {
    end_node(master_);
    connections_.for_each([this](std::uint64_t number, Connection& connection) {
        if (!connection.master_open && !connection.client_open) return;
        connection.master_open = false;
        if (connection.client_open) {
            tell_closed(number, false,
                        {RefusalCode::unavailable, "link", "carry messages",
                         "the master's process has died", "connect again"},
                        connection.last_to_client);
        }
    });
    master_store_ = {};
    checker_.forget_master();
    ++master_epoch_;
    remark("world", "the master dies and starts with epoch " + std::to_string(master_epoch_));
    start_master();
}

}  // namespace offerkit::sim
