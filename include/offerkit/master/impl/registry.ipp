// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Durable before visible: what waits for the registry, and what happens when it has answered.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::master {

OFFERKIT_INLINE std::uint64_t Master::store(registry::Write write,
                                            decltype(PendingWrite::waits) waits) {
    const std::uint64_t entry = ++state_.entries_made;
    state_.writes.push_back({entry, std::move(waits)});
    out_->list.emplace_back(Store{entry, std::move(write)});
    return entry;
}

// Absorbs: a completion that was told before.
OFFERKIT_INLINE void Master::on(Stored& e) {
    while (!state_.writes.empty() && state_.writes.front().entry <= e.upto) {
        PendingWrite write = std::move(state_.writes.front());
        state_.writes.pop_front();
        if (state_.writes_fail_from != 0 && write.entry > state_.writes_fail_from) {
            state_.writes_fail_from = 0;
            note("registry", "takes writes again");
        }
        complete(write);
    }
}

// Reads and what runs go on; every write that was asked for is refused, and what nobody asked for
// is tried again, which is how the master learns that the store takes writes again.
OFFERKIT_INLINE void Master::on(StoreFailed& e) {
    if (state_.writes_fail_from == 0) note("registry", "takes no writes: " + e.why);
    const auto first = std::ranges::lower_bound(state_.writes, e.from, {}, &PendingWrite::entry);
    const auto last = std::ranges::upper_bound(state_.writes, e.upto, {}, &PendingWrite::entry);
    std::vector<PendingWrite> failed;
    if (first < last) {
        failed.assign(std::move_iterator(first), std::move_iterator(last));
        state_.writes.erase(first, last);
    }
    state_.writes_fail_from = std::min(e.upto, state_.entries_made);
    for (PendingWrite& write : failed)
        fail(write, e.why);
}

OFFERKIT_INLINE void Master::complete(PendingWrite& write) {
    std::visit([&](auto& waits) { complete(write.entry, waits); }, write.waits);
}

OFFERKIT_INLINE void Master::complete(std::uint64_t, PendingWrite::Nothing&) {}

OFFERKIT_INLINE void Master::complete(std::uint64_t, PendingWrite::Admission& w) { admit(w); }

// Absorbs: a mark of an agent that has come back meanwhile; its admission is on its way.
OFFERKIT_INLINE void Master::complete(std::uint64_t entry, PendingWrite::Unreachable& w) {
    const AgentIndex index = find_agent_index(w.agent);
    if (index.is_none() || state_.agents[index].mark_entry != entry) return;
    state_.agents[index].mark_entry = 0;
    declare_unreachable(index);
}

OFFERKIT_INLINE void Master::complete(std::uint64_t, PendingWrite::Departure& w) {
    depart(w);
    if (w.request != 0) answer(w.request, {});
}

OFFERKIT_INLINE void Master::complete(std::uint64_t, PendingWrite::Mode& w) {
    const AgentIndex index = find_agent_index(w.mode.agent);
    if (index.is_none()) {
        if (w.request == 0) return;
        return answer(w.request,
                      Refusal{RefusalCode::not_found, "agent " + format_id(w.mode.agent),
                              "change its mode", "it was removed meanwhile", "list the agents"});
    }
    const Agent& agent = state_.agents[index];
    if (w.request == 0 && !agent.drain_stored) {
        // That it is drained is our own word: an operator's, given meanwhile, stands.
        store(registry::SetAgentMode{agent.id, agent.mode, agent.drain_deadline},
              PendingWrite::Nothing{});
        return;
    }
    set_mode(index, w.mode, w.within);
    if (w.request != 0) answer(w.request, {});
}

OFFERKIT_INLINE void Master::complete(std::uint64_t entry, PendingWrite::Subscription& w) {
    const FrameworkIndex index = find_framework_index(w.framework);
    if (index.is_none()) return;
    Framework& stored = state_.frameworks[index];
    stored.known = true;
    if (stored.awaits == entry) announce_subscribed(index);
}

OFFERKIT_INLINE void Master::complete(std::uint64_t, PendingWrite::End& w) {
    const FrameworkIndex index = find_framework_index(w.framework);
    if (!index.is_none()) finish_framework(index, w.why);
    if (w.request != 0) answer(w.request, {});
}

OFFERKIT_INLINE void Master::complete(std::uint64_t, PendingWrite::Role& w) {
    put_role(std::move(w.config));
    answer(w.request, {});
}

OFFERKIT_INLINE void Master::put_role(RoleConfig config) {
    tell_allocator(allocator_event::RolePut{config});
    out_->deltas.emplace_back(RolePut{config});
    const Role name = config.role;
    state_.roles.insert_or_assign(name, std::move(config));
}

OFFERKIT_INLINE void Master::fail(PendingWrite& write, const std::string& why) {
    std::visit([&](auto& waits) { fail(write.entry, waits, why); }, write.waits);
}

OFFERKIT_INLINE Refusal Master::refuse_write(std::string who, std::string what,
                                             const std::string& why) {
    return {RefusalCode::unavailable, std::move(who), std::move(what),
            "the registry takes no writes: " + why, "try again later"};
}

OFFERKIT_INLINE void Master::fail(std::uint64_t, PendingWrite::Nothing&, const std::string&) {}

OFFERKIT_INLINE void Master::fail(std::uint64_t, PendingWrite::Admission& w,
                                  const std::string& why) {
    refuse_admission(w, refuse_write("agent " + format_id(w.agent), "register", why));
}

OFFERKIT_INLINE void Master::fail(std::uint64_t entry, PendingWrite::Unreachable& w,
                                  const std::string&) {
    const AgentIndex index = find_agent_index(w.agent);
    if (index.is_none() || state_.agents[index].mark_entry != entry) return;
    unmark(state_.agents[index]);
    watch(state_.agents[index], state_.now + options_.store_retry);
}

OFFERKIT_INLINE void Master::fail(std::uint64_t, PendingWrite::Departure& w,
                                  const std::string& why) {
    const AgentIndex index = find_agent_index(w.agent);
    if (!index.is_none()) {
        // If it has left by itself, it becomes unreachable in its time.
        state_.agents[index].leaving = false;
        watch(state_.agents[index], state_.now + options_.peer_timeout);
    }
    if (w.request == 0) return;
    answer(w.request, refuse_write("agent " + format_id(w.agent), "be marked as gone", why));
}

OFFERKIT_INLINE void Master::fail(std::uint64_t, PendingWrite::Mode& w, const std::string& why) {
    const AgentId id = w.mode.agent;
    if (w.request != 0) {
        return answer(w.request, refuse_write("agent " + format_id(id), "change its mode", why));
    }
    if (Agent* const agent = find_agent(id)) agent->drain_stored = false;
    state_.deadlines.arm(state_.now + options_.store_retry, {DeadlineKey::Kind::drain, id.value()});
}

OFFERKIT_INLINE void Master::fail(std::uint64_t entry, PendingWrite::Subscription& w,
                                  const std::string& why) {
    const FrameworkIndex index = find_framework_index(w.framework);
    if (index.is_none()) return;
    const Refusal refused = refuse_write("framework " + format_id(w.framework), "subscribe", why);
    const Framework& failed = state_.frameworks[index];
    // One that the registry knows keeps its id and its tasks; it has only not come back yet.
    if (!failed.known) return finish_framework(index, refused);
    if (failed.awaits != entry || failed.peer.is_none()) return;
    const PeerId peer = failed.peer;
    send(peer, protocol::SubscriptionEnded{refused});
    close(peer, refused);
    disconnect_framework(index);
}

OFFERKIT_INLINE void Master::fail(std::uint64_t, PendingWrite::End& w, const std::string& why) {
    const Refusal refused = refuse_write("framework " + format_id(w.framework), "be ended", why);
    const FrameworkIndex index = find_framework_index(w.framework);
    if (!index.is_none() && !state_.frameworks[index].ended) keep_framework(index, refused);
    if (w.request != 0) answer(w.request, refused);
}

OFFERKIT_INLINE void Master::fail(std::uint64_t, PendingWrite::Role& w, const std::string& why) {
    answer(w.request, refuse_write("role " + w.config.role.path(), "configure", why));
}

}  // namespace offerkit::master
