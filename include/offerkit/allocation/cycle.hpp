// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One pass of allocation, for one policy. The cycle asks the policy who is next, and enforces
/// everything itself. It looks only at what has changed: changed agents are compared with all
/// claimants, changed claimants with all agents, and nothing else with anything.

#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/sibling_order.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <utility>
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

    [[nodiscard]] const P& policy() const { return policy_; }

private:
    using Traits = detail::PolicyTraits<P>;

    // An agent to look at: with all claimants, or only with those that changed.
    struct Candidate {
        AgentId id;
        AgentIndex agent;
    };

    void drop_from_order(NodeIndex node) override;
    void put_in_order(NodeIndex node);
    void refresh_order();
    void gather_candidates();
    void serve_all(CycleOutcome& outcome);
    bool serve(NodeIndex node, AgentIndex agent, CycleOutcome& outcome);
    bool try_grant(NodeIndex leaf, AgentIndex agent, CycleOutcome& outcome);

    [[nodiscard]] NodeView view(NodeIndex node) const {
        return {node, tree_[node], agents_.totals()};
    }

    P policy_;
    CycleOptions options_;
    Rng rng_;
    SiblingOrder<Rank> order_;
    std::vector<typename SiblingOrder<Rank>::Walk> walks_;  // One per depth.
    std::vector<Candidate> candidates_;
    std::vector<ClaimantIndex> rejected_;  // While one agent is looked at.
    std::uint64_t ranked_totals_ = 0;
    std::uint64_t ranked_renumberings_ = 0;
};

}  // namespace offerkit

#include <offerkit/allocation/impl/cycle.ipp>
