// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The allocator as the master sees it: it hears of everything that matters to who is served next,
/// and once per step it may be asked for grants. Whatever the policy, it is this one interface, so
/// that `Master` is no template and every world links the same one. `Cycle<Policy>` (`cycle.hpp`)
/// implements it.

#include <offerkit/core/id.hpp>
#include <offerkit/core/index.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/demand.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/quota.hpp>
#include <offerkit/model/reasons.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/resources/resources.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace offerkit {

using AgentIndex = Index<struct AgentIndexTag>;
/// A leaf of the claimant tree: one framework in one role.
using ClaimantIndex = Index<struct ClaimantIndexTag>;

/// Everything an allocator hears. Indexes are dense, chosen by the master, and reused after
/// `*Gone`. All resources are in the master's local form.
namespace allocator_event {

/// A new agent, or one whose total has changed. Nothing of it is allocated when it is new.
struct AgentPut {
    AgentIndex agent;
    AgentId id;
    Resources total;
};
/// Offers of this agent may be made, or not: for the reason given.
struct AgentActive {
    AgentIndex agent;
    bool active = true;
    NoOfferReason why = NoOfferReason::agent_draining;
};
/// Pre: nothing of it is allocated any more.
struct AgentGone {
    AgentIndex agent;
};

struct ClaimantPut {
    ClaimantIndex claimant;
    FrameworkId framework;
    Role role;
    FrameworkInfo info;
};
/// Takes part, or not: suppressed, disconnected, or too slow a reader.
struct ClaimantActive {
    ClaimantIndex claimant;
    bool active = true;
    NoOfferReason why = NoOfferReason::suppressed;
};
/// Pre: nothing is allocated to it any more.
struct ClaimantGone {
    ClaimantIndex claimant;
};

/// What an agent that came back already runs: counted as allocated without a grant.
struct Occupied {
    ClaimantIndex claimant;
    AgentIndex agent;
    Resources resources;
};
/// Offered or used resources are available again.
struct Recovered {
    ClaimantIndex claimant;
    AgentIndex agent;
    Resources resources;
};

/// Do not offer this agent to this claimant until then, as long as what is available there is
/// contained in what it refused. `Instant::never()`: until a revive.
struct Refused {
    ClaimantIndex claimant;
    AgentIndex agent;
    Resources refused;
    Instant until;
};
struct Revived {
    ClaimantIndex claimant;
};
/// Replaces the claimant's demand. `stated` false: it has not said, offer whatever there is.
struct DemandPut {
    ClaimantIndex claimant;
    bool stated = false;
    std::vector<DemandShape> shapes;
};

/// Weight, guarantee and limits of a role, in portable form. It need not have claimants.
struct RolePut {
    RoleConfig config;
};

/// A slot that is not built in now means this kind; an empty name: none any more. Without it,
/// limits and guarantees of kinds that are only named cannot be enforced.
struct KindPut {
    std::uint32_t slot = 0;
    std::string name;
};
}  // namespace allocator_event

using AllocatorEvent =
    std::variant<allocator_event::AgentPut, allocator_event::AgentActive,
                 allocator_event::AgentGone, allocator_event::ClaimantPut,
                 allocator_event::ClaimantActive, allocator_event::ClaimantGone,
                 allocator_event::Occupied, allocator_event::Recovered, allocator_event::Refused,
                 allocator_event::Revived, allocator_event::DemandPut, allocator_event::RolePut,
                 allocator_event::KindPut>;

/// Resources of one agent for one claimant. They are allocated from now on, until `Recovered`.
struct Grant {
    ClaimantIndex claimant;
    AgentIndex agent;
    Resources resources;
};

/// What one cycle decided.
struct CycleOutcome {
    std::vector<Grant> grants;             // In the order they were decided.
    std::vector<std::string> faults;       // Of the policy: which hook, what it did. Empty: none.
    Instant next_wake = Instant::never();  // A filter expires, or the policy wants to look again.
};

using NoOfferCounts = std::array<std::uint64_t, no_offer_reasons>;

class Allocator {
public:
    Allocator() = default;
    Allocator(const Allocator&) = delete;
    Allocator& operator=(const Allocator&) = delete;
    virtual ~Allocator() = default;

    /// Takes note of one event. Cheap: decides nothing.
    virtual void on(const AllocatorEvent& event, Instant now) = 0;

    /// True if a cycle could now decide something that the last one could not.
    [[nodiscard]] virtual bool is_dirty(Instant now) const = 0;

    /// Decides. `outcome` is reused: its vectors are cleared first.
    virtual void run(Instant now, CycleOutcome& outcome) = 0;

    /// Asks whether a role may be configured so. Refuses: guarantees above the cluster's total or
    /// above the parent's limit, limits below guarantees, weights out of range.
    [[nodiscard]] virtual Result<void> validate(const RoleConfig& config) const = 0;

    /// Why offers were not made to this claimant, counted since it came.
    [[nodiscard]] virtual NoOfferCounts no_offer_counts(ClaimantIndex claimant) const = 0;

    /// What is left of an agent.
    [[nodiscard]] virtual const Resources& available(AgentIndex agent) const = 0;
    [[nodiscard]] virtual const Resources& allocated(ClaimantIndex claimant) const = 0;

    /// Name of the policy, as `--policy` spells it.
    [[nodiscard]] virtual std::string policy_name() const = 0;

    /// Aborts unless every ledger adds up: for tests, the simulator and debug runs.
    virtual void check_invariants() const = 0;
};

}  // namespace offerkit
