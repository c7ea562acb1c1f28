// SPDX-License-Identifier: Apache-2.0
#include "jobs.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/easy_backfill.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <cstdint>
#include <map>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

const Resources processor = 1_cpus + 1_GiB;

Job job_of(std::int64_t submit, std::int64_t run_time, std::uint32_t processors,
           std::int64_t estimate) {
    return {.submit = std::chrono::seconds{submit},
            .task = processor,
            .tasks = processors,
            .run_time = std::chrono::seconds{run_time},
            .estimate = std::chrono::seconds{estimate},
            .gang = processors};
}

std::vector<std::int64_t> begins(const JobRunner& runner) {
    std::vector<std::int64_t> begins;
    for (const JobRunner::Record& job : runner.jobs)
        begins.push_back(seconds_at(job.begun));
    return begins;
}

}  // namespace

// Ten processors, and jobs of which the second has to wait for the first: those behind it go ahead
// as long as they end in time or need none of its processors.
TEST_CASE("EASY fills the gap before the first that waits", "[allocation][easy]") {
    const bool one_agent = GENERATE(true, false);
    INFO((one_agent ? "one agent of ten" : "ten agents of one"));
    Cycle<EasyBackfill> cycle;
    Cluster cluster{cycle};
    if (one_agent) {
        cluster.add_agent(10_cpus + 10_GiB);
    } else {
        for (int i = 0; i < 10; ++i)
            cluster.add_agent(processor);
    }
    JobRunner runner{cluster};
    runner.add(job_of(0, 10, 6, 10));
    runner.add(job_of(1, 10, 8, 10));
    runner.add(job_of(2, 5, 4, 5));
    runner.add(job_of(3, 20, 2, 20));
    runner.add(job_of(4, 7, 4, 7));
    runner.run();
    CHECK(begins(runner) == std::vector<std::int64_t>{0, 10, 2, 7, 20});
    std::int64_t makespan = 0;
    for (const JobRunner::Record& job : runner.jobs)
        makespan = std::max(makespan, seconds_at(job.ended));
    CHECK(makespan == 27);
}

TEST_CASE("without estimates nobody goes ahead of whom it may delay", "[allocation][easy]") {
    Cycle<EasyBackfill> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(10_cpus + 10_GiB);
    JobRunner runner{cluster};
    runner.add(job_of(0, 10, 6, 10));
    runner.add(job_of(1, 10, 8, 10));
    runner.add(job_of(2, 5, 4, 0));
    runner.run();
    CHECK(begins(runner) == std::vector<std::int64_t>{0, 10, 20});
}

// The promise of the paper: with estimates that are upper bounds, a reservation only moves forward.
TEST_CASE("nobody who was promised a time begins later", "[allocation][easy]") {
    const std::uint64_t seed = GENERATE(range(1, 7));
    INFO("seed " << seed);
    Rng rng{seed};
    Cycle<EasyBackfill> cycle;
    Cluster cluster{cycle};
    for (int i = 0; i < 4; ++i)
        cluster.add_agent(4_cpus + 4_GiB);
    JobRunner runner{cluster};
    std::int64_t submit = 0;
    for (int i = 0; i < 80; ++i) {
        submit += rng.between(0, 4);
        const std::int64_t run_time = rng.between(1, 20);
        runner.add(job_of(submit, run_time, static_cast<std::uint32_t>(rng.between(1, 14)),
                          run_time + rng.between(0, 10)));
    }
    std::map<ClaimantIndex, Instant> promised;
    for (std::int64_t second = 0; second < 2000; ++second) {
        runner.run(Instant{} + std::chrono::seconds{second});
        if (const auto& reservation = cycle.policy().reservation()) {
            const auto [known, is_new] = promised.emplace(reservation->claimant, reservation->at);
            if (!is_new) known->second = std::min(known->second, reservation->at);
        }
    }
    CHECK(promised.size() > 5);
    bool any_ahead = false;
    for (std::size_t i = 0; i < runner.jobs.size(); ++i) {
        const JobRunner::Record& job = runner.jobs[i];
        REQUIRE(job.ended != Instant::never());
        CHECK(job.ended == job.begun + job.job.run_time);
        const auto promise = promised.find(job.claimant);
        if (promise != promised.end()) CHECK(job.begun <= promise->second);
        if (i > 0 && job.begun < runner.jobs[i - 1].begun) any_ahead = true;
    }
    CHECK(any_ahead);
}

TEST_CASE("who has stated no demand is offered what the reservation leaves", "[allocation][easy]") {
    Cycle<EasyBackfill> cycle;
    Cluster cluster{cycle};
    const AgentIndex agent = cluster.add_agent(10_cpus + 10_GiB);
    const ClaimantIndex first = cluster.add_claimant("queue");
    const ClaimantIndex second = cluster.add_claimant("queue");
    const ClaimantIndex open = cluster.add_claimant("open");
    cluster.say(allocator_event::ClaimantActive{open, false, NoOfferReason::suppressed});
    cluster.want(second, processor, 0);
    cluster.say(allocator_event::DemandPut{first, true, {{processor, 6, 6, 10s}}});
    REQUIRE(cluster.run().size() == 1);
    cluster.say(allocator_event::DemandPut{second, true, {{processor, 8, 8, 10s}}});
    CHECK(cluster.run().empty());
    REQUIRE(cycle.policy().reservation());
    CHECK(cycle.policy().reservation()->at == cluster.now + 10s);
    CHECK(cycle.policy().reservation()->spare.at(agent) == (2_cpus + 2_GiB).amounts());
    cluster.say(allocator_event::ClaimantActive{open, true, NoOfferReason::suppressed});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources == 2_cpus + 2_GiB);
    CHECK(cluster.run().empty());
}

TEST_CASE("what runs over its estimate may end at any moment", "[allocation][easy]") {
    Cycle<EasyBackfill> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(10_cpus + 10_GiB);
    JobRunner runner{cluster};
    runner.add(job_of(0, 30, 6, 10));
    runner.add(job_of(1, 10, 8, 10));
    runner.add(job_of(15, 5, 4, 5));   // Would have to end at once.
    runner.add(job_of(15, 5, 2, 50));  // Needs nothing that the second will.
    runner.run();
    CHECK(begins(runner) == std::vector<std::int64_t>{0, 30, 40, 15});
}
