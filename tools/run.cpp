// SPDX-License-Identifier: Apache-2.0

#include "run.hpp"
#include "batch.hpp"
#include "commands.hpp"
#include "duration.hpp"
#include "http_peer.hpp"
#include "job_desk.hpp"
#include "job_place.hpp"
#include "jobs.hpp"
#include "stream.hpp"

#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <utility>

namespace offerkit::tools {

namespace {

/// What a single command's own failures exit with, so that they are not taken for the command's.
constexpr int exit_not_run = 125;
constexpr int exit_timeout = 124;  // As timeout(1) does.

Result<std::vector<AgentSize>> agent_sizes(const runtime::ClusterAccess& access) {
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return std::move(master).error();
    const Result<std::string> body = master->get("/v1/agents");
    if (!body) return body.error();
    const auto json = nlohmann::json::parse(*body, nullptr, false);
    if (!json.is_object() || !json.contains("agents")) {
        return Refusal{RefusalCode::malformed, access.http, "list agents",
                       "the answer is not understood", "use a tool of the master's version"};
    }
    std::vector<AgentSize> sizes;
    for (const auto& agent : json["agents"]) {
        ResourcesBuilder builder;
        for (const auto& [name, amount] : agent["resources"].items()) {
            if (!amount.is_number()) continue;
            const Result<std::int64_t> units = parse_amount(amount.dump());
            if (!units) return units.error();
            if (Result<void> put = builder.amount(name, *units); !put) return put.error();
        }
        sizes.push_back({agent.value("id", ""), std::move(builder).take()});
    }
    return sizes;
}

Result<JobDefaults> defaults_of(const RunOptions& options) {
    JobDefaults defaults;
    const auto amount = [&](const char* flag, const std::string& text,
                            std::size_t slot) -> Result<void> {
        const Result<std::int64_t> units = parse_amount(text);
        if (!units) {
            return Refusal{RefusalCode::invalid, std::string("flag ") + flag,
                           "read " + text.substr(0, 64), units.error().why, units.error().todo};
        }
        defaults.resources.amounts().set(slot, *units);
        return {};
    };
    if (Result<void> set = amount("--cpus", options.cpus, *slot_of<Cpus>); !set) {
        return std::move(set).error();
    }
    if (Result<void> set = amount("--mem", options.mem_mib, *slot_of<Mem>); !set) {
        return std::move(set).error();
    }
    for (const std::string& pair : options.environment) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string::npos || equals == 0) {
            return Refusal{RefusalCode::malformed, "flag --env", "read " + pair, "is not KEY=VALUE",
                           "write --env KEY=VALUE"};
        }
        defaults.environment.emplace_back(pair.substr(0, equals), pair.substr(equals + 1));
    }
    defaults.retries = options.retries;
    if (options.timeout.empty()) return defaults;
    const Result<Duration> timeout = read_duration_flag("--timeout", options.timeout);
    if (!timeout) return timeout.error();
    defaults.timeout = *timeout;
    return defaults;
}

/// The jobs of a file, or the one of the command line. Prints what is wrong with them.
Result<Jobs> read_jobs(const RunOptions& options, const JobDefaults& defaults) {
    if (options.jobs_file.empty()) {
        nlohmann::json line = {{"id", options.name.empty() ? "command" : options.name},
                               {"argv", options.argv}};
        Result<Job> job = parse_job(
            line.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace), 0, defaults);
        if (!job) {
            Refusal refusal = std::move(job).error();
            refusal.who = "command";
            return refusal;
        }
        Jobs jobs;
        jobs.jobs.push_back(std::move(*job));
        jobs.graph = DependencyGraph{1, {}};
        return jobs;
    }
    std::ifstream file(options.jobs_file, std::ios::binary);
    if (!file) {
        return Refusal{RefusalCode::not_found, "file " + options.jobs_file, "read jobs",
                       "cannot be opened", "check its path and permissions"};
    }
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    Jobs jobs = parse_jobs(text, defaults);
    if (jobs.bad_lines == 0) return jobs;
    for (const Refusal& refusal : jobs.refusals) {
        std::fprintf(stderr, "offerkit: %s: %s\n", options.jobs_file.c_str(),
                     format_refusal(refusal).c_str());
    }
    return Refusal{RefusalCode::invalid, "file " + options.jobs_file, "run its jobs",
                   std::to_string(jobs.bad_lines) +
                       (jobs.bad_lines == 1 ? " line is wrong" : " lines are wrong"),
                   "mend them: nothing was run"};
}

bool say_unfit(const std::vector<Refusal>& unfit) {
    for (std::size_t i = 0; i < unfit.size() && i < Jobs::refusals_max; ++i) {
        std::fprintf(stderr, "offerkit: %s\n", format_refusal(unfit[i]).c_str());
    }
    if (unfit.size() > Jobs::refusals_max) {
        std::fprintf(stderr, "offerkit: %zu more jobs fit on no agent\n",
                     unfit.size() - Jobs::refusals_max);
    }
    return !unfit.empty();
}

int run_command(const RunOptions& options, const runtime::ClusterAccess& access, Jobs jobs) {
    OutputStream stream{access};
    std::optional<JobEnd> end;
    BatchScheduler::Hooks hooks;
    hooks.on_status = [&](const TaskStatus& status) { stream.tell(status); };
    hooks.on_end = [&](const JobEnd& ended) { end = ended; };
    JobDesk desk;
    const BatchScheduler* asked = nullptr;
    hooks.on_wake = [&](Instant) {
        desk.look([&](const std::string& job) { return format_place(*asked, job); });
        return BatchOrder::go_on;
    };
    BatchOptions batch;
    batch.repeats = false;  // What it has printed was passed on.
    BatchScheduler scheduler{std::move(jobs), std::move(batch), std::move(hooks)};
    asked = &scheduler;
    const Result<void> ended = try_run_framework(scheduler, framework_options(options, access));
    stream.finish();
    if (!ended) return fail(exit_cluster, format_refusal(ended.error()));
    if (!end) return fail(exit_interrupted, "interrupted: the command was killed");
    const TaskStatus& status = end->status;
    if (status.reason == StatusReason::run_time_exceeded) {
        return fail(exit_timeout, "the command ran for longer than " + options.timeout);
    }
    if (status.exit && status.exit->signal != 0) return 128 + status.exit->signal;
    if (status.exit) return status.exit->code;
    return fail(exit_not_run, "the command is " + std::string(format_task_state(status.state)) +
                                  ": " + status.message);
}

}  // namespace

Result<Duration> read_duration_flag(const char* flag, const std::string& text) {
    Result<Duration> duration = parse_duration(text);
    if (duration && *duration > Duration{0}) return duration;
    return Refusal{RefusalCode::invalid, std::string("flag ") + flag, "read " + text.substr(0, 64),
                   duration ? "is no length of time" : duration.error().why,
                   "write a whole number and a unit, such as 90s, 10m or 2h"};
}

runtime::FrameworkOptions framework_options(const RunOptions& options,
                                            const runtime::ClusterAccess& access) {
    runtime::FrameworkOptions framework;
    framework.name = options.name.empty() ? "offerkit run" : options.name;
    framework.roles = {options.role};
    framework.failover_timeout = Duration{0};  // Without the tool nobody would collect its tasks.
    framework.master = access.master;
    framework.token = access.token;
    framework.connect_timeout = std::chrono::seconds{30};
    return framework;
}

int run(const RunOptions& options) {
    const Result<JobDefaults> defaults = defaults_of(options);
    if (!defaults) return fail(exit_usage, format_refusal(defaults.error()));
    Result<Jobs> jobs = read_jobs(options, *defaults);
    if (!jobs) return fail(exit_usage, format_refusal(jobs.error()));
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    const Result<std::vector<AgentSize>> agents = agent_sizes(access);
    if (!agents) return fail(exit_cluster, format_refusal(agents.error()));
    if (say_unfit(find_unfit(jobs->jobs, *agents))) return exit_usage;
    if (options.jobs_file.empty()) return run_command(options, access, std::move(*jobs));
    return run_jobs(options, access, std::move(*jobs));
}

}  // namespace offerkit::tools
