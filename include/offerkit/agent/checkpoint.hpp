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

#include <algorithm>
#include <compare>
#include <cstdint>
#include <string>
#include <tuple>
#include <utility>
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

namespace detail {

[[nodiscard]] inline bool is_before(const Task& task,
                                    const std::pair<FrameworkId, const TaskId&>& key) {
    return std::tie(task.framework, task.info.id) < std::tie(key.first, key.second);
}

/// Where the task is, or would be.
[[nodiscard]] inline std::vector<Task>::iterator find_place(Contents& contents,
                                                            FrameworkId framework,
                                                            const TaskId& id) {
    return std::lower_bound(contents.tasks.begin(), contents.tasks.end(),
                            std::pair<FrameworkId, const TaskId&>{framework, id}, is_before);
}

[[nodiscard]] inline Task* find(Contents& contents, FrameworkId framework, const TaskId& id) {
    const auto place = find_place(contents, framework, id);
    const bool there =
        place != contents.tasks.end() && place->framework == framework && place->info.id == id;
    return there ? &*place : nullptr;
}

inline void apply(Contents& contents, const PutStart& write) {
    contents.run = write.run;
    contents.info = write.info;
}

inline void apply(Contents& contents, const PutIdentity& write) {
    contents.agent = write.agent;
    contents.epoch = write.epoch;
}

inline void apply(Contents& contents, const PutTask& write) {
    if (Task* const known = find(contents, write.task.framework, write.task.info.id)) {
        *known = write.task;
        return;
    }
    contents.tasks.insert(find_place(contents, write.task.framework, write.task.info.id),
                          write.task);
}

inline void apply(Contents& contents, const RemoveTask& write) {
    if (find(contents, write.framework, write.task) != nullptr) {
        contents.tasks.erase(find_place(contents, write.framework, write.task));
    }
    std::erase_if(contents.statuses, [&](const protocol::StatusUpdate& each) {
        return std::ranges::find(write.statuses, each.status.id) != write.statuses.end();
    });
}

inline void apply(Contents& contents, const PutStatus& write) {
    const TaskStatus& status = write.update.status;
    if (Task* const task = find(contents, write.update.framework, status.task)) {
        task->state = status.state;
        task->reason = status.reason;
    }
    const auto place =
        std::ranges::lower_bound(contents.statuses, status.id, {},
                                 [](const protocol::StatusUpdate& each) { return each.status.id; });
    if (place != contents.statuses.end() && place->status.id == status.id) {
        *place = write.update;
        return;
    }
    contents.statuses.insert(place, write.update);
}

inline void apply(Contents& contents, const RemoveStatus& write) {
    std::erase_if(contents.statuses, [&](const protocol::StatusUpdate& each) {
        return each.status.id == write.status;
    });
}

}  // namespace detail

/// Changes `contents` as the write changes what is on disk. Absorbs repeats.
inline void apply(Contents& contents, const Write& write) {
    std::visit([&](const auto& each) { detail::apply(contents, each); }, write);
}

}  // namespace offerkit::agent::checkpoint
