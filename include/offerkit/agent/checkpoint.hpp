// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an agent must never forget: the single durable changes, and all of them together as the
/// next start finds them.

#include <offerkit/core/id.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/protocol/agent_message.hpp>

#include <compare>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::agent::checkpoint {

/// Enough of a task to launch it, or to say how it ended.
struct Task {
    FrameworkId framework;
    std::string framework_name;
    std::string user;  // Already resolved: the command's, else the framework's, else empty.
    Role role;
    TaskInfo info;
    std::string sandbox;  // Relative to the agent's work folder; no two tasks ever share one.
    std::string
        boot_id;  // Of the machine when it was taken: after another boot it is not launched.
    TaskState state = TaskState::staging;      // Of the last status that was written.
    StatusReason reason = StatusReason::none;  // Of the same.
    friend bool operator==(const Task&, const Task&) = default;
};

// clang-format off
/// The agent has begun to run, as this. Before it is durable nobody hears of the run.
struct PutStart      { std::uint64_t run = 0; AgentInfo info;
                       friend bool operator==(const PutStart&, const PutStart&) = default; };
/// No id: it has left its cluster.
struct PutIdentity   { AgentId agent; std::uint64_t epoch = 0;
                       friend bool operator==(const PutIdentity&, const PutIdentity&) = default; };
struct PutTask       { Task task;
                       friend bool operator==(const PutTask&, const PutTask&) = default; };
/// With all statuses of it that are still there: were they to go first, a task that has ended would
/// look like one that was never launched.
struct RemoveTask    { FrameworkId framework; TaskId task; std::vector<StatusId> statuses;
                       friend bool operator==(const RemoveTask&, const RemoveTask&) = default; };
/// Also sets state and reason of the task, which outlive the status.
struct PutStatus     { protocol::StatusUpdate update;
                       friend bool operator==(const PutStatus&, const PutStatus&) = default; };
struct RemoveStatus  { FrameworkId framework; TaskId task; StatusId status;
                       friend bool operator==(const RemoveStatus&,
                                              const RemoveStatus&) = default; };
// clang-format on

using Write = std::variant<PutStart, PutIdentity, PutTask, RemoveTask, PutStatus, RemoveStatus>;

struct Contents {
    AgentId agent;                                 // None: not in a cluster yet, or no more.
    std::uint64_t epoch = 0;                       // The highest ever followed.
    std::uint64_t run = 0;                         // Zero: the agent has never begun to run.
    AgentInfo info;                                // As it last began to run.
    std::vector<Task> tasks;                       // By framework and id.
    std::vector<protocol::StatusUpdate> statuses;  // Not acknowledged, by id.
    friend bool operator==(const Contents&, const Contents&) = default;
};

/// Changes `contents` as the write changes what is on disk. Absorbs repeats.
void apply(Contents& contents, const Write& write);

}  // namespace offerkit::agent::checkpoint

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/agent/impl/contents.ipp>
#endif
