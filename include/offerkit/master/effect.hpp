// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything a master can ask of the world.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/master/registry.hpp>
#include <offerkit/master/view.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/quota.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/operator_call.hpp>
#include <offerkit/protocol/scheduler_event.hpp>

#include <cstdint>
#include <variant>
#include <vector>

namespace offerkit::master {

struct SendScheduler {
    PeerId to;
    protocol::SchedulerEvent event;
    friend bool operator==(const SendScheduler&, const SendScheduler&) = default;
};

struct SendAgent {
    PeerId to;
    protocol::MasterMessage message;
    friend bool operator==(const SendAgent&, const SendAgent&) = default;
};

/// Close after what was sent before has gone out. No `PeerClosed` follows.
struct ClosePeer {
    PeerId peer;
    Refusal why;
    friend bool operator==(const ClosePeer&, const ClosePeer&) = default;
};

/// Make this durable; `Stored` with this number or a higher one says that it is.
struct Store {
    std::uint64_t entry = 0;
    registry::Write write;
    friend bool operator==(const Store&, const Store&) = default;
};

struct AnswerOperator {
    std::uint64_t request = 0;
    bool accepted = false;
    Refusal refusal;  // Valid unless accepted.
    friend bool operator==(const AnswerOperator&, const AnswerOperator&) = default;
};

using Effect = std::variant<SendScheduler, SendAgent, ClosePeer, Store, AnswerOperator>;

/// What one step asks for, in order. Reused from step to step.
struct Effects {
    std::vector<Effect> list;
    std::vector<Delta> deltas;  // For readers; they never stop the machine.

    void clear();
};

}  // namespace offerkit::master

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/master/impl/effects.ipp>
#endif
