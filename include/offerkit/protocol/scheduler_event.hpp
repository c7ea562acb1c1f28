// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the master says to a scheduler.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/operation.hpp>
#include <offerkit/model/status.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::protocol {

struct Subscribed {
    FrameworkId framework;
    std::string cluster;
    std::uint64_t epoch = 0;
    Duration heartbeat_interval{0};  // Twice this without a word: the connection is dead.
    friend bool operator==(const Subscribed&, const Subscribed&) = default;
};

struct Offers {
    std::vector<Offer> offers;
    friend bool operator==(const Offers&, const Offers&) = default;
};

enum class RescindReason : std::uint8_t {
    expired,
    agent_lost,
    agent_draining,
    quota,
    operator_asked
};

struct Rescind {
    std::vector<OfferId> offers;
    RescindReason reason = RescindReason::expired;
    friend bool operator==(const Rescind&, const Rescind&) = default;
};

struct InverseOffers {
    std::vector<InverseOffer> offers;
    friend bool operator==(const InverseOffers&, const InverseOffers&) = default;
};

struct Statuses {
    std::vector<TaskStatus> statuses;
    friend bool operator==(const Statuses&, const Statuses&) = default;
};

struct OperationStatuses {
    std::vector<OperationStatus> statuses;
    friend bool operator==(const OperationStatuses&, const OperationStatuses&) = default;
};

struct FromExecutor {
    AgentId agent;
    ExecutorId executor;
    std::string data;
    friend bool operator==(const FromExecutor&, const FromExecutor&) = default;
};

/// An agent is lost: what ran there is told in statuses of its own.
struct AgentLost {
    AgentId agent;
    friend bool operator==(const AgentLost&, const AgentLost&) = default;
};

/// One call was refused; the subscription goes on.
struct CallRefused {
    Refusal refusal;
    friend bool operator==(const CallRefused&, const CallRefused&) = default;
};

/// The subscription is over; the channel is closed after this.
struct SubscriptionEnded {
    Refusal refusal;
    friend bool operator==(const SubscriptionEnded&, const SubscriptionEnded&) = default;
};

struct MasterBeat {
    friend bool operator==(const MasterBeat&, const MasterBeat&) = default;
};

using SchedulerEvent =
    std::variant<Subscribed, Offers, Rescind, InverseOffers, Statuses, OperationStatuses,
                 FromExecutor, AgentLost, CallRefused, SubscriptionEnded, MasterBeat>;

}  // namespace offerkit::protocol
