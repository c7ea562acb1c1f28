// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Jobs that come, run for a known time and end: each a claimant of its own that states what it
/// still wants, on the clock of a test.

#include "cluster.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

namespace offerkit::test {

struct Job {
    Duration submit{0};
    Resources task;
    std::uint32_t tasks = 1;
    Duration run_time{1s};
    Duration estimate{0};    // Stated; zero: not at all.
    std::uint32_t gang = 1;  // Stated.
    std::string_view role = "queue";
};

class JobRunner {
public:
    /// How much of a larger offer is used at once: as the examples of papers have it, a task.
    enum class Takes : std::uint8_t { what_fits, one_task };

    explicit JobRunner(Cluster& cluster, Takes takes = Takes::what_fits)
        : cluster_(cluster), takes_(takes) {}

    /// In the order of their submission. Returns the place in `jobs`.
    std::size_t add(const Job& job) {
        jobs.emplace_back().job = job;
        return jobs.size() - 1;
    }

    /// Until all have ended, or until then.
    void run(Instant until = Instant::never()) {
        for (;;) {
            while (!ends_.empty() && ends_.begin()->first <= cluster_.now)
                end(ends_.begin());
            for (Record& job : jobs) {
                if (job.submitted || Instant{} + job.job.submit > cluster_.now) continue;
                submit(job);
            }
            serve();
            const Instant next = next_event();
            if (next > until || next == Instant::never()) break;
            cluster_.now = next;
        }
    }

    struct Record {
        Job job;
        bool submitted = false;
        std::uint32_t waiting = 0;
        std::uint32_t running = 0;
        ClaimantIndex claimant;
        Instant begun = Instant::never();
        Instant ended = Instant::never();
    };
    std::vector<Record> jobs;

private:
    using Ends = std::multimap<Instant, Grant>;

    void submit(Record& job) {
        job.submitted = true;
        job.waiting = job.job.tasks;
        job.claimant = cluster_.add_claimant(job.job.role);
        state(job);
    }

    void state(const Record& job) {
        cluster_.say(allocator_event::DemandPut{
            job.claimant, true, {{job.job.task, job.waiting, job.job.gang, job.job.estimate}}});
    }

    void serve() {
        do {
            for (const Grant& grant : std::vector<Grant>(cluster_.run()))
                begin(grant);
        } while (!cluster_.outcome.grants.empty());
    }

    void begin(const Grant& grant) {
        const auto job = std::ranges::find(jobs, grant.claimant, &Record::claimant);
        Resources rest = grant.resources;
        std::uint32_t fits = 0;
        for (; rest.contains(job->job.task); ++fits)
            rest -= job->job.task;
        const std::uint32_t begins = std::min(job->waiting, takes_ == Takes::one_task ? 1U : fits);
        rest = grant.resources;
        for (std::uint32_t i = 0; i < begins; ++i) {
            rest -= job->job.task;
            ends_.emplace(cluster_.now + job->job.run_time,
                          Grant{grant.claimant, grant.agent, job->job.task});
        }
        job->begun = std::min(job->begun, cluster_.now);
        job->waiting -= begins;
        job->running += begins;
        if (!rest.is_empty()) cluster_.give_back(grant, rest);
        state(*job);
    }

    void end(Ends::iterator ended) {
        const auto job = std::ranges::find(jobs, ended->second.claimant, &Record::claimant);
        cluster_.give_back(ended->second);
        if (--job->running == 0 && job->waiting == 0) job->ended = cluster_.now;
        ends_.erase(ended);
    }

    [[nodiscard]] Instant next_event() const {
        Instant next = ends_.empty() ? Instant::never() : ends_.begin()->first;
        for (const Record& job : jobs) {
            if (!job.submitted) next = std::min(next, Instant{} + job.job.submit);
        }
        const Instant wake = cluster_.outcome.next_wake;
        return wake > cluster_.now ? std::min(next, wake) : next;
    }

    Cluster& cluster_;
    Takes takes_;
    Ends ends_;
};

/// When, in seconds.
inline std::int64_t seconds_at(Instant at) { return (at - Instant{}) / 1s; }

}  // namespace offerkit::test
