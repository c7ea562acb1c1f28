// SPDX-License-Identifier: Apache-2.0

#include "jobs.hpp"

#include "nearest.hpp"

#include <offerkit/core/limits.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/text.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

namespace offerkit::tools {

namespace {

constexpr std::array<std::string_view, 6> fields = {"id",   "command", "argv",
                                                    "cpus", "mem_mib", "env"};

/// Reads numbers as they are written: a double would round 0.1, and hide a fourth decimal.
class Reader : public nlohmann::json_sax<nlohmann::json> {
public:
    struct Pair {
        std::string key;
        std::string value;
    };

    std::optional<std::string> id;
    std::optional<std::string> command;
    std::optional<std::vector<std::string>> argv;
    std::optional<std::string> cpus;
    std::optional<std::string> mem_mib;
    std::vector<Pair> env;
    std::string why;  // Of the first thing that is wrong.

    bool null() override { return fail("null is no value here"); }
    bool boolean(bool) override { return fail("true or false is no value here"); }
    bool number_integer(number_integer_t value) override { return number(std::to_string(value)); }
    bool number_unsigned(number_unsigned_t value) override { return number(std::to_string(value)); }
    bool number_float(number_float_t, const string_t& text) override { return number(text); }
    bool binary(binary_t&) override { return fail("not JSON"); }

    bool string(string_t& value) override {
        if (depth_ == 0) return fail("not a JSON object");
        if (in_env_) {
            env.push_back({key_, value});
            return true;
        }
        if (in_argv_) {
            argv->push_back(value);
            return true;
        }
        if (key_ == "id") return set(id, value);
        if (key_ == "command") return set(command, value);
        return fail("field " + key_ + " is not a text");
    }

    bool start_object(std::size_t) override {
        if (depth_ == 0) {
            depth_ = 1;
            return true;
        }
        if (depth_ != 1 || key_ != "env" || in_argv_) return fail("an object is no value here");
        in_env_ = true;
        depth_ = 2;
        return true;
    }

    bool end_object() override {
        in_env_ = false;
        --depth_;
        return true;
    }

    bool start_array(std::size_t) override {
        if (depth_ == 0) return fail("not a JSON object");
        if (depth_ != 1 || key_ != "argv" || in_argv_) return fail("an array is no value here");
        in_argv_ = true;
        argv.emplace();
        return true;
    }

    bool end_array() override {
        in_argv_ = false;
        return true;
    }

    bool key(string_t& value) override {
        key_ = value;
        if (in_env_) return true;
        if (std::ranges::find(fields, value) == fields.end()) {
            std::string text = "field " + value.substr(0, 64) + " is not known";
            const std::string_view near = nearest(value, fields);
            if (!near.empty()) text.append(" (did you mean ").append(near).append("?)");
            return fail(std::move(text));
        }
        if (std::ranges::find(seen_, value) != seen_.end()) {
            return fail("field " + value + " is there twice");
        }
        seen_.push_back(value);
        return true;
    }

    bool parse_error(std::size_t position, const std::string&,
                     const nlohmann::detail::exception&) override {
        return fail("not JSON from byte " + std::to_string(position) + " on");
    }

private:
    bool fail(std::string text) {
        if (why.empty()) why = std::move(text);
        return false;
    }

    static bool set(std::optional<std::string>& field, const std::string& value) {
        field = value;
        return true;
    }

    bool number(const std::string& text) {
        if (depth_ == 1 && !in_argv_ && key_ == "cpus") return set(cpus, text);
        if (depth_ == 1 && !in_argv_ && key_ == "mem_mib") return set(mem_mib, text);
        return fail(depth_ == 0 ? "not a JSON object" : "field " + key_ + " is not a number field");
    }

    std::string key_;
    std::vector<std::string> seen_;
    int depth_ = 0;
    bool in_argv_ = false;
    bool in_env_ = false;
};

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

}  // namespace

Result<Job> parse_job(std::string_view line, std::size_t number, const JobDefaults& defaults) {
    if (line.size() > limits::jobs_line_max) {
        return refuse(number, RefusalCode::too_large, "longer than 262144 bytes",
                      "move data out of the command, into files");
    }
    Reader reader;
    if (!nlohmann::json::sax_parse(line, &reader)) {
        return refuse(number, RefusalCode::malformed, reader.why,
                      R"(write an object such as {"id": "a", "command": "echo hi"})");
    }
    Job job;
    job.line = number;
    job.resources = defaults.resources;
    job.command.environment = defaults.environment;
    if (!reader.id) {
        return refuse(number, RefusalCode::invalid, "field id is missing",
                      "give every job an id of its own");
    }
    job.id = *reader.id;
    if (reader.command.has_value() == reader.argv.has_value()) {
        return refuse(number, RefusalCode::invalid,
                      reader.command ? "both command and argv are given"
                                     : "neither command nor argv is given",
                      "give a command for /bin/sh, or an argv");
    }
    if (reader.command) job.command.shell = *reader.command;
    if (reader.argv) job.command.argv = *reader.argv;
    for (auto& [key, value] : reader.env) {
        std::erase_if(job.command.environment, [&](const auto& pair) { return pair.first == key; });
        job.command.environment.emplace_back(key, value);
    }
    if (Result<void> put = put_amount<Cpus>(job, reader.cpus, "cpus"); !put) {
        return std::move(put).error();
    }
    if (Result<void> put = put_amount<Mem>(job, reader.mem_mib, "mem_mib"); !put) {
        return std::move(put).error();
    }
    TaskInfo task;
    task.id = TaskId{job.id};
    task.resources = job.resources;
    task.command = job.command;
    if (Result<void> valid = validate(task); !valid) {
        const Refusal& why = valid.error();
        return refuse(number, why.code, why.who + ": " + why.why, why.todo);
    }
    return job;
}

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
    if (result.bad_lines != 0) result.jobs.clear();
    return result;
}

namespace {

/// Says in which kind a job asks for more than any agent has.
template <ResourceKind K>
bool add_lack(const Job& job, const std::vector<AgentSize>& agents, std::string& why) {
    const auto largest = std::ranges::max_element(agents, {}, [](const AgentSize& agent) {
        return agent.resources.template get<K>().units();
    });
    const std::int64_t most = largest->resources.template get<K>().units();
    const std::int64_t asked = job.resources.get<K>().units();
    if (asked <= most) return false;
    if (!why.empty()) why += ", ";
    why += std::string(K::name) + " " + format_amount(asked) + ", the most is " +
           format_amount(most) + " on agent " + largest->id;
    return true;
}

}  // namespace

std::vector<Refusal> find_unfit(const std::vector<Job>& jobs,
                                const std::vector<AgentSize>& agents) {
    std::vector<Refusal> unfit;
    for (const Job& job : jobs) {
        const auto fits = [&](const AgentSize& agent) {
            return agent.resources.contains(job.resources);
        };
        if (std::ranges::any_of(agents, fits)) continue;
        Refusal refusal{RefusalCode::insufficient,
                        job.line == 0 ? "job " + job.id
                                      : "line " + std::to_string(job.line) + ", job " + job.id,
                        "fit on an agent", "", "ask for less, or add a larger agent"};
        if (agents.empty()) {
            refusal.why = "the cluster has no agents";
            refusal.todo = "start an agent";
        } else {
            std::string& why = refusal.why;
            bool lacks = add_lack<Cpus>(job, agents, why);
            lacks = add_lack<Mem>(job, agents, why) || lacks;
            lacks = add_lack<Disk>(job, agents, why) || lacks;
            lacks = add_lack<Gpus>(job, agents, why) || lacks;
            if (lacks) {
                why.insert(0, "asks for ");
            } else {
                const auto largest = std::ranges::max_element(
                    agents, {},
                    [](const AgentSize& agent) { return agent.resources.get<Cpus>().units(); });
                why = "asks for " + format_resources(job.resources) +
                      ", no agent has all of it; the largest, " + largest->id + ", has " +
                      format_resources(largest->resources);
            }
        }
        unfit.push_back(std::move(refusal));
    }
    return unfit;
}

}  // namespace offerkit::tools
