// SPDX-License-Identifier: Apache-2.0

/// `offerkit run --jobs`: the batch framework with everything around it that a person sees.

#include "batch.hpp"
#include "fetch.hpp"
#include "job_desk.hpp"
#include "job_place.hpp"
#include "progress.hpp"
#include "results.hpp"
#include "results_file.hpp"
#include "run.hpp"

#include <offerkit/runtime/clock.hpp>
#include <offerkit/runtime/signals.hpp>

#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <memory>
#include <utility>

namespace offerkit::tools {

namespace {

constexpr std::size_t failures_shown_max = 10;

/// Ctrl-C and its like, counted on their thread and asked about on ours.
class Interrupts {
public:
    [[nodiscard]] BatchOrder order() const {
        if (asked_ >= 2) return BatchOrder::stop;
        return asked_ == 1 ? BatchOrder::drain : BatchOrder::go_on;
    }

private:
    void count(int number) {
        // Whoever ends us from outside waits for a moment only, and asks once.
        asked_ += number == SIGTERM ? 2 : 1;
        // Once more, and not even the master's answer is waited for: it misses us soon enough.
        if (asked_ > 2 && number != SIGTERM) ::_exit(exit_interrupted);
    }

    std::atomic<int> asked_ = 0;
    runtime::Signals signals_{[this](int number) { count(number); }};
};

/// Reads what an earlier run did. Says what stands against going on.
Result<std::vector<std::uint32_t>> done_earlier(ResultsFile& file, const RunOptions& options,
                                                const std::vector<Job>& jobs) {
    Earlier earlier = read_results(file.take_earlier(), jobs);
    if (earlier.bad != 0) {
        for (const Refusal& refusal : earlier.refusals) {
            std::fprintf(stderr, "offerkit: %s: %s\n", options.results_file.c_str(),
                         format_refusal(refusal).c_str());
        }
        return Refusal{RefusalCode::conflict, "file " + options.results_file, "resume",
                       std::to_string(earlier.bad) + " of its lines stand against it",
                       "mend them, or give another --results: nothing was run"};
    }
    if (earlier.of_other_jobs != 0) {
        std::fprintf(
            stderr, "offerkit: %s: %zu of its lines are about jobs that %s does not have\n",
            options.results_file.c_str(), earlier.of_other_jobs, options.jobs_file.c_str());
    }
    return std::move(earlier.finished);
}

/// One run of a file, and what is said and written about it.
class JobsRun {
public:
    JobsRun(const RunOptions& options, const runtime::ClusterAccess& access,
            std::unique_ptr<ResultsFile> results)
        : results_(std::move(results)),
          fetcher_(access, options.output_dir),
          progress_(::isatty(STDERR_FILENO) == 1) {}

    int run(Jobs jobs, BatchOptions batch, const runtime::FrameworkOptions& framework) {
        BatchScheduler::Hooks hooks;
        hooks.on_end = [this](const JobEnd& end) { told(end); };
        hooks.on_wake = [this](Instant now) { return look(now); };
        BatchScheduler scheduler{std::move(jobs), std::move(batch), std::move(hooks)};
        scheduler_ = &scheduler;
        const Result<void> ended = try_run_framework(scheduler, framework);
        if (!ended) scheduler.give_up_running("its master was lost: " + ended.error().why);
        const std::vector<Refusal> missing = fetcher_.finish();
        progress_.clear();
        const int code = close(ended, missing);
        scheduler_ = nullptr;
        return code;
    }

private:
    /// The scheduler's thread: a job has ended.
    void told(const JobEnd& end) {
        if (end.how != JobEnd::How::finished) say_failure(end);
        if (end.how == JobEnd::How::finished || end.how == JobEnd::How::failed) {
            const bool waits =
                fetcher_.fetch(scheduler_->jobs()[end.job].id, end.status.agent, end.status.sandbox,
                               [this, end](const std::string& error) { write_saved(end, error); });
            if (waits) return;
        }
        if (results_) results_->append(format_result(scheduler_->jobs(), end, {}));
    }

    /// A thread of the fetcher: only with its output is a job done.
    void write_saved(const JobEnd& end, const std::string& error) {
        if (!results_) return;
        const std::vector<Job>& jobs = scheduler_->jobs();
        SavedOutput saved;
        saved.error = error;
        if (error.empty()) {
            saved.stdout_file = fetcher_.path_of(jobs[end.job].id, "stdout");
            saved.stderr_file = fetcher_.path_of(jobs[end.job].id, "stderr");
        }
        results_->append(format_result(jobs, end, saved));
    }

    void say_failure(const JobEnd& end) {
        if (end.how == JobEnd::How::interrupted || ++failures_ > failures_shown_max) return;
        const std::vector<Job>& jobs = scheduler_->jobs();
        progress_.say("job " + jobs[end.job].id + ": " +
                      (end.how == JobEnd::How::not_run
                           ? "not run: job " + jobs[end.cause].id + " did not finish"
                           : format_end(end)));
    }

    BatchOrder look(Instant now) {
        desk_.look([this](const std::string& job) { return format_place(*scheduler_, job); });
        const BatchCounts counts = scheduler_->counts();
        progress_.tell(now, counts);
        BatchOrder order = interrupts_.order();
        if (order == BatchOrder::go_on && results_) {
            // What nobody will know of is not worth starting.
            if (results_->failure()) order = BatchOrder::drain;
        }
        if (order == said_) return order;
        said_ = order;
        const std::string running = std::to_string(counts.running);
        if (order == BatchOrder::stop) {
            progress_.say("killing what runs: " + running +
                          (counts.running == 1 ? " job" : " jobs"));
        } else if (results_ && results_->failure()) {
            progress_.say(format_refusal(*results_->failure()));
            progress_.say("no more jobs are started; " + running + " may end");
        } else {
            progress_.say("no more jobs are started; " + running +
                          " may end, or Ctrl-C again kills them");
        }
        return order;
    }

    int close(const Result<void>& ended, const std::vector<Refusal>& missing) {
        for (const Refusal& refusal : missing)
            progress_.say(format_refusal(refusal));
        if (failures_ > failures_shown_max) {
            progress_.say(std::to_string(failures_ - failures_shown_max) +
                          " more jobs did not finish");
        }
        if (!ended) progress_.say(format_refusal(ended.error()));
        const BatchCounts counts = scheduler_->counts();
        std::printf("%s\n", format_summary(counts).c_str());
        if (results_) {
            if (const Result<void> written = results_->finish(); !written) {
                return fail(exit_failed, format_refusal(written.error()));
            }
        }
        if (!ended) return exit_cluster;
        if (counts.ended() != counts.jobs) return exit_interrupted;
        const bool all = counts.failed == 0 && counts.not_run == 0 && missing.empty();
        return all ? exit_done : exit_failed;
    }

    std::unique_ptr<ResultsFile> results_;  // None: not kept.
    Interrupts interrupts_;
    JobDesk desk_;
    OutputFetcher fetcher_;
    Progress progress_;
    BatchScheduler* scheduler_ = nullptr;
    std::size_t failures_ = 0;
    BatchOrder said_ = BatchOrder::go_on;
};

}  // namespace

int run_jobs(const RunOptions& options, const runtime::ClusterAccess& access, Jobs jobs) {
    BatchOptions batch;
    if (options.parallel_max != 0) batch.parallel_max = options.parallel_max;
    const Result<Duration> backoff = read_duration_flag("--backoff", options.backoff);
    if (!backoff) return fail(exit_usage, format_refusal(backoff.error()));
    batch.backoff.first = *backoff;
    batch.seed = static_cast<std::uint64_t>(runtime::WorldClock::wall_now().ns);
    std::unique_ptr<ResultsFile> results;
    if (!options.results_file.empty()) {
        Result<std::unique_ptr<ResultsFile>> opened =
            ResultsFile::open(options.results_file, options.resume);
        if (!opened) return fail(exit_usage, format_refusal(opened.error()));
        results = std::move(*opened);
        Result<std::vector<std::uint32_t>> done = done_earlier(*results, options, jobs.jobs);
        if (!done) return fail(exit_usage, format_refusal(done.error()));
        batch.done_earlier = std::move(*done);
    }
    runtime::FrameworkOptions framework = framework_options(options, access);
    framework.stop_on_signals = false;  // Ours come first: they may let tasks end.
    JobsRun run{options, access, std::move(results)};
    return run.run(std::move(jobs), std::move(batch), framework);
}

}  // namespace offerkit::tools
