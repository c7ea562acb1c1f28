// SPDX-License-Identifier: Apache-2.0

/// `offerkit events`: what happened lately, each with the event that set it off.

#include "commands.hpp"
#include "print_items.hpp"

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>

namespace offerkit::tools {

namespace {

constexpr std::chrono::milliseconds events_pause{500};

Table events_table(const Json& events, bool) {
    Table table{{"ID", "CAUSE", "AT", "WHAT", "AGENT", "FRAMEWORK", "TASK", "TEXT"}};
    for (const Json& event : events) {
        table.add({field(event, "id"), field(event, "cause"), field(event, "at"),
                   field(event, "kind") + " " + field(event, "what"), field(event, "agent"),
                   field(event, "framework"), field(event, "task"), field(event, "text")});
    }
    return table;
}

/// Later lines of a table that goes on: no heading, and columns as they come.
void print_more(const Json& events) {
    for (const Json& event : events) {
        std::string line = field(event, "id") + "  " + field(event, "cause") + "  " +
                           field(event, "at") + "  " + field(event, "kind") + " " +
                           field(event, "what");
        for (const char* const name : {"agent", "framework", "task", "text"}) {
            const std::string text = field(event, name);
            if (text != "-" && !text.empty()) line += "  " + text;
        }
        std::printf("%s\n", line.c_str());
    }
}

Query query_of(const EventsOptions& options, std::uint64_t since) {
    Query query{{"since", std::to_string(since)}};
    if (options.cause != 0) query.emplace_back("cause", std::to_string(options.cause));
    if (!options.agent.empty()) query.emplace_back("agent", options.agent);
    if (!options.framework.empty()) query.emplace_back("framework", options.framework);
    if (!options.task.empty()) query.emplace_back("task", options.task);
    return query;
}

void say_left_out(const Json& document) {
    const auto dropped = document.value("dropped", std::uint64_t{0});
    if (dropped != 0) {
        std::fprintf(stderr, "offerkit: %llu older events are not kept\n",
                     static_cast<unsigned long long>(dropped));
    }
}

}  // namespace

int events(const EventsOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    std::uint64_t since = options.since;
    for (bool first = true;; first = false) {
        const Result<Json> document =
            get_document(*master, "/v1/events", "events", query_of(options, since));
        if (!document) return fail(exit_cluster, format_refusal(document.error()));
        const bool is_table = !is_for_programs(options.output);
        if (first || !is_table) {
            // Of a stream there is no whole document: a line for each.
            const Output output =
                options.follow && options.output == Output::json ? Output::jsonl : options.output;
            print_items(*document, "events", output, events_table);
            if (first && is_table && options.since == 0) say_left_out(*document);
        } else {
            print_more((*document)["events"]);
        }
        if (!options.follow) return exit_done;
        std::fflush(stdout);
        since = document->value("next", since);
        std::this_thread::sleep_for(events_pause);
    }
}

}  // namespace offerkit::tools
