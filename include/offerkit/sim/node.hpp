// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What drives one machine in a simulated world.

#include <offerkit/core/time.hpp>
#include <offerkit/record/log.hpp>
#include <offerkit/sim/queue.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::sim {

/// The event log of one process.
struct Recording {
    record::Bytes bytes;
    std::optional<record::LogWriter> writer;  // None once the process has ended.
};

/// The event log of one process: "agent-3-2" is that of agent 3's second.
struct NamedLog {
    std::string name;
    const record::Bytes* bytes = nullptr;
};

/// What all machines of a kind share, since one steps at a time. Thousands of events and effects a
/// second go through the same few lines of the cache instead of each machine's own buffers.
template <class Event, class Effects>
struct Workbench {
    Slab<Event> under_way;
    std::vector<Event> batch;                // Of the step that is being taken.
    Effects effects;                         // Of the same.
    std::vector<std::vector<Event>> spares;  // Empty inboxes with room, the last used on top.

    /// An inbox for a machine that has none.
    std::vector<Event> take_spare() {
        if (spares.empty()) return {};
        std::vector<Event> inbox = std::move(spares.back());
        spares.pop_back();
        return inbox;
    }
    void end_step() {
        batch.clear();
        if (batch.capacity() != 0) spares.push_back(std::exchange(batch, {}));
        effects.clear();
    }
};

/// What drives one machine.
template <class MachineType, class EventType, class EffectsType>
struct Node {
    using Machine = MachineType;
    using Event = EventType;
    using Bench = Workbench<EventType, EffectsType>;

    std::unique_ptr<Machine> machine;  // Null: its process is not there.
    std::vector<Event> inbox;
    Instant next_step = Instant::never();
    std::uint32_t generation = 0;
    std::uint64_t performed = 0;  // Effects, of all its lives together.
    std::uint64_t crash_at = no_crash;
    bool records = false;
    std::vector<std::unique_ptr<Recording>> recordings;  // Of each process since it was asked for.

    static constexpr std::uint64_t no_crash = ~std::uint64_t{0};
};

/// Whose disk, or whose process.
struct NodeName {
    MachineKind kind = MachineKind::master;
    std::uint32_t index = 0;
};

}  // namespace offerkit::sim
