// SPDX-License-Identifier: Apache-2.0

#include "why.hpp"

#include "json.hpp"
#include "query.hpp"
#include "why_words.hpp"

#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::daemons {

namespace {

using master::AgentWait;
using master::RoleWait;
using master::Wait;
using master::WaitCause;

constexpr std::size_t agents_shown_default = 100;

Json to_json(const AgentWait& wait, WallTime now) {
    Json json = {{"agent", format_id(wait.agent)},
                 {"hostname", wait.hostname},
                 {"state", std::string(format_agent_condition(wait.condition))}};
    const auto seconds = [](std::int64_t ns) {
        return in_display_units(std::max<std::int64_t>(ns, 0) / 1'000'000);
    };
    if (wait.since != WallTime{}) json["for_seconds"] = seconds(now.ns - wait.since.ns);
    if (wait.until == master::never_expires) {
        json["seconds_left"] = nullptr;
    } else if (wait.until != WallTime{}) {
        json["seconds_left"] = seconds(wait.until.ns - now.ns);
    }
    if (wait.reason) json["reason"] = std::string(format_decline_reason(*wait.reason));
    if (!wait.detail.empty()) json["detail"] = wait.detail;
    for (const FrameworkId id : wait.others)
        json["frameworks"].push_back(format_id(id));
    if (!wait.kind.empty()) {
        json["kind"] = wait.kind;
        if (wait.needed != 0) json["wanted"] = in_display_units(wait.needed);
        json["there"] = in_display_units(wait.there);
    }
    return json;
}

Json to_json(const Wait& wait, std::size_t shown, WallTime now) {
    Json json = {{"cause", std::string(format_wait_cause(wait.cause))},
                 {"text", text_of(wait, now)},
                 {"todo", std::string(todo_of(wait))},
                 {"agents", wait.agents.size()}};
    if (wait.cause == WaitCause::quota_limit) {
        json["role"] = wait.role;
        json["kind"] = wait.kind;
        json["limit"] = in_display_units(wait.limit);
        json["used"] = in_display_units(wait.used);
    }
    if (wait.cause == WaitCause::share_order) {
        json["kind"] = wait.kind;
        json["share"] = in_display_units(wait.used);
        json["smallest_share"] = in_display_units(wait.limit);
        json["frameworks"] = Json::array();
        for (const FrameworkId id : wait.others)
            json["frameworks"].push_back(format_id(id));
    }
    if (wait.counted != 0) json["counted"] = wait.counted;
    json["where"] = Json::array();
    for (std::size_t i = 0; i < std::min(shown, wait.agents.size()); ++i)
        json["where"].push_back(to_json(wait.agents[i], now));
    json["left_out"] = wait.agents.size() - json["where"].size();
    return json;
}

/// The word for where the framework stands in this role.
std::string_view state_of(const RoleWait& wait) {
    if (wait.causes.empty()) return "waiting";
    switch (wait.causes.front().cause) {
        case WaitCause::not_subscribed:
            return "not_subscribed";
        case WaitCause::suppressed:
            return "suppressed";
        case WaitCause::no_demand:
            return "satisfied";
        case WaitCause::declined:
            return "offered_but_declined";
        case WaitCause::on_offer:
            return "on_offer";
        default:
            return "waiting";
    }
}

Json to_json(const RoleWait& wait, std::size_t shown, WallTime now) {
    Json json = {{"role", wait.role.path()},
                 {"state", std::string(state_of(wait))},
                 {"agents", wait.agents},
                 {"wanted", Json::array()},
                 {"causes", Json::array()}};
    for (const Resources& wanted : wait.wanted)
        json["wanted"].push_back(daemons::to_json(wanted));
    for (const Wait& cause : wait.causes)
        json["causes"].push_back(to_json(cause, shown, now));
    return json;
}

struct Asked {
    std::string role;
    std::vector<Resources> wanted;
    std::size_t agents = agents_shown_default;
};

Result<Asked> parse_why_query(const runtime::HttpRequest& request) {
    Asked asked;
    for (const auto& [key, value] : request.query) {
        if (key == "role") {
            asked.role = value;
        } else if (key == "wanted") {
            Result<Resources> wanted = parse_resources(value);
            if (!wanted) return std::move(wanted).error();
            asked.wanted.push_back(std::move(*wanted));
        } else if (key == "agents") {
            Result<std::size_t> count = parse_count(key, value);
            if (!count) return std::move(count).error();
            asked.agents = *count;
        } else {
            return refuse_query(key, "is not known", "use role=PATH, wanted=cpus:1, agents=N");
        }
    }
    return asked;
}

}  // namespace

runtime::HttpResponse answer_why(const master::ReadModel& model, const std::string& text,
                                 const runtime::HttpRequest& request, WallTime now) {
    const Result<FrameworkId> id = parse_id<FrameworkTag>(text);
    if (!id) return refuse(id.error());
    const auto found = model.frameworks().find(*id);
    if (found == model.frameworks().end()) {
        return refuse({RefusalCode::not_found, "framework " + text, "explain",
                       "there is no such framework", "list them with offerkit frameworks"});
    }
    const Result<Asked> asked = parse_why_query(request);
    if (!asked) return refuse(asked.error());
    const master::FrameworkPut& framework = found->second;
    Json roles = Json::array();
    for (const Role& role : framework.info.roles) {
        if (!asked->role.empty() && role.path() != asked->role) continue;
        roles.push_back(to_json(master::explain(model, framework, role, asked->wanted, now),
                                asked->agents, now));
    }
    if (roles.empty()) {
        return refuse({RefusalCode::not_found, "framework " + text, "explain role " + asked->role,
                       "it has not subscribed with that role", "name one of its roles"});
    }
    return ok(document("why", {{"framework", text},
                               {"name", framework.info.name},
                               {"roles", std::move(roles)},
                               {"filters_dropped", model.filters_dropped()}}));
}

}  // namespace offerkit::daemons
