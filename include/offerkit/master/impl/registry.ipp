// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Durable before visible: what waits for the registry, and what happens when it has answered.

#include <offerkit/master/master.hpp>

#include <string>
#include <utility>
#include <variant>

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
        complete(write);
    }
}

OFFERKIT_INLINE void Master::on(StoreFailed& e) {
    note("registry", "writes fail: " + e.why);
    std::deque<PendingWrite> failed;
    while (!state_.writes.empty() && state_.writes.back().entry >= e.from) {
        failed.push_front(std::move(state_.writes.back()));
        state_.writes.pop_back();
    }
    for (PendingWrite& write : failed)
        fail(write, e.why);
}

OFFERKIT_INLINE void Master::complete(PendingWrite& write) {
    if (const auto* agent = std::get_if<PendingWrite::Agent>(&write.waits)) {
        // Its place may have gone to another one meanwhile.
        if (find_agent_index(agent->id) == agent->agent) admit(agent->agent);
    } else if (const auto* framework = std::get_if<PendingWrite::Framework>(&write.waits)) {
        if (find_framework_index(framework->id) != framework->framework) return;
        Framework& stored = state_.frameworks[framework->framework];
        stored.known = true;
        if (stored.awaits == write.entry) announce_subscribed(framework->framework);
    } else if (auto* role = std::get_if<PendingWrite::Role>(&write.waits)) {
        tell_allocator(allocator_event::RolePut{role->config});
        out_->deltas.emplace_back(RolePut{role->config});
        const Role name = role->config.role;
        state_.roles.insert_or_assign(name, std::move(role->config));
        answer(role->request, {});
    }
}

OFFERKIT_INLINE void Master::fail(PendingWrite& write, const std::string& why) {
    const auto refusal = [&](std::string who, std::string what) {
        return Refusal{RefusalCode::unavailable, std::move(who), std::move(what),
                       "the registry takes no writes: " + why, "try again later"};
    };
    if (const auto* agent = std::get_if<PendingWrite::Agent>(&write.waits)) {
        if (find_agent_index(agent->id) != agent->agent) return;
        const PeerId peer = state_.agents[agent->agent].peer;
        const Refusal refused = refusal("agent " + format_id(agent->id), "register");
        if (!peer.is_none()) {
            send(peer, protocol::AgentRefused{refused});
            close(peer, refused);
        }
        remove_agent(agent->agent, "could not be stored");
    } else if (const auto* framework = std::get_if<PendingWrite::Framework>(&write.waits)) {
        if (find_framework_index(framework->id) != framework->framework) return;
        const Refusal refused = refusal("framework " + format_id(framework->id), "subscribe");
        const Framework& failed = state_.frameworks[framework->framework];
        // One that the registry knows keeps its id and its tasks; it has only not come back yet.
        if (!failed.known) return end_framework(framework->framework, refused);
        if (failed.awaits != write.entry || failed.peer.is_none()) return;
        const PeerId peer = failed.peer;
        send(peer, protocol::SubscriptionEnded{refused});
        close(peer, refused);
        disconnect_framework(framework->framework);
    } else if (const auto* role = std::get_if<PendingWrite::Role>(&write.waits)) {
        answer(role->request, refusal("role " + role->config.role.path(), "configure"));
    }
}

}  // namespace offerkit::master
