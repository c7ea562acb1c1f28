// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The step: time, dispatch, one delivery at its end.

#include <offerkit/framework/framework.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace offerkit::framework {

OFFERKIT_INLINE Framework::Framework(Options options) : options_(std::move(options)) {
    state_.id = options_.id;
    state_.rng = Rng{options_.seed};
    state_.attempt_delay = options_.reconnect_first;
}

OFFERKIT_INLINE Instant Framework::step(const Batch<Event>& batch, Effects& out) {
    OFFERKIT_ASSERT(batch.mono_now >= state_.now);
    state_.now = batch.mono_now;
    state_.wall_now = batch.wall_now;
    out_ = &out;
    if (state_.phase == Phase::idle) {
        state_.phase = Phase::waiting;
        state_.attempt_at = state_.now;
        state_.connected_last = state_.now;
    }
    for (Event& event : batch.events) {
        if (state_.phase == Phase::ended) break;  // Late words to one who has left.
        std::visit([this](auto& e) { on(e); }, event);
    }
    if (state_.phase != Phase::ended) {
        beat_and_listen();
        decline_unanswered();
        deliver();
    }
    out_ = nullptr;
    return next_wake();
}

OFFERKIT_INLINE Instant Framework::next_wake() const {
    switch (state_.phase) {
        case Phase::idle:
        case Phase::ended:
            return Instant::never();
        case Phase::waiting:
            return state_.attempt_at;
        case Phase::connecting:
            return Instant::never();
        case Phase::subscribing:
        case Phase::subscribed:
            break;
    }
    return std::min(state_.beat_at, state_.answers.next());
}

OFFERKIT_INLINE void Framework::send(protocol::SchedulerCall call) {
    out_->list.emplace_back(SendMaster{std::move(call)});
}

}  // namespace offerkit::framework
