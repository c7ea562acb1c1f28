// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent machine: a step, what time brings, and what must always hold.

#include <offerkit/agent/agent.hpp>

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <variant>

namespace offerkit::agent {

OFFERKIT_INLINE Agent::Agent(Options options) : options_(std::move(options)) {
    OFFERKIT_ASSERT(options_.run >= 1 && options_.run <= StatusId::epoch_max);
    state_.id = state_.id_stored = options_.id;
    state_.epoch_seen = state_.epoch_stored = options_.epoch_seen;
    state_.run = options_.run;
    state_.rng = Rng{options_.seed};
    state_.nonce = Rng{options_.seed}.split().next();
    state_.available = options_.info.resources;
}

OFFERKIT_INLINE Instant Agent::step(const Batch<Event>& batch, Effects& out) {
    OFFERKIT_ASSERT(batch.mono_now >= state_.now);
    state_.now = batch.mono_now;
    state_.wall_now = batch.wall_now;
    for (Event& event : batch.events) {
        if (state_.stopped) break;
        std::visit([&](auto& each) { on(each, out); }, event);
    }
    if (state_.stopped) return Instant::never();
    // After the events: a word of the master that comes with this batch still counts, however long
    // the process was held up before it could read it.
    expire(out);
    stop_if_done(out);
    flush(out);
    return next_wake();
}

OFFERKIT_INLINE void Agent::expire(Effects& out) {
    expire_link(out);
    retry_store(out);
    while (const auto due = state_.deadlines.take_due(state_.now)) {
        const auto found = state_.tasks.find(due->serial);
        if (found == state_.tasks.end()) continue;  // It has ended in time.
        Task& task = found->second;
        switch (due->kind) {
            case TaskDeadline::Kind::run_time:
                if (task.stage == TaskStage::ended) break;
                if (task.run_until > state_.now) {
                    arm_run_time(task);
                    break;
                }
                kill(task, task.info.kill_policy.grace, StatusReason::run_time_exceeded, out);
                break;
            case TaskDeadline::Kind::retry:
                retry(task);
                break;
        }
    }
}

OFFERKIT_INLINE void Agent::expire_link(Effects& out) {
    Link& link = state_.link;
    if (state_.now < link_wake()) return;
    switch (link.stage) {
        case LinkStage::down:
            connect(out);
            break;
        case LinkStage::connecting:
            drop_link("no connection to the master within the time for registering", out);
            break;
        case LinkStage::registering:
            drop_link("the master has not answered the registration in time", out);
            break;
        case LinkStage::registered:
            if (state_.now >= silent_at()) {
                drop_link("no word of the master for too long", out);
                break;
            }
            link.beat_at = state_.now + link.heartbeat_interval;
            out.list.emplace_back(SendMaster{protocol::AgentBeat{}});
            break;
    }
}

OFFERKIT_INLINE Instant Agent::link_wake() const {
    const Link& link = state_.link;
    switch (link.stage) {
        case LinkStage::down:
            return state_.stop ? Instant::never() : link.retry_at;
        case LinkStage::connecting:
        case LinkStage::registering:
            return link.heard_at + options_.register_timeout;
        case LinkStage::registered:
            break;
    }
    return std::min(link.beat_at, silent_at());
}

OFFERKIT_INLINE Instant Agent::silent_at() const {
    const Duration most = options_.heartbeat_timeout > Duration{0}
                              ? options_.heartbeat_timeout
                              : 5 * state_.link.heartbeat_interval;
    return state_.link.heard_at + most;
}

OFFERKIT_INLINE Instant Agent::next_wake() const {
    if (state_.stopped) return Instant::never();
    const Instant stop = state_.stop ? state_.stop->until : Instant::never();
    return std::min({link_wake(), stop, state_.store_retry_at, state_.deadlines.next()});
}

OFFERKIT_INLINE void Agent::note(std::string text, Effects& out) {
    out.deltas.emplace_back(Noted{state_.wall_now, std::move(text)});
}

OFFERKIT_INLINE Task* Agent::find(const TaskKey& key) {
    const auto found = state_.task_keys.find(key);
    return found == state_.task_keys.end() ? nullptr : &state_.tasks.at(found->second);
}

OFFERKIT_INLINE void Agent::check_invariants() const {
    OFFERKIT_ASSERT(outbox_.empty() && noted_.empty());
    OFFERKIT_ASSERT(state_.tasks.size() == state_.task_keys.size());
    Resources held;
    std::size_t live = 0;
    for (const auto& [serial, task] : state_.tasks) {
        const auto place = state_.task_keys.find(task.key);
        OFFERKIT_ASSERT(place != state_.task_keys.end() && place->second == serial);
        OFFERKIT_ASSERT(task.serial == serial);
        held += task.held;
        const bool ended = task.stage == TaskStage::ended;
        live += ended ? 0 : 1;
        OFFERKIT_ASSERT(!ended || task.held.is_empty());
        OFFERKIT_ASSERT(!ended || !task.unacknowledged.empty());
        OFFERKIT_ASSERT(task.retry_at == Instant::never() || task.retry_armed <= task.retry_at);
        bool durable = true;
        for (const Unacknowledged& each : task.unacknowledged) {
            OFFERKIT_ASSERT(each.status.task == task.key.task && !each.status.id.is_none());
            OFFERKIT_ASSERT(durable || !each.durable);
            const bool last = &each == &task.unacknowledged.back();
            OFFERKIT_ASSERT(is_terminal(each.status.state) == (last && ended));
            durable = each.durable;
        }
    }
    OFFERKIT_ASSERT(live == state_.tasks_live);
    OFFERKIT_ASSERT(state_.available + held == options_.info.resources);
    std::uint64_t entry = 0;
    for (const PendingWrite& write : state_.pending) {
        OFFERKIT_ASSERT(write.entry > entry && write.entry <= state_.last_entry);
        OFFERKIT_ASSERT(state_.tasks.contains(write.serial));
        entry = write.entry;
    }
    OFFERKIT_ASSERT(state_.pending.size() <= state_.unwritten.size());
    OFFERKIT_ASSERT(state_.removed.empty() || state_.store_failed);
    OFFERKIT_ASSERT(state_.pending.empty() || !state_.store_failed);
    for (const Unwritten& each : state_.unwritten) {
        OFFERKIT_ASSERT((each.entry == 0) == is_waiting_to_store());
    }
}

}  // namespace offerkit::agent
