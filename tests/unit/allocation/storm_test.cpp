// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/allocation/weighted_drf.hpp>
#include <offerkit/core/random.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

// Everything that can happen, at random; returns what was decided.
std::uint64_t storm(std::string_view policy, std::uint64_t seed, int events) {
    Result<std::unique_ptr<Allocator>> made = make_allocator(policy, {.seed = seed});
    REQUIRE(made);
    Allocator& allocator = **made;
    Cluster cluster{allocator};
    Rng rng{seed};
    const std::vector<std::string> paths{"*", "a", "a/x", "b", "b/x/deep", "c"};
    std::vector<Grant> held;
    constexpr std::uint32_t agents_max = 20;
    constexpr std::uint32_t claimants_max = 12;
    std::vector<std::uint64_t> agents(agents_max);        // The counter of the id; 0: none.
    std::vector<std::uint64_t> claimants(claimants_max);  // Likewise.
    std::uint64_t ids = 0;

    const auto end_all = [&](auto&& ends) {
        std::erase_if(held, [&](const Grant& grant) {
            if (!ends(grant)) return false;
            cluster.give_back(grant);
            return true;
        });
    };
    for (int event = 0; event < events; ++event) {
        const AgentIndex agent{static_cast<std::uint32_t>(rng.below(agents_max))};
        const ClaimantIndex claimant{static_cast<std::uint32_t>(rng.below(claimants_max))};
        const bool has_agent = agents[agent.value] != 0;
        const bool has_claimant = claimants[claimant.value] != 0;
        const auto cpus = Quantity<Cpus>::from_units(rng.between(1, 16) * 500);
        const auto mem = Quantity<Mem>::from_units(rng.between(1, 16) * 512'000);
        switch (rng.below(16)) {
            case 0:
                if (!has_agent) agents[agent.value] = ++ids;
                cluster.say(
                    allocator_event::AgentPut{agent, AgentId{1, agents[agent.value]},
                                              (cpus + mem).with_ports({{1, rng.below(9) + 9}})});
                break;
            case 1:
                if (has_agent && rng.chance(1, 8)) {
                    end_all([&](const Grant& grant) { return grant.agent == agent; });
                    cluster.say(allocator_event::AgentGone{agent});
                    agents[agent.value] = 0;
                }
                break;
            case 2:
                if (has_agent) {
                    cluster.say(allocator_event::AgentActive{agent, rng.chance(3, 4),
                                                             NoOfferReason::agent_draining});
                }
                break;
            case 3:
                if (!has_claimant) {
                    claimants[claimant.value] = ++ids;
                    cluster.say(
                        allocator_event::ClaimantPut{claimant,
                                                     FrameworkId{1, ids},
                                                     role_of(paths[rng.below(paths.size())]),
                                                     {}});
                }
                break;
            case 4:
                if (has_claimant && rng.chance(1, 4)) {
                    end_all([&](const Grant& grant) { return grant.claimant == claimant; });
                    cluster.say(allocator_event::ClaimantGone{claimant});
                    claimants[claimant.value] = 0;
                }
                break;
            case 5:
                if (has_claimant) {
                    cluster.say(allocator_event::ClaimantActive{claimant, rng.chance(3, 4),
                                                                NoOfferReason::suppressed});
                }
                break;
            case 6:
                if (has_claimant) cluster.say(allocator_event::Revived{claimant});
                break;
            case 7:
                if (has_claimant) {
                    const bool stated = rng.chance(1, 2);
                    std::vector<DemandShape> shapes;
                    if (stated) shapes.push_back({cpus, static_cast<std::uint32_t>(rng.below(4))});
                    cluster.say(allocator_event::DemandPut{claimant, stated, shapes});
                }
                break;
            case 8: {
                RoleConfig config{
                    role_of(paths[rng.below(paths.size())]), rng.between(500, 4000), {}};
                if (rng.chance(1, 3)) config.quota.limits = {{"cpus", cpus.units()}};
                if (rng.chance(1, 3)) config.quota.guarantee = cpus;
                if (allocator.validate(config)) cluster.say(allocator_event::RolePut{config});
                break;
            }
            case 9:
                if (has_agent && has_claimant) {
                    cluster.say(allocator_event::Occupied{claimant, agent, cpus});
                    held.push_back({claimant, agent, cpus});
                }
                break;
            case 10:
                cluster.now = cluster.now + Duration{rng.between(0, 20)};
                break;
            default:
                if (!held.empty()) {
                    const auto at = static_cast<std::ptrdiff_t>(rng.below(held.size()));
                    const Grant grant = held[static_cast<std::size_t>(at)];
                    held.erase(held.begin() + at);
                    if (rng.chance(1, 3)) {
                        cluster.decline(grant, Duration{rng.between(0, 60)});
                    } else {
                        cluster.give_back(grant);
                    }
                }
        }
        if (rng.chance(1, 6) && allocator.is_dirty(cluster.now)) {
            for (const Grant& grant : cluster.run())
                held.push_back(grant);
            REQUIRE(cluster.outcome.faults.empty());
        }
    }
    return cluster.decided.all.value();
}

}  // namespace

TEST_CASE("every ledger adds up through a storm of events", "[allocation][cycle]") {
    for (const PolicySummary& policy : policies()) {
        for (std::uint64_t seed = 1; seed <= 4; ++seed) {
            INFO("policy " << policy.name << ", seed " << seed);
            CHECK(storm(policy.name, seed, 25'000) != 0);
        }
    }
}

TEST_CASE("the same seed decides the same", "[allocation][cycle]") {
    for (const PolicySummary& policy : policies()) {
        INFO("policy " << policy.name);
        const std::uint64_t first = storm(policy.name, 77, 5'000);
        CHECK(storm(policy.name, 77, 5'000) == first);
        CHECK(storm(policy.name, 78, 5'000) != first);
    }
}

// Once a cycle has nothing left to do, looking at everything again must not find anything either:
// what was skipped because it had not changed would have been skipped wrongly.
TEST_CASE("looking only at what changed misses nothing", "[allocation][cycle]") {
    const std::uint64_t seed = GENERATE(range(1, 9));
    INFO("seed " << seed);
    Rng rng{seed};
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    std::vector<ClaimantIndex> claimants;
    for (int i = 0; i < 12; ++i) {
        claimants.push_back(cluster.add_claimant(std::vector{"a", "a/x", "b", "c"}[rng.below(4)]));
    }
    for (int i = 0; i < 15; ++i)
        cluster.add_agent(4_cpus + 4_GiB);
    cluster.put_role({role_of("a"), 1000, {{}, {{"cpus", 14'000}}}});
    cluster.put_role({role_of("b"), 1000, {10_cpus, {}}});
    std::vector<Grant> held;
    const auto settle = [&] {
        do {
            for (const Grant& grant : cluster.run())
                held.push_back(grant);
        } while (cycle.is_dirty(cluster.now));
    };
    for (int step = 0; step < 400; ++step) {
        for (int i = 0; i < 4 && !held.empty(); ++i) {
            const auto at = static_cast<std::ptrdiff_t>(rng.below(held.size()));
            cluster.decline(held[static_cast<std::size_t>(at)], Duration{rng.between(1, 30)});
            held.erase(held.begin() + at);
        }
        if (rng.chance(1, 4)) {
            cluster.say(allocator_event::Revived{claimants[rng.below(claimants.size())]});
        }
        cluster.now = cluster.now + Duration{1};
        settle();
        // A role with settings of no effect has everything looked at again.
        cluster.say(allocator_event::RolePut{{role_of("nobody"), 1000, {}}});
        REQUIRE(cluster.run().empty());
    }
}
