// SPDX-License-Identifier: Apache-2.0

#include "results.hpp"

#include "duration.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

namespace offerkit::tools {

namespace {

constexpr auto replace = nlohmann::json::error_handler_t::replace;

std::string format_fingerprint(std::uint64_t value) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(value));
    return text.data();
}

std::string state_of(const JobEnd& end) {
    if (end.how == JobEnd::How::not_run) return "not_run";
    if (end.how == JobEnd::How::interrupted) return "interrupted";
    return std::string(format_task_state(end.status.state));
}

std::string reason_of(const JobEnd& end) {
    if (end.how == JobEnd::How::not_run) return "dependency_failed";
    if (end.how == JobEnd::How::interrupted) return "run_interrupted";
    return std::string(format_status_reason(end.status.reason));
}

nlohmann::ordered_json text_or_null(std::string text) {
    if (text.empty()) return nullptr;
    return text;
}

}  // namespace

std::string format_result(const std::vector<Job>& jobs, const JobEnd& end,
                          const SavedOutput& saved) {
    const TaskStatus& status = end.status;
    const bool has_ended = end.how == JobEnd::How::finished || end.how == JobEnd::How::failed;
    std::string message = status.message;
    if (end.how == JobEnd::How::not_run) {
        message = "it waits for job " + jobs[end.cause].id + ", which did not finish";
    }
    nlohmann::ordered_json json = {
        {"id", jobs[end.job].id},
        {"state", state_of(end)},
        {"exit_code", nullptr},
        {"signal", nullptr},
        {"reason", reason_of(end)},
        {"message", message},
        {"attempts", end.attempts},
        {"task", text_or_null(std::string(status.task.text()))},
        {"agent", text_or_null(status.agent.is_none() ? "" : format_id(status.agent))},
        {"started_at", text_or_null(format_wall_time(end.started))},
        {"ended_at", text_or_null(has_ended ? format_wall_time(status.at) : "")},
        {"sandbox", text_or_null(status.sandbox)},
        {"stdout", text_or_null(saved.stdout_file)},
        {"stderr", text_or_null(saved.stderr_file)},
        {"output_error", text_or_null(saved.error)},
        {"definition", format_fingerprint(fingerprint(jobs[end.job]))}};
    if (has_ended && status.exit && status.exit->signal != 0) json["signal"] = status.exit->signal;
    if (has_ended && status.exit && status.exit->signal == 0) {
        json["exit_code"] = status.exit->code;
    }
    return json.dump(-1, ' ', false, replace) + '\n';
}

Earlier read_results(std::string_view text, const std::vector<Job>& jobs) {
    struct Last {
        std::string definition;
        std::size_t line = 0;
        bool finished = false;
    };
    Earlier earlier;
    const auto bad = [&](Refusal refusal) {
        ++earlier.bad;
        if (earlier.refusals.size() < Earlier::refusals_max) {
            earlier.refusals.push_back(std::move(refusal));
        }
    };
    const JobNames names{jobs};
    std::vector<Last> last(jobs.size());
    const auto text_of = [](const nlohmann::json& json, const char* field) -> std::string {
        const auto found = json.find(field);
        return found != json.end() && found->is_string() ? found->get<std::string>() : "";
    };
    for (std::size_t number = 1; !text.empty(); ++number) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto json = nlohmann::json::parse(line, nullptr, false);
        const std::string id = json.is_object() ? text_of(json, "id") : "";
        const std::string definition = json.is_object() ? text_of(json, "definition") : "";
        if (id.empty() || definition.empty() || text_of(json, "state").empty()) {
            bad({RefusalCode::malformed, "line " + std::to_string(number), "read results",
                 "is no result of a job", "give the results file of an earlier run"});
            continue;
        }
        const auto job = names.find(id);
        if (!job) {
            ++earlier.of_other_jobs;
            continue;
        }
        last[*job] = {definition, number, text_of(json, "state") == "finished"};
    }
    for (std::uint32_t job = 0; job < jobs.size(); ++job) {
        if (!last[job].finished) continue;
        if (last[job].definition == format_fingerprint(fingerprint(jobs[job]))) {
            earlier.finished.push_back(job);
            continue;
        }
        bad({RefusalCode::conflict, "line " + std::to_string(last[job].line), "go on",
             "job " + jobs[job].id +
                 " has finished, but with another command or environment than " + "that of line " +
                 std::to_string(jobs[job].line) + " of the jobs file",
             "give the job another id, or take that line out of the results to run it again"});
    }
    return earlier;
}

}  // namespace offerkit::tools
