// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How a master behaves: chosen once, before it starts, and part of its log.

#include <offerkit/core/time.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace offerkit::master {

struct Options {
    std::string cluster = "offerkit";
    std::uint64_t epoch = 1;  // Raised durably before each start; part of every id made here.

    /// Peers beat this often and are answered.
    Duration heartbeat_interval = std::chrono::seconds{15};
    /// Silence after which an agent counts as unreachable, or a scheduler as disconnected. Who has
    /// not registered or subscribed by then is not waited for.
    Duration peer_timeout = std::chrono::seconds{75};
    /// An offer that is not answered within this time is rescinded.
    Duration offer_timeout = std::chrono::seconds{30};
    /// After that the claimant is not offered the same agent for so long: others get a chance.
    Duration unanswered_refuse_for = std::chrono::seconds{5};

    /// How long the agents that the registry knows have to come back, from the master's own start.
    Duration reregister_timeout = std::chrono::minutes{10};
    /// Agents are marked unreachable one by one, this far apart: a fault of the network that passes
    /// should find most of them not yet marked.
    Duration unreachable_interval = std::chrono::milliseconds{100};
    /// Thousandths of the agents that may be unreachable; then marking stops, since the fault is
    /// more likely on the master's side, until some are back or an operator marks them as gone.
    std::uint32_t unreachable_share_max = 200;
    /// In a cluster of fewer agents a share says little: marking never stops there.
    std::uint32_t unreachable_stop_from = 10;
    /// After a write that failed, what was not asked for by anybody is tried again this much later.
    Duration store_retry = std::chrono::seconds{5};

    /// How often readers are told new counts of why offers were not made.
    Duration reasons_interval = std::chrono::seconds{1};

    friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace offerkit::master
