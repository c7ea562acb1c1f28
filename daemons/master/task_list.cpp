// SPDX-License-Identifier: Apache-2.0

#include "task_list.hpp"

#include "json.hpp"
#include "query.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::daemons {

namespace {

constexpr std::size_t shown_default = 10'000;

struct TaskQuery {
    std::size_t limit = shown_default;
    std::optional<FrameworkId> framework;
    std::optional<AgentId> agent;
    std::optional<TaskState> state;
    std::string id;

    [[nodiscard]] bool selects(const master::TaskKey& key, const master::TaskView& view) const {
        return (!framework || key.framework == *framework) &&
               (!agent || view.task.agent == *agent) && (!state || view.state == *state) &&
               (id.empty() || key.task.text() == id);
    }
};

Result<TaskState> parse_state(const std::string& key, const std::string& value) {
    std::string all;
    for (std::size_t i = 0; i < task_states; ++i) {
        const auto state = static_cast<TaskState>(i);
        if (format_task_state(state) == value) return state;
        all += (i == 0 ? "" : ", ") + std::string(format_task_state(state));
    }
    return refuse_query(key, "not a task state: " + value.substr(0, 64), "use one of " + all);
}

template <class Tag>
Result<void> put_id(const std::string& value, std::optional<NumberedId<Tag>>& id) {
    Result<NumberedId<Tag>> parsed = parse_id<Tag>(value);
    if (!parsed) return std::move(parsed).error();
    id = *parsed;
    return {};
}

Result<void> put(const std::string& key, const std::string& value, TaskQuery& query) {
    if (key == "framework") return put_id(value, query.framework);
    if (key == "agent") return put_id(value, query.agent);
    if (key == "id") {
        query.id = value;
        return {};
    }
    if (key == "limit") {
        const Result<std::size_t> count = parse_count(key, value);
        if (!count) return count.error();
        query.limit = *count;
        return {};
    }
    if (key == "state") {
        const Result<TaskState> state = parse_state(key, value);
        if (!state) return state.error();
        query.state = *state;
        return {};
    }
    return refuse_query(key, "is not known",
                        "use framework=ID, agent=ID, state=NAME, id=TASK, limit=N");
}

}  // namespace

runtime::HttpResponse answer_tasks(const master::ReadModel& model,
                                   const runtime::HttpRequest& request) {
    TaskQuery query;
    for (const auto& [key, value] : request.query) {
        if (const Result<void> known = put(key, value, query); !known) return refuse(known.error());
    }
    Json items = Json::array();
    std::uint64_t left_out = 0;
    for (const auto& [key, view] : model.tasks()) {
        if (!query.selects(key, view)) continue;
        if (items.size() == query.limit) {
            ++left_out;
        } else {
            items.push_back(to_json(view));
        }
    }
    Json json = document("tasks", std::move(items));
    json["left_out"] = left_out;
    json["ended_and_dropped"] = model.ended_tasks_dropped();
    return ok(json);
}

}  // namespace offerkit::daemons
