// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a master remembers. Everything that decides is in here: a master restored from its state
/// goes on exactly as the one that was saved.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/index.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/slot_table.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/registry.hpp>
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
#include <optional>
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
    /// A registration whose list of tasks has not come to its end.
    std::optional<protocol::RegisterAgent> registering;
};

/// Amounts are in local form; `info` is what the agent said, in portable form.
struct Agent {
    AgentId id;
    AgentInfo info;
    PeerId peer;              // None: disconnected.
    protocol::AgentRun run;   // The latest that has registered with this master.
    bool admitted = false;    // Durable: only then is anything of it announced.
    bool registered = false;  // On this connection, and told so.
    bool recovering = false;  // From the registry, and not back since the master has started.
    bool unreachable = false;
    bool leaving = false;          // Its removal is on its way to the registry.
    std::uint64_t mark_entry = 0;  // The entry that marks it as unreachable; 0: none on its way.
    Instant mark_at = Instant::never();  // Its turn to be marked; `never()`: it has none.
    registry::AgentMode mode = registry::AgentMode::active;
    WallTime drain_deadline;  // For people and the registry.
    Instant drain_due = Instant::never();
    bool drain_stored = false;  // That it is drained is on its way to the registry.
    WallTime registered_at;
    Instant heard_at;  // Of the last word from it, of its disconnection, or of the master's start.
    Instant watch_at = Instant::never();  // The earliest deadline that is armed for it.
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
    bool ending = false;       // Its end is on its way to the registry: no offers any more.
    bool ended = false;        // Durably: its tasks are being killed, and nobody hears of them.
    std::uint64_t awaits = 0;  // The entry that admits it.
    WallTime subscribed_at;
    Instant heard_at;                     // Of the last word from it, or of its disconnection.
    Instant watch_at = Instant::never();  // The earliest deadline that is armed for it.
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
    StatusId told;       // The latest that a scheduler was sent and has not acknowledged.
    StatusId held_from;  // Not none: what comes later waits until the agent repeats.
    StatusId held_last;  // The latest that has waited: when it comes again it is a repetition.
    /// Asked for, with this grace (none: the task's own): said again to an agent that comes back.
    std::optional<std::optional<Duration>> kill;
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
    enum class Kind : std::uint8_t { offer, agent, framework, reasons, drain, peer };

    Kind kind = Kind::offer;
    std::uint64_t id = 0;
    friend auto operator<=>(const DeadlineKey&, const DeadlineKey&) = default;
};

/// A change that is on its way to the registry, and what waits for it. Ids, not places: a place may
/// be somebody else's by the time the answer comes.
struct PendingWrite {
    /// A registration; `peer` is the connection it came on.
    struct Admission {
        AgentId agent;
        AgentInfo info;
        PeerId peer;
        std::vector<protocol::AgentTask> tasks;
    };
    // clang-format off
    struct Unreachable { AgentId agent; };
    struct Departure   { AgentId agent; std::string why; std::uint64_t request = 0; };
    struct Mode        { registry::SetAgentMode mode; Duration within{0};
                         std::uint64_t request = 0; };
    struct Subscription { FrameworkId framework; };
    struct End         { FrameworkId framework; Refusal why; std::uint64_t request = 0; };
    struct Role        { RoleConfig config; std::uint64_t request = 0; };
    struct Nothing     {};
    // clang-format on

    std::uint64_t entry = 0;
    std::variant<Nothing, Admission, Unreachable, Departure, Mode, Subscription, End, Role> waits;
};

/// A scheduler's question about a task whose agent has not come back since the master has started.
struct OpenQuestion {
    FrameworkId framework;
    TaskId task;
    friend auto operator<=>(const OpenQuestion&, const OpenQuestion&) = default;
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
    std::set<AgentId> gone;  // Marked so by an operator: they may never come back.

    /// Which framework a leaf of the claimant tree belongs to. Its places are the indexes that the
    /// allocator knows.
    struct Claimant {
        FrameworkIndex framework;
        std::uint32_t membership = 0;
    };
    SlotTable<ClaimantIndex, Claimant> claimants;

    std::deque<PendingWrite> writes;
    std::uint64_t writes_fail_from = 0;  // The entry that failed last; 0: the store takes writes.
    Deadlines<DeadlineKey> deadlines;

    bool recovered = false;  // The registry is at hand: what it does not hold is not.
    std::uint64_t agents_recovering = 0;
    std::uint64_t agents_unreachable = 0;  // Marked so, or about to be.
    Instant mark_next;                     // Before that no other agent is marked unreachable.
    bool marking_stopped = false;
    std::map<AgentId, std::set<OpenQuestion>> questions;  // By agent; none: not known.
    std::size_t questions_open = 0;

    Instant allocator_wake = Instant::never();
    bool reasons_armed = false;
};

}  // namespace offerkit::master
