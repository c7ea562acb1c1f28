// SPDX-License-Identifier: Apache-2.0

#include "routes.hpp"

#include "event_list.hpp"
#include "json.hpp"
#include "task_list.hpp"
#include "why.hpp"

#include <offerkit/core/limits.hpp>
#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <chrono>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::daemons {

namespace {

/// The parts of a path between slashes: "/v1/agents/a1-2" gives v1, agents, a1-2.
std::vector<std::string> parts_of(const std::string& path) {
    std::vector<std::string> parts;
    std::size_t begin = 1;
    while (begin <= path.size()) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        parts.push_back(path.substr(begin, end - begin));
        begin = end + 1;
    }
    return parts;
}

template <class Map, class Convert>
runtime::HttpResponse list(const char* name, const Map& map, Convert&& convert) {
    Json items = Json::array();
    for (const auto& [key, value] : map)
        items.push_back(convert(value));
    return ok(document(name, std::move(items)));
}

/// `{"weight": 2, "guarantee": "cpus:4", "limits": {"cpus": "8", "mem": "1024"}}`
Result<protocol::OperatorCall> parse_role(const std::string& path, const std::string& body) {
    const auto refuse = [&](std::string why) {
        return Refusal{RefusalCode::malformed, "role " + path, "configure", std::move(why),
                       R"(send {"weight": "2", "guarantee": "cpus:4", "limits": {"cpus": "8"}})"};
    };
    Result<Role> role = Role::parse(path);
    if (!role) return std::move(role).error();
    const Json json = Json::parse(body, nullptr, false);
    if (!json.is_object()) return refuse("the body is not a JSON object");
    protocol::ConfigureRole call;
    call.config.role = *role;
    for (const auto& [key, value] : json.items()) {
        if (key == "weight" && value.is_string()) {
            Result<std::int64_t> weight = parse_amount(value.get<std::string>());
            if (!weight) return std::move(weight).error();
            call.config.weight = *weight;
        } else if (key == "guarantee" && value.is_string()) {
            Result<Resources> guarantee = parse_resources(value.get<std::string>());
            if (!guarantee) return std::move(guarantee).error();
            call.config.quota.guarantee = *guarantee;
        } else if (key == "limits" && value.is_object()) {
            for (const auto& [kind, amount] : value.items()) {
                if (!amount.is_string()) return refuse("limit " + kind + " is not a text");
                Result<std::int64_t> units = parse_amount(amount.get<std::string>());
                if (!units) return std::move(units).error();
                call.config.quota.limits.emplace_back(kind, *units);
            }
        } else {
            return refuse("field " + key.substr(0, 64) + " is not known, or of another type");
        }
    }
    std::ranges::sort(call.config.quota.limits);
    return protocol::OperatorCall{std::move(call)};
}

/// The body of a drain: `{"within_seconds": 600}`; empty: the deadline is now.
Result<Duration> parse_drain(const std::string& id, const std::string& body) {
    if (body.empty()) return Duration{0};
    const Json json = Json::parse(body, nullptr, false);
    const auto refuse = [&](RefusalCode code, std::string why) {
        return Refusal{code, "agent " + id, "drain", std::move(why),
                       R"(send {"within_seconds": 600})"};
    };
    if (!json.is_object()) return refuse(RefusalCode::malformed, "the body is not a JSON object");
    Duration within{0};
    for (const auto& [key, value] : json.items()) {
        if (key != "within_seconds" || !value.is_number_unsigned()) {
            return refuse(RefusalCode::malformed,
                          "field " + key.substr(0, 64) + " is not known, or of another type");
        }
        const auto seconds = value.get<std::uint64_t>();
        const auto most =
            std::chrono::duration_cast<std::chrono::seconds>(limits::drain_within_max);
        if (seconds > static_cast<std::uint64_t>(most.count())) {
            return refuse(RefusalCode::invalid, "the deadline is more than 30 days away");
        }
        within = std::chrono::seconds{seconds};
    }
    return within;
}

/// /v1/agents/ID/VERB
Result<protocol::OperatorCall> parse_agent_write(const runtime::HttpRequest& request,
                                                 const std::vector<std::string>& parts) {
    Result<AgentId> id = parse_id<AgentTag>(parts[2]);
    if (!id) return std::move(id).error();
    if (parts[3] == "deactivate") return protocol::OperatorCall{protocol::DeactivateAgent{*id}};
    if (parts[3] == "activate") return protocol::OperatorCall{protocol::ActivateAgent{*id}};
    if (parts[3] == "gone") return protocol::OperatorCall{protocol::MarkAgentGone{*id}};
    if (parts[3] != "drain") return no_such_path(request);
    Result<Duration> within = parse_drain(parts[2], request.body);
    if (!within) return std::move(within).error();
    return protocol::OperatorCall{protocol::DrainAgent{*id, *within}};
}

}  // namespace

Result<protocol::OperatorCall> parse_write(const runtime::HttpRequest& request) {
    const std::vector<std::string> parts = parts_of(request.path);
    const auto is = [&](std::size_t size, std::size_t at, std::string_view word) {
        return parts.size() == size && parts[at] == word;
    };
    if (parts.size() < 3 || parts[0] != "v1") return no_such_path(request);
    if (parts[1] == "agents" && parts.size() == 4) return parse_agent_write(request, parts);
    if (parts[1] == "frameworks" && is(4, 3, "teardown")) {
        Result<FrameworkId> id = parse_id<FrameworkTag>(parts[2]);
        if (!id) return std::move(id).error();
        return protocol::OperatorCall{protocol::TeardownFramework{*id}};
    }
    if (parts[1] == "frameworks" && is(6, 5, "kill") && parts[3] == "tasks") {
        Result<FrameworkId> id = parse_id<FrameworkTag>(parts[2]);
        if (!id) return std::move(id).error();
        return protocol::OperatorCall{protocol::KillTaskOf{*id, TaskId{parts[4]}}};
    }
    if (parts[1] == "roles") {
        return parse_role(request.path.substr(std::string_view("/v1/roles/").size()), request.body);
    }
    return no_such_path(request);
}

MasterRoutes::MasterRoutes(ClusterFacts facts, Ask ask)
    : facts_(std::move(facts)), ask_(std::move(ask)) {}

void MasterRoutes::handle(const runtime::HttpRequest& request, runtime::HttpRespond respond) const {
    if (request.method == "GET") return respond(read(request));
    if (request.method != "POST") {
        return respond(
            refuse({RefusalCode::unsupported, request.method + " " + request.path, "answer",
                    "only GET and POST are known", "GET to read, POST to change"}));
    }
    Result<protocol::OperatorCall> call = parse_write(request);
    if (!call) return respond(refuse(call.error()));
    ask_(std::move(*call), [respond = std::move(respond)](const protocol::OperatorAnswer& answer) {
        respond(answer ? ok(document("accepted", true)) : refuse(answer.error()));
    });
}

runtime::HttpResponse MasterRoutes::read(const runtime::HttpRequest& request) const {
    const auto plain = [](const auto& value) { return to_json(value); };
    if (request.path == "/v1/cluster") return cluster();
    if (request.path == "/metrics") return metrics();
    if (request.path == "/v1/agents") return list("agents", model_.agents(), plain);
    if (request.path == "/v1/offers") return list("offers", model_.offers(), plain);
    if (request.path == "/v1/roles") return list("roles", model_.roles(), plain);
    if (request.path == "/v1/events") return answer_events(model_, request);
    if (request.path == "/v1/tasks") return answer_tasks(model_, request);
    if (request.path == "/v1/frameworks") {
        return list("frameworks", model_.frameworks(), [&](const master::FrameworkPut& framework) {
            return to_json(framework, model_);
        });
    }
    if (request.path == "/v1/notes") {
        Json notes = Json::array();
        for (const master::Noted& note : model_.notes()) {
            notes.push_back({{"at", format_time(note.at)}, {"who", note.who}, {"text", note.text}});
        }
        return ok(document("notes", std::move(notes)));
    }
    const std::vector<std::string> parts = parts_of(request.path);
    if (parts.size() == 4 && parts[1] == "agents" && parts[3] == "drain") return drain(parts[2]);
    if (parts.size() == 4 && parts[1] == "frameworks" && parts[3] == "why") {
        return answer_why(model_, parts[2], request, facts_.wall_now());
    }
    return refuse(no_such_path(request));
}

// What a drain would end, or has yet to end.
runtime::HttpResponse MasterRoutes::drain(const std::string& text) const {
    const Result<AgentId> id = parse_id<AgentTag>(text);
    if (!id) return refuse(id.error());
    const auto agent = model_.agents().find(*id);
    if (agent == model_.agents().end()) {
        return refuse({RefusalCode::not_found, "agent " + text, "plan a drain",
                       "there is no such agent", "list the agents"});
    }
    Json tasks = Json::array();
    std::set<FrameworkId> owners;
    for (const auto& [key, view] : model_.tasks()) {
        if (view.task.agent != *id || is_terminal(view.state)) continue;
        tasks.push_back(to_json(view));
        owners.insert(key.framework);
    }
    Json frameworks = Json::array();
    for (const FrameworkId owner : owners) {
        const auto known = model_.frameworks().find(owner);
        frameworks.push_back(
            {{"id", format_id(owner)},
             {"name", known == model_.frameworks().end() ? "" : known->second.info.name}});
    }
    const auto offers = std::ranges::count_if(
        model_.offers(), [&](const auto& entry) { return entry.second.offer.agent == *id; });
    const Json whole = to_json(agent->second);
    return ok(document("drain", {{"agent", text},
                                 {"hostname", whole["hostname"]},
                                 {"state", whole["state"]},
                                 {"mode", whole["mode"]},
                                 {"drain_deadline", whole["drain_deadline"]},
                                 {"offers", offers},
                                 {"frameworks", std::move(frameworks)},
                                 {"tasks", std::move(tasks)}}));
}

runtime::HttpResponse MasterRoutes::cluster() const {
    Json states = Json::object();
    for (std::size_t i = 0; i < task_states; ++i) {
        states[std::string(format_task_state(static_cast<TaskState>(i)))] =
            model_.tasks_by_state()[i];
    }
    return ok(document("cluster", {{"name", facts_.cluster},
                                   {"epoch", facts_.epoch},
                                   {"policy", facts_.policy},
                                   {"version", facts_.version},
                                   {"agents", model_.agents().size()},
                                   {"frameworks", model_.frameworks().size()},
                                   {"offers", model_.offers().size()},
                                   {"tasks", std::move(states)}}));
}

runtime::HttpResponse MasterRoutes::metrics() const {
    std::string text;
    const auto add = [&](const char* name, const char* type, const char* help,
                         std::uint64_t value) { add_metric(text, name, type, help, value); };
    add("offerkit_master_agents", "gauge", "agents admitted", model_.agents().size());
    add("offerkit_master_frameworks", "gauge", "frameworks known", model_.frameworks().size());
    add("offerkit_master_offers_outstanding", "gauge", "offers not yet answered",
        model_.offers().size());
    add("offerkit_master_events_total", "counter", "events the machine has handled",
        facts_.events_handled());
    add("offerkit_master_deltas_total", "counter", "changes that readers were told",
        model_.deltas_applied());
    text += "# HELP offerkit_master_tasks tasks by state\n# TYPE offerkit_master_tasks gauge\n";
    for (std::size_t i = 0; i < task_states; ++i) {
        text.append("offerkit_master_tasks{state=\"")
            .append(format_task_state(static_cast<TaskState>(i)))
            .append("\"} ")
            .append(std::to_string(model_.tasks_by_state()[i]))
            .append("\n");
    }
    return metrics_response(std::move(text));
}

}  // namespace offerkit::daemons
