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

/// What drives one machine.
template <class Machine, class Event, class Effects>
struct Node {
    std::unique_ptr<Machine> machine;  // Null: its process is not there.
    std::vector<Event> inbox;
    std::vector<Event> batch;
    Effects effects;
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
