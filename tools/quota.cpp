// SPDX-License-Identifier: Apache-2.0

/// `offerkit quota ...`: weights, guarantees and limits of roles.

#include "commands.hpp"
#include "print_items.hpp"

#include <cstdio>
#include <string>

namespace offerkit::tools {

namespace {

/// "cpus:4;mem:1024", as `--guarantee` reads it. Amounts that are numbers are scalars; ranges and
/// sets are texts already.
std::string amounts_text(const Json& amounts) {
    std::string text;
    for (const auto& [kind, amount] : amounts.items()) {
        text += (text.empty() ? "" : ";") + kind + ":";
        text += amount.is_string() ? amount.get<std::string>() : amount.dump();
    }
    return text;
}

std::string or_dash(std::string text) { return text.empty() ? "-" : text; }

Result<Json> get_roles(HttpPeer& master) {
    Result<Json> document = get_document(master, "/v1/roles", "roles");
    if (!document) return document;
    return Json((*document)["roles"]);
}

Table roles_table(const Json& roles, bool) {
    Table table{{"ROLE", "WEIGHT", "GUARANTEE", "LIMITS"}};
    for (const Json& role : roles) {
        table.add({role.value("role", ""), role["weight"].dump(),
                   or_dash(amounts_text(role["guarantee"])),
                   or_dash(amounts_text(role["limits"]))});
    }
    return table;
}

int list_roles(HttpPeer& master, Output output) {
    const Result<Json> document = get_document(master, "/v1/roles", "roles");
    if (!document) return fail(exit_cluster, format_refusal(document.error()));
    print_items(*document, "roles", output, roles_table);
    return exit_done;
}

/// What the role has now, as a body that would change nothing.
Result<Json> current(HttpPeer& master, const std::string& path) {
    const Result<Json> roles = get_roles(master);
    if (!roles) return roles.error();
    Json body = {{"weight", "1"}, {"guarantee", ""}, {"limits", Json::object()}};
    for (const Json& role : *roles) {
        if (role.value("role", "") != path) continue;
        body["weight"] = role["weight"].dump();
        body["guarantee"] = amounts_text(role["guarantee"]);
        for (const auto& [kind, amount] : role["limits"].items())
            body["limits"][kind] = amount.dump();
    }
    return body;
}

/// Refuses: a limit that is not KIND:AMOUNT, and one to take away that is not there.
Result<void> change_limits(const QuotaOptions& options, Json& limits) {
    for (const std::string& limit : options.limits) {
        const std::size_t colon = limit.find(':');
        if (colon == 0 || colon == std::string::npos || colon + 1 == limit.size()) {
            return Refusal{RefusalCode::invalid, "limit " + limit.substr(0, 64), "set",
                           "it is not KIND:AMOUNT", "write it as cpus:8"};
        }
        limits[limit.substr(0, colon)] = limit.substr(colon + 1);
    }
    for (const std::string& kind : options.unlimited) {
        if (limits.erase(kind) == 0) {
            return Refusal{RefusalCode::not_found, "limit of " + kind.substr(0, 64), "take away",
                           "role " + options.role + " has none",
                           "list them with offerkit quota list"};
        }
    }
    return {};
}

int set_role(HttpPeer& master, const QuotaOptions& options) {
    Result<Json> body = current(master, options.role);
    if (!body) return fail(exit_cluster, format_refusal(body.error()));
    if (!options.weight.empty()) (*body)["weight"] = options.weight;
    if (options.guarantee) (*body)["guarantee"] = *options.guarantee;
    if (Result<void> changed = change_limits(options, (*body)["limits"]); !changed) {
        return fail(exit_usage, format_refusal(changed.error()));
    }
    const Result<std::string> answer = master.post("/v1/roles/" + options.role, body->dump());
    if (!answer) return fail(exit_cluster, format_refusal(answer.error()));
    return list_roles(master, Output::table);
}

}  // namespace

int quota(const QuotaOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    if (options.action == "list") return list_roles(*master, options.output);
    return set_role(*master, options);
}

}  // namespace offerkit::tools
