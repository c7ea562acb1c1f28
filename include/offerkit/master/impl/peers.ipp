// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Conversations: who is connected, and which handler their words go to.

#include <offerkit/master/master.hpp>

#include <string>
#include <utility>
#include <variant>

namespace offerkit::master {

OFFERKIT_INLINE void Master::on(PeerOpened& e) {
    state_.peers.emplace(e.peer, Peer{e.kind, std::move(e.principal), {}, {}, std::nullopt});
    state_.deadlines.arm(state_.now + options_.peer_timeout,
                         {DeadlineKey::Kind::peer, e.peer.value()});
}

// Nobody who is let in has to be quick after that: beats say that it is there. A machine that has
// crashed before it registered would otherwise be waited for as long as the master runs.
OFFERKIT_INLINE void Master::close_stranger(PeerId id) {
    const auto found = state_.peers.find(id);
    if (found == state_.peers.end()) return;
    if (!found->second.agent.is_none() || !found->second.framework.is_none()) return;
    close(id, {RefusalCode::unavailable, "peer " + format_id(id), "stay connected",
               "it has neither registered nor subscribed in time", "do so right after the hello"});
}

// Absorbs: the close of a peer that we closed ourselves.
OFFERKIT_INLINE void Master::on(PeerClosed& e) {
    const auto found = state_.peers.find(e.peer);
    if (found == state_.peers.end()) return;
    const Peer peer = std::move(found->second);
    state_.peers.erase(found);
    if (!peer.agent.is_none()) disconnect_agent(peer.agent);
    if (!peer.framework.is_none()) disconnect_framework(peer.framework);
}

OFFERKIT_INLINE void Master::on(PeerSlow& e) {
    const auto found = state_.peers.find(e.peer);
    if (found == state_.peers.end() || found->second.framework.is_none()) return;
    Framework& framework = state_.frameworks[found->second.framework];
    if (framework.slow == e.slow) return;
    framework.slow = e.slow;
    note("framework " + format_id(framework.id),
         e.slow ? "does not read what it is sent: no offers until it does" : "reads again");
    tell_activity(found->second.framework);
}

OFFERKIT_INLINE void Master::on(SchedulerSaid& e) {
    const auto found = state_.peers.find(e.peer);
    if (found == state_.peers.end()) return;  // Said before it heard that we closed it.
    if (found->second.kind != protocol::PeerKind::framework) {
        return close(e.peer,
                     {RefusalCode::malformed, "peer " + format_id(e.peer), "speak as a scheduler",
                      "said hello as something else", "open a channel of kind framework"});
    }
    const FrameworkIndex index = found->second.framework;
    if (!index.is_none()) state_.frameworks[index].heard_at = state_.now;
    const bool subscribed = !index.is_none() && state_.frameworks[index].admitted;
    if (!subscribed && !std::holds_alternative<protocol::Subscribe>(e.call) &&
        !std::holds_alternative<protocol::Beat>(e.call)) {
        return send(e.peer,
                    protocol::CallRefused{{RefusalCode::conflict, "peer " + format_id(e.peer),
                                           "make a call", "is not subscribed", "subscribe first"}});
    }
    std::visit([&](auto& c) { on_scheduler(e.peer, c); }, e.call);
}

OFFERKIT_INLINE void Master::on(AgentSaid& e) {
    const auto found = state_.peers.find(e.peer);
    if (found == state_.peers.end()) return;
    if (found->second.kind != protocol::PeerKind::agent) {
        return close(e.peer,
                     {RefusalCode::malformed, "peer " + format_id(e.peer), "speak as an agent",
                      "said hello as something else", "open a channel of kind agent"});
    }
    const AgentIndex index = found->second.agent;
    if (!index.is_none()) state_.agents[index].heard_at = state_.now;
    const bool registered = !index.is_none() && state_.agents[index].registered;
    if (!registered && !std::holds_alternative<protocol::RegisterAgent>(e.message) &&
        !std::holds_alternative<protocol::ReportTasks>(e.message) &&
        !std::holds_alternative<protocol::AgentBeat>(e.message)) {
        return close(e.peer, {RefusalCode::conflict, "peer " + format_id(e.peer), "report",
                              "is not registered", "register first"});
    }
    std::visit([&](auto& m) { on_agent(e.peer, m); }, e.message);
}

OFFERKIT_INLINE void Master::close(PeerId peer, Refusal why) {
    note("peer " + format_id(peer), "closed: " + format_refusal(why));
    state_.peers.erase(peer);
    out_->list.emplace_back(ClosePeer{peer, std::move(why)});
}

}  // namespace offerkit::master
