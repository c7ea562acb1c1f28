// SPDX-License-Identifier: Apache-2.0

/// `offerkit agent ...`: takes agents out of use, empties them, and puts them back.

#include "commands.hpp"
#include "document.hpp"
#include "table.hpp"

#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace offerkit::tools {

namespace {

constexpr std::chrono::milliseconds watch_pause{500};

Result<Json> get(HttpPeer& master, const std::string& path, const std::string& member) {
    Result<Json> document = get_document(master, path, member);
    if (!document) return document;
    return Json((*document)[member]);
}

/// The id of the agent that `name` means: an id, a host name, or host name and port.
Result<std::string> resolve(HttpPeer& master, const std::string& name) {
    const Result<Json> agents = get(master, "/v1/agents", "agents");
    if (!agents) return agents.error();
    std::string found;
    std::size_t count = 0;
    std::string all;
    for (const Json& agent : *agents) {
        const std::string id = agent.value("id", "");
        const std::string host = agent.value("hostname", "");
        if (id == name) return id;
        if (host != name && host + ":" + std::to_string(agent.value("port", 0)) != name) continue;
        ++count;
        found = id;
        all += (all.empty() ? "" : ", ") + id;
    }
    if (count == 1) return found;
    if (count == 0) {
        return Refusal{RefusalCode::not_found, "agent " + name, "find",
                       "no agent has that id or host name", "list them with offerkit agents"};
    }
    return Refusal{RefusalCode::conflict, "agent " + name, "find",
                   "several agents have that host name: " + all, "name one by its id"};
}

void print_plan(const Json& plan) {
    const Json& tasks = plan["tasks"];
    std::printf(
        "a drain of agent %s (%s) would end %zu tasks of %zu frameworks and take back %s "
        "offers\n",
        plan.value("agent", "").c_str(), plan.value("hostname", "").c_str(), tasks.size(),
        plan["frameworks"].size(), plan["offers"].dump().c_str());
    if (tasks.empty()) return;
    Table table{{"FRAMEWORK", "TASK", "STATE"}};
    for (const Json& task : tasks) {
        table.add({task.value("framework", ""), task.value("id", ""), task.value("state", "")});
    }
    std::fputs(table.text().c_str(), stdout);
}

int plan(HttpPeer& master, const std::string& id, bool json) {
    const std::string path = "/v1/agents/" + id + "/drain";
    if (json) {
        const Result<std::string> body = master.get(path);
        if (!body) return fail(exit_cluster, format_refusal(body.error()));
        std::fputs(body->c_str(), stdout);
        return exit_done;
    }
    const Result<Json> drain = get(master, path, "drain");
    if (!drain) return fail(exit_cluster, format_refusal(drain.error()));
    print_plan(*drain);
    return exit_done;
}

/// Until the agent is drained, or somebody has wanted something else of it.
int watch(HttpPeer& master, const std::string& id) {
    std::size_t told = static_cast<std::size_t>(-1);
    for (;;) {
        const Result<Json> drain = get(master, "/v1/agents/" + id + "/drain", "drain");
        if (!drain) return fail(exit_cluster, format_refusal(drain.error()));
        const std::string mode = drain->value("mode", "");
        if (mode == "drained") {
            std::printf("agent %s is drained\n", id.c_str());
            return exit_done;
        }
        if (mode != "draining") {
            return fail(exit_failed, "agent " + id + ": it is " + mode + ", not draining any more");
        }
        const std::size_t left = (*drain)["tasks"].size();
        if (left != told) std::fprintf(stderr, "agent %s: %zu tasks left\n", id.c_str(), left);
        told = left;
        std::this_thread::sleep_for(watch_pause);
    }
}

}  // namespace

int agent(const AgentCommandOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    const Result<std::string> id = resolve(*master, options.agent);
    if (!id) return fail(exit_cluster, format_refusal(id.error()));
    if (options.dry_run) return plan(*master, *id, options.json);

    Json body = Json::object();
    if (options.what == "drain") body["within_seconds"] = options.within_seconds;
    const Result<std::string> answer =
        master->post("/v1/agents/" + *id + "/" + options.what, body.dump());
    if (!answer) return fail(exit_cluster, format_refusal(answer.error()));
    if (options.watch) return watch(*master, *id);
    std::printf("agent %s: %s accepted\n", id->c_str(), options.what.c_str());
    return exit_done;
}

}  // namespace offerkit::tools
