// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Groups of grants that the policy proposes: made all or none, and checked like any other.

#include <offerkit/allocation/cycle.hpp>

namespace offerkit {

/// What `propose` looks at. Made anew for each call: the order changes with each grant.
template <AllocationPolicy P>
class Cycle<P>::Proposing final : public ClusterView {
public:
    explicit Proposing(Cycle& cycle) : cycle_(&cycle) { collect(RoleTree::root()); }

    [[nodiscard]] Instant now() const override { return cycle_->now_; }
    [[nodiscard]] const Amounts& totals() const override { return cycle_->agents_.totals(); }
    [[nodiscard]] std::span<const NodeView> claimants() const override { return claimants_; }
    [[nodiscard]] std::span<const WantedShape> wanted(ClaimantIndex claimant) const override {
        return cycle_->claimants_[claimant.value].wanted;
    }
    [[nodiscard]] std::size_t agents() const override { return cycle_->candidates_.size(); }
    [[nodiscard]] AgentView agent(std::size_t place) const override {
        return cycle_->view(cycle_->candidates_[place].agent);
    }
    [[nodiscard]] const Resources* find_offer(ClaimantIndex claimant,
                                              std::size_t place) const override {
        const AgentIndex agent = cycle_->candidates_[place].agent;
        if (!cycle_->agents_[agent].is_offerable()) return nullptr;
        if (cycle_->find_offer(claimant, agent, found_)) return nullptr;
        return found_.whole ? &cycle_->agents_[agent].available : &found_.part;
    }
    [[nodiscard]] const Amounts* find_room(ClaimantIndex claimant) const override {
        const QuotaLedger& quota = cycle_->quota_;
        if (quota.is_empty()) return nullptr;
        const NodeIndex leaf = cycle_->claimants_[claimant.value].leaf;
        room_ = totals();
        static_cast<void>(quota.cut_to_limits(cycle_->tree_, leaf, room_));
        static_cast<void>(
            quota.cut_to_headroom(cycle_->tree_, leaf, cycle_->agents_.available(), room_));
        return &room_;
    }

private:
    void collect(NodeIndex node) {
        const ClaimantNode& entry = cycle_->tree_[node];
        if (entry.is_leaf()) {
            if (cycle_->claimants_[entry.claimant.value].demand_stated) {
                claimants_.push_back(cycle_->view(node));
            }
            return;
        }
        const NodeIndex first = cycle_->order_.first(node);
        if (first.is_none()) return;
        collect(first);
        typename SiblingOrder<Rank>::Walk walk;
        walk.start_after_first(cycle_->order_, node);
        for (NodeIndex next = walk.next(); !next.is_none(); next = walk.next())
            collect(next);
    }

    Cycle* cycle_;
    std::vector<NodeView> claimants_;
    mutable Found found_;
    mutable Amounts room_;
};

// Whoever has stated a demand is not offered what is left over: that would be a part of a set.
template <AllocationPolicy P>
void Cycle<P>::serve_proposals() {
    if constexpr (Traits::has_propose) {
        while (!faulted_) {
            Proposal proposal;
            const Proposing shown{*this};
            call("propose", [&] { proposal = policy_.propose(shown); });
            if (faulted_) return;
            if (proposal.wake > now_) policy_wake_ = std::min(policy_wake_, proposal.wake);
            const bool granted = !proposal.grants.empty() && grant_all(proposal.grants);
            if (granted || proposal.grants.empty()) take_holds(std::move(proposal.holds));
            if (!granted) break;
        }
        if (faulted_) return;
        std::erase_if(candidates_, [this](const Candidate& candidate) {
            return !agents_[candidate.agent].is_offerable();
        });
        put_aside(RoleTree::root());
        for (const NodeIndex leaf : aside_)
            drop_from_order(leaf);
    }
}

template <AllocationPolicy P>
void Cycle<P>::put_aside(NodeIndex node) {
    const ClaimantNode& entry = tree_[node];
    if (entry.live == 0) return;
    for (const NodeIndex child : entry.children)
        put_aside(child);
    if (!entry.is_leaf() || !claimants_[entry.claimant.value].demand_stated) return;
    aside_.push_back(node);
    if (!claimants_[entry.claimant.value].dirty) return;
    for (const Candidate& candidate : candidates_) {
        const auto reason = find_offer(entry.claimant, candidate.agent, found_);
        count(entry.claimant, reason ? *reason : NoOfferReason::share_order);
    }
}

template <AllocationPolicy P>
bool Cycle<P>::grant_all(std::vector<Grant>& grants) {
    std::vector<Grant>& made = outcome_->grants;
    const std::size_t first = made.size();
    std::vector<std::pair<ClaimantIndex, std::vector<Wanted>>> wanted;
    for (Grant& grant : grants) {
        if (std::string why = why_not(grant); !why.empty()) {
            complain(std::move(why));
            // The same set would be proposed again, in vain, until something happens.
            const bool changed = changed_;
            take_back(first);
            for (auto was = wanted.rbegin(); was != wanted.rend(); ++was) {
                Claimant& claimant = claimants_[was->first.value];
                claimant.wanted = std::move(was->second);
                refresh_live(claimant);
            }
            changed_ = changed;
            return false;
        }
        const Resources& available = agents_[grant.agent].available;
        if (!available.gpu_cards().empty() && grant.resources.gpu_cards().empty()) {
            // Which cards: those that the ledger would take.
            grant.resources = available - (available - grant.resources);
        }
        if (wanted.empty() || wanted.back().first != grant.claimant) {
            wanted.emplace_back(grant.claimant, claimants_[grant.claimant.value].wanted);
        }
        made.push_back(std::move(grant));
        book(made.back(), false);
    }
    for (std::size_t i = first; i < made.size(); ++i)
        tell_policy(made[i]);
    for (std::size_t i = first; i < made.size() && !faulted_; ++i) {
        Claimant& claimant = claimants_[made[i].claimant.value];
        refresh_live(claimant);
        rerank(claimant.leaf);
    }
    settle_agent();
    return !faulted_;
}

// Empty: the grant can be honoured.
template <AllocationPolicy P>
std::string Cycle<P>::why_not(const Grant& grant) {
    const auto is_known = [this](ClaimantIndex claimant) {
        return claimant.value < claimants_.size() && !claimants_[claimant.value].leaf.is_none();
    };
    if (!is_known(grant.claimant))
        return "propose granted something to a claimant that is not there";
    const Claimant& claimant = claimants_[grant.claimant.value];
    const auto refused = [&](std::string_view why) {
        count(grant.claimant, NoOfferReason::policy_rejected);
        return "propose granted role " + tree_[claimant.leaf].path + " " + std::string(why);
    };
    if (!agents_.contains(grant.agent)) return refused("an agent that is not there");
    const std::string agent = "agent " + format_id(agents_[grant.agent].id);
    if (!claimant.live) return refused(agent + ", but it takes no part");
    if (grant.resources.is_empty()) return refused("nothing of " + agent);
    if (!agents_[grant.agent].is_offerable()) return refused(agent + ", of which nothing is left");
    if (const auto reason = find_offer(grant.claimant, grant.agent, found_)) {
        return refused(agent + ", which it may not be offered: " +
                       std::string(format_no_offer_reason(*reason)));
    }
    const Resources& most = found_.whole ? agents_[grant.agent].available : found_.part;
    if (!most.contains(grant.resources)) {
        return refused("more of " + agent + " than may be offered");
    }
    return {};
}

template <AllocationPolicy P>
void Cycle<P>::take_back(std::size_t first) {
    std::vector<Grant>& made = outcome_->grants;
    while (made.size() > first) {
        unbook(made.back());
        made.pop_back();
    }
}

template <AllocationPolicy P>
void Cycle<P>::take_holds(std::vector<Grant> holds) {
    holds_ = std::move(holds);
    for (const Grant& hold : holds_) {
        if (agents_.contains(hold.agent) &&
            agents_[hold.agent].available.contains(hold.resources)) {
            continue;
        }
        complain("propose held what is not available");
        holds_.clear();
        return;
    }
    std::ranges::sort(holds_, {}, &Grant::agent);
}

template <AllocationPolicy P>
std::optional<NoOfferReason> Cycle<P>::keep_holds(NodeIndex leaf, AgentIndex agent, Found& found) {
    Amounts room = found.whole ? agents_[agent].available.amounts() : found.part.amounts();
    bool held = false;
    for (const Grant& hold : std::ranges::equal_range(holds_, agent, {}, &Grant::agent)) {
        if (hold.claimant == tree_[leaf].claimant) continue;
        held = true;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            room.set(slot, room[slot] - std::min(room[slot], hold.resources.amounts()[slot]));
        }
    }
    if (!held) return std::nullopt;
    if (!cut_to(agent, room, found)) return NoOfferReason::share_order;
    const ClaimantIndex claimant = tree_[leaf].claimant;
    if (filters_.holds({claimant, agent}, found.part)) return NoOfferReason::filtered;
    return std::nullopt;
}

}  // namespace offerkit
