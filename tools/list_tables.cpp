// SPDX-License-Identifier: Apache-2.0

#include "list_tables.hpp"

#include <initializer_list>
#include <utility>
#include <vector>

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

std::string exit_of(const Json& task) {
    return task["signal"].is_null() ? field(task, "exit_code") : "signal " + field(task, "signal");
}

using Row = std::vector<std::string>;

Row with(Row row, bool wide, std::initializer_list<const char*> more, const Json* of = nullptr) {
    if (!wide) return row;
    for (const char* const name : more)
        row.push_back(of == nullptr ? name : field(*of, name));
    return row;
}

Table agents_table(const Json& agents, bool wide) {
    Table table{with({"ID", "HOST", "STATE", "CPUS", "MEM MiB", "DISK MiB", "GPUS"}, wide,
                     {"MODE", "DRAINED BY", "REGION", "ZONE", "VERSION", "REGISTERED"})};
    for (const Json& agent : agents) {
        table.add(with({field(agent, "id"), field(agent, "hostname") + ":" + field(agent, "port"),
                        field(agent, "state"), part(agent, "cpus"), part(agent, "mem"),
                        part(agent, "disk"), part(agent, "gpus")},
                       wide,
                       {"mode", "drain_deadline", "region", "zone", "version", "registered_at"},
                       &agent));
    }
    return table;
}

Table frameworks_table(const Json& frameworks, bool wide) {
    Table table{with({"ID", "NAME", "STATE", "ROLES", "PRINCIPAL", "SUBSCRIBED"}, wide,
                     {"USER", "FAILOVER S", "SUPPRESSED"})};
    for (const Json& framework : frameworks) {
        Row row = with({field(framework, "id"), field(framework, "name"), field(framework, "state"),
                        joined(framework["roles"]), field(framework, "principal"),
                        field(framework, "subscribed_at")},
                       wide, {"user", "failover_timeout_seconds"}, &framework);
        if (wide) row.push_back(joined(framework["suppressed"]));
        table.add(std::move(row));
    }
    return table;
}

Table tasks_table(const Json& tasks, bool wide) {
    Table table{with({"FRAMEWORK", "ID", "STATE", "EXIT", "AGENT", "RESOURCES", "CHANGED"}, wide,
                     {"NAME", "ROLE", "REASON", "LAUNCHED", "SANDBOX"})};
    for (const Json& task : tasks) {
        table.add(
            with({field(task, "framework"), field(task, "id"), field(task, "state"), exit_of(task),
                  field(task, "agent"), resources_of(task["resources"]), field(task, "changed_at")},
                 wide, {"name", "role", "reason", "launched_at", "sandbox"}, &task));
    }
    return table;
}

Table offers_table(const Json& offers, bool wide) {
    Table table{with({"ID", "FRAMEWORK", "ROLE", "AGENT", "RESOURCES", "MADE"}, wide, {"HOST"})};
    for (const Json& offer : offers) {
        table.add(
            with({field(offer, "id"), field(offer, "framework"), field(offer, "role"),
                  field(offer, "agent"), resources_of(offer["resources"]), field(offer, "made_at")},
                 wide, {"hostname"}, &offer));
    }
    return table;
}

}  // namespace

Table table_of(const std::string& what, const Json& items, bool wide) {
    if (what == "agents") return agents_table(items, wide);
    if (what == "frameworks") return frameworks_table(items, wide);
    if (what == "tasks") return tasks_table(items, wide);
    return offers_table(items, wide);
}

}  // namespace offerkit::tools
