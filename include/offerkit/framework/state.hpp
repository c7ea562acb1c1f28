// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How a framework's machine behaves, and what it remembers.

#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/resources/resources.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <utility>
#include <vector>

namespace offerkit::framework {

struct Options {
    FrameworkInfo info;
    FrameworkId id;          // Of an earlier run, to take its tasks over; none: a new framework.
    bool take_over = false;  // With `id`: end the older scheduler if it still runs.
    std::uint64_t seed = 1;  // For the jitter between attempts to connect.
    Duration reconnect_first = std::chrono::milliseconds{100};
    Duration reconnect_max = std::chrono::seconds{10};
    /// Give up when no connection could be had for so long; `Duration::max()`: never.
    Duration connect_timeout = Duration::max();
    /// An offer that no handler has answered is declined after this, with a warning.
    Duration answer_timeout = std::chrono::seconds{5};
    friend bool operator==(const Options&, const Options&) = default;
};

enum class Phase : std::uint8_t {
    idle,     // Nothing has happened yet.
    waiting,  // Until `attempt_at`, then another attempt to connect.
    connecting,
    subscribing,  // The subscription is sent, not yet answered.
    subscribed,
    ended,
};

/// An offer that the scheduler has seen, or will see with the next delivery, and not answered.
struct OpenOffer {
    AgentId agent;
    Role role;
    Resources resources;
    Instant answer_by;  // Then it is declined for the scheduler.
    bool delivered = false;
};

/// A decline that the master still honours; said again after it was lost with a connection.
struct FilterKey {
    Role role;
    AgentId agent;
    friend auto operator<=>(const FilterKey&, const FilterKey&) = default;
};

struct LiveRefusal {
    Resources refused;
    Instant until;
};

/// A task that may still run, or that has ended not long ago: its statuses may be told again.
struct KnownTask {
    AgentId agent;     // None: not known.
    StatusId heard;    // The latest; older ones are no news.
    StatusId handled;  // Up to this one the scheduler has seen them, and receipts may go out.
    bool ended = false;
    bool over = false;  // A terminal state was told: what came before it is no news any more.
    /// The scheduler wants it ended, with this grace (none: the task's own). Said again until it
    /// is.
    std::optional<std::optional<Duration>> kill;
};

/// What is to be delivered next. Kept apart from the one under way, which is the author's.
struct State {
    Instant now;
    WallTime wall_now;
    Phase phase = Phase::idle;
    FrameworkId id;
    std::uint64_t epoch_seen = 0;
    Rng rng{1};

    Instant attempt_at = Instant::never();
    Duration attempt_delay{0};
    Instant
        connected_last;  // When a connection was last there: what `connect_timeout` counts from.

    Duration heartbeat_interval{0};
    Instant heard_at;
    Instant beat_at = Instant::never();

    std::map<OfferId, OpenOffer> offers;
    Deadlines<OfferId> answers;
    std::set<Role> suppressed;
    bool wishes_changed = false;  // Since the subscription went out: it says something else.
    std::map<FilterKey, LiveRefusal> filters;
    std::vector<Demand> demands;

    std::map<TaskId, KnownTask> tasks;
    std::deque<TaskId> tasks_ended;  // In the order of their ends; the oldest are forgotten.
    bool has_subscribed = false;     // In this run.

    Deliver next;             // Collected while a delivery is under way.
    bool next_waits = false;  // `next` holds something.
    std::uint64_t deliveries = 0;
    bool delivering = false;
    std::vector<protocol::StatusReceipt> receipts;  // Of the delivery under way.
    bool stop_asked = false;
    bool teardown_asked = false;
};

}  // namespace offerkit::framework
