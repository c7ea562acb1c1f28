// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a master remembers. Everything that decides is in here: a master restored from its state
/// goes on exactly as the one that was saved.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/index.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/slot_table.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/view.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/quota.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_call.hpp>
#include <offerkit/resources/kind_table.hpp>
#include <offerkit/resources/resources.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::master {

using FrameworkIndex = Index<struct FrameworkIndexTag>;
using TaskIndex = Index<struct TaskIndexTag>;

/// One open conversation. An agent or a framework has at most one at a time.
struct Peer {
    protocol::PeerKind kind = protocol::PeerKind::framework;
    std::string principal;
    AgentIndex agent;          // Once it has registered.
    FrameworkIndex framework;  // Once it has subscribed.
};

/// Amounts are in local form; `info` is what the agent said, in portable form.
struct Agent {
    AgentId id;
    AgentInfo info;
    PeerId peer;            // None: disconnected.
    bool admitted = false;  // Durable: only then is anything of it announced.
    bool deactivated = false;
    bool unreachable = false;
    WallTime registered_at;
    Instant heard_at;  // Of the last word from it, or of its disconnection.
    Resources total;
    Resources used;
    Resources offered;
    std::set<OfferId> offers;
    TaskIndex first_task;  // A list through the task table, newest first.
    bool usage_changed = false;
};

/// One role of a framework: a leaf of the claimant tree.
struct Membership {
    Role role;
    ClaimantIndex claimant;
    bool suppressed = false;
    std::vector<DemandShape> demand;  // Local form.
    std::array<std::uint64_t, decline_reasons> declined{};
    NoOfferCounts not_offered_told{};
    std::array<std::uint64_t, decline_reasons> declined_told{};
};

struct Framework {
    FrameworkId id;
    FrameworkInfo info;
    PeerId peer;               // None: disconnected.
    bool known = false;        // Its id is in the registry.
    bool admitted = false;     // What it said last is durable.
    bool slow = false;         // Does not read what it was sent.
    bool ending = false;       // Torn down; its tasks are being killed.
    std::uint64_t awaits = 0;  // The entry that admits it.
    WallTime subscribed_at;
    Instant heard_at;  // Of the last word from it, or of its disconnection.
    std::vector<Membership> roles;
    std::map<TaskId, TaskIndex> tasks;
    std::set<OfferId> offers;
};

struct Task {
    TaskId id;
    FrameworkIndex framework;
    AgentIndex agent;
    ClaimantIndex claimant;
    Role role;
    Resources resources;  // Local form.
    TaskState state = TaskState::staging;
    StatusReason reason = StatusReason::none;
    StatusId ended_by;   // The terminal status; once acknowledged, the task is forgotten.
    StatusId held_from;  // The first that found no scheduler; later ones wait for its repetition.
    TaskIndex previous;  // In the list of its agent.
    TaskIndex next;
};

struct OfferRecord {
    FrameworkIndex framework;
    ClaimantIndex claimant;
    AgentIndex agent;
    Resources resources;  // Local form.
    Instant expires;
};

/// What a deadline is about. Ties are settled by kind, then by id.
struct DeadlineKey {
    enum class Kind : std::uint8_t { offer, agent, framework, reasons };

    Kind kind = Kind::offer;
    std::uint64_t id = 0;
    friend auto operator<=>(const DeadlineKey&, const DeadlineKey&) = default;
};

/// A change that is on its way to the registry, and what waits for it.
struct PendingWrite {
    // clang-format off
    struct Agent     { AgentIndex agent; AgentId id; };
    struct Framework { FrameworkIndex framework; FrameworkId id; };
    struct Role      { RoleConfig config; std::uint64_t request = 0; };
    struct Nothing   {};
    // clang-format on

    std::uint64_t entry = 0;
    std::variant<Nothing, Agent, Framework, Role> waits;
};

struct State {
    Instant now;
    WallTime wall_now;

    std::uint64_t agents_made = 0;
    std::uint64_t frameworks_made = 0;
    std::uint64_t offers_made = 0;
    std::uint64_t entries_made = 0;

    KindTable kinds;
    /// What the allocator was told of each slot.
    std::vector<std::string> kinds_told = std::vector<std::string>(limits::slots);
    std::map<PeerId, Peer> peers;
    SlotTable<AgentIndex, Agent> agents;
    std::map<AgentId, AgentIndex> agent_by_id;
    SlotTable<FrameworkIndex, Framework> frameworks;
    std::map<FrameworkId, FrameworkIndex> framework_by_id;
    SlotTable<TaskIndex, Task> tasks;
    std::map<OfferId, OfferRecord> offers;
    std::map<Role, RoleConfig> roles;

    /// Which framework a leaf of the claimant tree belongs to. Its places are the indexes that the
    /// allocator knows.
    struct Claimant {
        FrameworkIndex framework;
        std::uint32_t membership = 0;
    };
    SlotTable<ClaimantIndex, Claimant> claimants;

    std::deque<PendingWrite> writes;
    Deadlines<DeadlineKey> deadlines;
    Instant allocator_wake = Instant::never();
    bool reasons_armed = false;
};

}  // namespace offerkit::master
