// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an agent is told once, when it is made.

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/agent.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace offerkit::agent {

/// How an agent may differ from what it was when its checkpoint was written.
enum class ChangePolicy : std::uint8_t {
    equal,     // Resources, attributes and domain must be the same.
    additive,  // There may be more of each.
};

struct Options {
    AgentInfo info;
    ChangePolicy changes = ChangePolicy::equal;

    // What `Recovered` overrides; for agents without a checkpoint.
    AgentId id;                    // None: a new agent.
    std::uint64_t epoch_seen = 0;  // The highest epoch ever followed.
    std::uint64_t run = 1;         // Raised at each start, so that no status id comes twice.

    std::uint64_t seed = 0;  // Of the jitter between attempts to connect, and of the nonce.

    Duration reconnect_first = std::chrono::milliseconds{100};
    Duration reconnect_max = std::chrono::seconds{10};
    Duration register_timeout = std::chrono::seconds{30};  // From connecting to being registered.
    Duration heartbeat_timeout{0};  // Without a word of the master; zero: five of its intervals.

    Duration status_retry_first = std::chrono::seconds{10};
    Duration status_retry_max = std::chrono::minutes{10};
    Duration run_time_stage = std::chrono::minutes{1};  // Between looks at a task's time limit.
    Duration store_retry = std::chrono::seconds{5};     // After a failure to write.
    Duration stop_margin = std::chrono::seconds{5};     // Beyond the grace, when the agent stops.

    std::size_t tasks_max = limits::tasks_per_agent_max;
    friend bool operator==(const Options&, const Options&) = default;
};

}  // namespace offerkit::agent
