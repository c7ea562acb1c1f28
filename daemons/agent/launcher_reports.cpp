// SPDX-License-Identifier: Apache-2.0
// What the launcher reports, as events of the executor machine.
#include "launcher_client.hpp"

#include <offerkit/core/id.hpp>

#include <chrono>
#include <cstring>
#include <utility>
#include <variant>

namespace offerkit::daemons {

using runtime::LogLevel;

void LauncherClient::take(const launcher::Message& message) {
    launcher::Report report;
    if (const auto error = launcher::decode(message, report)) {
        write_log(options_.log, LogLevel::error,
                  std::string("launcher: a report's ") + error.field + " " +
                      launcher::describe(error.fault));
        return;
    }
    std::visit([this](const auto& each) { hear(each); }, report);
}

std::optional<executor::ProcessKey> LauncherClient::find(std::string_view key) {
    {
        const std::lock_guard lock{mutex_};
        const auto found = processes_.find(key);
        if (found != processes_.end()) return found->second.key;
    }
    const std::size_t slash = key.find('/');
    if (slash == std::string_view::npos) return std::nullopt;
    const auto framework = parse_id<FrameworkTag>(key.substr(0, slash));
    if (!framework) return std::nullopt;
    return executor::ProcessKey{*framework, TaskId{key.substr(slash + 1)}};
}

/// The launcher knows this process: the request need not be said again.
void LauncherClient::answered(std::string_view key) {
    const std::lock_guard lock{mutex_};
    const auto found = processes_.find(key);
    if (found != processes_.end()) found->second.launch = {};
}

void LauncherClient::not_started(const std::string& key, const executor::ProcessKey& process,
                                 std::string why) {
    answered(key);
    events_.emplace_back(executor::ProcessNotStarted{process, std::move(why)});
}

void LauncherClient::hear(const launcher::HelloOk& report) {
    write_log(options_.log, LogLevel::info,
              "the launcher answers, process " + std::to_string(report.pid));
}

void LauncherClient::hear(const launcher::Refused& report) {
    // Said twice because the first time may have been lost with a launcher: nothing is wrong.
    if (report.reason == launcher::RefusedReason::already_exists) return answered(report.key);
    if (report.reason == launcher::RefusedReason::unknown_key) return;
    const auto process = find(report.key);
    if (report.request == launcher::MessageType::launch && process) {
        return not_started(std::string(report.key), *process,
                           "the launcher refused it: " + std::string(report.message));
    }
    write_log(options_.log, LogLevel::warning,
              std::string("launcher: ") + launcher::name_of(report.request) + " " +
                  std::string(report.key) + " refused: " + std::string(report.message));
}

void LauncherClient::hear(const launcher::Starting& report) {
    listed_.emplace(report.key);
    answered(report.key);
}

void LauncherClient::hear(const launcher::Started& report) {
    if (report.listed) listed_.emplace(report.key);
    std::string sandbox;
    {
        const std::lock_guard lock{mutex_};
        const auto found = processes_.find(report.key);
        if (found == processes_.end()) {
            // Left by an agent that forgot what it ran: nobody will ever ask for it.
            std::string why;
            return queue(pack(launcher::KillRequest{report.key, 15, 0}, why));
        }
        found->second.launch = {};
        sandbox = found->second.sandbox;
    }
    if (const auto process = find(report.key)) {
        events_.emplace_back(executor::ProcessStarted{*process, report.pid, std::move(sandbox)});
    }
}

void LauncherClient::hear(const launcher::Failed& report) {
    if (report.listed) listed_.emplace(report.key);
    const auto process = find(report.key);
    if (!process) return;
    std::string why = std::string("could not ") + launcher::name_of(report.step);
    {
        const std::lock_guard lock{mutex_};
        const auto found = processes_.find(std::string(report.key));
        if (found != processes_.end()) why += " " + found->second.program.substr(0, 256);
    }
    if (report.error != 0) {
        why += std::string(": ") + std::strerror(static_cast<int>(report.error));
    } else if (!report.message.empty()) {
        why += ": " + std::string(report.message);
    }
    not_started(std::string(report.key), *process, std::move(why));
}

void LauncherClient::hear(const launcher::Exited& report) {
    if (report.listed) listed_.emplace(report.key);
    answered(report.key);
    const auto process = find(report.key);
    if (!process) return;
    executor::ProcessExited event;
    event.key = *process;
    const auto value = static_cast<std::int32_t>(report.value);
    if (report.cause == launcher::ExitCause::exited) event.exit.code = value;
    if (report.cause == launcher::ExitCause::signaled) event.exit.signal = value;
    event.lost = report.cause == launcher::ExitCause::lost;
    event.started_at = {report.start_wall_ns};
    event.ended_at = {report.end_wall_ns};
    event.cpu_user = std::chrono::microseconds{report.user_us};
    event.cpu_system = std::chrono::microseconds{report.system_us};
    event.rss_max_kib = report.memory_kib_max;
    events_.emplace_back(std::move(event));
}

/// What was asked for and is not in the list never arrived.
void LauncherClient::hear(const launcher::ListEnd&) {
    const std::lock_guard lock{mutex_};
    for (const auto& [key, process] : processes_) {
        if (!process.launch.empty() && !listed_.contains(key)) queue(process.launch);
        if (process.kill) queue(*process.kill);
    }
    listed_.clear();
    send_queued();
}

void LauncherClient::hear(const launcher::Closing& report) {
    if (report.reason != launcher::ClosingReason::replaced) return;
    replaced_ = true;
    write_log(options_.log, LogLevel::error,
              "another agent has taken over the launcher; this one can run no more tasks");
}

}  // namespace offerkit::daemons
