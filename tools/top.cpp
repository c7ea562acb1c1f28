// SPDX-License-Identifier: Apache-2.0

/// `offerkit top`: the cluster at a glance. Redrawn on a terminal, printed once elsewhere.

#include "commands.hpp"
#include "list_tables.hpp"
#include "print_items.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>

namespace offerkit::tools {

namespace {

/// "12 of 16 cpus", of all agents.
std::string total(const Json& agents, const char* kind) {
    double there = 0;
    double taken = 0;
    for (const Json& agent : agents) {
        there += agent["resources"].value(kind, 0.0);
        taken += agent["used"].value(kind, 0.0);
    }
    if (there == 0) return {};
    return "   " + Json(taken).dump() + " of " + Json(there).dump() + " " + kind;
}

std::string tasks_line(const Json& states) {
    std::string text = "tasks";
    for (const auto& [state, count] : states.items()) {
        if (count != 0) text += "   " + count.dump() + " " + state;
    }
    return text == "tasks" ? "tasks   none" : text;
}

Result<Json> look(HttpPeer& master) {
    Json view = {{"schema_version", 1}};
    for (const char* const what : {"cluster", "agents", "frameworks"}) {
        Result<Json> document = get_document(master, std::string("/v1/") + what, what);
        if (!document) return document;
        view[what] = (*document)[what];
    }
    return view;
}

std::string screen(const Json& view) {
    const Json& cluster = view["cluster"];
    const Json& agents = view["agents"];
    std::string text = "cluster " + field(cluster, "name") + "   policy " +
                       field(cluster, "policy") + "   " + field(cluster, "agents") + " agents   " +
                       field(cluster, "frameworks") + " frameworks   " + field(cluster, "offers") +
                       " offers\nused";
    for (const char* const kind : {"cpus", "mem", "disk", "gpus"})
        text += total(agents, kind);
    text += "\n" + tasks_line(cluster["tasks"]) + "\n\n";
    text += table_of("agents", agents, false).text() + "\n";
    text += table_of("frameworks", view["frameworks"], false).text();
    return text;
}

}  // namespace

int top(const TopOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    const bool is_live = ::isatty(STDOUT_FILENO) == 1 && !is_for_programs(options.output);
    while (true) {
        const Result<Json> view = look(*master);
        if (!view) return fail(exit_cluster, format_refusal(view.error()));
        if (is_for_programs(options.output)) {
            print_json(*view);
            return exit_done;
        }
        // Home, the text, and whatever was below it: nothing flickers.
        if (is_live) std::fputs("\033[H\033[J", stdout);
        std::fputs(screen(*view).c_str(), stdout);
        std::fflush(stdout);
        if (!is_live) return exit_done;
        std::this_thread::sleep_for(std::chrono::seconds{1});
    }
}

}  // namespace offerkit::tools
