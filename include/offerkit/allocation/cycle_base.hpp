// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The part of the allocation cycle that does not depend on the policy: the ledgers, what has
/// changed since the last cycle, and whether an agent may be offered to a claimant at all.

#include <offerkit/allocation/agent_ledger.hpp>
#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/proposal.hpp>
#include <offerkit/allocation/quota_ledger.hpp>
#include <offerkit/allocation/refuse_filters.hpp>
#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/demand.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/reasons.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace offerkit {

class CycleBase : public Allocator {
public:
    [[nodiscard]] bool is_dirty(Instant now) const override;
    [[nodiscard]] Result<void> validate(const RoleConfig& config) const override;
    [[nodiscard]] NoOfferCounts no_offer_counts(ClaimantIndex claimant) const override;
    [[nodiscard]] const Resources& available(AgentIndex agent) const override;
    [[nodiscard]] const Resources& allocated(ClaimantIndex claimant) const override;
    void check_invariants() const override;

    [[nodiscard]] const RoleTree& tree() const { return tree_; }
    [[nodiscard]] const AgentLedger& agents() const { return agents_; }
    [[nodiscard]] const RefuseFilters& filters() const { return filters_; }

    [[nodiscard]] const QuotaLedger& quota() const { return quota_; }

    /// Appends what the policy remembers, and what the cycle does beside the parts below. Refuses:
    /// `unsupported`, for a policy that keeps state and cannot save it.
    [[nodiscard]] virtual Result<void> save_policy(Bytes& out) const = 0;
    /// Reads what `save_policy` wrote, once the parts are restored. Pre: the policy is new.
    virtual void load_policy(ByteReader& in) = 0;

    /// Calls `f` with everything that it remembers, whatever the policy: for snapshots.
    template <class Self, class F>
    static void parts(Self& self, F&& f) {
        f(self.tree_, self.agents_, self.filters_, self.quota_, self.claimants_, self.dirty_agents_,
          self.agent_is_dirty_, self.dirty_claimants_, self.fresh_pairs_, self.stale_nodes_,
          self.node_is_stale_, self.held_back_, self.everything_, self.headroom_cut_, self.changed_,
          self.decisions_, self.parked_roles_, self.now_, self.policy_wake_, self.reported_wake_);
    }

protected:
    using Wanted = WantedShape;

    struct Claimant {
        NodeIndex leaf;  // None: no such claimant.
        FrameworkCapabilities capabilities;
        bool active = false;
        NoOfferReason why = NoOfferReason::disconnected;  // If not active.
        bool demand_stated = false;
        bool held_back = false;  // What is available is headroom for others.
        bool live = false;       // Takes part: active, wants something, and is not held back.
        bool dirty = false;      // Has to be compared with agents that did not change.

        std::uint64_t counted_to = 0;  // Decisions up to this one are in `counts`,
        std::uint64_t parked_to = 0;   // and so are so many that its roles missed at their limits.
        Resources allocated;           // Amounts only: ranges of two agents do not add up.
        std::vector<Wanted> wanted;
        NoOfferCounts counts{};
    };

    /// What find_offer has found.
    struct Found {
        bool whole = true;  // All that is available; else `part` says what.
        Resources part;
    };

    // Events.
    void apply(const AllocatorEvent& event, Instant now);
    void hear(const allocator_event::AgentPut& e);
    void hear(const allocator_event::AgentActive& e);
    void hear(const allocator_event::AgentGone& e);
    void hear(const allocator_event::ClaimantPut& e);
    void hear(const allocator_event::ClaimantActive& e);
    void hear(const allocator_event::ClaimantGone& e);
    void hear(const allocator_event::Occupied& e);
    void hear(const allocator_event::Recovered& e);
    void hear(const allocator_event::Refused& e);
    void hear(const allocator_event::Revived& e);
    void hear(const allocator_event::DemandPut& e);
    void hear(const allocator_event::RolePut& e);
    void hear(const allocator_event::KindPut& e);

    /// The node goes, or takes no part any more: it must not be walked.
    virtual void drop_from_order(NodeIndex node) = 0;

    // What has to be looked at in the next cycle.
    void mark_agent(AgentIndex agent);
    void mark_claimant(ClaimantIndex claimant);
    void mark_subtree(NodeIndex node);
    void mark_stale(NodeIndex node);
    void mark_everything();
    void refresh_live(Claimant& claimant);
    void release_held_back();
    [[nodiscard]] static bool wants_anything(const Claimant& claimant);

    [[nodiscard]] bool may_see(const Claimant& claimant, AgentIndex agent) const {
        return claimant.capabilities.gpu_resources || !agents_[agent].has_gpus;
    }

    /// Puts into `found` what of the agent may be offered to the claimant.
    /// Returns why not, if nothing may be.
    [[nodiscard]] std::optional<NoOfferReason> find_offer(ClaimantIndex claimant, AgentIndex agent,
                                                          Found& found);

    /// Leaves at most so much of what was found. Returns whether that is of any use.
    [[nodiscard]] bool cut_to(AgentIndex agent, const Amounts& room, Found& found) const;

    // A role at its limit is parked, which keeps it out of the order, until it has room again.
    void park(NodeIndex role);
    void look_at_limits(NodeIndex node);
    void unpark_if_possible(NodeIndex role);
    void forget_role(NodeIndex role);

    // Notes a grant, and takes it back.
    void book(const Grant& grant, bool whole);
    void book(Claimant& claimant, const Amounts& amounts);
    void unbook(const Grant& grant);

    // Why claimants got no offer. Decisions that went to others are counted by subtraction.
    void count(ClaimantIndex claimant, NoOfferReason reason, std::uint64_t times = 1);
    void count_standing(const Claimant& claimant, NoOfferCounts& counts) const;
    void settle_counts(Claimant& claimant);
    void count_idle();
    [[nodiscard]] std::uint64_t parked_decisions(NodeIndex leaf) const;

    [[nodiscard]] Instant next_wake() const;

    /// Beyond so many changed claimants all agents are looked at as if they had changed.
    static constexpr std::size_t dirty_claimants_max = 16;

    RoleTree tree_;
    AgentLedger agents_;
    RefuseFilters filters_;
    QuotaLedger quota_;
    std::vector<Claimant> claimants_;

    std::vector<AgentIndex> dirty_agents_;
    std::vector<std::uint8_t> agent_is_dirty_;
    std::vector<ClaimantIndex> dirty_claimants_;
    std::vector<RefuseFilters::Key> fresh_pairs_;  // Whose filter has expired.
    std::vector<NodeIndex> stale_nodes_;           // Whose rank may have changed.
    std::vector<std::uint8_t> node_is_stale_;
    std::vector<ClaimantIndex> held_back_;
    bool everything_ = false;         // All agents have to be looked at.
    bool headroom_cut_ = false;       // Headroom made some offer smaller.
    bool changed_ = false;            // A cycle could decide something.
    std::uint64_t decisions_ = 0;     // Grants ever made.
    std::uint64_t parked_roles_ = 0;  // How many are parked now.
    Instant now_;
    Instant policy_wake_ = Instant::never();
    Instant reported_wake_ = Instant::never();

private:
    [[nodiscard]] bool has_room_for(const Claimant& claimant, const Resources& offer) const;
    [[nodiscard]] std::optional<NoOfferReason> cut_offer(Claimant& claimant, ClaimantIndex index,
                                                         const Resources& available, bool plain,
                                                         Found& found);
    std::size_t collect_leaves(NodeIndex node, std::vector<ClaimantIndex>& leaves) const;

    std::vector<ClaimantIndex> scratch_leaves_;
};

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/allocation/impl/cycle_base.ipp>
#include <offerkit/allocation/impl/cycle_events.ipp>
#endif
