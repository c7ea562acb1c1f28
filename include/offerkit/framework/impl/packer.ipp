// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/framework/packer.hpp>

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

namespace offerkit::framework {

OFFERKIT_INLINE Packer::Packer(std::span<const Offer> offers, Fit fit) : fit_(fit) {
    std::map<std::pair<AgentId, Role>, std::size_t> places;
    for (const Offer& offer : offers) {
        const auto [place, is_new] =
            places.try_emplace(std::pair{offer.agent, offer.role}, rooms_.size());
        if (is_new) rooms_.emplace_back();
        Room& room = rooms_[place->second];
        room.offers.push_back(&offer);
        room.left += offer.resources;
        total_ += offer.resources.amounts();
    }
}

// In shares of 2^-32, rounded down: 2^53 of a kind times 2^32 needs 128 bits, a sum of 16 does not.
OFFERKIT_INLINE std::uint64_t Packer::left_over(const Room& room, const Resources& needs) const {
    std::uint64_t sum = 0;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        if (total_[slot] == 0) continue;
        const std::int64_t left = room.left.amounts()[slot] - needs.amounts()[slot];
        sum += static_cast<std::uint64_t>((int128{left} << 32) / total_[slot]);
    }
    return sum;
}

OFFERKIT_INLINE const Offer* Packer::place(TaskInfo task, Constraints& constraints) {
    ++asked_;
    Room* best = nullptr;
    std::uint64_t best_left = 0;
    for (Room& room : rooms_) {
        if (!room.left.contains(task.resources)) continue;
        const Offer& offer = *room.offers.front();
        if (auto objection = constraints.find_objection(offer)) {
            if (!room.objection) room.objection = std::move(objection);
            continue;
        }
        const std::uint64_t left = fit_ == Fit::best ? left_over(room, task.resources) : 0;
        if (best != nullptr && left >= best_left) continue;
        best = &room;
        best_left = left;
        if (fit_ == Fit::first) break;
    }
    if (best == nullptr) return nullptr;
    const Offer* const offer = best->offers.front();
    constraints.place(task.id, *offer);
    best->left -= task.resources;
    best->tasks.push_back(std::move(task));
    ++placed_;
    return offer;
}

OFFERKIT_INLINE const Offer* Packer::place(TaskInfo task) {
    Constraints none;
    return place(std::move(task), none);
}

OFFERKIT_INLINE std::vector<std::size_t> Packer::largest_first(
    const std::vector<TaskInfo>& tasks) const {
    std::vector<Share> sizes;
    sizes.reserve(tasks.size());
    for (const TaskInfo& task : tasks)
        sizes.push_back(dominant_share(task.resources.amounts(), total_));
    std::vector<std::size_t> order(tasks.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
        return sizes[a] == sizes[b] ? a < b : sizes[a] > sizes[b];
    });
    return order;
}

OFFERKIT_INLINE std::vector<TaskInfo> Packer::place_all(std::vector<TaskInfo> tasks,
                                                        Constraints& constraints) {
    std::vector<bool> is_placed(tasks.size(), false);
    for (const std::size_t index : largest_first(tasks))
        is_placed[index] = place(tasks[index], constraints) != nullptr;
    std::vector<TaskInfo> rest;
    for (std::size_t index = 0; index < tasks.size(); ++index) {
        if (!is_placed[index]) rest.push_back(std::move(tasks[index]));
    }
    return rest;
}

OFFERKIT_INLINE std::vector<TaskInfo> Packer::place_all(std::vector<TaskInfo> tasks) {
    Constraints none;
    return place_all(std::move(tasks), none);
}

OFFERKIT_INLINE bool Packer::place_together(const std::vector<TaskInfo>& tasks,
                                            Constraints& constraints) {
    Packer trial = *this;
    Constraints trial_constraints = constraints;
    for (const std::size_t index : largest_first(tasks)) {
        if (trial.place(tasks[index], trial_constraints) != nullptr) continue;
        asked_ = trial.asked_;  // What stood against it is worth telling all the same.
        for (std::size_t i = 0; i < rooms_.size(); ++i)
            rooms_[i].objection = std::move(trial.rooms_[i].objection);
        return false;
    }
    *this = std::move(trial);
    constraints = std::move(trial_constraints);
    return true;
}

OFFERKIT_INLINE bool Packer::place_together(const std::vector<TaskInfo>& tasks) {
    Constraints none;
    return place_together(tasks, none);
}

OFFERKIT_INLINE const Packer::Room* Packer::find_room(OfferId offer) const {
    const auto has = [&](const Room& room) {
        return std::ranges::find(room.offers, offer, &Offer::id) != room.offers.end();
    };
    const auto found = std::ranges::find_if(rooms_, has);
    return found == rooms_.end() ? nullptr : &*found;
}

OFFERKIT_INLINE bool Packer::is_used(OfferId offer) const {
    const Room* const room = find_room(offer);
    return room != nullptr && !room->tasks.empty();
}

OFFERKIT_INLINE bool Packer::could_use(OfferId offer, std::span<const TaskInfo> tasks,
                                       const Constraints& constraints) const {
    const Room* const room = find_room(offer);
    if (room == nullptr || !constraints.allows(*room->offers.front())) return false;
    return std::ranges::any_of(
        tasks, [&](const TaskInfo& task) { return room->left.contains(task.resources); });
}

OFFERKIT_INLINE void Packer::answer(Replies& replies, Duration refuse_for) {
    for (Room& room : rooms_) {
        if (!room.tasks.empty()) {
            Accept accept{.offer = room.offers.front()->id, .refuse_for = refuse_for};
            for (std::size_t i = 1; i < room.offers.size(); ++i)
                accept.more_offers.push_back(room.offers[i]->id);
            accept.launch = std::move(room.tasks);
            replies.accept(std::move(accept));
            continue;
        }
        Decline decline{.offer = {}, .refuse_for = refuse_for, .reason = DeclineReason::too_small};
        if (asked_ == 0) {
            decline.reason = DeclineReason::no_work;
        } else if (room.objection) {
            decline.reason = DeclineReason::constraint;
            decline.detail = *room.objection;
        }
        for (const Offer* offer : room.offers) {
            decline.offer = offer->id;
            replies.decline(decline);
        }
    }
    rooms_.clear();
}

}  // namespace offerkit::framework
