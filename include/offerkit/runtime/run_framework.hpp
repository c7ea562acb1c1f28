// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Runs a scheduler against a real cluster: connects, subscribes, calls its handlers on the
/// caller's thread, and returns when the framework has ended. Author's errors are told in words.

#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/deliver.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/event.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/runtime/log.hpp>

#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::runtime {

struct FrameworkOptions {
    std::string name{};
    std::vector<std::string> roles = {"*"};

    /// How long tasks live on without this scheduler. It must be said: zero ends them with the
    /// connection.
    std::optional<Duration> failover_timeout{};

    /// "HOST:PORT". Empty: OFFERKIT_MASTER, else the cluster of `offerkit dev`.
    std::string master{};
    /// Empty: OFFERKIT_TOKEN, the file OFFERKIT_TOKEN_FILE, else that of `offerkit dev`.
    std::string token{};
    std::string cluster{};    // Empty: whichever the master serves.
    std::string principal{};  // Who asks; empty: nobody in particular.
    std::string user{};       // Whom tasks run as; empty: whom the agent runs as.
    FrameworkCapabilities capabilities{};
    Labels labels{};

    /// Where the id is kept between two runs: a scheduler that starts again, after whatever end,
    /// finds its tasks. Signals then only end this process, without a teardown. Empty: not kept.
    std::string id_file{};
    FrameworkId id{};        // Of an earlier run, to take its tasks over; none: a new framework.
    bool take_over = false;  // With `id`: end the older scheduler if it still runs.
    Duration connect_timeout = Duration::max();  // Give up after so long without a connection.
    Duration answer_timeout = std::chrono::seconds{5};  // Unanswered offers are declined then.

    bool stop_on_signals = true;  // SIGINT and SIGTERM end the framework as `Replies::stop` does.
    Log log{};                    // Empty: warnings and errors go to standard error.
};

/// Thrown by a handler to end the run at once, without that being a failure: nothing of what was
/// being told is acknowledged. `teardown` as in `Replies::stop`.
struct StopRun {
    bool teardown = true;
};

namespace detail {

/// A scheduler without its type.
struct SchedulerCalls {
    std::function<framework::AuthorReplied(const framework::Deliver&)> deliver;
    std::function<framework::AuthorAsked(Instant)> wake;
    std::function<Instant()> next_wake;
};

Result<void> run_framework(FrameworkOptions options, const SchedulerCalls& scheduler);
/// Prints the refusal, if there is one, and makes an exit code of it.
int exit_code(const Result<void>& ended);

}  // namespace detail

/// Runs `scheduler` until it is done, or is stopped. Handlers run on this thread, one at a time.
/// Refuses: options that say too little or too much, whatever the master refuses, `unavailable`
/// when `connect_timeout` is over, `cancelled` when a handler threw: whichever it was, the
/// framework is then torn down, its tasks with it.
template <class S>
Result<void> try_run_framework(S& scheduler, FrameworkOptions options) {
    if constexpr (check_scheduler<S>()) {  // What is missing is said once, not for each use below.
        return detail::run_framework(
            std::move(options),
            {[&](const framework::Deliver& d) { return framework::call_handlers(scheduler, d); },
             [&](Instant now) { return framework::call_wake(scheduler, now); },
             [&] { return framework::next_wake(scheduler); }});
    } else {
        return {};
    }
}

/// As `try_run_framework`; says on standard error why it was refused. Returns an exit code: 0, 1,
/// or 2 when the options were wrong.
template <class S>
int run_framework(S& scheduler, FrameworkOptions options) {
    return detail::exit_code(try_run_framework(scheduler, std::move(options)));
}

}  // namespace offerkit::runtime

namespace offerkit {

using runtime::FrameworkOptions;
using runtime::run_framework;
using runtime::try_run_framework;

}  // namespace offerkit
