// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The connection: made, kept alive, lost, made again.

#include <offerkit/framework/framework.hpp>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

namespace offerkit::framework {

// Absorbs: an opening that was not asked for any more.
OFFERKIT_INLINE void Framework::on(LinkOpened& e) {
    if (state_.phase != Phase::connecting) return;
    state_.epoch_seen = std::max(state_.epoch_seen, e.welcome.epoch);
    state_.phase = Phase::subscribing;
    state_.wishes_changed = false;
    state_.heard_at = state_.now;
    state_.connected_last = state_.now;
    // Until the master says how often it wants to hear of us: an answer is due within this.
    state_.heartbeat_interval = std::chrono::seconds{15};
    state_.beat_at = state_.now + state_.heartbeat_interval;
    protocol::Subscribe call;
    call.info = options_.info;
    call.id = state_.id;
    // A framework that has subscribed before is its own older stream's owner.
    call.take_over = options_.take_over || state_.id != options_.id;
    call.suppressed.assign(state_.suppressed.begin(), state_.suppressed.end());
    for (auto at = state_.filters.begin(); at != state_.filters.end();) {
        if (at->second.until <= state_.now) {
            at = state_.filters.erase(at);
            continue;
        }
        const bool forever = at->second.until == Instant::never();
        call.filters.push_back({at->first.role, at->first.agent, at->second.refused,
                                forever ? Duration::max() : at->second.until - state_.now});
        ++at;
    }
    send(std::move(call));
}

OFFERKIT_INLINE void Framework::on(LinkClosed& e) {
    if (state_.phase == Phase::waiting) return;
    // Coming back with the same wrong token, version or id would change nothing.
    switch (e.why.code) {
        case RefusalCode::unsupported:
        case RefusalCode::unauthenticated:
        case RefusalCode::forbidden:
        case RefusalCode::wrong_cluster:
        case RefusalCode::invalid:
        case RefusalCode::too_large:
            return end(e.why);
        default:
            break;
    }
    lose_connection(e.why);
}

OFFERKIT_INLINE void Framework::lose_connection(const Refusal& why) {
    const bool was_subscribed = state_.phase == Phase::subscribed;
    state_.beat_at = Instant::never();
    if (was_subscribed) {
        state_.next.disconnected = true;
        state_.next_waits = true;
        state_.connected_last = state_.now;
    }
    // Offers are void without the connection they came on.
    for (const auto& [id, offer] : state_.offers) {
        if (offer.delivered) state_.next.rescinded.push_back(id);
    }
    state_.next.offers.clear();
    state_.offers.clear();
    if (state_.stop_asked) return end(std::nullopt);
    if (options_.connect_timeout != Duration::max() &&
        state_.now - state_.connected_last >= options_.connect_timeout) {
        return end(why);
    }
    connect_later();
}

// Doubling with jitter: a thousand frameworks must not come back in step after a master's restart.
OFFERKIT_INLINE void Framework::connect_later() {
    const std::int64_t delay = state_.attempt_delay.count();
    state_.phase = Phase::waiting;
    state_.attempt_at = state_.now + Duration{state_.rng.between(delay / 2, delay)};
    state_.attempt_delay = std::min(state_.attempt_delay * 2, options_.reconnect_max);
    // The last attempt is at the end of the timeout, not after it.
    if (options_.connect_timeout != Duration::max()) {
        state_.attempt_at =
            std::min(state_.attempt_at, state_.connected_last + options_.connect_timeout);
    }
}

OFFERKIT_INLINE void Framework::beat_and_listen() {
    if (state_.phase == Phase::waiting && state_.attempt_at <= state_.now) {
        state_.phase = Phase::connecting;
        state_.attempt_at = Instant::never();
        out_->list.emplace_back(Connect{state_.epoch_seen});
        return;
    }
    if (state_.beat_at > state_.now) return;
    if (state_.now - state_.heard_at >= 2 * state_.heartbeat_interval) {
        out_->list.emplace_back(Disconnect{});
        return lose_connection({RefusalCode::unavailable, "master", "stay connected",
                                "not heard of for two heartbeat intervals",
                                "see whether it still runs"});
    }
    send(protocol::Beat{});
    if (state_.teardown_asked && state_.phase == Phase::subscribed) send(protocol::Teardown{});
    state_.beat_at = state_.now + state_.heartbeat_interval;
}

OFFERKIT_INLINE void Framework::end(std::optional<Refusal> why) {
    if (state_.phase == Phase::subscribing || state_.phase == Phase::subscribed) {
        out_->list.emplace_back(Disconnect{});
    }
    state_.phase = Phase::ended;
    out_->list.emplace_back(Ended{std::move(why)});
}

}  // namespace offerkit::framework
