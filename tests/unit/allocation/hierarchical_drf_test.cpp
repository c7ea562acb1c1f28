// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/core/random.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

// Bhattacharya et al., SoCC 2013: group n2 has one member that wants cpus and one that wants mem,
// as n1 does.
TEST_CASE("in a hierarchy nobody is starved by a sibling's share", "[allocation][hdrf]") {
    const auto [policy, runs] = GENERATE(table<std::string, std::array<std::int64_t, 3>>({
        {"drf", {10, 10, 0}},  // What goes wrong without.
        {"hdrf", {5, 10, 5}},
    }));
    INFO(policy);
    const auto allocator = made(policy);
    TwoGroups groups{*allocator, 10_cpus + 10_GiB, {1_GiB, 1_cpus, 1_GiB}};
    TaskFiller& filler = groups.filler;
    Rng rng{1};
    for (int i = 0; i < 400; ++i) {
        auto ended = static_cast<std::int64_t>(rng.below(20));
        for (const ClaimantIndex claimant : groups.claimants) {
            if (ended >= 0 && ended < filler.running(claimant)) {
                filler.finish(claimant, groups.agent);
            }
            ended -= filler.running(claimant);
            if (ended < 0) break;
        }
        filler.fill();
    }
    CHECK(groups.running() == runs);
}

// The hierarchical share guarantee: each group, however its members' wishes differ, has at least
// its part of its parent in its dominant kind, and so has each member in its group, but for a task.
TEST_CASE("every node of a hierarchy has its share of its parent", "[allocation][hdrf]") {
    const std::uint64_t seed = GENERATE(range(1, 7));
    INFO("seed " << seed);
    Rng rng{seed};
    const auto allocator = made("hdrf");
    Cluster cluster{*allocator};
    constexpr std::int64_t units = 240;
    const AgentIndex agent = cluster.add_agent(240_cpus + 240_GiB);
    const auto groups = static_cast<std::int64_t>(2 + rng.below(3));
    struct Member {
        ClaimantIndex claimant;
        std::int64_t group;
        std::int64_t members;
    };
    std::vector<Member> all;
    TaskFiller filler{cluster};
    for (std::int64_t group = 0; group < groups; ++group) {
        const auto members = static_cast<std::int64_t>(1 + rng.below(3));
        for (std::int64_t member = 0; member < members; ++member) {
            const ClaimantIndex claimant =
                cluster.add_claimant("g" + std::to_string(group) + "/m" + std::to_string(member));
            const Resources task = rng.chance(1, 2) ? Resources{1_cpus} : Resources{1_GiB};
            filler.add(claimant, task);
            cluster.want(claimant, task, 1000);
            all.push_back({claimant, group, members});
        }
    }
    filler.fill();
    for (int i = 0; i < 1500; ++i) {
        const Member& member = all[rng.below(all.size())];
        if (filler.running(member.claimant) == 0) continue;
        filler.finish(member.claimant, agent);
        filler.fill();
    }
    for (const Member& member : all) {
        INFO("group " << member.group << " of " << groups << ", one of " << member.members);
        CHECK(filler.running(member.claimant) >= units / groups / member.members - 1);
    }
}
