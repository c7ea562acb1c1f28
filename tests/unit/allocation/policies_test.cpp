// SPDX-License-Identifier: Apache-2.0

// Each policy against worked answers of the literature, and all of them against what any must keep.

#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

/// Two claimants fill one agent with their tasks; returns how many each runs.
std::pair<std::int64_t, std::int64_t> share_one_agent(std::string_view policy,
                                                      const Resources& total,
                                                      const Resources& task_a,
                                                      const Resources& task_b) {
    const auto allocator = made(policy);
    Cluster cluster{*allocator};
    cluster.add_agent(total);
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    TaskFiller filler{cluster};
    filler.add(a, task_a);
    filler.add(b, task_b);
    filler.fill();
    return {filler.running(a), filler.running(b)};
}

/// Never to be offered that agent.
void refuse(Cluster& cluster, ClaimantIndex claimant, AgentIndex agent, const Resources& total) {
    cluster.say(allocator_event::Refused{claimant, agent, total, Instant::never()});
}

}  // namespace

// Ghodsi et al., NSDI 2011: sections 4.1 and 6.1.
TEST_CASE("asset fairness evens out what is held of everything", "[allocation][asset]") {
    using Tasks = std::pair<std::int64_t, std::int64_t>;
    SECTION("the example of the paper, a hundredfold: 2.52 and 2.16 tasks") {
        const Resources total = 900_cpus + 1800_GiB;
        CHECK(share_one_agent("asset", total, 1_cpus + 4_GiB, 3_cpus + 1_GiB) == Tasks{252, 216});
        CHECK(share_one_agent("drf", total, 1_cpus + 4_GiB, 3_cpus + 1_GiB) == Tasks{300, 200});
    }
    SECTION("it breaks the sharing incentive: B holds less than half of either kind") {
        CHECK(share_one_agent("asset", 30_cpus + 30_GiB, 1_cpus + 3_GiB, 1_cpus + 1_GiB) ==
              Tasks{6, 12});
    }
}

// Ghodsi et al., EuroSys 2013: three machines of one slot. A may use any, B and C the first alone:
// A has two, and B and C a half each.
TEST_CASE("max-min under constraints serves who has least of those that accept",
          "[allocation][max_min]") {
    const auto allocator = made("max_min");
    Cluster cluster{*allocator};
    const Resources slot = 1_cpus + 1_GiB;
    for (int i = 0; i < 3; ++i)
        cluster.add_agent(slot);
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    const ClaimantIndex c = cluster.add_claimant("c");
    for (const std::uint32_t agent : {1U, 2U}) {
        refuse(cluster, b, {agent}, slot);
        refuse(cluster, c, {agent}, slot);
    }
    std::vector<Grant> running = cluster.run();
    Rng rng{5};
    std::vector<int> held(3);
    for (int i = 0; i < 600; ++i) {
        Grant& ended = running[rng.below(running.size())];
        cluster.give_back(ended);
        REQUIRE(cluster.run().size() == 1);
        ended = cluster.outcome.grants[0];
        if (i < 10) continue;  // Until what was given at first has come round.
        for (const Grant& grant : running)
            ++held[grant.claimant.value];
    }
    CHECK(held[a.value] == 2 * 590);
    CHECK(held[b.value] + held[c.value] == 590);
    CHECK(std::min(held[b.value], held[c.value]) > 590 * 4 / 10);
}

// Wang et al., SC 2016: two machines of ten. A and C may use the first alone, B both.
TEST_CASE("task shares count constraints against nobody", "[allocation][tsf]") {
    const auto allocator = made("tsf");
    Cluster cluster{*allocator};
    const Resources total = 10_cpus + 10_GiB;
    cluster.add_agent(total);
    const AgentIndex second = cluster.add_agent(total);
    TaskFiller filler{cluster};
    std::vector<ClaimantIndex> all;
    for (const char* const role : {"a", "b", "c"}) {
        all.push_back(cluster.add_claimant(role));
        filler.add(all.back(), 1_cpus);
        cluster.want(all.back(), 1_cpus, 1000);
    }
    refuse(cluster, all[0], second, total);
    refuse(cluster, all[2], second, total);
    filler.fill();
    CHECK(filler.running(all[0]) == 5);
    CHECK(filler.running(all[1]) == 10);
    CHECK(filler.running(all[2]) == 5);
}

TEST_CASE("a task share is a part of what would run alone", "[allocation][tsf]") {
    Cycle<TaskShareFairness> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(10_cpus + 40_GiB);  // Ten tasks of three cpus do not fit on two agents,
    cluster.add_agent(10_cpus + 40_GiB);  // but three on each.
    cluster.add_agent(1_cpus + 40_GiB);   // And none here.
    const ClaimantIndex large = cluster.add_claimant("large");
    const ClaimantIndex small = cluster.add_claimant("small");
    TaskFiller filler{cluster};
    filler.add(large, 3_cpus);
    filler.add(small, 1_cpus);
    cluster.want(large, 3_cpus, 1000);
    cluster.want(small, 1_cpus, 1000);
    filler.fill();
    // Of 6 and of 21: 3 and 12 tasks are nearest to equal parts that fill 21 cpus.
    CHECK(filler.running(large) == 3);
    CHECK(filler.running(small) == 12);
}

// Wang, Li and Liang, INFOCOM 2014: the example of figures 1 to 3.
TEST_CASE("with servers of different shapes everybody gets the one like its tasks",
          "[allocation][drfh]") {
    const Resources first = 2_cpus + 12_GiB;
    const Resources second = 12_cpus + 2_GiB;
    const Resources task_1 = 0.2_cpus + 1_GiB;
    const Resources task_2 = Resources{1_cpus} + Resources{Quantity<Mem>::from_units(204'800)};
    SECTION("ten tasks each") {
        const auto allocator = made("drfh");
        Cluster cluster{*allocator};
        cluster.add_agent(first);
        cluster.add_agent(second);
        const ClaimantIndex a = cluster.add_claimant("a");
        const ClaimantIndex b = cluster.add_claimant("b");
        TaskFiller filler{cluster};
        filler.add(a, task_1);
        filler.add(b, task_2);
        cluster.want(a, task_1, 1000);
        cluster.want(b, task_2, 1000);
        filler.fill();
        CHECK(filler.running(a) == 10);
        CHECK(filler.running(b) == 10);
    }
    SECTION("six, if each server is shared on its own") {
        using Tasks = std::pair<std::int64_t, std::int64_t>;
        CHECK(share_one_agent("drf", first, task_1, task_2) == Tasks{5, 1});
        CHECK(share_one_agent("drf", second, task_1, task_2) == Tasks{1, 5});
    }
    SECTION("shapes alike are no distance apart, whatever their size") {
        const Amounts totals = (14_cpus + 14_GiB).amounts();
        const Amounts shape = (2_cpus + 1_GiB).amounts();
        CHECK(Drfh::distance(shape, (8_cpus + 4_GiB).amounts(), totals) == 0);
        CHECK(Drfh::distance(shape, (4_cpus + 8_GiB).amounts(), totals) >
              Drfh::distance(shape, (4_cpus + 4_GiB).amounts(), totals));
    }
}

TEST_CASE("best fit leaves room for what is large", "[allocation][best_fit]") {
    const auto [policy, small_runs, large_runs] =
        GENERATE(table<std::string, std::int64_t, std::int64_t>({
            {"drf", 1, 0},  // In agent order the small task takes the large agent.
            {"best_fit", 1, 1},
        }));
    INFO(policy);
    const auto allocator = made(policy);
    Cluster cluster{*allocator};
    cluster.add_agent(5_cpus + 5_GiB);
    cluster.add_agent(3_cpus + 3_GiB);
    const ClaimantIndex small = cluster.add_claimant("a");
    const ClaimantIndex large = cluster.add_claimant("b");
    TaskFiller filler{cluster};
    filler.add(small, 3_cpus, 1);
    filler.add(large, 5_cpus, 1);
    cluster.want(small, 3_cpus, 1);
    filler.fill();
    cluster.want(small, 3_cpus, 0);
    cluster.say(allocator_event::Revived{large});
    filler.fill();
    CHECK(filler.running(small) == small_runs);
    CHECK(filler.running(large) == large_runs);
}

// Of one kind all fair policies are weighted max-min fair.
TEST_CASE("of a single kind weights are kept by every fair policy", "[allocation][policy]") {
    const std::string policy =
        GENERATE("drf", "hdrf", "max_min", "asset", "tsf", "drfh", "best_fit", "fgd");
    INFO(policy);
    const auto allocator = made(policy);
    Cluster cluster{*allocator};
    cluster.add_agent(100_cpus + 100_GiB);
    CHECK(share_by_weights(cluster) == std::array<std::int64_t, 3>{10, 30, 60});
}

// Nobody who wants another task could run it on what is left, and what is held is what runs.
TEST_CASE("no policy leaves anything to waste", "[allocation][policy]") {
    for (const PolicySummary& policy : policies()) {
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            INFO("policy " << policy.name << ", seed " << seed);
            Rng rng{seed};
            const auto allocator = made(policy.name);
            Cluster cluster{*allocator};
            const auto draw = [&](std::int64_t most) {
                return Quantity<Cpus>::from_units(rng.between(1, most) * 500) +
                       Quantity<Mem>::from_units(rng.between(1, most) * 512'000);
            };
            std::vector<AgentIndex> agents;
            for (int i = 0; i < 5; ++i)
                agents.push_back(cluster.add_agent(draw(24)));
            std::vector<std::pair<ClaimantIndex, Resources>> claimants;
            TaskFiller filler{cluster};
            for (const char* const role : {"a", "b/x", "b/y", "b/y", "c"}) {
                claimants.emplace_back(cluster.add_claimant(role), draw(4));
                filler.add(claimants.back().first, claimants.back().second);
            }
            filler.fill();
            for (const auto& [claimant, task] : claimants) {
                for (const AgentIndex agent : agents)
                    CHECK_FALSE(allocator->available(agent).contains(task));
                Amounts runs;
                for (std::int64_t i = 0; i < filler.running(claimant); ++i)
                    runs += task.amounts();
                CHECK(allocator->allocated(claimant).amounts() == runs);
            }
        }
    }
}
