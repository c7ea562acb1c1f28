// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/weighted_drf.hpp>
#include <offerkit/core/random.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

TEST_CASE("whole agents are offered, each to one claimant", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_claimant("*");
    cluster.add_claimant("*");
    const Resources total = (4_cpus + 8_GiB + 100_GiB_disk).with_ports({{31000, 32000}});
    for (int i = 0; i < 6; ++i)
        cluster.add_agent(total);
    const std::vector<Grant> grants = cluster.run();
    REQUIRE(grants.size() == 6);
    for (std::uint32_t i = 0; i < 6; ++i) {
        CHECK(grants[i].agent == AgentIndex{i});
        CHECK(grants[i].claimant == ClaimantIndex{i % 2});
        CHECK(grants[i].resources == total);
        CHECK(cycle.available({i}).is_empty());
    }
}

TEST_CASE("nothing changed means nothing to do", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    CHECK_FALSE(cycle.is_dirty(cluster.now));
    cluster.add_agent(1_cpus + 1_GiB);
    cluster.add_agent(1_cpus + 1_GiB);
    const ClaimantIndex claimant = cluster.add_claimant("*");
    CHECK(cycle.is_dirty(cluster.now));
    const std::vector<Grant> grants = cluster.run();
    CHECK(grants.size() == 2);
    CHECK_FALSE(cycle.is_dirty(cluster.now));
    cluster.decline_forever(grants[0]);
    CHECK(cluster.run().empty());
    CHECK_FALSE(cycle.is_dirty(cluster.now));
    const NoOfferCounts before = cycle.no_offer_counts(claimant);
    CHECK(cluster.run().empty());
    CHECK(cycle.no_offer_counts(claimant) == before);
}

TEST_CASE("a claimant that takes no part is offered nothing", "[allocation][cycle]") {
    const auto why =
        GENERATE(NoOfferReason::suppressed, NoOfferReason::disconnected, NoOfferReason::peer_slow);
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex away = cluster.add_claimant("*");
    cluster.say(allocator_event::ClaimantActive{away, false, why});
    const ClaimantIndex present = cluster.add_claimant("*");
    for (int i = 0; i < 3; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    CHECK(cluster.run().size() == 3);
    CHECK(cycle.allocated(away).is_empty());
    CHECK(cluster.count(away, why) == 3);
    CHECK(cluster.count(present, NoOfferReason::share_order) == 0);

    cluster.say(allocator_event::ClaimantActive{away, true, why});
    cluster.give_back(Grant{present, {1}, 1_cpus + 1_GiB});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == away);
    CHECK(cluster.count(present, NoOfferReason::share_order) == 1);
    CHECK(cluster.count(away, why) == 3);
}

TEST_CASE("an agent that is not active is not offered", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    const AgentIndex agent = cluster.add_agent(1_cpus + 1_GiB);
    cluster.say(allocator_event::AgentActive{agent, false, NoOfferReason::agent_draining});
    const ClaimantIndex claimant = cluster.add_claimant("*");
    CHECK(cluster.run().empty());
    CHECK(cluster.count(claimant, NoOfferReason::agent_draining) == 1);
    cluster.say(allocator_event::AgentActive{agent, true, NoOfferReason::agent_draining});
    CHECK(cluster.run().size() == 1);
}

TEST_CASE("why there was no offer is counted", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex claimant = cluster.add_claimant("*");
    cluster.run();
    CHECK(cluster.count(claimant, NoOfferReason::no_agents) == 1);

    SECTION("no capability for gpus") {
        cluster.add_agent(1_cpus + 1_GiB + 1_gpus);
        CHECK(cluster.run().empty());
        CHECK(cluster.count(claimant, NoOfferReason::capability) == 1);
    }
    SECTION("nothing left") {
        const AgentIndex agent = cluster.add_agent(1_cpus + 1_GiB);
        cluster.say(allocator_event::Occupied{claimant, agent, 1_cpus + 1_GiB});
        cluster.say(allocator_event::Revived{claimant});
        CHECK(cluster.run().empty());
        CHECK(cluster.count(claimant, NoOfferReason::nothing_available) == 1);
    }
    SECTION("a demand that does not fit") {
        cluster.add_agent(1_cpus + 1_GiB);
        cluster.want(claimant, 2_cpus, 1);
        CHECK(cluster.run().empty());
        CHECK(cluster.count(claimant, NoOfferReason::demand_unfit) == 1);
    }
    SECTION("no demand") {
        cluster.want(claimant, 2_cpus, 0);
        const ClaimantIndex other = cluster.add_claimant("*");
        cluster.add_agent(1_cpus + 1_GiB);
        CHECK(cluster.run().size() == 1);
        CHECK_FALSE(cycle.allocated(other).is_empty());
        CHECK(cluster.count(claimant, NoOfferReason::no_demand) == 1);
        CHECK(cluster.count(claimant, NoOfferReason::share_order) == 0);
    }
    SECTION("filtered, and not counted as others' turn as well") {
        cluster.add_agent(1_cpus + 1_GiB);
        const std::vector<Grant> grants = cluster.run();
        REQUIRE(grants.size() == 1);
        cluster.decline(grants[0], 5s);
        cluster.add_claimant("*");
        CHECK(cluster.run().size() == 1);
        CHECK(cluster.count(claimant, NoOfferReason::filtered) == 1);
        CHECK(cluster.count(claimant, NoOfferReason::share_order) == 0);
    }
}

TEST_CASE("a stated demand is offered what it needs and no more", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    for (int i = 0; i < 10; ++i)
        cluster.add_agent(4_cpus + 4_GiB);
    const ClaimantIndex claimant = cluster.add_claimant("*");
    cluster.want(claimant, 2_cpus + 1_GiB, 5);
    const std::vector<Grant> grants = cluster.run();
    CHECK(grants.size() == 3);  // Two tasks fit on each.
    CHECK_FALSE(cycle.is_dirty(cluster.now));
    SECTION("what it declines, it is offered elsewhere") {
        cluster.decline(grants[0], 5s);
        CHECK(cluster.run().size() == 3);
    }
    SECTION("a new demand starts anew") {
        cluster.want(claimant, 2_cpus + 1_GiB, 1);
        CHECK(cluster.run().size() == 1);
    }
}

TEST_CASE("ties do not depend on who came first", "[allocation][cycle]") {
    struct Claim {
        std::string role;
        std::uint64_t framework;
    };
    std::vector<Claim> claims;
    for (const char* role : {"b/y", "b", "a", "b/x", "a/z", "c"}) {
        for (std::uint64_t framework = 1; framework <= 3; ++framework) {
            claims.push_back({role, framework});
        }
    }
    const auto decide = [&](std::uint64_t seed) {
        Rng rng{seed};
        std::vector<std::uint32_t> order(claims.size());
        for (std::uint32_t i = 0; i < order.size(); ++i)
            order[i] = i;
        rng.shuffle(order);
        Cycle<WeightedDrf> cycle;
        Cluster cluster{cycle};
        std::vector<Claim> by_index;
        for (const std::uint32_t i : order) {
            cluster.add_claimant(claims[i].role, claims[i].framework);
            by_index.push_back(claims[i]);
        }
        for (int i = 0; i < 40; ++i)
            cluster.add_agent(1_cpus + 1_GiB);
        std::string decided;
        for (const Grant& grant : cluster.run()) {
            const Claim& claim = by_index[grant.claimant.value];
            decided += claim.role + "#" + std::to_string(claim.framework) + " ";
        }
        return decided;
    };
    const std::string first = decide(1);
    CHECK(first.starts_with("a#1 b#1 c#1 "));
    for (std::uint64_t seed = 2; seed < 12; ++seed)
        CHECK(decide(seed) == first);
}

TEST_CASE("what a returning agent runs counts without a grant", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    const AgentIndex agent = cluster.add_agent(4_cpus + 4_GiB);
    cluster.say(allocator_event::Occupied{a, agent, 1_cpus + 1_GiB});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == b);
    CHECK(cluster.outcome.grants[0].resources == 3_cpus + 3_GiB);
}

TEST_CASE("an agent that runs more than it has offers nothing until it has",
          "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex claimant = cluster.add_claimant("*");
    const AgentIndex agent = cluster.add_agent((4_cpus + 4_GiB).with_ports({{1, 10}}));
    const Resources one = (2_cpus + 1_GiB).with_ports({{1, 2}});
    const Resources two = (3_cpus + 1_GiB).with_ports({{2, 3}});  // A port that one has, too.
    cluster.say(allocator_event::Occupied{claimant, agent, one});
    cluster.say(allocator_event::Occupied{claimant, agent, two});
    CHECK(cluster.run().empty());
    CHECK(cycle.available(agent).is_empty());
    CHECK(cycle.allocated(claimant) == 5_cpus + 2_GiB);
    cluster.say(allocator_event::Recovered{claimant, agent, one});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources.get<Cpus>() == 1_cpus);
    cluster.give_back(cluster.outcome.grants[0]);
    cluster.say(allocator_event::Recovered{claimant, agent, two});
    CHECK(cycle.available(agent).get<Cpus>() == 4_cpus);
    cycle.check_invariants();
}

TEST_CASE("reserved resources are offered to their role alone", "[allocation][cycle]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    Bundle bundle;
    bundle.id = BundleId{1, 1};
    bundle.reservations = {{"eng", "ops", {}, ReservationKind::static_}};
    bundle.amounts = (2_cpus + 2_GiB).amounts();
    Resources total = 4_cpus + 4_GiB;
    total.put_bundle(bundle);
    cluster.add_agent(total);
    const ClaimantIndex other = cluster.add_claimant("english");
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].resources == 4_cpus + 4_GiB);
    CHECK(cluster.run().empty());
    CHECK(cluster.count(other, NoOfferReason::reserved) == 1);
    const ClaimantIndex ml = cluster.add_claimant("eng/ml");
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == ml);
    CHECK(cluster.outcome.grants[0].resources == total.only_bundles());
    CHECK(cycle.allocated(ml) == 2_cpus + 2_GiB);
}
