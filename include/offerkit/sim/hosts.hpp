// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a simulated world keeps of each computer in it: the machines that run there, their disk,
/// their processes and their end of the link to the master.

#include <offerkit/agent/agent.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/sim/author.hpp>
#include <offerkit/sim/node.hpp>
#include <offerkit/sim/process.hpp>
#include <offerkit/sim/queue.hpp>
#include <offerkit/sim/store.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <tuple>
#include <vector>

namespace offerkit::sim {

using MasterNode = Node<master::Master, master::Event, master::Effects>;
using AgentMachine = Node<agent::Agent, agent::Event, agent::Effects>;
using ExecutorMachine = Node<executor::Executor, executor::Event, executor::Effects>;
using FrameworkMachine = Node<framework::Framework, framework::Event, framework::Effects>;

using Workbenches = std::tuple<MasterNode::Bench, AgentMachine::Bench, ExecutorMachine::Bench,
                               FrameworkMachine::Bench>;

/// The client's end of a link.
struct Client {
    std::uint64_t connection = 0;  // Zero: none.
    bool cut_to_master = false;
    bool cut_to_client = false;
    Duration lag{0};  // At most, added to each message.
    std::vector<Item> held;
};
using Registry =
    ModelledStore<master::registry::Contents, master::registry::Write, &master::registry::apply>;
using Checkpoint =
    ModelledStore<agent::checkpoint::Contents, agent::checkpoint::Write, &agent::checkpoint::apply>;
struct AgentHost {
    AgentMachine agent;
    ExecutorMachine executor;
    agent::Options options;  // For its next start.
    Client client;
    Checkpoint store;
    Processes processes;
    std::uint32_t boots = 0;     // Processes end with the boot that they were started in.
    bool crashes_whole = false;  // When it crashes between two effects.
    bool listing = false;        // The executor has asked the launcher what there is.
    bool left = false;           // It has stopped, and its tasks go on.
    bool stopped = false;
};
struct FrameworkHost {
    FrameworkMachine machine;
    std::unique_ptr<Author> author;
    framework::Options options;  // For its next start.
    Client client;
    Instant author_wake = Instant::never();
    bool ended = false;
    std::optional<Refusal> why;
};

}  // namespace offerkit::sim
