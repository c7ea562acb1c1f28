// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One pass of allocation, for one policy. The cycle asks the policy who is next, and enforces
/// everything itself. It looks only at what has changed: changed agents are compared with all
/// claimants, changed claimants with all agents, and nothing else with anything.

#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/sibling_order.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit {

struct CycleOptions {
    std::uint64_t seed = 1;  // Of the chance that `begin_cycle` is given.

    /// How often a policy's hooks may be called in one cycle before it is ended with a fault.
    /// Zero: a million, and a thousand for each agent and each node.
    std::uint64_t hook_calls_max = 0;
};

template <AllocationPolicy P>
class Cycle final : public CycleBase {
public:
    using Rank = typename detail::PolicyTraits<P>::Rank;

    explicit Cycle(P policy = {}, CycleOptions options = {})
        : policy_(std::move(policy)), options_(options), rng_(options.seed) {}

    void on(const AllocatorEvent& event, Instant now) override;
    void run(Instant now, CycleOutcome& outcome) override;
    [[nodiscard]] std::string policy_name() const override {
        return std::string(policy_name_of<P>());
    }
    void check_invariants() const override;
    [[nodiscard]] Result<void> save_policy(Bytes& out) const override;
    void load_policy(ByteReader& in) override;

    [[nodiscard]] const P& policy() const { return policy_; }

private:
    using Traits = detail::PolicyTraits<P>;
    using Key = typename Traits::AgentKey;

    /// After so many who may not have an agent, it is asked at once who of all the others may.
    static constexpr std::size_t rejected_in_turn_max = 32;

    /// An agent to look at: with all claimants, or (narrow) only with those that changed.
    struct Candidate {
        Key key;
        AgentId id;
        AgentIndex agent;
        bool narrow = false;
    };

    // Calling the policy. Whatever it throws ends the cycle, and so does the last of too many
    // calls.
    template <class F>
    void call(const char* hook, F&& body);
    void fault(std::string text);
    void complain(std::string text);
    void tell_policy(const auto& event);
    [[nodiscard]] std::optional<Rank> rank(NodeIndex node);

    // The order of the tree.
    void drop_from_order(NodeIndex node) override;
    void put_in_order(NodeIndex node);
    void rerank(NodeIndex at);
    void put_rank(NodeIndex node);
    void refresh_order();
    void rebuild_order();
    /// Pre: the leaf takes part.
    [[nodiscard]] bool is_in_order(NodeIndex leaf) const;
    [[nodiscard]] bool precedes(NodeIndex a, NodeIndex b) const;

    // The steps of a cycle.
    void expire_filters();
    void decide();
    void gather_candidates();
    void add_candidate(AgentIndex agent, bool narrow);
    void gather_narrow();
    void finish_looking();
    void void_grants();

    // Agents choose claimants.
    void serve_agents();
    [[nodiscard]] bool serve(NodeIndex node, AgentIndex agent);
    [[nodiscard]] bool serve_unfiltered(AgentIndex agent);
    [[nodiscard]] bool serve_narrow(AgentIndex agent);
    [[nodiscard]] bool serve_first_of_leaves(AgentIndex agent);
    [[nodiscard]] bool is_at_limit(NodeIndex node);

    // Claimants choose agents, for a policy that picks.
    void serve_claimants();
    [[nodiscard]] NodeIndex first_leaf();
    [[nodiscard]] bool serve_by_pick(NodeIndex leaf);
    [[nodiscard]] bool is_candidate(NodeIndex leaf, AgentIndex agent);
    struct PickSource;

    // The policy decides for several at once.
    void serve_proposals();
    [[nodiscard]] bool grant_all(std::vector<Grant>& grants);
    [[nodiscard]] std::string why_not(const Grant& grant);
    void take_back(std::size_t first);
    void take_holds(std::vector<Grant> holds);
    void put_aside(NodeIndex node);
    [[nodiscard]] std::optional<NoOfferReason> keep_holds(NodeIndex leaf, AgentIndex agent,
                                                          Found& found);
    class Proposing;

    [[nodiscard]] bool try_grant(NodeIndex leaf, AgentIndex agent);
    [[nodiscard]] std::optional<NoOfferReason> shape(NodeIndex leaf, AgentIndex agent,
                                                     Found& found);
    void settle_agent();

    [[nodiscard]] NodeView view(NodeIndex node) const { return {node, tree_, agents_.totals()}; }
    [[nodiscard]] AgentView view(AgentIndex agent) const {
        const AgentLedger::Entry& entry = agents_[agent];
        return {agent, entry.id, agents_.total(agent), entry.available, agents_.totals()};
    }

    P policy_;
    CycleOptions options_;
    Rng rng_;
    SiblingOrder<Rank> order_;
    std::vector<typename SiblingOrder<Rank>::Walk> walks_;  // One per depth.
    std::vector<Candidate> candidates_;
    std::vector<std::uint8_t> agent_is_served_;  // In this cycle, if agents are picked.
    Found found_;                                // For the grant that is tried.
    std::vector<NodeIndex> leaves_;              // Of a narrow look.
    std::vector<ClaimantIndex> rejected_;        // While one agent is looked at.
    std::vector<ClaimantIndex> filtered_;        // Likewise, once many did not take it.
    std::vector<NodeIndex> parking_;             // Roles found at their limit meanwhile.
    std::vector<AgentIndex> partly_granted_;     // In this cycle.
    std::vector<Grant> holds_;                   // Likewise, by agent; for a policy that proposes.
    std::vector<NodeIndex> aside_;               // Likewise: leaves served by proposals alone.
    std::vector<std::string> pending_faults_;    // From hooks called outside a cycle.
    CycleOutcome* outcome_ = nullptr;            // While a cycle runs.
    std::uint64_t hook_calls_ = 0;
    std::uint64_t hook_calls_max_ = 0;
    std::uint64_t ranked_totals_ = 0;
    std::uint64_t ranked_renumberings_ = 0;
    std::size_t held_back_seen_ = 0;
    bool rank_all_ = false;
    bool order_is_lost_ = false;  // It was not part of the snapshot that this comes from.
    bool faulted_ = false;
};

}  // namespace offerkit

#include <offerkit/allocation/impl/cycle_order.ipp>
#include <offerkit/allocation/impl/cycle_propose.ipp>
#include <offerkit/allocation/impl/cycle_run.ipp>
#include <offerkit/allocation/impl/cycle_save.ipp>
#include <offerkit/allocation/impl/cycle_serve.ipp>
