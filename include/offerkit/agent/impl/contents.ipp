// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/agent/checkpoint.hpp>
#include <offerkit/core/config.hpp>

#include <algorithm>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::agent::checkpoint {

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

OFFERKIT_INLINE void apply(Contents& contents, const Write& write) {
    std::visit([&](const auto& each) { detail::apply(contents, each); }, write);
}

}  // namespace offerkit::agent::checkpoint
