// SPDX-License-Identifier: Apache-2.0
#include "jobs.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/gang.hpp>
#include <offerkit/core/random.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

const Resources slot = 1_cpus + 1_GiB;

void add_slots(Cluster& cluster, int slots) {
    for (int i = 0; i < slots; ++i)
        cluster.add_agent(slot);
}

/// A large gang comes into a full cluster of small tasks, of which there are always more. Returns
/// when it begins, if within a minute and a half.
Instant begin_of_large_gang(Allocator& allocator, Duration small_run_time) {
    Cluster cluster{allocator};
    add_slots(cluster, 8);
    JobRunner runner{cluster};
    // One ends in each eighth of the time, and its claimant has the least share then.
    for (int i = 0; i < 1000; ++i) {
        runner.add({.submit = small_run_time / 8 * i,
                    .task = slot,
                    .run_time = small_run_time,
                    .role = "small"});
    }
    const std::size_t large = runner.add(
        {.submit = 5s, .task = slot, .tasks = 6, .run_time = 10s, .gang = 6, .role = "large"});
    runner.run(Instant{} + 90s);
    return runner.jobs[large].begun;
}

}  // namespace

TEST_CASE("two gangs of three on four slots run one after the other", "[allocation][gang]") {
    const auto allocator = made("gang");
    Cluster cluster{*allocator};
    add_slots(cluster, 4);
    JobRunner runner{cluster};
    for (const char* const role : {"a", "b"})
        runner.add({.task = slot, .tasks = 3, .run_time = 10s, .gang = 3, .role = role});
    runner.run();
    CHECK(seconds_at(runner.jobs[0].begun) == 0);
    CHECK(seconds_at(runner.jobs[1].begun) == 10);
    CHECK(seconds_at(runner.jobs[1].ended) == 20);
}

TEST_CASE("a gang gets all of its tasks or none", "[allocation][gang]") {
    const std::uint64_t seed = GENERATE(range(1, 6));
    INFO("seed " << seed);
    Rng rng{seed};
    const auto allocator = made("gang");
    Cluster cluster{*allocator};
    for (int i = 0; i < 6; ++i)
        cluster.add_agent(4_cpus + 4_GiB);
    JobRunner runner{cluster};
    for (int i = 0; i < 60; ++i) {
        const auto gang = static_cast<std::uint32_t>(rng.between(1, 12));
        runner.add({.submit = std::chrono::seconds{i},
                    .task = rng.chance(1, 2) ? slot : 2_cpus + 1_GiB,
                    .tasks = gang,
                    .run_time = std::chrono::seconds{rng.between(1, 20)},
                    .gang = gang,
                    .role = rng.chance(1, 2) ? "a" : "b"});
    }
    runner.run();
    for (const JobRunner::Record& job : runner.jobs) {
        REQUIRE(job.ended != Instant::never());
        // All began together, so they ended one run time later.
        CHECK(job.ended == job.begun + job.job.run_time);
    }
}

TEST_CASE("several gangs of one shape begin one by one", "[allocation][gang]") {
    const auto allocator = made("gang");
    Cluster cluster{*allocator};
    add_slots(cluster, 5);
    JobRunner runner{cluster};
    runner.add({.task = slot, .tasks = 6, .run_time = 10s, .gang = 2, .role = "a"});
    runner.run(Instant{} + 5s);
    CHECK(runner.jobs[0].running == 4);
    runner.run();
    CHECK(seconds_at(runner.jobs[0].ended) == 20);
}

TEST_CASE("without hoarding a large gang waits for ever behind small tasks", "[allocation][gang]") {
    SECTION("it hoards") {
        Cycle<Gang> cycle;
        // It needs six of eight slots, of which one is vacated each second.
        CHECK(begin_of_large_gang(cycle, 8s) == Instant{} + 10s);
    }
    SECTION("it does not") {
        Cycle<Gang> cycle{Gang{Duration{0}}};
        CHECK(begin_of_large_gang(cycle, 8s) == Instant::never());
    }
    SECTION("for less time than it would take: it lets go") {
        Cycle<Gang> cycle{Gang{2s}};
        CHECK(begin_of_large_gang(cycle, 8s) == Instant::never());
    }
}

TEST_CASE("a gang that is larger than the cluster keeps nothing from others",
          "[allocation][gang]") {
    Cycle<Gang> cycle;
    Cluster cluster{cycle};
    add_slots(cluster, 4);
    const ClaimantIndex large = cluster.add_claimant("a");
    const ClaimantIndex open = cluster.add_claimant("b");
    cluster.say(allocator_event::DemandPut{large, true, {{slot, 5, 5, {}}}});
    CHECK(cluster.run().size() == 4);
    CHECK(cycle.allocated(open) == 4_cpus + 4_GiB);
    CHECK(cycle.policy().hoarder().is_none());
}

TEST_CASE("what is hoarded is kept from who has stated no demand as well", "[allocation][gang]") {
    Cycle<Gang> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex gang = cluster.add_claimant("a");
    const ClaimantIndex open = cluster.add_claimant("b");
    const AgentIndex first = cluster.add_agent(4_cpus + 4_GiB);
    cluster.say(allocator_event::Occupied{open, first, 1_cpus + 1_GiB});
    cluster.say(allocator_event::DemandPut{gang, true, {{2_cpus + 1_GiB, 2, 2, {}}}});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == open);
    CHECK(cluster.outcome.grants[0].resources == 1_cpus + 2_GiB);
    CHECK(cluster.run().empty());
    CHECK(cluster.outcome.next_wake == cluster.now + 30s);
    cluster.now = cluster.now + 30s;
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources == 2_cpus + 1_GiB);
}

TEST_CASE("limits hold for a gang as a whole", "[allocation][gang]") {
    const auto allocator = made("gang");
    Cluster cluster{*allocator};
    add_slots(cluster, 4);
    cluster.put_role(limited("a", 2));
    const ClaimantIndex gang = cluster.add_claimant("a");
    cluster.say(allocator_event::DemandPut{gang, true, {{slot, 3, 3, {}}}});
    CHECK(cluster.run().empty());
    CHECK(cluster.outcome.faults.empty());
    cluster.say(allocator_event::DemandPut{gang, true, {{slot, 2, 2, {}}}});
    CHECK(cluster.run().size() == 2);
}
