// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/refuse_filters.hpp>
#include <offerkit/allocation/weighted_drf.hpp>
#include <offerkit/core/random.hpp>

#include <map>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

SCENARIO("a refused agent is offered again when its filter expires", "[allocation][filter]") {
    GIVEN("one agent, on offer to the only claimant") {
        Cycle<WeightedDrf> cycle;
        Cluster cluster{cycle};
        cluster.add_agent(4_cpus + 8_GiB);
        const ClaimantIndex claimant = cluster.add_claimant("*");
        const std::vector<Grant> first = cluster.run();
        REQUIRE(first.size() == 1);

        WHEN("it declines and refuses for five seconds") {
            cluster.decline(first[0], 5s);
            CHECK(cluster.run().empty());
            CHECK(cluster.outcome.next_wake == Instant{} + 5s);
            CHECK(cluster.count(claimant, NoOfferReason::filtered) == 1);

            THEN("nothing is offered a millisecond early, nor is there anything to do") {
                cluster.now = Instant{} + 4999ms;
                CHECK_FALSE(cycle.is_dirty(cluster.now));
                CHECK(cluster.run().empty());
            }
            THEN("the same is offered on time") {
                cluster.now = Instant{} + 5s;
                CHECK(cycle.is_dirty(cluster.now));
                REQUIRE(cluster.run().size() == 1);
                CHECK(cluster.outcome.grants[0].resources == 4_cpus + 8_GiB);
                CHECK(cluster.outcome.next_wake == Instant::never());
            }
            THEN("it is offered at once when more becomes available") {
                cluster.say(allocator_event::AgentPut{{0}, AgentId{1, 1}, 4_cpus + 9_GiB});
                REQUIRE(cluster.run().size() == 1);
                CHECK(cluster.outcome.grants[0].resources == 4_cpus + 9_GiB);
            }
            THEN("it is not offered when less becomes available") {
                cluster.say(allocator_event::AgentPut{{0}, AgentId{1, 1}, 3_cpus + 8_GiB});
                CHECK(cluster.run().empty());
            }
            THEN("reviving clears the filter") {
                cluster.say(allocator_event::Revived{claimant});
                CHECK(cluster.run().size() == 1);
            }
            THEN("another claimant is offered the agent") {
                const ClaimantIndex other = cluster.add_claimant("*");
                REQUIRE(cluster.run().size() == 1);
                CHECK(cluster.outcome.grants[0].claimant == other);
            }
            THEN("refusing again for longer replaces the filter") {
                cluster.say(
                    allocator_event::Refused{claimant, {0}, 4_cpus + 8_GiB, Instant{} + 9s});
                cluster.now = Instant{} + 5s;
                CHECK(cluster.run().empty());
                CHECK(cluster.outcome.next_wake == Instant{} + 9s);
                cluster.now = Instant{} + 9s;
                CHECK(cluster.run().size() == 1);
            }
            THEN("refusing again for a shorter time does too") {
                cluster.say(
                    allocator_event::Refused{claimant, {0}, 4_cpus + 8_GiB, Instant{} + 2s});
                CHECK(cycle.is_dirty(cluster.now));
                CHECK(cluster.run().empty());
                CHECK(cluster.outcome.next_wake == Instant{} + 2s);
                cluster.now = Instant{} + 2s;
                CHECK(cluster.run().size() == 1);
            }
            THEN("the filter goes with the agent") {
                cluster.say(allocator_event::AgentGone{{0}});
                cluster.say(allocator_event::AgentPut{{0}, AgentId{1, 9}, 4_cpus + 8_GiB});
                CHECK(cluster.run().size() == 1);
            }
        }
        WHEN("it refuses for ever") {
            cluster.decline_forever(first[0]);
            CHECK(cluster.run().empty());
            THEN("time alone changes nothing") {
                CHECK(cluster.outcome.next_wake == Instant::never());
                cluster.now = Instant{} + 1000h;
                CHECK_FALSE(cycle.is_dirty(cluster.now));
            }
            THEN("reviving still clears it") {
                cluster.say(allocator_event::Revived{claimant});
                CHECK(cluster.run().size() == 1);
            }
        }
    }
}

TEST_CASE("a filter on one agent leaves the others alone", "[allocation][filter]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_claimant("*");
    for (int i = 0; i < 3; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    const std::vector<Grant> grants = cluster.run();
    REQUIRE(grants.size() == 3);
    cluster.decline(grants[0], 5s);
    cluster.give_back(grants[1]);
    cluster.decline(grants[2], 7s);
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].agent == grants[1].agent);
    CHECK(cluster.outcome.next_wake == Instant{} + 5s);
    cluster.now = Instant{} + 5s;
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].agent == grants[0].agent);
    CHECK(cluster.outcome.next_wake == Instant{} + 7s);
}

TEST_CASE("ports count in what was refused", "[allocation][filter]") {
    RefuseFilters filters;
    const Resources few = Resources{1_cpus}.with_ports({{31000, 31009}});
    const Resources more = Resources{1_cpus}.with_ports({{31000, 31010}});
    const RefuseFilters::Key key{{0}, {0}};
    filters.put(key, few, Instant::never(), Instant{});
    CHECK(filters.holds(key, few));
    CHECK(filters.holds(key, 1_cpus));
    CHECK_FALSE(filters.holds(key, more));
}

// Against the plainest implementation there is: a map that is searched in full.
TEST_CASE("filters agree with a map of them through a random storm", "[allocation][filter]") {
    struct Plain {
        Resources refused;
        Instant until;
    };
    const std::uint64_t seed = GENERATE(1, 2, 3);
    INFO("seed " << seed);
    Rng rng{seed};
    RefuseFilters filters;
    std::map<std::pair<std::uint32_t, std::uint32_t>, Plain> plain;
    Instant now;
    const auto amounts = [&] {
        const auto cpus = Quantity<Cpus>::from_units(rng.between(1, 3) * 1000);
        return Resources{cpus};
    };
    for (int step = 0; step < 20'000; ++step) {
        const auto claimant = static_cast<std::uint32_t>(rng.below(8));
        const auto agent = static_cast<std::uint32_t>(rng.below(60));
        const RefuseFilters::Key key{{claimant}, {agent}};
        switch (rng.below(200)) {
            case 0:
                filters.erase(ClaimantIndex{claimant});
                std::erase_if(plain, [&](auto& e) { return e.first.first == claimant; });
                break;
            case 1:
                filters.erase(AgentIndex{agent});
                std::erase_if(plain, [&](auto& e) { return e.first.second == agent; });
                break;
            default: {
                const Resources refused = amounts();
                const bool forever = rng.chance(1, 4);
                const Instant until =
                    forever ? Instant::never() : now + Duration{rng.between(0, 400)};
                filters.put(key, refused, until, now);
                plain.erase({claimant, agent});
                if (until > now) plain[{claimant, agent}] = {refused, until};
            }
        }
        now = now + Duration{rng.between(0, 3)};
        while (const auto expired = filters.take_expired(now)) {
            const auto found = plain.find({expired->claimant.value, expired->agent.value});
            REQUIRE(found != plain.end());
            REQUIRE(found->second.until <= now);
            plain.erase(found);
        }
        REQUIRE(filters.size() == plain.size());
        const Resources available = amounts();
        const auto found = plain.find({claimant, agent});
        const bool holds = found != plain.end() && found->second.refused.contains(available);
        REQUIRE(filters.holds(key, available) == holds);
        if (step % 1000 == 0) filters.check_invariants();
        for (const auto& [pair, entry] : plain)
            REQUIRE(filters.next() <= entry.until);
    }
}
