// SPDX-License-Identifier: Apache-2.0

#include "print_why.hpp"

#include "table.hpp"

#include <cstdio>
#include <string>

namespace offerkit::tools {

namespace {

/// The words of a state, for people.
std::string spaced(std::string word) {
    for (char& c : word)
        if (c == '_') c = ' ';
    return word;
}

void print_agents(const Json& cause) {
    Table table{{"      AGENT", "HOST", "STATE", "REASON", "LEFT", "WANTED", "THERE", "DETAIL"}};
    for (const Json& agent : cause["where"]) {
        std::string kind = agent.value("kind", "");
        if (!kind.empty()) kind.insert(0, " ");
        const auto amount = [&](const char* name) {
            return agent.contains(name) ? field(agent, name) + kind : "-";
        };
        table.add({"      " + field(agent, "agent"), field(agent, "hostname"),
                   field(agent, "state"), field(agent, "reason"),
                   agent.contains("seconds_left") ? field(agent, "seconds_left") + " s" : "-",
                   amount("wanted"), amount("there"), field(agent, "detail")});
    }
    if (!cause["where"].empty()) std::fputs(table.text().c_str(), stdout);
    if (const auto more = cause.value("left_out", std::size_t{0}); more != 0) {
        std::printf("      and %zu more agents\n", more);
    }
}

void print_line(const Json& of, Output output) {
    std::printf("  %s\n", of.value("text", "").c_str());
    std::printf("    do: %s\n", of.value("todo", "").c_str());
    if (output == Output::wide && of.contains("where")) print_agents(of);
}

std::string heading(const Json& answer) {
    std::string text = answer.value("kind", "") + " " + answer.value("id", "");
    if (answer["kind"] != "framework") {
        const std::string framework = answer.value("framework", "");
        if (!framework.empty()) text += " of framework " + framework;
    } else if (!answer.value("name", "").empty()) {
        text += " (" + answer.value("name", "") + ")";
    }
    return text;
}

void print_answer(const Json& answer, Output output) {
    if (!answer.contains("roles")) {
        std::printf("%s: %s\n", heading(answer).c_str(), spaced(answer.value("state", "")).c_str());
        return print_line(answer, output);
    }
    for (const Json& role : answer["roles"]) {
        std::printf("%s, role %s: %s\n", heading(answer).c_str(), role.value("role", "").c_str(),
                    spaced(role.value("state", "")).c_str());
        for (const Json& cause : role["causes"])
            print_line(cause, output);
    }
}

}  // namespace

void print_why(const Json& answers, Output output) {
    const auto dump = [](const Json& json) {
        std::printf("%s\n", json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
    };
    if (output == Output::json) {
        Json document = {{"schema_version", 1}, {"why", answers}};
        return dump(document);
    }
    for (const Json& answer : answers) {
        if (output == Output::jsonl) {
            dump(answer);
        } else {
            print_answer(answer, output);
        }
    }
}

}  // namespace offerkit::tools
