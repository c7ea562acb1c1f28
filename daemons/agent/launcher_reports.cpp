// SPDX-License-Identifier: Apache-2.0
// What the launcher reports, as events of the executor machine.
#include "launcher_client.hpp"

#include <offerkit/core/id.hpp>

#include <algorithm>
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

/// One that nobody knows gets a name that no task can have: the launcher's key, which has a slash.
LauncherClient::Process LauncherClient::find(std::string_view key) {
    const std::lock_guard lock{mutex_};
    const auto found = processes_.find(key);
    if (found != processes_.end()) return found->second;
    return Process{{FrameworkId{}, TaskId{key}}, {}, {}};
}

void LauncherClient::hear(const launcher::HelloOk& report) {
    write_log(options_.log, LogLevel::info,
              "the launcher answers, process " + std::to_string(report.pid));
}

void LauncherClient::hear(const launcher::Refused& report) {
    // Said twice because the first time may have been lost with a launcher: nothing is wrong.
    if (report.reason == launcher::RefusedReason::already_exists ||
        report.reason == launcher::RefusedReason::unknown_key) {
        return;
    }
    if (report.request == launcher::MessageType::launch && !report.key.empty()) {
        events_.emplace_back(executor::ProcessNotStarted{
            find(report.key).key, "the launcher refused it: " + std::string(report.message)});
        return;
    }
    write_log(options_.log, LogLevel::warning,
              std::string("launcher: ") + launcher::name_of(report.request) + " " +
                  std::string(report.key) + " refused: " + std::string(report.message));
}

void LauncherClient::hear(const launcher::Starting& report) {
    events_.emplace_back(executor::ProcessStarting{find(report.key).key});
}

void LauncherClient::hear(const launcher::Started& report) {
    Process process = find(report.key);
    const std::chrono::nanoseconds age = std::chrono::steady_clock::now().time_since_epoch() -
                                         std::chrono::nanoseconds{report.start_monotonic_ns};
    events_.emplace_back(executor::ProcessStarted{std::move(process.key), report.pid,
                                                  std::move(process.sandbox),
                                                  std::max(Duration{0}, age), report.listed});
}

void LauncherClient::hear(const launcher::Failed& report) {
    Process process = find(report.key);
    std::string why = std::string("could not ") + launcher::name_of(report.step);
    if (!process.program.empty()) why += " " + process.program.substr(0, 256);
    if (report.error != 0) {
        why += std::string(": ") + std::strerror(static_cast<int>(report.error));
    } else if (!report.message.empty()) {
        why += ": " + std::string(report.message);
    }
    events_.emplace_back(
        executor::ProcessNotStarted{std::move(process.key), std::move(why), report.listed});
}

void LauncherClient::hear(const launcher::Exited& report) {
    Process process = find(report.key);
    executor::ProcessExited event;
    event.key = std::move(process.key);
    const auto value = static_cast<std::int32_t>(report.value);
    if (report.cause == launcher::ExitCause::exited) event.exit.code = value;
    if (report.cause == launcher::ExitCause::signaled) event.exit.signal = value;
    event.lost = report.cause == launcher::ExitCause::lost;
    event.started_at = {report.start_wall_ns};
    event.ended_at = {report.end_wall_ns};
    event.cpu_user = std::chrono::microseconds{report.user_us};
    event.cpu_system = std::chrono::microseconds{report.system_us};
    event.rss_max_kib = report.memory_kib_max;
    event.killed = report.kill_requested;
    event.sandbox = std::move(process.sandbox);
    event.listed = report.listed;
    events_.emplace_back(std::move(event));
}

void LauncherClient::hear(const launcher::ListEnd&) { events_.emplace_back(executor::ListEnded{}); }

void LauncherClient::hear(const launcher::Closing& report) {
    if (report.reason != launcher::ClosingReason::replaced) return;
    replaced_ = true;
    write_log(options_.log, LogLevel::error,
              "another agent has taken over the launcher; this one can run no more tasks");
}

}  // namespace offerkit::daemons
