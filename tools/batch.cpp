// SPDX-License-Identifier: Apache-2.0

#include "batch.hpp"

#include <offerkit/core/limits.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

namespace offerkit::tools {

namespace {

/// Whether the attempt is over, and whose doing it was.
enum class Ended : std::uint8_t { no, well, badly, by_cluster, for_good };

Ended how_it_ended(const TaskStatus& status) {
    switch (status.state) {
        case TaskState::finished:
            return Ended::well;
        case TaskState::dropped:
        case TaskState::gone:
        case TaskState::gone_by_operator:  // Not terminal, but nobody will hear of it again.
        case TaskState::unknown:
            return Ended::by_cluster;
        case TaskState::failed:
        case TaskState::killed:
            switch (status.reason) {
                case StatusReason::launcher_lost:
                case StatusReason::agent_restarted:
                case StatusReason::agent_draining:
                case StatusReason::preempted:
                    return Ended::by_cluster;
                default:
                    return Ended::badly;
            }
        case TaskState::error:
            return Ended::for_good;
        case TaskState::staging:
        case TaskState::starting:
        case TaskState::running:
        case TaskState::killing:
        case TaskState::unreachable:
        case TaskState::lost:
            return Ended::no;
    }
    return Ended::no;
}

/// About what a job adds to a message.
std::size_t bytes_of(const Job& job) {
    std::size_t bytes = 256 + job.command.shell.size();
    for (const std::string& word : job.command.argv)
        bytes += word.size() + 8;
    for (const auto& [key, value] : job.command.environment)
        bytes += key.size() + value.size() + 16;
    return bytes;
}

}  // namespace

BatchScheduler::BatchScheduler(Jobs jobs, BatchOptions options, Hooks hooks)
    : jobs_(std::move(jobs.jobs)),
      graph_(std::move(jobs.graph)),
      names_(jobs_),
      options_(std::move(options)),
      hooks_(std::move(hooks)),
      tracks_(jobs_.size()),
      retries_(options_.backoff, Rng{options_.seed}) {
    OFFERKIT_ASSERT(graph_.size() == jobs_.size());
    add_shapes();
    counts_.jobs = jobs_.size();
    for (const std::uint32_t job : options_.done_earlier) {
        if (graph_.is_done(job)) continue;
        tracks_[job].stage = JobStage::finished;
        static_cast<void>(graph_.done(job));
        ++counts_.earlier;
    }
    for (const std::uint32_t job : graph_.ready())
        make_ready(job);
}

void BatchScheduler::add_shapes() {
    std::map<std::string, std::uint32_t> shapes;
    for (std::size_t job = 0; job < jobs_.size(); ++job) {
        if (job > 0 && jobs_[job].resources == jobs_[job - 1].resources) {
            tracks_[job].shape = tracks_[job - 1].shape;
            continue;
        }
        const auto [at, is_new] = shapes.emplace(format_resources(jobs_[job].resources), 0);
        if (is_new) at->second = ready_.add_shape(jobs_[job].resources);
        tracks_[job].shape = at->second;
    }
}

void BatchScheduler::on_offers(std::span<const Offer> offers, Replies& replies) {
    for (const Offer& offer : offers)
        replies.reply(answer(offer));
}

OfferReply BatchScheduler::answer(const Offer& offer) {
    Accept accept;
    accept.offer = offer.id;
    bool is_full = false;  // Of what one message may carry.
    if (!draining_) {
        std::size_t bytes = 0;
        ready_.fill(offer.resources, [&](std::uint32_t job) {
            if (running_.size() >= options_.parallel_max) return false;
            bytes += bytes_of(jobs_[job]);
            is_full = !accept.launch.empty() &&
                      (bytes > limits::message_bytes_aim || accept.launch.size() >= launches_max);
            if (is_full) return false;
            accept.launch.push_back(start(job));
            return true;
        });
    }
    const bool is_idle = draining_ || ready_.empty();
    refused_idly_ = refused_idly_ || is_idle;
    if (!accept.launch.empty()) {
        // What is left comes back soon, and is declined then with a reason that people may read.
        accept.refuse_for = is_full ? Duration{0} : std::chrono::seconds{1};
        return accept;
    }
    // Nothing to do: a long refusal, taken back by a revive when a job may start.
    const Duration refuse_for = is_idle ? Duration{std::chrono::hours{1}} : std::chrono::seconds{1};
    return decline(offer, refuse_for);
}

// The detail is what a person reads who asks why nothing more runs.
Decline BatchScheduler::decline(const Offer& offer, Duration refuse_for) const {
    if (draining_) {
        return {offer.id, refuse_for, DeclineReason::no_work, "interrupted: no more are started"};
    }
    if (ready_.empty()) {
        std::string detail = "no job is ready";
        if (graph_.blocked() != 0) {
            detail += ", " + std::to_string(graph_.blocked()) + " wait for others to finish";
        }
        return {offer.id, refuse_for, DeclineReason::no_work, std::move(detail)};
    }
    if (running_.size() >= options_.parallel_max) {
        return {offer.id, refuse_for, DeclineReason::limit,
                "as many jobs run as --max-parallel allows: " + std::to_string(running_.size())};
    }
    const Job& first = jobs_[ready_.first()];
    return {offer.id, refuse_for, DeclineReason::too_small,
            "job " + first.id + " takes " + format_resources(first.resources)};
}

void BatchScheduler::make_ready(std::uint32_t job) {
    tracks_[job].stage = JobStage::ready;
    ready_.push(job, tracks_[job].shape);
}

void BatchScheduler::try_later(std::uint32_t job, int failures) {
    tracks_[job].stage = JobStage::retrying;
    failed_.push_back({job, failures});
}

TaskInfo BatchScheduler::start(std::uint32_t job) {
    const Job& what = jobs_[job];
    Track& track = tracks_[job];
    track.stage = JobStage::launched;
    std::string name = what.id;
    if (track.failures + track.cluster_failures > 0) {
        // A new attempt is a new task: words about the old one must not be taken for its own.
        do {
            name = what.id + "@" + std::to_string(++track.last_name);
        } while (names_.find(name));
    }
    TaskInfo task;
    task.id = TaskId{std::move(name)};
    task.name = what.id;
    task.resources = what.resources;
    task.command = what.command;
    task.run_time_max = what.timeout;
    Running running;
    running.job = job;
    running.last.task = task.id;
    running_.emplace(task.id, std::move(running));
    return task;
}

void BatchScheduler::on_status(const TaskStatus& status, Replies& replies) {
    const auto found = running_.find(status.task);
    if (found == running_.end()) return;  // A repeat of the end of a job.
    if (hooks_.on_status) hooks_.on_status(status);
    if (how_it_ended(status) == Ended::no) {
        Running& running = found->second;
        if (status.state == TaskState::running && running.started == WallTime{}) {
            running.started = status.at;
        }
        running.last = status;
        return;
    }
    const Running was = std::move(found->second);
    running_.erase(found);
    settle(was, status);
    ask_for_offers(replies);
}

void BatchScheduler::settle(const Running& was, const TaskStatus& status) {
    const std::uint32_t job = was.job;
    if (try_again(job, status)) return;
    JobEnd end;
    end.job = job;
    end.status = status;
    if (end.status.sandbox.empty()) end.status.sandbox = was.last.sandbox;
    if (end.status.agent.is_none()) end.status.agent = was.last.agent;
    end.attempts = tracks_[job].failures + tracks_[job].cluster_failures + 1;
    // A start is told when the agent hears of it, an end when it was: a short job's may be later.
    end.started = std::min(was.started, status.at);
    if (how_it_ended(status) == Ended::well) {
        tracks_[job].stage = JobStage::finished;
        tell_end(std::move(end));
        for (const std::uint32_t next : graph_.done(job))
            make_ready(next);
        return;
    }
    end.how = JobEnd::How::failed;
    tracks_[job].stage = JobStage::failed;
    tell_end(std::move(end));
    for (const std::uint32_t next : graph_.give_up(job)) {
        JobEnd not_run;
        not_run.job = next;
        tracks_[next].stage = JobStage::not_run;
        not_run.how = JobEnd::How::not_run;
        not_run.cause = job;
        tell_end(std::move(not_run));
    }
}

bool BatchScheduler::try_again(std::uint32_t job, const TaskStatus& status) {
    if (draining_) return false;
    Track& track = tracks_[job];
    const Ended ended = how_it_ended(status);
    const bool may_repeat = options_.repeats || status.state == TaskState::dropped;
    if (ended == Ended::by_cluster && may_repeat &&
        track.cluster_failures + 1 < cluster_attempts_max) {
        // At once the first time: another agent is as good.
        if (++track.cluster_failures == 1) {
            make_ready(job);
        } else {
            try_later(job, track.cluster_failures - 1);
        }
        return true;
    }
    if (ended == Ended::badly && track.failures < jobs_[job].retries) {
        ++track.failures;
        try_later(job, track.failures);
        return true;
    }
    return false;
}

void BatchScheduler::on_wake(Instant now, Replies& replies) {
    woken_ = now;
    for (const Again& again : failed_)
        retries_.put(now, again.job, again.failures);
    failed_.clear();
    while (const std::optional<std::uint32_t> job = retries_.take_due(now))
        make_ready(*job);
    ask_for_offers(replies);
    const BatchOrder order = hooks_.on_wake ? hooks_.on_wake(now) : BatchOrder::go_on;
    if (order != BatchOrder::go_on && !draining_) {
        draining_ = true;
        replies.suppress();
    }
    if (order == BatchOrder::stop && !stopped_) {
        stopped_ = true;
        give_up_running("the run was interrupted: its task is killed");
        replies.stop();
    }
}

Instant BatchScheduler::next_wake() const {
    if (!failed_.empty()) return Instant{};
    return std::min(retries_.next(), woken_ + wake_every);
}

bool BatchScheduler::is_done() const {
    return stopped_ || counts_.ended() == jobs_.size() || (draining_ && running_.empty());
}

void BatchScheduler::ask_for_offers(Replies& replies) {
    if (!refused_idly_ || draining_ || ready_.empty()) return;
    refused_idly_ = false;
    replies.revive();
}

void BatchScheduler::give_up_running(const std::string& why) {
    for (const auto& [task, running] : running_) {
        JobEnd end;
        end.job = running.job;
        end.how = JobEnd::How::interrupted;
        end.status = running.last;
        end.status.message = why;
        end.attempts = tracks_[running.job].failures + tracks_[running.job].cluster_failures + 1;
        end.started = running.started;
        tell_end(std::move(end));
    }
    running_.clear();
}

void BatchScheduler::tell_end(JobEnd end) {
    switch (end.how) {
        case JobEnd::How::finished:
            ++counts_.finished;
            break;
        case JobEnd::How::failed:
            ++counts_.failed;
            break;
        case JobEnd::How::not_run:
            ++counts_.not_run;
            break;
        case JobEnd::How::interrupted:
            ++counts_.interrupted;
            break;
    }
    if (hooks_.on_end) hooks_.on_end(end);
}

std::optional<JobPlace> BatchScheduler::find(std::string_view id) const {
    const std::optional<std::uint32_t> job = names_.find(id);
    if (!job) return std::nullopt;
    JobPlace place;
    place.job = &jobs_[*job];
    place.stage = tracks_[*job].stage;
    place.failures = tracks_[*job].failures;
    if (place.stage == JobStage::launched) {
        const auto running =
            std::ranges::find(running_, *job, [](const auto& entry) { return entry.second.job; });
        if (running != running_.end()) place.task = running->first;
    }
    if (place.stage == JobStage::blocked) {
        for (const std::string& before : place.job->after) {
            const std::optional<std::uint32_t> other = names_.find(before);
            if (other && !graph_.is_done(*other)) place.waits_for.push_back(&jobs_[*other]);
        }
    }
    return place;
}

BatchCounts BatchScheduler::counts() const {
    BatchCounts counts = counts_;
    counts.running = running_.size();
    counts.retrying = retries_.size() + failed_.size();
    counts.blocked = graph_.blocked();
    return counts;
}

}  // namespace offerkit::tools
