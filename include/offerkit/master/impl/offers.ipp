// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Offers: made from grants, answered, rescinded, expired.

#include <offerkit/core/limits.hpp>
#include <offerkit/core/parts.hpp>
#include <offerkit/master/master.hpp>

#include <algorithm>
#include <map>
#include <set>
#include <utility>
#include <vector>

namespace offerkit::master {

OFFERKIT_INLINE void Master::allocate() {
    allocator_->run(state_.now, outcome_);
    state_.allocator_wake = outcome_.next_wake;
    for (const std::string& fault : outcome_.faults) {
        note("policy " + allocator_->policy_name(), fault);
    }
    make_offers(outcome_.grants);
    if (!state_.reasons_armed && state_.frameworks.size() != 0) {
        state_.reasons_armed = true;
        state_.deadlines.arm(state_.now + options_.reasons_interval,
                             {DeadlineKey::Kind::reasons, 0});
    }
}

// One message per framework and cycle, however many agents it is offered.
OFFERKIT_INLINE void Master::make_offers(const std::vector<Grant>& grants) {
    std::map<FrameworkIndex, std::vector<Offer>> messages;
    for (const Grant& grant : grants) {
        const State::Claimant& claimant = state_.claimants[grant.claimant];
        Framework& framework = state_.frameworks[claimant.framework];
        Agent& agent = state_.agents[grant.agent];
        const OfferId id{options_.epoch, ++state_.offers_made};
        const Instant expires = state_.now + options_.offer_timeout;
        state_.offers.emplace_hint(
            state_.offers.end(), id,
            OfferRecord{claimant.framework, grant.claimant, grant.agent, grant.resources, expires});
        framework.offers.insert(framework.offers.end(), id);
        agent.offers.insert(agent.offers.end(), id);
        agent.offered += grant.resources;
        mark_usage(grant.agent);
        state_.deadlines.arm(expires, {DeadlineKey::Kind::offer, id.value()});

        Offer offer{id,
                    framework.id,
                    agent.id,
                    framework.roles[claimant.membership].role,
                    agent.info.hostname,
                    grant.resources,
                    agent.info.attributes,
                    agent.info.domain,
                    options_.offer_timeout};
        state_.kinds.unbind(offer.resources);
        out_->deltas.emplace_back(OfferPut{offer, state_.wall_now});
        messages[claimant.framework].push_back(std::move(offer));
    }
    for (auto& [index, offers] : messages) {
        const PeerId peer = state_.frameworks[index].peer;
        for_each_part(
            std::move(offers), limits::offers_per_call_max, limits::message_bytes_aim,
            [](const Offer& offer) { return 256 + offer.attributes.size() * 64; },
            [&](auto part) { send(peer, protocol::Offers{std::move(part)}); });
    }
}

// Takes the offer out of all tables; its resources stay allocated until the caller says where they
// go: to tasks, or back to the allocator.
OFFERKIT_INLINE OfferRecord Master::take_offer(std::map<OfferId, OfferRecord>::iterator offer,
                                               OfferEnd end, DeclineReason reason) {
    const OfferId id = offer->first;
    OfferRecord record = std::move(offer->second);
    state_.offers.erase(offer);
    state_.frameworks[record.framework].offers.erase(id);
    Agent& agent = state_.agents[record.agent];
    agent.offers.erase(id);
    agent.offered -= record.resources;
    mark_usage(record.agent);
    out_->deltas.emplace_back(OfferRemoved{id, end, reason});
    return record;
}

OFFERKIT_INLINE void Master::rescind(OfferId id, protocol::RescindReason reason) {
    const auto found = state_.offers.find(id);
    if (found == state_.offers.end()) return;
    const OfferRecord offer = take_offer(found, OfferEnd::rescinded, DeclineReason::unspecified);
    tell_allocator(allocator_event::Recovered{offer.claimant, offer.agent, offer.resources});
    const PeerId peer = state_.frameworks[offer.framework].peer;
    if (!peer.is_none()) send(peer, protocol::Rescind{{id}, reason});
}

// By value: the set belongs to a table that shrinks meanwhile.
OFFERKIT_INLINE void Master::rescind_all(std::set<OfferId> ids, protocol::RescindReason reason) {
    for (const OfferId id : ids)
        rescind(id, reason);
}

OFFERKIT_INLINE void Master::expire_offer(OfferId id) {
    const auto found = state_.offers.find(id);
    if (found == state_.offers.end()) return;  // Answered in time.
    const OfferRecord offer = found->second;
    rescind(id, protocol::RescindReason::expired);
    // The same agent to somebody else first: a framework that hoards must not lock the cluster.
    refuse_agent(offer.claimant, offer.agent, offer.resources, options_.unanswered_refuse_for,
                 DeclineReason::unanswered);
    Membership& membership =
        state_.frameworks[offer.framework].roles[state_.claimants[offer.claimant].membership];
    ++membership.declined[static_cast<std::size_t>(DeclineReason::unanswered)];
}

// `reason` none: what an accept has left, or what was refused in an earlier subscription.
OFFERKIT_INLINE void Master::refuse_agent(ClaimantIndex claimant, AgentIndex agent,
                                          Resources refused, Duration refuse_for,
                                          std::optional<DeclineReason> reason, std::string detail) {
    if (refuse_for <= Duration{0} || refused.is_empty()) return;
    const State::Claimant& whose = state_.claimants[claimant];
    const Framework& framework = state_.frameworks[whose.framework];
    const std::int64_t left = never_expires.ns - state_.wall_now.ns;
    FilterPut put{framework.id,
                  framework.roles[whose.membership].role,
                  state_.agents[agent].id,
                  refused,
                  state_.wall_now,
                  refuse_for.count() >= left ? never_expires
                                             : WallTime{state_.wall_now.ns + refuse_for.count()},
                  reason,
                  std::move(detail)};
    state_.kinds.unbind(put.refused);
    out_->deltas.emplace_back(std::move(put));
    tell_allocator(
        allocator_event::Refused{claimant, agent, std::move(refused), state_.now + refuse_for});
}

// Absorbs: offers that were rescinded or answered while the decline was on its way. An offer of
// somebody else is refused.
OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Decline& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    for (const OfferId id : c.offers) {
        const auto found = state_.offers.find(id);
        if (found == state_.offers.end()) continue;
        if (found->second.framework != index) {
            send(from,
                 protocol::CallRefused{
                     {RefusalCode::not_owner, "framework " + format_id(state_.frameworks[index].id),
                      "decline offer " + format_id(id), "it was made to another framework",
                      "answer only offers that were made to this framework"}});
            continue;
        }
        const OfferRecord offer = take_offer(found, OfferEnd::declined, c.reason);
        Membership& membership =
            state_.frameworks[index].roles[state_.claimants[offer.claimant].membership];
        ++membership.declined[static_cast<std::size_t>(c.reason)];
        tell_allocator(allocator_event::Recovered{offer.claimant, offer.agent, offer.resources});
        refuse_agent(offer.claimant, offer.agent, offer.resources, c.refuse_for, c.reason,
                     c.detail);
    }
}

OFFERKIT_INLINE void Master::tell_reasons() {
    state_.frameworks.for_each([this](FrameworkIndex, Framework& framework) {
        for (Membership& membership : framework.roles) {
            const NoOfferCounts counts = allocator_->no_offer_counts(membership.claimant);
            if (counts == membership.not_offered_told &&
                membership.declined == membership.declined_told) {
                continue;
            }
            membership.not_offered_told = counts;
            membership.declined_told = membership.declined;
            out_->deltas.emplace_back(ReasonsPut{framework.id, membership.role, counts,
                                                 membership.declined, state_.wall_now});
        }
    });
}

}  // namespace offerkit::master
