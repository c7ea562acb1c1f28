// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an agent knows: its link to the master, its tasks, and what is not yet durable or not yet
/// acknowledged.

#include <offerkit/agent/checkpoint.hpp>
#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::agent {

enum class LinkStage : std::uint8_t {
    down,        // Connects at `retry_at`.
    connecting,  // The world has been asked to.
    registering,
    registered,
};

struct Link {
    LinkStage stage = LinkStage::down;
    Instant retry_at;
    Duration backoff{0};  // Before jitter; zero after a registration.
    Instant heard_at;     // The last word of the master, or when we began to connect.
    Instant beat_at;      // When `registered`: our next beat.
    Duration heartbeat_interval{0};
    bool was_registered = false;  // Ever, in this run.
};

struct TaskKey {
    FrameworkId framework;
    TaskId task;
    friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

enum class TaskStage : std::uint8_t {
    storing,   // Not durable yet, so the executor has not heard of it.
    launched,  // With the executor.
    ended,     // Its last status awaits the acknowledgement.
};

/// A status that the framework has not acknowledged. Those of a task are in order, and the durable
/// ones come first.
struct Unacknowledged {
    TaskStatus status;
    bool durable = false;  // Or as good as: only these are sent.
};

struct Task {
    TaskKey key;
    std::uint64_t serial = 0;  // Names it within this run, also in its sandbox's path.
    std::string framework_name;
    std::string user;  // The command's, else the framework's.
    Role role;
    TaskInfo info;
    std::string sandbox;  // Relative to the agent's work folder.
    TaskStage stage = TaskStage::storing;
    TaskState state = TaskState::staging;  // As last made durable.
    bool checkpointed = false;             // False: refused, or the checkpoint has failed.
    bool noted = false;                    // The executor may forget it, and has been told.

    /// What it took of `State::available`: that gpus were taken from certain cards is decided then.
    Resources held;

    std::optional<Instant> killed_by;      // A kill was asked for, and its grace ends then.
    Instant run_until = Instant::never();  // Known once it runs.

    std::vector<Unacknowledged> unacknowledged;
    Instant retry_at = Instant::never();
    Duration retry_every{0};
    Instant retry_armed = Instant::never();  // The earliest entry of the heap that is for it.
};

/// What one task waits for. Tasks are named by their serial number.
struct TaskDeadline {
    enum class Kind : std::uint8_t { run_time, retry };

    Kind kind = Kind::run_time;
    std::uint64_t serial = 0;
    friend auto operator<=>(const TaskDeadline&, const TaskDeadline&) = default;
};

/// A write that is under way, and what waits for it: the launch of a task, or a status of it.
struct PendingWrite {
    std::uint64_t entry = 0;
    std::uint64_t serial = 0;
    StatusId status;  // None: the launch.
};

/// A write that is not known to be durable. Kept so that it can be asked for again.
struct Unwritten {
    std::uint64_t entry = 0;  // Zero: writing has failed, it is not asked for at present.
    checkpoint::Write write;
};

/// The agent is being stopped.
struct Stop {
    std::string why;
    Instant until;            // Then it stops, whatever still runs.
    bool keep_tasks = false;  // They go on without it.
    bool failed = false;
    bool left = false;  // It has unregistered; that it is in no cluster becomes durable.
};

struct State {
    Instant now;
    WallTime wall_now;

    AgentId id;
    std::uint64_t epoch_seen = 0;
    AgentId id_stored;  // What the checkpoint has, or is about to have.
    std::uint64_t epoch_stored = 0;
    std::uint64_t run = 1;
    std::uint64_t nonce = 0;  // Tells two agents apart that were started from one work folder.
    bool starting = false;    // The checkpoint does not know this run yet: it does not connect.
    Link link;
    Rng rng{0};

    Resources available;                         // What no task holds.
    std::map<std::uint64_t, Task> tasks;         // By serial number: in the order they came.
    std::map<TaskKey, std::uint64_t> task_keys;  // To serial numbers.
    std::size_t tasks_live = 0;                  // Those that have not ended.
    std::uint64_t last_serial = 0;
    std::uint64_t last_status = 0;
    Deadlines<TaskDeadline> deadlines;

    std::uint64_t last_entry = 0;
    std::deque<PendingWrite> pending;  // By entry.
    std::deque<Unwritten> unwritten;   // In the order in which they must become durable.

    // While writing fails: nothing is launched, and statuses are told from memory. Tasks that end
    // meanwhile may be forgotten by the executor only when their end, or removal, is durable.
    bool store_failed = false;
    std::uint64_t failed_upto = 0;              // Failures up to this entry are old news.
    Instant store_retry_at = Instant::never();  // Never: it is being tried, or has not failed.
    std::vector<TaskKey> removed;               // Acknowledged, and not yet told to the executor.

    std::optional<Stop> stop;
    bool stopped = false;
};

}  // namespace offerkit::agent
