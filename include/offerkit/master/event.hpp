// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything that can happen to a master.

#include <offerkit/core/id.hpp>
#include <offerkit/master/registry.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/operator_call.hpp>
#include <offerkit/protocol/scheduler_call.hpp>

#include <cstdint>
#include <limits>
#include <string>
#include <variant>

namespace offerkit::master {

/// A peer has said hello and was let in.
struct PeerOpened {
    PeerId peer;
    protocol::PeerKind kind = protocol::PeerKind::framework;
    std::string principal;
    friend bool operator==(const PeerOpened&, const PeerOpened&) = default;
};

/// The last that is heard of a peer; nothing sent to it after this arrives.
struct PeerClosed {
    PeerId peer;
    std::string why;
    friend bool operator==(const PeerClosed&, const PeerClosed&) = default;
};

/// The bytes waiting for a peer have passed half of their bound (`slow`), or have drained again.
struct PeerSlow {
    PeerId peer;
    bool slow = true;
    friend bool operator==(const PeerSlow&, const PeerSlow&) = default;
};

struct SchedulerSaid {
    PeerId peer;
    protocol::SchedulerCall call;
    friend bool operator==(const SchedulerSaid&, const SchedulerSaid&) = default;
};

struct AgentSaid {
    PeerId peer;
    protocol::AgentMessage message;
    friend bool operator==(const AgentSaid&, const AgentSaid&) = default;
};

/// An operator's write; `request` is echoed in the answer.
struct OperatorAsked {
    std::uint64_t request = 0;
    std::string principal;
    protocol::OperatorCall call;
    friend bool operator==(const OperatorAsked&, const OperatorAsked&) = default;
};

/// All `Store` effects up to and including this one are durable.
struct Stored {
    std::uint64_t upto = 0;
    friend bool operator==(const Stored&, const Stored&) = default;
};

/// The store took none of the writes from this one to that, and never will. The master refuses what
/// needs them.
struct StoreFailed {
    std::uint64_t from = 0;
    std::string why;
    std::uint64_t upto = std::numeric_limits<std::uint64_t>::max();
    friend bool operator==(const StoreFailed&, const StoreFailed&) = default;
};

/// What the registry has kept of earlier masters: the first event of each run, and no later one.
struct Recovered {
    registry::Contents contents;
    friend bool operator==(const Recovered&, const Recovered&) = default;
};

using Event = std::variant<PeerOpened, PeerClosed, PeerSlow, SchedulerSaid, AgentSaid,
                           OperatorAsked, Stored, StoreFailed, Recovered>;

}  // namespace offerkit::master
