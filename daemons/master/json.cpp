// SPDX-License-Identifier: Apache-2.0

#include "json.hpp"

#include <offerkit/resources/text.hpp>

#include <utility>

namespace offerkit::daemons {

namespace {

std::string_view format_condition(master::FrameworkCondition condition) {
    switch (condition) {
        case master::FrameworkCondition::active:
            return "active";
        case master::FrameworkCondition::disconnected:
            return "disconnected";
    }
    return "?";
}

Json paths_of(const std::vector<Role>& roles) {
    Json paths = Json::array();
    for (const Role& role : roles)
        paths.push_back(role.path());
    return paths;
}

Json to_json(const Attributes& attributes) {
    Json json = Json::object();
    for (const Attribute& attribute : attributes) {
        if (const auto* text = std::get_if<std::string>(&attribute.value)) {
            json[attribute.name] = *text;
        } else if (const auto* scalar = std::get_if<std::int64_t>(&attribute.value)) {
            json[attribute.name] = in_display_units(*scalar);
        } else if (const auto* ranges = std::get_if<Ranges>(&attribute.value)) {
            json[attribute.name] = format_ranges(*ranges);
        } else {
            json[attribute.name] = std::get<std::vector<std::string>>(attribute.value);
        }
    }
    return json;
}

template <std::size_t N, class Enum>
Json counts_of(const std::array<std::uint64_t, N>& counts, std::string_view (*name)(Enum)) {
    Json json = Json::object();
    for (std::size_t i = 0; i < N; ++i) {
        if (counts[i] != 0) json[std::string(name(static_cast<Enum>(i)))] = counts[i];
    }
    return json;
}

}  // namespace

Json to_json(const master::AgentView& view) {
    const AgentInfo& info = view.agent.info;
    return {{"id", format_id(view.agent.id)},
            {"hostname", info.hostname},
            {"port", info.port},
            {"state", std::string(format_agent_condition(view.agent.condition))},
            {"mode", std::string(format_agent_mode(view.agent.mode))},
            {"drain_deadline", view.agent.drain_deadline == WallTime{}
                                   ? Json(nullptr)
                                   : Json(format_time(view.agent.drain_deadline))},
            {"resources", to_json(info.resources)},
            {"used", to_json(view.used)},
            {"offered", to_json(view.offered)},
            {"attributes", to_json(info.attributes)},
            {"region", info.domain.region},
            {"zone", info.domain.zone},
            {"version", info.version},
            {"registered_at", format_time(view.agent.registered_at)}};
}

Json to_json(const master::FrameworkPut& framework, const master::ReadModel& model) {
    Json claimants = Json::array();
    for (const Role& role : framework.info.roles) {
        const auto found = model.claimants().find({framework.id, role});
        if (found == model.claimants().end()) continue;
        claimants.push_back(
            {{"role", role.path()},
             {"not_offered", counts_of(found->second.not_offered, format_no_offer_reason)},
             {"declined", counts_of(found->second.declined, format_decline_reason)}});
    }
    return {
        {"id", format_id(framework.id)},
        {"name", framework.info.name},
        {"user", framework.info.user},
        {"principal", framework.info.principal},
        {"state", std::string(format_condition(framework.condition))},
        {"roles", paths_of(framework.info.roles)},
        {"suppressed", paths_of(framework.suppressed)},
        {"failover_timeout_seconds",
         std::chrono::duration_cast<std::chrono::seconds>(framework.info.failover_timeout).count()},
        {"subscribed_at", format_time(framework.subscribed_at)},
        {"claimants", std::move(claimants)}};
}

Json to_json(const master::TaskView& view) {
    Json json = {{"id", view.task.task.text()},
                 {"name", view.task.name},
                 {"framework", format_id(view.task.framework)},
                 {"agent", format_id(view.task.agent)},
                 {"role", view.task.role.path()},
                 {"state", std::string(format_task_state(view.state))},
                 {"reason", std::string(format_status_reason(view.reason))},
                 {"message", view.message},
                 {"resources", to_json(view.task.resources)},
                 {"sandbox", view.sandbox},
                 {"launched_at", format_time(view.task.at)},
                 {"changed_at", format_time(view.changed_at)},
                 {"exit_code", nullptr},
                 {"signal", nullptr}};
    if (view.exit) {
        if (view.exit->signal != 0) {
            json["signal"] = view.exit->signal;
        } else {
            json["exit_code"] = view.exit->code;
        }
    }
    return json;
}

Json to_json(const master::OfferPut& put) {
    return {{"id", format_id(put.offer.id)},       {"framework", format_id(put.offer.framework)},
            {"agent", format_id(put.offer.agent)}, {"role", put.offer.role.path()},
            {"hostname", put.offer.hostname},      {"resources", to_json(put.offer.resources)},
            {"made_at", format_time(put.at)}};
}

Json to_json(const RoleConfig& config) {
    Json limits = Json::object();
    for (const auto& [name, units] : config.quota.limits)
        limits[name] = in_display_units(units);
    return {{"role", config.role.path()},
            {"weight", in_display_units(config.weight)},
            {"guarantee", to_json(config.quota.guarantee)},
            {"limits", std::move(limits)}};
}

}  // namespace offerkit::daemons
