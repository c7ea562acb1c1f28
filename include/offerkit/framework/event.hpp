// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything that can happen to a framework's own machine: the SDK between a scheduler and its
/// master.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_event.hpp>

#include <cstdint>
#include <variant>
#include <vector>

namespace offerkit::framework {

/// The world has connected, and the master has let us in.
struct LinkOpened {
    protocol::Welcome welcome;
    friend bool operator==(const LinkOpened&, const LinkOpened&) = default;
};

/// The connection is gone, or could not be made. `why.code` says whether trying again is of use.
struct LinkClosed {
    Refusal why;
    friend bool operator==(const LinkClosed&, const LinkClosed&) = default;
};

struct MasterSaid {
    protocol::SchedulerEvent event;
    friend bool operator==(const MasterSaid&, const MasterSaid&) = default;
};

/// The scheduler's handlers have run over one delivery, and this is what came of it.
struct AuthorReplied {
    std::uint64_t delivery = 0;
    std::vector<OfferReply> offers;
    std::vector<Request> requests;
    bool failed = false;  // A handler threw: the framework ends, and nothing is acknowledged.
    friend bool operator==(const AuthorReplied&, const AuthorReplied&) = default;
};

/// The author asks for something outside of a delivery.
struct AuthorAsked {
    std::vector<OfferReply> offers;  // Late answers to offers that were held.
    std::vector<Request> requests;
    friend bool operator==(const AuthorAsked&, const AuthorAsked&) = default;
};

using Event = std::variant<LinkOpened, LinkClosed, MasterSaid, AuthorReplied, AuthorAsked>;

}  // namespace offerkit::framework
