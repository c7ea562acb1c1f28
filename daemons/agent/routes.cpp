// SPDX-License-Identifier: Apache-2.0

#include "routes.hpp"

#include <daemons/common/http.hpp>
#include <offerkit/core/overloaded.hpp>
#include <offerkit/model/status.hpp>

#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <variant>

namespace offerkit::daemons {

AgentRoutes::AgentRoutes(AgentInfo info, std::string work_dir, SandboxFiles files)
    : info_(std::move(info)), work_dir_(std::move(work_dir)), files_(std::move(files)) {}

void AgentRoutes::apply(agent::Delta delta) {
    std::visit(Overloaded{[this](agent::Identified& e) { id_ = e.id; },
                          [this](agent::TaskPut& e) {
                              auto key = std::pair{e.framework, e.task};
                              const auto put =
                                  tasks_.insert_or_assign(std::move(key), std::move(e));
                              tasks_seen_ += put.second ? 1 : 0;
                          },
                          [this](agent::TaskRemoved& e) { tasks_.erase({e.framework, e.task}); },
                          [](agent::Noted&) {}},  // The log has them.
               delta);
}

void AgentRoutes::handle(const runtime::HttpRequest& request, runtime::HttpRespond respond) const {
    if (request.method == "GET") return respond(read(request));
    respond(refuse({RefusalCode::unsupported, request.method + " " + request.path, "answer",
                    "agents are only read", "send changes to the master"}));
}

runtime::HttpResponse AgentRoutes::read(const runtime::HttpRequest& request) const {
    if (request.path == "/v1/agent") return self();
    if (request.path == "/v1/files") return files(request);
    if (request.path == "/metrics") return metrics();
    return refuse(no_such_path(request));
}

runtime::HttpResponse AgentRoutes::self() const {
    Json tasks = Json::array();
    for (const auto& [key, task] : tasks_) {
        tasks.push_back({{"framework", format_id(task.framework)},
                         {"id", task.task.text()},
                         {"state", std::string(format_task_state(task.state))},
                         {"sandbox", work_dir_ + "/" + task.sandbox},
                         {"changed_at", format_time(task.at)}});
    }
    return ok(document("agent", {{"id", id_.is_none() ? Json(nullptr) : Json(format_id(id_))},
                                 {"hostname", info_.hostname},
                                 {"version", info_.version},
                                 {"resources", to_json(info_.resources)},
                                 {"tasks", std::move(tasks)}}));
}

runtime::HttpResponse AgentRoutes::files(const runtime::HttpRequest& request) const {
    std::optional<std::string> path;
    std::uint64_t offset = 0;
    for (const auto& [key, value] : request.query) {
        const auto bad = [&, &name = key](std::string why) {
            return refuse({RefusalCode::invalid, "query " + name.substr(0, 64), "read a file",
                           std::move(why), "use path=ABSOLUTE and offset=BYTES"});
        };
        if (key == "path") {
            path = value;
        } else if (key == "offset") {
            const char* const end = value.data() + value.size();
            const auto read = std::from_chars(value.data(), end, offset);
            if (value.empty() || read.ec != std::errc{} || read.ptr != end) {
                return bad("is not a whole number: " + value.substr(0, 64));
            }
        } else {
            return bad("is not known");
        }
    }
    if (!path) {
        return refuse({RefusalCode::invalid, "query", "read a file", "path is missing",
                       "use path=ABSOLUTE and offset=BYTES"});
    }
    Result<std::string> piece = files_.read(*path, offset);
    if (!piece) return refuse(piece.error());
    return {200, "application/octet-stream", std::move(piece).value()};
}

runtime::HttpResponse AgentRoutes::metrics() const {
    std::string text;
    add_metric(text, "offerkit_agent_tasks_seen_total", "counter", "tasks this agent was given",
               tasks_seen_);
    std::array<std::uint64_t, task_states> counts{};
    for (const auto& [key, task] : tasks_)
        ++counts[static_cast<std::size_t>(task.state)];
    text += "# HELP offerkit_agent_tasks tasks by state\n# TYPE offerkit_agent_tasks gauge\n";
    for (std::size_t i = 0; i < task_states; ++i) {
        text.append("offerkit_agent_tasks{state=\"")
            .append(format_task_state(static_cast<TaskState>(i)))
            .append("\"} ")
            .append(std::to_string(counts[i]))
            .append("\n");
    }
    return metrics_response(std::move(text));
}

}  // namespace offerkit::daemons
