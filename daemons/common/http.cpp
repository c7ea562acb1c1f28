// SPDX-License-Identifier: Apache-2.0

#include "http.hpp"

#include <offerkit/resources/text.hpp>

#include <ctime>
#include <utility>

namespace offerkit::daemons {

double in_display_units(std::int64_t thousandths) {
    return static_cast<double>(thousandths) / 1000.0;  // tidy: presentation: JSON for people
}

Json format_time(WallTime at) {
    if (at.ns <= 0) return nullptr;
    const std::time_t seconds = at.ns / 1'000'000'000;
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    char text[40];
    const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
    std::string millis = std::to_string(at.ns / 1'000'000 % 1000);
    millis.insert(0, 3 - millis.size(), '0');
    return std::string(text, length) + "." + millis + "Z";
}

Json document(const char* name, Json content) {
    Json json;
    json["schema_version"] = schema_version;
    json[name] = std::move(content);
    return json;
}

Json to_json(const Resources& resources) {
    Json json = Json::object();
    const std::pair<const char*, std::int64_t> built_in[] = {
        {Cpus::name, resources.get<Cpus>().units()},
        {Mem::name, resources.get<Mem>().units()},
        {Disk::name, resources.get<Disk>().units()},
        {Gpus::name, resources.get<Gpus>().units()}};
    for (const auto& [name, units] : built_in) {
        if (units != 0) json[name] = in_display_units(units);
    }
    for (const NamedAmount& amount : resources.named()) {
        json[amount.name] = in_display_units(amount.units);
    }
    for (const NamedRanges& named : resources.all_ranges()) {
        json[named.name] = format_ranges(named.ranges);
    }
    for (const NamedSet& named : resources.all_sets())
        json[named.name] = named.items;
    return json;
}

Json to_json(const Refusal& refusal) {
    return {{"code", std::string(format_refusal_code(refusal.code))},
            {"who", refusal.who},
            {"what", refusal.what},
            {"why", refusal.why},
            {"todo", refusal.todo}};
}

runtime::HttpResponse ok(const Json& json) { return {200, "application/json", json.dump() + "\n"}; }

Refusal no_such_path(const runtime::HttpRequest& request) {
    return {RefusalCode::not_found, request.method + " " + request.path, "answer",
            "there is no such resource", "see docs/reference/http.md for the paths there are"};
}

runtime::HttpResponse refuse(const Refusal& refusal) {
    unsigned status = 400;
    switch (refusal.code) {
        case RefusalCode::unauthenticated:
            status = 401;
            break;
        case RefusalCode::forbidden:
        case RefusalCode::not_owner:
            status = 403;
            break;
        case RefusalCode::not_found:
            status = 404;
            break;
        case RefusalCode::already_exists:
        case RefusalCode::conflict:
        case RefusalCode::insufficient:
        case RefusalCode::quota_exceeded:
        case RefusalCode::no_longer_available:
        case RefusalCode::stale_epoch:
            status = 409;
            break;
        case RefusalCode::too_large:
            status = 413;
            break;
        case RefusalCode::unavailable:
        case RefusalCode::cancelled:
            status = 503;
            break;
        case RefusalCode::malformed:
        case RefusalCode::invalid:
        case RefusalCode::unsupported:
        case RefusalCode::wrong_cluster:
            break;
    }
    return {status, "application/json", document("error", to_json(refusal)).dump() + "\n"};
}

void add_metric(std::string& text, std::string_view name, std::string_view type,
                std::string_view help, std::uint64_t value) {
    text.append("# HELP ").append(name).append(" ").append(help).append("\n# TYPE ");
    text.append(name).append(" ").append(type).append("\n").append(name).append(" ");
    text.append(std::to_string(value)).append("\n");
}

runtime::HttpResponse metrics_response(std::string text) {
    return {200, "text/plain; version=0.0.4", std::move(text)};
}

runtime::HttpResponse healthy() { return {200, "text/plain", "ok\n"}; }

}  // namespace offerkit::daemons
