// SPDX-License-Identifier: Apache-2.0
#include "jobs.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/tetris.hpp>

#include <cstdint>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

/// When each of the jobs of the paper's example ends (Grandl et al., figure 1 without the network):
/// 18 tasks of <1 cpu, 2 GiB>, and twice 6 of <3 cpus, 1 GiB>, a second each.
std::vector<std::int64_t> run_example(Allocator& allocator) {
    Cluster cluster{allocator};
    cluster.add_agent(18_cpus + 36_GiB);
    JobRunner runner{cluster, JobRunner::Takes::one_task};
    runner.add({.task = 1_cpus + 2_GiB, .tasks = 18, .role = "a"});
    runner.add({.task = 3_cpus + 1_GiB, .tasks = 6, .role = "b"});
    runner.add({.task = 3_cpus + 1_GiB, .tasks = 6, .role = "c"});
    runner.run();
    std::vector<std::int64_t> ends;
    for (const JobRunner::Record& job : runner.jobs)
        ends.push_back(seconds_at(job.ended));
    return ends;
}

}  // namespace

// Sharing fairly all finish at the end; packed by what is left to do they finish one by one.
TEST_CASE("packing finishes the jobs of the paper a third sooner on average",
          "[allocation][tetris]") {
    using Ends = std::vector<std::int64_t>;
    SECTION("shared by dominant shares") { CHECK(run_example(*made("drf")) == Ends{3, 3, 3}); }
    SECTION("packed") { CHECK(run_example(*made("tetris")) == Ends{3, 1, 2}); }
    SECTION("without any fairness") {
        Cycle<Tetris> cycle{Tetris{0}};
        CHECK(run_example(cycle) == Ends{3, 1, 2});
    }
    SECTION("the knob at its other end is dominant resource fairness") {
        Cycle<Tetris> cycle{Tetris{1000}};
        CHECK(run_example(cycle) == Ends{3, 3, 3});
    }
}

TEST_CASE("an agent gets the task that goes with what is left of it", "[allocation][tetris]") {
    Cycle<Tetris> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex computes = cluster.add_claimant("computes");
    const ClaimantIndex remembers = cluster.add_claimant("remembers");
    cluster.want(computes, 2_cpus + 1_GiB, 1);
    cluster.want(remembers, 1_cpus + 2_GiB, 1);
    const AgentIndex agent = cluster.add_agent(8_cpus + 8_GiB);
    cluster.say(allocator_event::Occupied{computes, agent, 6_cpus});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == remembers);
    CHECK(cluster.outcome.grants[0].resources == 1_cpus + 2_GiB);
}

TEST_CASE("the dot product is of shares of the agent", "[allocation][tetris]") {
    const Resources total = 8_cpus + 8_GiB;
    const Resources left = 4_cpus + 8_GiB;
    const Amounts totals = total.amounts();
    const AgentView agent{{0}, {1, 1}, total, left, totals};
    // 2/8 * 4/8 + 1/8 * 8/8, and the other way round.
    CHECK(Tetris::alignment((2_cpus + 1_GiB).amounts(), agent) == fixed_one / 4);
    CHECK(Tetris::alignment((1_cpus + 2_GiB).amounts(), agent) == fixed_one * 5 / 16);
}

TEST_CASE("the knob leaves no agent to who cannot use it", "[allocation][tetris]") {
    Cycle<Tetris> cycle{Tetris{900}};  // One in ten may be chosen.
    Cluster cluster{cycle};
    std::vector<ClaimantIndex> large;
    for (int i = 0; i < 9; ++i) {
        large.push_back(cluster.add_claimant("a" + std::to_string(i)));
        cluster.want(large.back(), 16_cpus + 1_GiB, 1);
    }
    const ClaimantIndex small = cluster.add_claimant("b");
    cluster.want(small, 1_cpus + 1_GiB, 2);
    cluster.add_agent(2_cpus + 4_GiB);
    REQUIRE(cluster.run().size() == 2);
    CHECK(cycle.allocated(small) == 2_cpus + 2_GiB);
}
