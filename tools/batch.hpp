// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The batch framework of `offerkit run`: runs each job wherever it fits, after those it waits for,
/// again if it may, and stops. A plain class on the public API, as any author would write it.

#include "jobs.hpp"
#include "ready_queue.hpp"

#include <offerkit/framework/dependency_graph.hpp>
#include <offerkit/framework/retry.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::tools {

/// How a job ended. Told once for each job that ended, or never will run.
struct JobEnd {
    enum class How : std::uint8_t {
        finished,
        failed,
        not_run,      // A job that it waits for did not finish.
        interrupted,  // It ran when the run was given up.
    };

    std::size_t job = 0;
    How how = How::finished;
    TaskStatus status;  // The last of its last attempt; of no task if there was none.
    int attempts = 0;
    WallTime started;       // When its last attempt began to run, on its agent's clock; 0: never.
    std::size_t cause = 0;  // For `not_run`: the job that failed.
};

/// Where a batch stands.
struct BatchCounts {
    std::size_t jobs = 0;
    std::size_t earlier = 0;  // Finished before this run began.
    std::size_t finished = 0;
    std::size_t failed = 0;
    std::size_t not_run = 0;
    std::size_t interrupted = 0;
    std::size_t running = 0;
    std::size_t retrying = 0;  // Wait until they are tried again.
    std::size_t blocked = 0;   // Wait for others.

    [[nodiscard]] std::size_t ended() const { return earlier + finished + failed + not_run; }
    friend bool operator==(const BatchCounts&, const BatchCounts&) = default;
};

/// Where one job stands.
enum class JobStage : std::uint8_t {
    blocked,   // Waits for other jobs.
    ready,     // Waits for an offer that it fits into.
    launched,  // Its task is on its way, or runs: the cluster knows more.
    retrying,  // Waits until it is tried again.
    finished,
    failed,
    not_run,
};

struct JobPlace {
    const Job* job = nullptr;
    JobStage stage = JobStage::blocked;
    TaskId task;                        // Of its attempt, if launched.
    std::vector<const Job*> waits_for;  // If blocked: those of `after` that are not done.
    int failures = 0;                   // Of its own, so far.
};

/// What a batch is told when it asks.
enum class BatchOrder : std::uint8_t {
    go_on,
    drain,  // Start nothing more; what runs may end.
    stop,   // Kill what runs.
};

struct BatchOptions {
    std::size_t parallel_max = std::numeric_limits<std::size_t>::max();
    Backoff backoff{};
    std::uint64_t seed = 0;
    std::vector<std::uint32_t> done_earlier{};  // Jobs that are not run again.
    bool repeats = true;  // Runs again what had begun when the cluster ended it.
};

class BatchScheduler {
public:
    struct Hooks {
        std::function<void(const TaskStatus& status)> on_status{};
        std::function<void(const JobEnd& end)> on_end{};
        std::function<BatchOrder(Instant now)> on_wake{};
    };

    /// Attempts that ended for reasons of the cluster, not of the job, are made again. They do not
    /// count against its retries.
    static constexpr int cluster_attempts_max = 5;
    /// So many jobs are launched with one accept at most; the next offer takes more.
    static constexpr std::size_t launches_max = 1024;
    /// `on_wake` is called at least so often.
    static constexpr Duration wake_every = std::chrono::milliseconds{100};

    BatchScheduler(Jobs jobs, BatchOptions options, Hooks hooks);
    BatchScheduler(const BatchScheduler&) = delete;
    BatchScheduler& operator=(const BatchScheduler&) = delete;

    void on_subscribed(FrameworkId id) { framework_ = id; }
    void on_offers(std::span<const Offer> offers, Replies& replies);
    void on_status(const TaskStatus& status, Replies& replies);
    void on_wake(Instant now, Replies& replies);
    [[nodiscard]] Instant next_wake() const;
    [[nodiscard]] bool is_done() const;

    /// The cluster is gone: tells the end of what ran, for `why`.
    void give_up_running(const std::string& why);

    [[nodiscard]] const std::vector<Job>& jobs() const { return jobs_; }
    [[nodiscard]] BatchCounts counts() const;
    /// None before the first subscription.
    [[nodiscard]] FrameworkId framework() const { return framework_; }
    /// None if there is no such job. Complexity: linear in the jobs that run.
    [[nodiscard]] std::optional<JobPlace> find(std::string_view job) const;

private:
    struct Track {
        std::uint32_t shape = 0;
        std::uint16_t failures = 0;
        std::uint16_t cluster_failures = 0;
        std::uint32_t last_name = 1;  // The N of its last task, JOB@N.
        JobStage stage = JobStage::blocked;
    };

    struct Running {
        std::uint32_t job = 0;
        WallTime started;
        TaskStatus last;
    };

    struct Again {
        std::uint32_t job;
        int failures;
    };

    void add_shapes();
    [[nodiscard]] OfferReply answer(const Offer& offer);
    TaskInfo start(std::uint32_t job);
    void settle(const Running& was, const TaskStatus& status);
    [[nodiscard]] bool try_again(std::uint32_t job, const TaskStatus& status);
    [[nodiscard]] Decline decline(const Offer& offer, Duration refuse_for) const;
    void make_ready(std::uint32_t job);
    void try_later(std::uint32_t job, int failures);
    /// What was refused while nothing was ready is wanted again.
    void ask_for_offers(Replies& replies);
    void tell_end(JobEnd end);

    std::vector<Job> jobs_;
    DependencyGraph graph_;
    JobNames names_;
    BatchOptions options_;
    Hooks hooks_;
    std::vector<Track> tracks_;
    ReadyQueue ready_;
    RetryQueue<std::uint32_t> retries_;
    std::vector<Again> failed_;  // To be put into `retries_` when the time is known.
    std::map<TaskId, Running> running_;
    FrameworkId framework_;
    BatchCounts counts_;
    Instant woken_;
    bool refused_idly_ = false;
    bool draining_ = false;
    bool stopped_ = false;
};

static_assert(Scheduler<BatchScheduler>);

}  // namespace offerkit::tools
