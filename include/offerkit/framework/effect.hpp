// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything a framework's machine can ask of the world.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/operation.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/protocol/scheduler_call.hpp>
#include <offerkit/protocol/scheduler_event.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::framework {

/// Connect to the master; `LinkOpened` or `LinkClosed` follows.
struct Connect {
    std::uint64_t epoch_seen = 0;  // For the hello.
    friend bool operator==(const Connect&, const Connect&) = default;
};

/// Close the connection after what was sent has gone out. No `LinkClosed` follows.
struct Disconnect {
    friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

struct SendMaster {
    protocol::SchedulerCall call;
    friend bool operator==(const SendMaster&, const SendMaster&) = default;
};

/// Call the scheduler's handlers: in this order, subscribed or disconnected, statuses, rescinds,
/// lost agents, messages, refusals, inverse offers, offers, wake. Exactly one `AuthorReplied` with
/// this number follows; until then no other delivery is made.
struct Deliver {
    std::uint64_t delivery = 0;
    Instant now;  // When it was made.
    std::optional<FrameworkId> subscribed;
    bool disconnected = false;
    std::vector<TaskStatus> statuses;
    std::vector<OperationStatus> operations;
    std::vector<OfferId> rescinded;
    std::vector<AgentId> agents_lost;
    std::vector<protocol::FromExecutor> messages;
    std::vector<Refusal> refusals;
    std::vector<InverseOffer> inverse_offers;
    std::vector<Offer> offers;
    friend bool operator==(const Deliver&, const Deliver&) = default;
};

/// For the author's log.
struct Warn {
    std::string text;
    friend bool operator==(const Warn&, const Warn&) = default;
};

/// The framework has ended: by its own wish, or for this reason.
struct Ended {
    std::optional<Refusal> why;
    friend bool operator==(const Ended&, const Ended&) = default;
};

using Effect = std::variant<Connect, Disconnect, SendMaster, Deliver, Warn, Ended>;

struct Effects {
    std::vector<Effect> list;
    void clear();
};

}  // namespace offerkit::framework

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/framework/impl/effects.ipp>
#endif
