// SPDX-License-Identifier: Apache-2.0
#include <tools/progress.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstddef>

using namespace offerkit;
using namespace offerkit::tools;
using namespace std::chrono_literals;

namespace {

BatchCounts counts_of(std::size_t jobs, std::size_t finished, std::size_t running = 0) {
    BatchCounts counts;
    counts.jobs = jobs;
    counts.finished = finished;
    counts.running = running;
    return counts;
}

}  // namespace

TEST_CASE("progress begins with counts, and has a rate when there is one") {
    ProgressText text;
    CHECK(text.line(Instant{0} + 1s, counts_of(40, 0, 4)) == "0 of 40 ended, 4 running");
    CHECK(text.line(Instant{0} + 1500ms, counts_of(40, 1, 4)) == "1 of 40 ended, 4 running");
    CHECK(text.line(Instant{0} + 5s, counts_of(40, 10, 4)) ==
          "10 of 40 ended, 4 running, 2.5/s, 12s left");
    CHECK(text.line(Instant{0} + 11s, counts_of(40, 40)) == "40 of 40 ended, 4.0/s");
}

TEST_CASE("progress names what did not go well, and what waits to be tried again") {
    ProgressText text;
    BatchCounts counts = counts_of(100, 50, 7);
    counts.earlier = 10;
    counts.failed = 3;
    counts.not_run = 2;
    counts.retrying = 1;
    CHECK(text.line(Instant{5}, counts) ==
          "65 of 100 ended, 3 failed, 2 not run, 7 running, 1 to be tried again");
}

TEST_CASE("the rate is that of the last half minute, and slow ones are told by the minute") {
    ProgressText text;
    std::string line;
    for (int second = 1; second <= 100; ++second) {
        line = text.line(Instant{0} + std::chrono::seconds{second},
                         counts_of(100'000, static_cast<std::size_t>(second) * 500));
    }
    CHECK_THAT(line, Catch::Matchers::Contains(", 500/s, 1m 40s left"));
    for (int second = 101; second <= 200; ++second)
        line = text.line(Instant{0} + std::chrono::seconds{second}, counts_of(100'000, 50'001));
    CHECK(line == "50001 of 100000 ended");  // Nothing has ended for long: nothing is promised.
    line = text.line(Instant{0} + 201s, counts_of(100'000, 50'002));
    CHECK_THAT(line, Catch::Matchers::Contains("2.0/min"));
}

TEST_CASE("what was done before this run is no part of its rate") {
    ProgressText text;
    BatchCounts counts = counts_of(1000, 0);
    counts.earlier = 900;
    (void)text.line(Instant{0} + 1s, counts);
    counts.finished = 10;
    CHECK(text.line(Instant{0} + 11s, counts) == "910 of 1000 ended, 1.0/s, 1m 30s left");
}

TEST_CASE("the summary counts every job once") {
    BatchCounts counts = counts_of(10, 2);
    counts.earlier = 1;
    counts.failed = 1;
    counts.not_run = 1;
    counts.interrupted = 2;
    CHECK(format_summary(counts) ==
          "10 jobs, 2 finished, 1 finished earlier, 1 failed, 1 not run, 2 interrupted, "
          "3 not started");
    CHECK(format_summary(counts_of(0, 0)) == "0 jobs");
    CHECK(format_summary(counts_of(1, 1)) == "1 job, 1 finished");
}

TEST_CASE("an end is told with what is known about it") {
    JobEnd end;
    end.how = JobEnd::How::failed;
    end.attempts = 1;
    end.status.state = TaskState::failed;
    end.status.exit = ExitStatus{3, 0};
    CHECK(format_end(end) == "failed, exit code 3");
    end.status.exit = ExitStatus{0, 9};
    end.attempts = 4;
    end.status.message = "why";
    CHECK(format_end(end) == "failed, signal 9: why (attempt 4)");
    end.status.state = TaskState::killed;
    end.status.reason = StatusReason::run_time_exceeded;
    CHECK(format_end(end) == "killed, it ran for too long, signal 9: why (attempt 4)");
}
