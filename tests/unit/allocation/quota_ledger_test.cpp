// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/weighted_drf.hpp>
#include <offerkit/core/random.hpp>

#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

RoleConfig guaranteed(std::string_view path, const Resources& guarantee) {
    return {role_of(path), 1000, {guarantee, {}}};
}

std::int64_t cpus_of(const Allocator& allocator, ClaimantIndex claimant) {
    return allocator.allocated(claimant).get<Cpus>().units() / 1000;
}

}  // namespace

TEST_CASE("an offer is cut to what the limit leaves", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.put_role(limited("a", 6));
    cluster.add_agent(4_cpus + 8_GiB);
    cluster.add_agent(4_cpus + 8_GiB);
    cluster.add_agent(4_cpus + 8_GiB);
    const ClaimantIndex a = cluster.add_claimant("a");
    const std::vector<Grant> grants = cluster.run();
    REQUIRE(grants.size() == 2);
    CHECK(grants[0].resources == 4_cpus + 8_GiB);
    CHECK(grants[1].resources == 2_cpus + 8_GiB);
    // The rest of the second agent is looked at once more, and has nothing for anybody.
    CHECK(cluster.run().empty());
    CHECK_FALSE(cycle.is_dirty(cluster.now));
    CHECK(cluster.count(a, NoOfferReason::quota_limit) > 0);

    SECTION("given back, it is offered again") {
        cluster.give_back(grants[0]);
        REQUIRE(cluster.run().size() == 1);
        CHECK(cpus_of(cycle, a) == 6);
    }
    SECTION("a part given back leaves room for a part") {
        cluster.give_back(grants[0], 1_cpus + 1_GiB);
        REQUIRE(cluster.run().size() == 1);
        CHECK(cluster.outcome.grants[0].resources == 1_cpus + 1_GiB);
    }
    SECTION("a higher limit is used at once") {
        cluster.put_role(limited("a", 11));
        std::size_t offers = cluster.run().size();
        while (cycle.is_dirty(cluster.now))
            offers += cluster.run().size();
        CHECK(offers == 2);
        CHECK(cpus_of(cycle, a) == 11);
        CHECK(cycle.available({2}) == Resources{1_cpus});
    }
    SECTION("a lower limit takes nothing back, and nothing more is offered") {
        cluster.put_role(limited("a", 3));
        CHECK(cluster.run().empty());
        CHECK(cpus_of(cycle, a) == 6);
    }
    SECTION("others are offered what it may not have") {
        const ClaimantIndex b = cluster.add_claimant("b");
        std::size_t offers = cluster.run().size();
        while (cycle.is_dirty(cluster.now))
            offers += cluster.run().size();
        CHECK(offers == 2);
        CHECK(cpus_of(cycle, b) == 6);
    }
}

TEST_CASE("a limit of zero forbids a kind and leaves the rest", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.put_role({role_of("a"), 1000, {{}, {{"gpus", 0}}}});
    cluster.add_agent(4_cpus + 8_GiB + 2_gpus);
    FrameworkInfo info;
    info.capabilities.gpu_resources = true;
    cluster.add_claimant("a", 1, info);
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources == 4_cpus + 8_GiB);
}

TEST_CASE("a limit of a role caps all roles below it", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.put_role(limited("eng", 5));
    cluster.put_role(limited("eng/ml", 2));
    for (int i = 0; i < 10; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    const ClaimantIndex ml = cluster.add_claimant("eng/ml");
    const ClaimantIndex web = cluster.add_claimant("eng/web");
    const ClaimantIndex eng = cluster.add_claimant("eng");
    CHECK(cluster.run().size() == 5);
    CHECK(cpus_of(cycle, ml) <= 2);
    CHECK(cpus_of(cycle, ml) + cpus_of(cycle, web) + cpus_of(cycle, eng) == 5);
}

TEST_CASE("a limit of a named kind follows its slot", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.say(allocator_event::RolePut{{role_of("a"), 1000, {{}, {{"licenses", 3000}}}}});
    Resources agent = 4_cpus + 8_GiB;
    agent.amounts().set(7, 5000);
    cluster.add_agent(agent);
    cluster.say(allocator_event::KindPut{7, "licenses"});
    cluster.add_claimant("a");
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources.amounts()[7] == 3000);
    CHECK(cluster.outcome.grants[0].resources.get<Cpus>() == 4_cpus);
}

SCENARIO("what is guaranteed is held back", "[allocation][quota]") {
    GIVEN("ten cpus, of which one role is guaranteed six, and another role is there") {
        Cycle<WeightedDrf> cycle;
        Cluster cluster{cycle};
        for (int i = 0; i < 10; ++i)
            cluster.add_agent(1_cpus + 1_GiB);
        cluster.put_role(guaranteed("sure", 6_cpus));
        const ClaimantIndex other = cluster.add_claimant("other");

        WHEN("only the other wants anything") {
            CHECK(cluster.run().size() == 4);
            THEN("it gets no more than what is not guaranteed, and is told why") {
                CHECK(cluster.run().empty());
                CHECK_FALSE(cycle.is_dirty(cluster.now));
                CHECK(cpus_of(cycle, other) == 4);
                CHECK(cluster.count(other, NoOfferReason::headroom) > 0);
            }
            THEN("the guaranteed role gets all of it in the cycle in which it wakes") {
                const ClaimantIndex sure = cluster.add_claimant("sure/batch");
                CHECK(cluster.run().size() == 6);
                CHECK(cpus_of(cycle, sure) == 6);
            }
            THEN("the rest is offered once the guarantee is lifted") {
                cluster.put_role(guaranteed("sure", 3_cpus));
                CHECK(cluster.run().size() == 3);
                cluster.put_role({role_of("sure"), 1000, {}});
                CHECK(cluster.run().size() == 3);
                CHECK(cpus_of(cycle, other) == 10);
            }
            THEN("a new agent is offered") {
                cluster.add_agent(1_cpus + 1_GiB);
                CHECK(cluster.run().size() == 1);
            }
        }
        WHEN("both want everything") {
            const ClaimantIndex sure = cluster.add_claimant("sure");
            CHECK(cluster.run().size() == 10);
            THEN("the guarantee is met, and the other has the rest") {
                CHECK(cpus_of(cycle, sure) == 6);
                CHECK(cpus_of(cycle, other) == 4);
            }
        }
    }
}

TEST_CASE("one large agent is cut to what is not guaranteed", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(10_cpus + 10_GiB);
    cluster.put_role(guaranteed("sure", 6_cpus + 6_GiB));
    const ClaimantIndex other = cluster.add_claimant("other");
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources == 4_cpus + 4_GiB);
    CHECK(cluster.run().empty());
    CHECK(cycle.allocated(other) == 4_cpus + 4_GiB);
    CHECK_FALSE(cycle.is_dirty(cluster.now));
}

TEST_CASE("what a sub-role is given counts for its parent's guarantee", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    for (int i = 0; i < 10; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    cluster.put_role(guaranteed("eng", 6_cpus));
    cluster.put_role(guaranteed("eng/ml", 4_cpus));
    const ClaimantIndex web = cluster.add_claimant("eng/web");
    const ClaimantIndex ops = cluster.add_claimant("ops");
    CHECK(cluster.run().size() == 6);
    // Web may have the two of its parent that are not promised to ml, and from the unpromised four.
    CHECK(cpus_of(cycle, web) + cpus_of(cycle, ops) == 6);
    CHECK(cycle.quota().required()[0] == 4000);
    const ClaimantIndex ml = cluster.add_claimant("eng/ml");
    CHECK(cluster.run().size() == 4);
    CHECK(cpus_of(cycle, ml) == 4);
    CHECK(cycle.quota().required().is_zero());
}

TEST_CASE("quota that cannot be kept is refused", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(10_cpus + 10_GiB);
    cluster.put_role(guaranteed("a", 6_cpus));
    cluster.put_role({role_of("eng"), 1000, {{}, {{"cpus", 3000}}}});
    cluster.put_role(guaranteed("eng/ml", 2_cpus));
    const auto [what, config, code] = GENERATE(table<std::string, RoleConfig, RefusalCode>({
        {"more than is left", guaranteed("b", 3_cpus), RefusalCode::insufficient},
        {"more than there is", guaranteed("a", 11_cpus), RefusalCode::insufficient},
        {"as much as can be", guaranteed("b", Quantity<Cpus>::from_units(1LL << 53)),
         RefusalCode::insufficient},
        {"above the parent's limit with its sibling", guaranteed("eng/web", 2_cpus),
         RefusalCode::invalid},
        {"limit below guarantee",
         {role_of("b"), 1000, {1_cpus, {{"cpus", 500}}}},
         RefusalCode::invalid},
        {"limit below what is guaranteed below", limited("eng", 1), RefusalCode::invalid},
        {"negative limit", {role_of("b"), 1000, {{}, {{"cpus", -1}}}}, RefusalCode::invalid},
        {"a kind twice",
         {role_of("b"), 1000, {{}, {{"mem", 1}, {"mem", 2}}}},
         RefusalCode::invalid},
        {"weight of nothing", {role_of("b"), 0, {}}, RefusalCode::invalid},
        {"weight above the most", {role_of("b"), 1'000'001, {}}, RefusalCode::invalid},
    }));
    INFO(what);
    const Result<void> valid = cycle.validate(config);
    REQUIRE_FALSE(valid);
    INFO(format_refusal(valid.error()));
    CHECK(valid.error().code == code);
}

TEST_CASE("quota that can be kept is accepted", "[allocation][quota]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(10_cpus + 10_GiB);
    CHECK(cycle.validate(guaranteed("a", 10_cpus)));
    cluster.put_role(guaranteed("a", 6_cpus));
    CHECK(cycle.validate(guaranteed("a", 10_cpus)));
    CHECK(cycle.validate(guaranteed("b", 4_cpus)));
    CHECK(cycle.validate(guaranteed("a/sub", 6_cpus)));  // Within its parent's.
    CHECK(cycle.validate({role_of("a"), 1'000'000, {6_cpus, {{"cpus", 6000}}}}));
}

TEST_CASE("limits are never exceeded, whatever happens", "[allocation][quota]") {
    const std::uint64_t seed = GENERATE(range(1, 6));
    INFO("seed " << seed);
    Rng rng{seed};
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    const std::vector<std::string> paths{"a", "a/x", "a/y", "b", "b/x/deep"};
    const std::vector<std::int64_t> limits{7, 3, 5, 4, 2};
    std::vector<ClaimantIndex> claimants;
    for (std::size_t i = 0; i < paths.size(); ++i) {
        cluster.put_role(limited(paths[i], limits[i]));
        claimants.push_back(cluster.add_claimant(paths[i]));
    }
    for (int i = 0; i < 6; ++i) {
        cluster.add_agent(Resources{Quantity<Cpus>::from_units(rng.between(1, 6) * 700)} + 4_GiB);
    }
    std::vector<Grant> held;
    for (int step = 0; step < 2000; ++step) {
        for (const Grant& grant : cluster.run())
            held.push_back(grant);
        const auto cpus = [&](std::size_t i) {
            return cycle.allocated(claimants[i]).get<Cpus>().units();
        };
        REQUIRE(cpus(0) + cpus(1) + cpus(2) <= limits[0] * 1000);
        REQUIRE(cpus(1) <= limits[1] * 1000);
        REQUIRE(cpus(2) <= limits[2] * 1000);
        REQUIRE(cpus(3) + cpus(4) <= limits[3] * 1000);
        REQUIRE(cpus(4) <= limits[4] * 1000);
        for (int i = 0; i < 3 && !held.empty(); ++i) {
            const auto at = static_cast<std::ptrdiff_t>(rng.below(held.size()));
            const Duration refuse_for{rng.between(0, 3)};
            cluster.decline(held[static_cast<std::size_t>(at)], refuse_for);
            held.erase(held.begin() + at);
        }
        cluster.now = cluster.now + Duration{1};
    }
}
