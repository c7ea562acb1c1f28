// SPDX-License-Identifier: Apache-2.0

#include "commands.hpp"
#include "document.hpp"
#include "table.hpp"

#include <cstdio>
#include <string>

namespace offerkit::tools {

namespace {

/// "1.5/4": what is taken of what there is.
std::string part(const Json& agent, const char* kind) {
    const auto amount = [&](const char* of) {
        const Json& resources = agent[of];
        return resources.contains(kind) ? resources[kind].get<double>() : 0.0;
    };
    return Json(amount("used") + amount("offered")).dump() + "/" + Json(amount("resources")).dump();
}

std::string resources_of(const Json& resources) {
    std::string text;
    for (const auto& [name, amount] : resources.items()) {
        if (!text.empty()) text += ' ';
        text += name + ":" + text_of(amount);
    }
    return text.empty() ? "-" : text;
}

std::string joined(const Json& list) {
    std::string text;
    for (const Json& item : list) {
        if (!text.empty()) text += ',';
        text += text_of(item);
    }
    return text.empty() ? "-" : text;
}

Table agents_table(const Json& agents) {
    Table table{{"ID", "HOST", "STATE", "CPUS", "MEM MiB", "DISK MiB", "GPUS"}};
    for (const Json& agent : agents) {
        table.add({field(agent, "id"), field(agent, "hostname") + ":" + field(agent, "port"),
                   field(agent, "state"), part(agent, "cpus"), part(agent, "mem"),
                   part(agent, "disk"), part(agent, "gpus")});
    }
    return table;
}

Table frameworks_table(const Json& frameworks) {
    Table table{{"ID", "NAME", "STATE", "ROLES", "PRINCIPAL", "SUBSCRIBED"}};
    for (const Json& framework : frameworks) {
        table.add({field(framework, "id"), field(framework, "name"), field(framework, "state"),
                   joined(framework["roles"]), field(framework, "principal"),
                   field(framework, "subscribed_at")});
    }
    return table;
}

Table tasks_table(const Json& tasks) {
    Table table{{"FRAMEWORK", "ID", "STATE", "EXIT", "AGENT", "RESOURCES", "CHANGED"}};
    for (const Json& task : tasks) {
        std::string exit = field(task, "exit_code");
        if (!task["signal"].is_null()) exit = "signal " + field(task, "signal");
        table.add({field(task, "framework"), field(task, "id"), field(task, "state"), exit,
                   field(task, "agent"), resources_of(task["resources"]),
                   field(task, "changed_at")});
    }
    return table;
}

Table offers_table(const Json& offers) {
    Table table{{"ID", "FRAMEWORK", "ROLE", "AGENT", "RESOURCES", "MADE"}};
    for (const Json& offer : offers) {
        table.add({field(offer, "id"), field(offer, "framework"), field(offer, "role"),
                   field(offer, "agent"), resources_of(offer["resources"]),
                   field(offer, "made_at")});
    }
    return table;
}

Table table_of(const std::string& what, const Json& items) {
    if (what == "agents") return agents_table(items);
    if (what == "frameworks") return frameworks_table(items);
    if (what == "tasks") return tasks_table(items);
    return offers_table(items);
}

/// What the server left out, in words; empty if nothing.
std::string left_out(const Json& document) {
    std::string text;
    const auto count = [&](const char* name) {
        return document.contains(name) ? document[name].get<std::uint64_t>() : 0;
    };
    if (const auto n = count("left_out"); n != 0) text = std::to_string(n) + " more not shown";
    if (const auto n = count("ended_and_dropped"); n != 0) {
        text += (text.empty() ? "" : ", ") + std::to_string(n) + " ended earlier and not kept";
    }
    return text;
}

}  // namespace

int list(const ListOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    Query query;
    if (!options.framework.empty()) query.emplace_back("framework", options.framework);
    if (!options.state.empty()) query.emplace_back("state", options.state);
    const Result<std::string> body = master->get("/v1/" + options.what, query);
    if (!body) return fail(exit_cluster, format_refusal(body.error()));
    if (options.json) {
        std::fputs(body->c_str(), stdout);
        return exit_done;
    }
    const Json document = Json::parse(*body, nullptr, false);
    if (!document.is_object() || !document.contains(options.what)) {
        return fail(exit_cluster, access.http + ": answer not understood");
    }
    std::fputs(table_of(options.what, document[options.what]).text().c_str(), stdout);
    if (const std::string more = left_out(document); !more.empty()) {
        std::fprintf(stderr, "offerkit: %s\n", more.c_str());
    }
    return exit_done;
}

}  // namespace offerkit::tools
