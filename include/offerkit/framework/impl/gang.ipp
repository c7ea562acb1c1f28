// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/assert.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/framework/gang.hpp>

#include <algorithm>
#include <utility>

namespace offerkit::framework {

OFFERKIT_INLINE GangAssembler::GangAssembler(std::vector<TaskInfo> members, GangOptions options,
                                             Constraints constraints, Rng rng)
    : members_(std::move(members)),
      options_(options),
      constraints_(std::move(constraints)),
      rng_(rng) {
    OFFERKIT_ASSERT(!members_.empty() && options_.hold_at_most > Duration{0});
}

OFFERKIT_INLINE bool GangAssembler::on_offers(std::span<const Offer> offers, Replies& replies) {
    for (const Offer& offer : offers)
        constraints_.see(offer);
    const bool pauses = phase_ == Phase::assembling && replies.now() < not_before_;
    if (phase_ != Phase::assembling || pauses) {
        Decline decline{{}, options_.refuse_for, DeclineReason::no_work, {}};
        if (pauses) {
            decline.refuse_for = not_before_ - replies.now();
            decline.reason = DeclineReason::delay;
        }
        for (const Offer& offer : offers) {
            decline.offer = offer.id;
            replies.decline(decline);
        }
        return false;
    }
    const Packer packer{offers};
    for (const Offer& offer : offers) {
        if (packer.could_use(offer.id, members_, constraints_)) {
            // Before the master takes it back, which would look as if nobody had answered.
            const Duration own = offer.expires_in - offer.expires_in / 8;
            const Duration hold = std::min(options_.hold_at_most, own);
            held_.push_back({offer, replies.now() + hold});
            continue;
        }
        auto objection = constraints_.find_objection(offer);
        const auto reason = objection ? DeclineReason::constraint : DeclineReason::too_small;
        replies.decline({offer.id, options_.refuse_for, reason, objection.value_or("")});
    }
    if (launch(replies)) return true;
    // The SDK's own limit comes after ours: it warns of a scheduler that forgets offers.
    for (const Offer& offer : offers) {
        const auto held = [&](const Held& each) { return each.offer.id == offer.id; };
        if (std::ranges::any_of(held_, held)) replies.hold({offer.id, offer.expires_in});
    }
    return false;
}

OFFERKIT_INLINE std::vector<TaskInfo> GangAssembler::next_members() const {
    std::vector<TaskInfo> members = members_;
    for (TaskInfo& member : members)
        member.id = TaskId{member.id.text() + "." + std::to_string(launches_ + 1)};
    return members;
}

OFFERKIT_INLINE bool GangAssembler::launch(Replies& replies) {
    std::vector<Offer> offers;
    offers.reserve(held_.size());
    for (const Held& held : held_)
        offers.push_back(held.offer);
    Packer packer{offers, options_.fit};
    const std::vector<TaskInfo> members = next_members();
    if (!packer.place_together(members, constraints_)) return false;
    packer.answer(replies, options_.refuse_for);
    held_.clear();
    ++launches_;
    given_up_ = 0;
    phase_ = Phase::starting;
    lives_.clear();
    for (const TaskInfo& member : members)
        lives_.emplace(member.id, Life::launched);
    return true;
}

OFFERKIT_INLINE void GangAssembler::on_rescind(OfferId offer) {
    std::erase_if(held_, [&](const Held& each) { return each.offer.id == offer; });
}

// Absorbs: repeats, and statuses of earlier launches.
OFFERKIT_INLINE bool GangAssembler::on_status(const TaskStatus& status, Replies& replies) {
    const auto member = lives_.find(status.task);
    if (member == lives_.end()) return false;
    if (member->second == Life::ended) return true;
    const bool ends = is_over(status.state);
    if (ends) constraints_.remove(status.task);
    if (phase_ == Phase::starting && ends && status.state != TaskState::finished) {
        member->second = Life::ended;
        not_before_ = replies.now() + options_.backoff.wait(++failed_starts_, rng_);
        break_up(replies);
        return true;
    }
    if (status.state == TaskState::running) member->second = Life::started;
    if (ends) member->second = Life::ended;
    const auto is_launched = [](const auto& other) { return other.second == Life::launched; };
    if (phase_ == Phase::starting && std::ranges::none_of(lives_, is_launched)) {
        phase_ = Phase::running;
        failed_starts_ = 0;
    }
    if (phase_ == Phase::breaking && has_ended()) phase_ = Phase::assembling;
    return true;
}

OFFERKIT_INLINE void GangAssembler::break_up(Replies& replies) {
    for (const auto& [task, life] : lives_) {
        if (life != Life::ended) replies.kill(task);
    }
    phase_ = has_ended() ? Phase::assembling : Phase::breaking;
}

OFFERKIT_INLINE bool GangAssembler::has_ended() const {
    const auto has = [](const auto& member) { return member.second == Life::ended; };
    return launches_ > 0 && std::ranges::all_of(lives_, has);
}

OFFERKIT_INLINE void GangAssembler::restart(Replies& replies) {
    if (phase_ == Phase::starting || phase_ == Phase::running) break_up(replies);
}

OFFERKIT_INLINE Instant GangAssembler::next_wake() const {
    Instant next = Instant::never();
    for (const Held& held : held_)
        next = std::min(next, held.until);
    return next;
}

// All at once: half a gang's offers are of no use to it, and may be the other half of another's.
// And nothing else is held meanwhile: two gangs would only swap their halves.
OFFERKIT_INLINE void GangAssembler::on_wake(Instant now, Replies& replies) {
    if (next_wake() > now) return;
    ++given_up_;
    const std::string detail = std::to_string(held_.size()) + " offers held, not enough for all " +
                               std::to_string(members_.size()) + " members";
    const Duration pause = options_.backoff.wait(given_up_, rng_);
    not_before_ = now + pause;
    for (const Held& held : held_)
        replies.decline({held.offer.id, pause, DeclineReason::gang, detail});
    held_.clear();
}

OFFERKIT_INLINE std::vector<TaskId> GangAssembler::members() const {
    std::vector<TaskId> ids;
    for (const auto& [task, life] : lives_)
        ids.push_back(task);
    return ids;
}

}  // namespace offerkit::framework
