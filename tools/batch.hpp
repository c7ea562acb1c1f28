// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The batch framework of `offerkit run`: runs each job once, wherever it fits, and stops. A plain
/// struct on the public API, as any author would write it.

#include "jobs.hpp"

#include <offerkit/framework/scheduler.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::tools {

/// How a job ended, or how far it is.
struct JobOutcome {
    TaskId task;  // Of its last attempt.
    TaskStatus status;
    int attempts = 0;
    bool ended = false;
};

class BatchScheduler {
public:
    struct Hooks {
        std::function<void(std::size_t job, const TaskStatus& status)> on_status;
    };

    /// Attempts that ended for reasons of the cluster, not of the job, are made again.
    static constexpr int attempts_max = 5;
    /// How many waiting jobs are tried on what is left of an offer: bounded, so that a million
    /// jobs of many sizes do not make each offer a search through all of them.
    static constexpr std::size_t lookahead = 256;

    BatchScheduler(std::vector<Job> jobs, std::size_t parallel_max, Hooks hooks)
        : jobs_(std::move(jobs)),
          outcomes_(jobs_.size()),
          parallel_max_(parallel_max),
          hooks_(std::move(hooks)) {
        for (std::size_t i = 0; i < jobs_.size(); ++i) {
            waiting_.push_back(i);
            names_.insert(jobs_[i].id);
        }
    }

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        for (const Offer& offer : offers)
            replies.reply(on_offer(offer));
    }

    void on_status(const TaskStatus& status, Replies& replies) {
        const auto found = running_.find(status.task);
        if (found == running_.end()) return;  // A repeat of the end of a job.
        const std::size_t job = found->second;
        JobOutcome& outcome = outcomes_[job];
        outcome.status = status;
        const bool gone = status.state == TaskState::unknown;  // Nobody knows it any more.
        if (is_terminal(status.state) || gone) {
            running_.erase(found);
            if (is_the_clusters_fault(status) && outcome.attempts < attempts_max) {
                waiting_.push_front(job);
                replies.revive();
            } else {
                outcome.ended = true;
                ++ended_;
            }
        }
        if (hooks_.on_status) hooks_.on_status(job, status);
    }

    [[nodiscard]] bool is_done() const { return ended_ == jobs_.size(); }

    [[nodiscard]] const std::vector<Job>& jobs() const { return jobs_; }
    [[nodiscard]] const std::vector<JobOutcome>& outcomes() const { return outcomes_; }
    [[nodiscard]] std::size_t ended() const { return ended_; }
    [[nodiscard]] std::size_t running() const { return running_.size(); }

private:
    OfferReply on_offer(const Offer& offer) {
        Accept accept{.offer = offer.id,
                      .more_offers = {},
                      .launch = {},
                      .operations = {},
                      .refuse_for = std::chrono::seconds{5}};
        Resources left = offer.resources;
        std::size_t tried = 0;
        for (std::size_t at = 0; at < waiting_.size() && tried < lookahead; ++tried) {
            if (running_.size() >= parallel_max_) break;
            const std::size_t job = waiting_[at];
            if (!left.contains(jobs_[job].resources)) {
                ++at;
                continue;
            }
            left -= jobs_[job].resources;
            accept.launch.push_back(start(job));
            waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(at));
        }
        // Nothing waits: a long refusal, taken back by a revive if a job has to run again.
        const Duration refuse_for =
            waiting_.empty() ? Duration{std::chrono::hours{1}} : Duration{std::chrono::seconds{1}};
        if (!accept.launch.empty()) {
            accept.refuse_for = refuse_for;
            return accept;
        }
        DeclineReason reason = DeclineReason::too_small;
        if (waiting_.empty()) reason = DeclineReason::no_work;
        if (!waiting_.empty() && running_.size() >= parallel_max_) reason = DeclineReason::limit;
        return Decline{offer.id, refuse_for, reason, {}};
    }

    TaskInfo start(std::size_t job) {
        JobOutcome& outcome = outcomes_[job];
        ++outcome.attempts;
        TaskInfo task;
        std::string name = jobs_[job].id;
        for (int n = outcome.attempts; outcome.attempts > 1; ++n) {
            // A new attempt is a new task: words about the old one must not be taken for its own.
            name = jobs_[job].id + "@" + std::to_string(n);
            if (names_.insert(name).second) break;
        }
        task.id = TaskId{name};
        task.name = jobs_[job].id;
        task.resources = jobs_[job].resources;
        task.command = jobs_[job].command;
        outcome.task = task.id;
        running_.emplace(task.id, job);
        return task;
    }

    static bool is_the_clusters_fault(const TaskStatus& status) {
        switch (status.state) {
            case TaskState::dropped:
            case TaskState::gone:
            case TaskState::unknown:
                return true;
            case TaskState::failed:
                return status.reason == StatusReason::launcher_lost ||
                       status.reason == StatusReason::agent_restarted;
            case TaskState::staging:
            case TaskState::starting:
            case TaskState::running:
            case TaskState::killing:
            case TaskState::finished:
            case TaskState::killed:
            case TaskState::error:
            case TaskState::unreachable:
            case TaskState::lost:
            case TaskState::gone_by_operator:
                return false;
        }
        return false;
    }

    std::vector<Job> jobs_;
    std::vector<JobOutcome> outcomes_;
    std::size_t parallel_max_;
    Hooks hooks_;
    std::deque<std::size_t> waiting_;
    std::map<TaskId, std::size_t> running_;
    std::set<std::string> names_;
    std::size_t ended_ = 0;
};

static_assert(Scheduler<BatchScheduler>);

}  // namespace offerkit::tools
