// SPDX-License-Identifier: Apache-2.0

#include "results.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <fstream>
#include <map>

namespace offerkit::tools {

namespace {

constexpr std::size_t failures_shown_max = 10;

std::string how_it_ended(const TaskStatus& status) {
    std::string text{format_task_state(status.state)};
    if (status.exit && status.exit->signal != 0) {
        text += ", signal " + std::to_string(status.exit->signal);
    } else if (status.exit) {
        text += ", exit code " + std::to_string(status.exit->code);
    }
    if (!status.message.empty()) text += ": " + status.message;
    return text;
}

}  // namespace

Progress::Progress(std::size_t jobs, bool terminal)
    : jobs_(jobs), terminal_(terminal), last_(std::chrono::steady_clock::now()) {}

void Progress::tell(std::size_t ended, std::size_t running) {
    const auto now = std::chrono::steady_clock::now();
    const auto pause = terminal_ ? std::chrono::milliseconds{100} : std::chrono::milliseconds{5000};
    if (now - last_ < pause) return;
    last_ = now;
    shown_ = true;
    std::fprintf(stderr, "%s%zu of %zu ended, %zu running%s", terminal_ ? "\r" : "", ended, jobs_,
                 running, terminal_ ? "   " : "\n");
    std::fflush(stderr);
}

void Progress::finish() {
    if (terminal_ && shown_) std::fprintf(stderr, "\r%40s\r", "");
}

Result<void> write_results(const std::string& path, const BatchScheduler& scheduler) {
    const std::string partial = path + ".partial";
    std::ofstream file(partial, std::ios::trunc);
    for (std::size_t i = 0; i < scheduler.jobs().size(); ++i) {
        const JobOutcome& outcome = scheduler.outcomes()[i];
        const TaskStatus& status = outcome.status;
        nlohmann::ordered_json json = {
            {"id", scheduler.jobs()[i].id},
            {"state",
             outcome.attempts == 0 ? "not_started" : std::string(format_task_state(status.state))},
            {"exit_code", nullptr},
            {"signal", nullptr},
            {"reason", std::string(format_status_reason(status.reason))},
            {"message", status.message},
            {"agent", status.agent.is_none() ? "" : format_id(status.agent)},
            {"attempts", outcome.attempts},
            {"sandbox", status.sandbox}};
        if (status.exit && status.exit->signal != 0) json["signal"] = status.exit->signal;
        if (status.exit && status.exit->signal == 0) json["exit_code"] = status.exit->code;
        file << json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    }
    file.close();
    if (file.fail() || std::rename(partial.c_str(), path.c_str()) != 0) {
        return Refusal{RefusalCode::unavailable, "file " + path, "write results",
                       "could not be written", "give another --results"};
    }
    return {};
}

std::size_t summarise(const BatchScheduler& scheduler) {
    std::map<TaskState, std::size_t> counts;
    std::size_t failed = 0;
    std::size_t not_started = 0;
    for (std::size_t i = 0; i < scheduler.jobs().size(); ++i) {
        const JobOutcome& outcome = scheduler.outcomes()[i];
        if (outcome.attempts == 0) {
            ++not_started;
            continue;
        }
        ++counts[outcome.status.state];
        if (outcome.ended && outcome.status.state == TaskState::finished) continue;
        if (++failed <= failures_shown_max) {
            std::fprintf(stderr, "offerkit: job %s: %s\n", scheduler.jobs()[i].id.c_str(),
                         how_it_ended(outcome.status).c_str());
        }
    }
    if (failed > failures_shown_max) {
        std::fprintf(stderr, "offerkit: %zu more jobs did not finish\n",
                     failed - failures_shown_max);
    }
    std::string text = std::to_string(scheduler.jobs().size()) + " jobs";
    for (const auto& [state, count] : counts) {
        text += ", " + std::to_string(count) + " " + std::string(format_task_state(state));
    }
    if (not_started != 0) text += ", " + std::to_string(not_started) + " not started";
    std::printf("%s\n", text.c_str());
    return failed + not_started;
}

}  // namespace offerkit::tools
