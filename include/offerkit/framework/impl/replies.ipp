// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/framework/scheduler.hpp>

#include <utility>

namespace offerkit::framework {

OFFERKIT_INLINE void Replies::accept(Accept reply) { offers_.emplace_back(std::move(reply)); }
OFFERKIT_INLINE void Replies::decline(Decline reply) { offers_.emplace_back(std::move(reply)); }
OFFERKIT_INLINE void Replies::hold(Hold reply) { offers_.emplace_back(std::move(reply)); }
OFFERKIT_INLINE void Replies::reply(OfferReply reply) { offers_.push_back(std::move(reply)); }

OFFERKIT_INLINE void Replies::kill(TaskId task, std::optional<Duration> grace) {
    requests_.emplace_back(KillTask{std::move(task), grace});
}

OFFERKIT_INLINE void Replies::revive(std::vector<Role> roles) {
    requests_.emplace_back(Revive{std::move(roles)});
}

OFFERKIT_INLINE void Replies::suppress(std::vector<Role> roles) {
    requests_.emplace_back(Suppress{std::move(roles)});
}

OFFERKIT_INLINE void Replies::state_demand(std::vector<Demand> demands) {
    requests_.emplace_back(StateDemand{std::move(demands)});
}

OFFERKIT_INLINE void Replies::reconcile(std::vector<TaskId> tasks) {
    requests_.emplace_back(Reconcile{std::move(tasks)});
}

OFFERKIT_INLINE void Replies::send(Message message) { requests_.emplace_back(std::move(message)); }
OFFERKIT_INLINE void Replies::stop(bool teardown) { requests_.emplace_back(Stop{teardown}); }

OFFERKIT_INLINE std::vector<OfferReply> Replies::take_offers() {
    return std::exchange(offers_, {});
}

OFFERKIT_INLINE std::vector<Request> Replies::take_requests() {
    return std::exchange(requests_, {});
}

}  // namespace offerkit::framework
