// SPDX-License-Identifier: Apache-2.0
/// Event logs of simulated machines.
#include <offerkit/sim/world.hpp>

#include <offerkit/record/build_id.hpp>
#include <offerkit/record/codec.hpp>

#include <utility>

namespace offerkit::sim {

template <class Self, class Act>
decltype(auto) World::with_node(Self& self, MachineKind kind, std::uint32_t index, Act act) {
    switch (kind) {
        case MachineKind::master:
            break;
        case MachineKind::agent:
            return act(self.agents_[index].agent, record::Machine::agent);
        case MachineKind::executor:
            return act(self.agents_[index].executor, record::Machine::executor);
        case MachineKind::framework:
            return act(self.frameworks_[index].machine, record::Machine::framework);
    }
    return act(self.master_, record::Machine::master);
}

void World::record(MachineKind kind, std::uint32_t index) {
    with_node(*this, kind, index, [](auto& node, record::Machine) {
        OFFERKIT_ASSERT(node.machine && node.machine->state().now == Instant{});
        node.records = true;
    });
    begin_log(kind, index);
}

// A log is of one process: the next one begins its own.
void World::begin_log(MachineKind kind, std::uint32_t index) {
    with_node(*this, kind, index, [this](auto& node, record::Machine machine) {
        if (!node.records && !options_.logs) return;
        record::LogHeader header;
        header.build = record::build_text();
        header.machine = machine;
        if constexpr (requires { node.machine->allocator(); }) {
            header.policy = node.machine->allocator().policy_name();
        }
        if constexpr (requires { node.machine->options(); }) {
            record::encode(node.machine->options(), header.options);
        }
        Recording& made = *node.recordings.emplace_back(std::make_unique<Recording>());
        made.writer.emplace(header, made.bytes);
    });
}

const record::Bytes& World::log_of(MachineKind kind, std::uint32_t index) const {
    const auto find = [](const auto& node, record::Machine) -> const record::Bytes& {
        OFFERKIT_ASSERT(!node.recordings.empty());
        return node.recordings.front()->bytes;
    };
    return with_node(*this, kind, index, find);
}

std::vector<NamedLog> World::logs() const {
    std::vector<NamedLog> all;
    const auto add = [&all](const std::string& machine, const auto& node) {
        for (std::size_t i = 0; i < node.recordings.size(); ++i)
            all.push_back({machine + '-' + std::to_string(i + 1), &node.recordings[i]->bytes});
    };
    add("master", master_);
    for (std::size_t i = 0; i < agents_.size(); ++i) {
        add("agent-" + std::to_string(i), agents_[i].agent);
        add("executor-" + std::to_string(i), agents_[i].executor);
    }
    for (std::size_t i = 0; i < frameworks_.size(); ++i)
        add("framework-" + std::to_string(i), frameworks_[i].machine);
    return all;
}

}  // namespace offerkit::sim
