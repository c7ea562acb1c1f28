// SPDX-License-Identifier: Apache-2.0
/// Event logs of simulated machines.
#include <offerkit/sim/world.hpp>

#include <offerkit/record/codec.hpp>

namespace offerkit::sim {

void World::record(MachineKind kind, std::uint32_t index) {
    record::LogHeader header;
    header.build = "simulated";
    const auto begin = [&](auto& node, record::Machine machine) {
        OFFERKIT_ASSERT(node.machine && !node.recording && node.machine->state().now == Instant{});
        header.machine = machine;
        node.recording = std::make_unique<Recording>();
        node.recording->writer.emplace(header, node.recording->bytes);
    };
    switch (kind) {
        case MachineKind::master:
            header.policy = master_.machine->allocator().policy_name();
            record::encode(master_.machine->options(), header.options);
            return begin(master_, record::Machine::master);
        case MachineKind::agent:
            record::encode(agents_[index].agent.machine->options(), header.options);
            return begin(agents_[index].agent, record::Machine::agent);
        case MachineKind::executor:
            return begin(agents_[index].executor, record::Machine::executor);
        case MachineKind::framework:
            record::encode(frameworks_[index].machine.machine->options(), header.options);
            return begin(frameworks_[index].machine, record::Machine::framework);
    }
}

const record::Bytes& World::log_of(MachineKind kind, std::uint32_t index) const {
    const std::unique_ptr<Recording>& recording =
        kind == MachineKind::master     ? master_.recording
        : kind == MachineKind::agent    ? agents_[index].agent.recording
        : kind == MachineKind::executor ? agents_[index].executor.recording
                                        : frameworks_[index].machine.recording;
    OFFERKIT_ASSERT(recording != nullptr);
    return recording->bytes;
}

}  // namespace offerkit::sim
