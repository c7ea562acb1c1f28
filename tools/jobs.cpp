// SPDX-License-Identifier: Apache-2.0

#include "jobs.hpp"

#include "duration.hpp"
#include "jobs_reader.hpp"

#include <offerkit/core/fingerprint.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <numeric>
#include <optional>
#include <utility>

namespace offerkit::tools {

namespace {

Refusal refuse(std::size_t number, RefusalCode code, std::string why, std::string todo) {
    return {code, "line " + std::to_string(number), "read job", std::move(why), std::move(todo)};
}

/// Replaces the amount of one kind among the defaults.
template <ResourceKind K>
Result<void> put_amount(Job& job, const std::optional<std::string>& text, const char* field) {
    if (!text) return {};
    const Result<std::int64_t> units = parse_amount(*text);
    if (!units) {
        return refuse(job.line, RefusalCode::invalid,
                      std::string("field ") + field + ": " + units.error().why, units.error().todo);
    }
    Amounts& amounts = job.resources.amounts();
    amounts.set(*slot_of<K>, *units);
    return {};
}

Result<void> put_retries(Job& job, const std::optional<std::string>& text) {
    if (!text) return {};
    int count = -1;
    const char* const end = text->data() + text->size();
    const auto [rest, error] = std::from_chars(text->data(), end, count);
    if (error == std::errc{} && rest == end && count >= 0 && count <= limits::job_retries_max) {
        job.retries = count;
        return {};
    }
    return refuse(job.line, RefusalCode::invalid,
                  "field retries: " + text->substr(0, 64) + " is no whole number from 0 to " +
                      std::to_string(limits::job_retries_max),
                  "write how often the job is to be tried again");
}

Result<void> put_timeout(Job& job, const std::optional<std::string>& text) {
    if (!text) return {};
    const Result<Duration> timeout = parse_duration(*text);
    if (!timeout) {
        return refuse(job.line, RefusalCode::invalid,
                      "field timeout: " + text->substr(0, 64) + " " + timeout.error().why,
                      timeout.error().todo);
    }
    if (*timeout == Duration{0}) {
        return refuse(job.line, RefusalCode::invalid, "field timeout is zero",
                      "leave it out for no limit");
    }
    job.timeout = *timeout;
    return {};
}

Result<void> put_command(Job& job, JobReader& reader) {
    if (reader.command.has_value() == reader.argv.has_value()) {
        return refuse(job.line, RefusalCode::invalid,
                      reader.command ? "both command and argv are given"
                                     : "neither command nor argv is given",
                      "give a command for /bin/sh, or an argv");
    }
    if (reader.command) job.command.shell = std::move(*reader.command);
    if (reader.argv) job.command.argv = std::move(*reader.argv);
    for (auto& [key, value] : reader.env) {
        std::erase_if(job.command.environment, [&](const auto& pair) { return pair.first == key; });
        job.command.environment.emplace_back(std::move(key), std::move(value));
    }
    return {};
}

/// What a master would say to it.
Result<void> validate_job(const Job& job) {
    TaskInfo task;
    task.id = TaskId{job.id};
    task.resources = job.resources;
    task.command = job.command;
    task.run_time_max = job.timeout;
    const Result<void> valid = validate(task);
    if (valid) return {};
    const Refusal& why = valid.error();
    return refuse(job.line, why.code, why.who + ": " + why.why, why.todo);
}

}  // namespace

Result<Job> parse_job(std::string_view line, std::size_t number, const JobDefaults& defaults) {
    if (line.size() > limits::jobs_line_max) {
        return refuse(number, RefusalCode::too_large, "longer than 262144 bytes",
                      "move data out of the command, into files");
    }
    JobReader reader;
    if (!nlohmann::json::sax_parse(line, &reader)) {
        return refuse(number, RefusalCode::malformed, reader.why,
                      R"(write an object such as {"id": "a", "command": "echo hi"})");
    }
    if (!reader.id) {
        return refuse(number, RefusalCode::invalid, "field id is missing",
                      "give every job an id of its own");
    }
    Job job;
    job.id = std::move(*reader.id);
    job.resources = defaults.resources;
    job.command.environment = defaults.environment;
    job.retries = defaults.retries;
    job.timeout = defaults.timeout;
    job.after = std::move(reader.after);
    job.line = number;
    Result<void> put = put_command(job, reader);
    if (put) put = put_amount<Cpus>(job, reader.cpus, "cpus");
    if (put) put = put_amount<Mem>(job, reader.mem_mib, "mem_mib");
    if (put) put = put_retries(job, reader.retries);
    if (put) put = put_timeout(job, reader.timeout);
    if (put) put = validate_job(job);
    if (!put) return std::move(put).error();
    return job;
}

JobNames::JobNames(std::span<const Job> jobs) : jobs_(jobs), by_id_(jobs.size()) {
    std::iota(by_id_.begin(), by_id_.end(), 0U);
    std::ranges::sort(by_id_, {},
                      [&](std::uint32_t job) -> const std::string& { return jobs_[job].id; });
}

std::optional<std::uint32_t> JobNames::find(std::string_view id) const {
    const auto found = std::ranges::lower_bound(
        by_id_, id, {}, [&](std::uint32_t job) { return std::string_view{jobs_[job].id}; });
    if (found == by_id_.end() || jobs_[*found].id != id) return std::nullopt;
    return *found;
}

namespace {

/// "a, which waits for b, which waits for a", cut in the middle if it is long.
std::string format_cycle(const std::vector<Job>& jobs, const std::vector<std::uint32_t>& cycle) {
    constexpr std::size_t shown_max = 8;
    // Each is done before the next: read backwards, each waits for the next.
    std::string text = jobs[cycle.front()].id;
    for (std::size_t i = 0; i < cycle.size(); ++i) {
        const std::size_t left = cycle.size() - i;
        if (i >= shown_max && left > 1) {
            if (i == shown_max) {
                text += ", and so on through " + std::to_string(left - 1) + " more to ";
            }
            continue;
        }
        text += i > shown_max ? "" : ", which waits for ";
        text += jobs[cycle[left - 1]].id;
    }
    return text;
}

/// Makes the graph of `result.jobs`; what is wrong with it goes to `bad`.
template <class Bad>
void make_graph(Jobs& result, const Bad& bad) {
    const JobNames names{result.jobs};
    std::vector<DependencyGraph::Edge> edges;
    for (std::uint32_t job = 0; job < result.jobs.size(); ++job) {
        for (const std::string& before : result.jobs[job].after) {
            if (const auto found = names.find(before)) {
                edges.push_back({*found, job});
                continue;
            }
            bad(refuse(result.jobs[job].line, RefusalCode::not_found,
                       "job " + result.jobs[job].id + " waits for " + before.substr(0, 64) +
                           ", which is not in the file",
                       "name jobs of this file in after"));
        }
    }
    if (result.bad_lines != 0) return;
    result.graph = DependencyGraph{result.jobs.size(), std::move(edges)};
    const std::vector<std::uint32_t> cycle = result.graph.find_cycle();
    if (cycle.empty()) return;
    const std::string text = format_cycle(result.jobs, cycle);
    bad(refuse(result.jobs[cycle.front()].line, RefusalCode::conflict,
               cycle.size() == 1 ? "job " + result.jobs[cycle.front()].id + " waits for itself"
                                 : "jobs wait for each other in a circle: " + text,
               "take one of them out of an after"));
}

}  // namespace

Jobs parse_jobs(std::string_view text, const JobDefaults& defaults) {
    Jobs result;
    std::map<std::string, std::size_t, std::less<>> lines;
    const auto bad = [&](Refusal refusal) {
        ++result.bad_lines;
        if (result.refusals.size() < Jobs::refusals_max) {
            result.refusals.push_back(std::move(refusal));
        }
    };
    std::size_t number = 0;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        ++number;
        if (line.ends_with('\r')) line.remove_suffix(1);
        if (line.find_first_not_of(" \t") == std::string_view::npos) continue;
        Result<Job> job = parse_job(line, number, defaults);
        if (!job) {
            bad(std::move(job).error());
            continue;
        }
        const auto [first, is_new] = lines.emplace(job->id, number);
        if (!is_new) {
            bad(refuse(number, RefusalCode::already_exists,
                       "id " + job->id + " is that of line " + std::to_string(first->second),
                       "give every job an id of its own"));
            continue;
        }
        if (result.jobs.size() == limits::jobs_max) {
            bad(refuse(number, RefusalCode::too_large, "the file has more than 1000000 jobs",
                       "split the file"));
            break;
        }
        result.jobs.push_back(std::move(*job));
    }
    if (result.bad_lines == 0) make_graph(result, bad);
    if (result.bad_lines != 0) {
        result.jobs.clear();
        result.graph = {};
    }
    return result;
}

std::uint64_t fingerprint(const Job& job) {
    Fingerprint print;
    print.add(std::string_view{job.command.shell});
    print.add(std::uint64_t{job.command.argv.size()});
    for (const std::string& word : job.command.argv)
        print.add(std::string_view{word});
    for (const auto& [key, value] : job.command.environment) {
        print.add(std::string_view{key});
        print.add(std::string_view{value});
    }
    return print.value();
}

}  // namespace offerkit::tools
