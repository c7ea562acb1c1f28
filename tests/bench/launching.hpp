// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A framework for benchmarks: launches equal tasks as fast as it may, and counts what it hears.

#include <offerkit/runtime/run_framework.hpp>

#include <support/daemons.hpp>

#include <chrono>
#include <cstddef>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::bench {

using namespace offerkit::literals;
using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Launches `tasks` tasks, at most `per_accept` on each offer, and notes when each was accepted and
/// when it was first heard to run.
class Launcher {
public:
    Launcher(std::size_t tasks, std::size_t per_accept, Command command)
        : tasks_(tasks),
          per_accept_(per_accept),
          command_(std::move(command)),
          accepted_(tasks),
          latency_ms_(tasks, -1.0) {}

    OfferReply on_offer(const Offer& offer) {
        if (launched_ == tasks_)
            return Decline{offer.id, std::chrono::hours{1}, DeclineReason::no_work, {}};
        Accept accept{.offer = offer.id,
                      .more_offers = {},
                      .launch = {},
                      .operations = {},
                      .refuse_for = Duration{0}};
        Resources left = offer.resources;
        const auto now = Clock::now();
        while (launched_ < tasks_ && accept.launch.size() < per_accept_ && left.contains(size())) {
            left -= size();
            TaskInfo task;
            task.id = TaskId{"t" + std::to_string(launched_)};
            task.resources = size();
            task.command = command_;
            accepted_[launched_++] = now;
            accept.launch.push_back(std::move(task));
        }
        if (accept.launch.empty())
            return Decline{offer.id, std::chrono::seconds{1}, DeclineReason::too_small, {}};
        return accept;
    }

    void on_status(const TaskStatus& status) {
        ++statuses_;
        const std::size_t number = std::strtoull(status.task.text().c_str() + 1, nullptr, 10);
        if (latency_ms_[number] < 0 && status.state != TaskState::staging) {
            latency_ms_[number] = seconds_since(accepted_[number]) * 1000;
        }
        if (!is_terminal(status.state)) return;
        ++ended_;
        if (status.state != TaskState::finished) ++failed_;
    }

    [[nodiscard]] bool is_done() const { return ended_ == tasks_; }
    [[nodiscard]] std::size_t failed() const { return failed_; }
    [[nodiscard]] std::size_t statuses() const { return statuses_; }
    [[nodiscard]] const std::vector<double>& latency_ms() const { return latency_ms_; }
    [[nodiscard]] Clock::time_point started() const { return accepted_.front(); }

private:
    static Resources size() { return 1_cpus + 32_MiB; }

    std::size_t tasks_;
    std::size_t per_accept_;
    Command command_;
    std::vector<Clock::time_point> accepted_;
    std::vector<double> latency_ms_;
    std::size_t launched_ = 0;
    std::size_t ended_ = 0;
    std::size_t failed_ = 0;
    std::size_t statuses_ = 0;
};

inline FrameworkOptions framework_options(const offerkit::testing::MasterProcess& master) {
    FrameworkOptions options;
    options.name = "bench";
    options.failover_timeout = Duration{0};
    options.master = master.address();
    options.token = offerkit::testing::MasterProcess::token();
    options.stop_on_signals = false;
    return options;
}

}  // namespace offerkit::bench
