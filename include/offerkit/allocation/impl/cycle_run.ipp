// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A cycle from beginning to end: what has to be looked at, and what follows from what was decided.

#include <offerkit/allocation/cycle.hpp>

namespace offerkit {

template <AllocationPolicy P>
void Cycle<P>::on(const AllocatorEvent& event, Instant now) {
    apply(event, now);
    order_.reserve(tree_.places());
    if (faulted_) return;
    std::visit([this](const auto& e) { this->tell_policy(e); }, event);
    if (faulted_) changed_ = true;
}

template <AllocationPolicy P>
void Cycle<P>::run(Instant now, CycleOutcome& outcome) {
    outcome.grants.clear();
    outcome.faults.clear();
    std::swap(outcome.faults, pending_faults_);
    now_ = now;
    outcome_ = &outcome;
    faulted_ = false;
    hook_calls_ = 0;
    hook_calls_max_ = options_.hook_calls_max != 0
                          ? options_.hook_calls_max
                          : 1'000'000 + 1000 * (agents_.size() + tree_.places());
    order_.reserve(tree_.places());
    expire_filters();
    if (policy_wake_ <= now) {
        policy_wake_ = Instant::never();
        mark_everything();
        tell_policy(PolicyWake{});
    }
    if (std::exchange(changed_, false)) {
        decide();
        if (faulted_) void_grants();
    }
    outcome.next_wake = changed_ ? now : next_wake();
    reported_wake_ = outcome.next_wake;
    outcome_ = nullptr;
    faulted_ = false;
}

template <AllocationPolicy P>
void Cycle<P>::expire_filters() {
    while (const auto expired = filters_.take_expired(now_)) {
        if (!claimants_[expired->claimant.value].live) continue;
        if (!agents_[expired->agent].is_offerable()) continue;
        fresh_pairs_.push_back(*expired);
        changed_ = true;
    }
}

template <AllocationPolicy P>
void Cycle<P>::decide() {
    quota_.refresh(tree_);
    release_held_back();
    held_back_seen_ = 0;
    if constexpr (Traits::has_begin_cycle) {
        Rng chance = rng_.split();
        call("begin_cycle", [&] { policy_.begin_cycle(chance); });
        rank_all_ = true;
    }
    refresh_order();
    count_idle();
    gather_candidates();
    if (faulted_) return;
    if constexpr (Traits::has_propose) {
        holds_.clear();
        serve_proposals();
        if (faulted_) return;
    }
    if constexpr (Traits::has_pick) {
        serve_claimants();
    } else {
        serve_agents();
    }
    if constexpr (Traits::has_propose) {
        for (const NodeIndex leaf : aside_)
            put_in_order(leaf);
        aside_.clear();
    }
    if (!faulted_) finish_looking();
}

template <AllocationPolicy P>
void Cycle<P>::gather_candidates() {
    if (dirty_claimants_.size() > dirty_claimants_max) everything_ = true;
    if constexpr (Traits::has_propose) everything_ = true;  // Sets are made of all that there is.
    if constexpr (Traits::has_pick) {
        if (!dirty_claimants_.empty()) everything_ = true;
        for (const RefuseFilters::Key& pair : fresh_pairs_)
            mark_agent(pair.agent);
    }
    candidates_.clear();
    if (everything_) {
        for (const AgentIndex agent : agents_.offerable())
            add_candidate(agent, false);
    } else {
        constexpr std::size_t ahead = 8;
        for (std::size_t i = 0; i < dirty_agents_.size(); ++i) {
            if (i + ahead < dirty_agents_.size()) agents_.prefetch_head(dirty_agents_[i + ahead]);
            const AgentIndex agent = dirty_agents_[i];
            if (!agents_.contains(agent) || !agents_[agent].is_offerable()) continue;
            add_candidate(agent, false);
        }
        gather_narrow();
    }
    changed_ = false;
    const auto precedes = [](const Candidate& a, const Candidate& b) {
        return a.key != b.key ? a.key < b.key : a.id < b.id;
    };
    // They often are: agents come back in the order in which they were offered.
    if (!std::ranges::is_sorted(candidates_, precedes)) std::ranges::sort(candidates_, precedes);
}

template <AllocationPolicy P>
void Cycle<P>::add_candidate(AgentIndex agent, bool narrow) {
    Candidate candidate{{}, agents_[agent].id, agent, narrow};
    if constexpr (Traits::has_agent_key) {
        const AgentView shown = view(agent);
        call("agent_key", [&] { candidate.key = policy_.agent_key(shown); });
    }
    candidates_.push_back(candidate);
}

// Agents that did not change are compared with the few claimants that did, and with those whose
// filter there has expired; everybody else has been compared with them as they are.
template <AllocationPolicy P>
void Cycle<P>::gather_narrow() {
    const auto is_clean = [this](AgentIndex agent) {
        return agent.value >= agent_is_dirty_.size() || agent_is_dirty_[agent.value] == 0;
    };
    std::ranges::sort(fresh_pairs_, {}, [](const RefuseFilters::Key& pair) {
        return std::pair{pair.agent, pair.claimant};
    });
    const bool any_claimant = std::ranges::any_of(
        dirty_claimants_, [this](ClaimantIndex i) { return claimants_[i.value].live; });
    if (any_claimant) {
        for (const AgentIndex agent : agents_.offerable()) {
            if (is_clean(agent)) add_candidate(agent, true);
        }
        return;
    }
    AgentIndex last;
    for (const RefuseFilters::Key& pair : fresh_pairs_) {
        if (pair.agent == last || !is_clean(pair.agent)) continue;
        last = pair.agent;
        if (agents_[last].is_offerable()) add_candidate(last, true);
    }
}

template <AllocationPolicy P>
void Cycle<P>::finish_looking() {
    for (const ClaimantIndex claimant : dirty_claimants_) {
        claimants_[claimant.value].dirty = false;
    }
    dirty_claimants_.clear();
    fresh_pairs_.clear();
    everything_ = false;
    for (const AgentIndex agent : dirty_agents_)
        agent_is_dirty_[agent.value] = 0;
    dirty_agents_.clear();
    // What is left of an agent of which a part was granted is for the next cycle.
    for (const AgentIndex agent : partly_granted_) {
        if (agents_[agent].is_offerable()) mark_agent(agent);
    }
    partly_granted_.clear();
}

// The policy failed: nothing of what it led to stands. All that should have been looked at still
// has to be, but not before something happens: the same hook would only fail again.
template <AllocationPolicy P>
void Cycle<P>::void_grants() {
    auto& grants = outcome_->grants;
    for (auto grant = grants.rbegin(); grant != grants.rend(); ++grant) {
        unbook(*grant);
        count(grant->claimant, NoOfferReason::policy_fault);
    }
    grants.clear();
    parking_.clear();
    partly_granted_.clear();
    // Ranks may not have been had for some of those who take part: all are asked for again.
    rank_all_ = true;
    for (const Claimant& claimant : claimants_) {
        if (!claimant.leaf.is_none()) mark_stale(claimant.leaf);
    }
    mark_everything();
    changed_ = false;
}

}  // namespace offerkit
