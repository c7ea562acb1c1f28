// SPDX-License-Identifier: Apache-2.0

#include "commands.hpp"
#include "table.hpp"

#include <offerkit/core/id.hpp>
#include <offerkit/record/registry_codec.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/store_files.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::tools {

namespace {

using Json = nlohmann::ordered_json;
namespace kept = master::registry;

/// Ids of epochs that a lost registry may have reached after its backup was made.
constexpr std::uint64_t epochs_skipped = 1000;

int refuse(Refusal refusal, const RegistryOptions& options) {
    if (refusal.code == RefusalCode::not_found) refusal.todo = "give --work-dir of a master";
    if (refusal.code == RefusalCode::malformed && refusal.todo.empty()) {
        refusal.todo = "offerkit registry restore FILE --work-dir " + options.work_dir +
                       " puts a backup back, restore --salvage what is still whole";
    }
    const std::string text = format_refusal(refusal);
    switch (refusal.code) {
        case RefusalCode::not_found:
        case RefusalCode::invalid:
            return fail(exit_usage, text);
        case RefusalCode::already_exists:
            return fail(exit_cluster, text);
        default:
            return fail(exit_failed, text);
    }
}

std::string folder_of(const RegistryOptions& options) {
    return (std::filesystem::path(options.work_dir) / "registry").string();
}

void print(const Json& document) { std::puts(document.dump(2).c_str()); }

// --- what it holds, for people and for programs ---

std::string modes_text(kept::AgentMode mode) { return std::string(kept::format_agent_mode(mode)); }

std::string roles_text(const std::vector<Role>& roles) {
    std::string text;
    for (const Role& role : roles)
        text += (text.empty() ? "" : ",") + role.path();
    return text;
}

std::string seconds_text(Duration duration) {
    return std::to_string(std::chrono::duration_cast<std::chrono::seconds>(duration).count()) + "s";
}

Json limits_json(const Quota& quota) {
    Json json = Json::object();
    for (const auto& [kind, amount] : quota.limits)
        json[kind] = format_amount(amount);
    return json;
}

Json contents_json(const kept::Contents& contents) {
    Json json = {{"agents", Json::array()},     {"unreachable", Json::array()},
                 {"modes", Json::array()},      {"gone", Json::array()},
                 {"frameworks", Json::array()}, {"roles", Json::array()}};
    for (const auto& [id, info] : contents.agents) {
        json["agents"].push_back({{"id", format_id(id)},
                                  {"hostname", info.hostname},
                                  {"port", info.port},
                                  {"resources", format_resources(info.resources)}});
    }
    for (const auto& [id, since] : contents.unreachable)
        json["unreachable"].push_back({{"agent", format_id(id)}, {"since_ns", since.ns}});
    for (const auto& [id, mode, deadline] : contents.modes) {
        json["modes"].push_back(
            {{"agent", format_id(id)}, {"mode", modes_text(mode)}, {"deadline_ns", deadline.ns}});
    }
    for (const auto& [id, at] : contents.gone)
        json["gone"].push_back({{"agent", format_id(id)}, {"at_ns", at.ns}});
    for (const auto& [id, info] : contents.frameworks) {
        Json& framework = json["frameworks"].emplace_back();
        framework = {{"id", format_id(id)}, {"name", info.name}, {"roles", Json::array()}};
        for (const Role& role : info.roles)
            framework["roles"].push_back(role.path());
        framework["failover_timeout"] = seconds_text(info.failover_timeout);
        framework["principal"] = info.principal;
    }
    for (const auto& [config] : contents.roles) {
        json["roles"].push_back({{"role", config.role.path()},
                                 {"weight", format_amount(config.weight)},
                                 {"guarantee", format_resources(config.quota.guarantee)},
                                 {"limits", limits_json(config.quota)}});
    }
    return json;
}

Table contents_table(const kept::Contents& contents) {
    Table table{{"KIND", "NAME", "SAYS"}};
    for (const auto& [id, info] : contents.agents)
        table.add({"agent", format_id(id), info.hostname + " " + format_resources(info.resources)});
    for (const auto& [id, since] : contents.unreachable)
        table.add({"unreachable", format_id(id), "since " + std::to_string(since.ns) + " ns"});
    for (const auto& [id, mode, deadline] : contents.modes) {
        const std::string until =
            deadline == WallTime{} ? "" : " until " + std::to_string(deadline.ns) + " ns";
        table.add({"mode", format_id(id), modes_text(mode) + until});
    }
    for (const auto& [id, at] : contents.gone)
        table.add({"gone", format_id(id), "since " + std::to_string(at.ns) + " ns"});
    for (const auto& [id, info] : contents.frameworks) {
        table.add({"framework", format_id(id),
                   info.name + " roles " + roles_text(info.roles) + " failover " +
                       seconds_text(info.failover_timeout)});
    }
    for (const auto& [config] : contents.roles) {
        table.add({"role", config.role.path(),
                   "weight " + format_amount(config.weight) + " guarantee " +
                       format_resources(config.quota.guarantee) + " limits " +
                       limits_json(config.quota).dump()});
    }
    return table;
}

// --- the commands ---

int dump(const RegistryOptions& options) {
    const auto store = runtime::read_store(folder_of(options), runtime::StoreUse::live);
    if (!store) return refuse(store.error(), options);
    const auto contents = record::registry_of(store->values);
    if (!contents) return refuse(contents.error(), options);
    if (!options.json) {
        std::fputs(contents_table(*contents).text().c_str(), stdout);
        return exit_done;
    }
    Json document = {{"schema_version", 1}, {"epoch", store->epoch}, {"commit", store->commit}};
    document.update(contents_json(*contents));
    print(document);
    return exit_done;
}

int verify(const RegistryOptions& options) {
    const std::string folder = folder_of(options);
    auto findings = runtime::examine_store(folder);
    if (!findings) return refuse(findings.error(), options);
    const auto store = runtime::read_store(folder, runtime::StoreUse::alone);
    if (store) {
        const auto contents = record::registry_of(store->values);
        findings->push_back({"contents",
                             contents ? std::to_string(contents->agents.size()) + " agents, " +
                                            std::to_string(contents->frameworks.size()) +
                                            " frameworks, " +
                                            std::to_string(contents->roles.size()) + " roles"
                                      : format_refusal(contents.error()),
                             contents.has_value()});
    }
    const bool good = std::ranges::all_of(*findings, &runtime::StoreFinding::good);
    if (options.json) {
        Json document = {{"schema_version", 1},
                         {"registry", folder},
                         {"whole", good},
                         {"findings", Json::array()}};
        for (const auto& each : *findings) {
            document["findings"].push_back(
                {{"what", each.what}, {"good", each.good}, {"found", each.found}});
        }
        print(document);
    } else {
        Table table{{"WHAT", "STATE", "FOUND"}};
        for (const auto& each : *findings)
            table.add({each.what, each.good ? "good" : "bad", each.found});
        std::fputs(table.text().c_str(), stdout);
    }
    if (good) return exit_done;
    return refuse({RefusalCode::malformed, "registry " + folder, "verify it", "it is damaged", ""},
                  options);
}

void tell_done(const RegistryOptions& options, const Json& document, const std::string& text) {
    if (options.json) return print(document);
    std::puts(text.c_str());
}

int backup(const RegistryOptions& options) {
    const auto store = runtime::read_store(folder_of(options), runtime::StoreUse::live);
    if (!store) return refuse(store.error(), options);
    if (auto written = runtime::write_backup(options.file, *store); !written)
        return fail(exit_failed, format_refusal(written.error()));
    tell_done(options,
              {{"schema_version", 1},
               {"file", options.file},
               {"values", store->values.size()},
               {"commit", store->commit}},
              "saved " + std::to_string(store->values.size()) + " values of commit " +
                  std::to_string(store->commit) + " to " + options.file);
    return exit_done;
}

/// The number in the master's own epoch file; 0 without one.
std::uint64_t epoch_of_file(const runtime::WorkDir& folder) {
    const auto text = runtime::read_file(folder.file("epoch"), 64);
    std::uint64_t epoch = 0;
    if (text) std::from_chars(text->data(), text->data() + text->size(), epoch);
    return epoch;
}

/// Above all epochs that masters of this cluster can have had, as far as can be known.
std::uint64_t epoch_to_pass(const runtime::WorkDir& work_dir, const std::string& folder,
                            std::uint64_t backup) {
    const std::uint64_t known = std::max(runtime::find_epoch(folder), epoch_of_file(work_dir));
    return known != 0 ? std::max(known, backup) : backup + epochs_skipped;
}

int restore(const RegistryOptions& options) {
    if (options.file.empty() != options.salvage) {
        return fail(exit_usage, options.salvage
                                    ? "registry restore: give a FILE or --salvage, not both"
                                    : "registry restore: give the FILE of a backup, or --salvage");
    }
    const std::string folder = folder_of(options);
    auto contents =
        options.salvage ? runtime::salvage_store(folder) : runtime::read_backup(options.file);
    if (!contents && !options.salvage)
        return fail(contents.error().code == RefusalCode::not_found ? exit_usage : exit_failed,
                    format_refusal(contents.error()));
    if (!contents) return refuse(contents.error(), options);
    const auto meant = record::registry_of(contents->values);
    if (!meant) return refuse(meant.error(), options);
    // The master's lock, so that none starts meanwhile.
    const auto work_dir = runtime::WorkDir::open(options.work_dir);
    if (!work_dir) return refuse(work_dir.error(), options);
    const std::uint64_t epoch = epoch_to_pass(*work_dir, folder, contents->epoch);
    if (epoch + 2 > AgentId::epoch_max)
        return fail(exit_failed, "registry restore: no epochs are left, begin a new cluster");
    const auto saved = runtime::restore_store(folder, *contents, epoch);
    if (!saved) return refuse(saved.error(), options);
    std::string text = "restored " + std::to_string(contents->values.size()) +
                       " values of commit " + std::to_string(contents->commit);
    if (!saved->empty()) text += ", what was there is kept in " + *saved;
    tell_done(options,
              {{"schema_version", 1},
               {"values", contents->values.size()},
               {"commit", contents->commit},
               {"kept", *saved}},
              text);
    return exit_done;
}

}  // namespace

int registry(const RegistryOptions& options) {
    if (options.action == "verify") return verify(options);
    if (options.action == "dump") return dump(options);
    if (options.action == "backup") return backup(options);
    return restore(options);
}

}  // namespace offerkit::tools
