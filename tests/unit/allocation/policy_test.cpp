// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/allocation/weighted_drf.hpp>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

// The least that a policy is: nothing here may be needed beyond what the concept says.
class Archetype {
public:
    explicit Archetype(int) {}
    Archetype(Archetype&&) = default;
    Archetype& operator=(Archetype&&) = default;
    Archetype(const Archetype&) = delete;
    Archetype& operator=(const Archetype&) = delete;

    bool rank(const NodeView&) { return false; }
};
static_assert(AllocationPolicy<Archetype>);

struct Floating {
    double rank(const NodeView&) const { return 0.5; }
};
static_assert(!AllocationPolicy<Floating>);
static_assert(!AllocationPolicy<int>);

struct FewestCpus {
    std::pair<std::int64_t, int> rank(const NodeView& node) const {
        return {node.allocated()[0], 0};
    }
};

struct LargestAgentFirst : FewestCpus {
    std::int64_t agent_key(const AgentView& agent) const { return -agent.available().amounts()[0]; }
};

struct Halves : FewestCpus {
    Resources shape(const NodeView&, const AgentView&, const Resources& available) const {
        return Quantity<Cpus>::from_units(available.get<Cpus>().units() / 2);
    }
};

struct Greedy : FewestCpus {
    Resources shape(const NodeView&, const AgentView&, const Resources& available) const {
        return available + available;
    }
};

struct Fastidious : FewestCpus {
    Resources shape(const NodeView&, const AgentView&, const Resources&) const { return {}; }
};

// Takes the agent that leaves the least behind, of those with at least two cpus.
struct Snuggest : FewestCpus {
    AgentIndex pick(const NodeView&, const AgentCandidates& candidates) const {
        AgentIndex best;
        std::int64_t least = 0;
        for (const AgentView agent : candidates) {
            const std::int64_t cpus = agent.available().amounts()[0];
            if (cpus < 2000 || (!best.is_none() && cpus >= least)) continue;
            best = agent.index();
            least = cpus;
        }
        return best;
    }
};

struct PicksNobody : FewestCpus {
    AgentIndex pick(const NodeView&, const AgentCandidates&) const { return {1234}; }
};

// Fails when it is asked for the rank of somebody who holds something.
struct Fails {
    std::int64_t rank(const NodeView& node) const {
        if (armed && !node.allocated().is_zero()) {
            throw std::runtime_error("rank has no idea");
        }
        return node.allocated()[0];
    }
    bool armed = true;
};

struct FailsOddly : FewestCpus {
    Resources shape(const NodeView&, const AgentView&, const Resources&) const { throw 7; }
};

// Serves whom it was last told to, and counts what it hears.
struct Listener {
    std::int64_t rank(const NodeView& node) const { return node.id() == favourite ? 0 : 1; }
    void on(const allocator_event::RolePut& e, PolicyContext& context) {
        favourite = context.find(e.config.role.path());
        context.invalidate(favourite);
    }
    void on(const Grant&, PolicyContext&) { ++grants; }
    void on(const allocator_event::Recovered&, PolicyContext& context) {
        context.wake_at(context.now() + 3s);
    }
    void on(const PolicyWake&, PolicyContext&) { ++wakes; }

    NodeIndex favourite;
    int grants = 0;
    int wakes = 0;
};

struct Drawing {
    std::uint64_t rank(const NodeView& node) const { return node.identity() ^ salt; }
    void begin_cycle(Rng& rng) { salt = rng.next(); }
    std::uint64_t salt = 0;
};

}  // namespace

TEST_CASE("a policy needs a rank and nothing else", "[allocation][policy]") {
    Cycle<Archetype> cycle{Archetype{1}};
    Cluster cluster{cycle};
    cluster.add_agent(2_cpus + 2_GiB);
    const ClaimantIndex second = cluster.add_claimant("*", 2);
    const ClaimantIndex first = cluster.add_claimant("*", 1);
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == first);
    CHECK(cluster.outcome.grants[0].claimant != second);
    CHECK(cycle.policy_name() == "custom");
}

TEST_CASE("agent_key orders agents", "[allocation][policy]") {
    Cycle<LargestAgentFirst> cycle;
    Cluster cluster{cycle};
    cluster.add_claimant("*");
    const AgentIndex small = cluster.add_agent(1_cpus + 1_GiB);
    const AgentIndex large = cluster.add_agent(4_cpus + 1_GiB);
    const AgentIndex same = cluster.add_agent(4_cpus + 1_GiB);
    REQUIRE(cluster.run().size() == 3);
    CHECK(cluster.outcome.grants[0].agent == large);
    CHECK(cluster.outcome.grants[1].agent == same);
    CHECK(cluster.outcome.grants[2].agent == small);
}

TEST_CASE("shape offers a part, and the rest in the next cycle", "[allocation][policy]") {
    Cycle<Halves> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    cluster.add_agent(8_cpus);
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == a);
    CHECK(cluster.outcome.grants[0].resources == Resources{4_cpus});
    CHECK(cluster.outcome.next_wake == cluster.now);
    CHECK(cycle.is_dirty(cluster.now));
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == b);
    CHECK(cluster.outcome.grants[0].resources == Resources{2_cpus});
}

TEST_CASE("a policy cannot grant more than there is", "[allocation][policy]") {
    Cycle<Greedy> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex claimant = cluster.add_claimant("*");
    cluster.add_agent(8_cpus + 1_GiB);
    CHECK(cluster.run().empty());
    REQUIRE(cluster.outcome.faults.size() == 1);
    CHECK(cluster.outcome.faults[0] == "shape gave more of agent a1-1 than is available");
    CHECK(cluster.count(claimant, NoOfferReason::policy_rejected) == 1);
    CHECK(cycle.available({0}) == 8_cpus + 1_GiB);
    CHECK_FALSE(cycle.is_dirty(cluster.now));
}

TEST_CASE("a policy may want to give nothing", "[allocation][policy]") {
    Cycle<Fastidious> cycle;
    Cluster cluster{cycle};
    cluster.add_claimant("*");
    cluster.add_agent(8_cpus + 1_GiB);
    CHECK(cluster.run().empty());
    CHECK(cluster.outcome.faults.empty());
    CHECK_FALSE(cycle.is_dirty(cluster.now));
}

TEST_CASE("pick lets the claimant in turn choose its agent", "[allocation][policy]") {
    Cycle<Snuggest> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    cluster.add_agent(8_cpus + 1_GiB);
    cluster.add_agent(1_cpus + 1_GiB);
    const AgentIndex best = cluster.add_agent(2_cpus + 1_GiB);
    const AgentIndex next = cluster.add_agent(3_cpus + 1_GiB);
    const std::vector<Grant> grants = cluster.run();
    REQUIRE(grants.size() == 3);
    CHECK(std::pair{grants[0].claimant, grants[0].agent} == std::pair{a, best});
    CHECK(std::pair{grants[1].claimant, grants[1].agent} == std::pair{b, next});
    CHECK(std::pair{grants[2].claimant, grants[2].agent} == std::pair{a, AgentIndex{0}});
    CHECK_FALSE(cycle.is_dirty(cluster.now));
    cluster.give_back(grants[1]);
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == b);
}

TEST_CASE("pick is held to the candidates it was shown", "[allocation][policy]") {
    Cycle<PicksNobody> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex claimant = cluster.add_claimant("*");
    cluster.add_agent(8_cpus + 1_GiB);
    CHECK(cluster.run().empty());
    CHECK(cluster.outcome.faults ==
          std::vector<std::string>{"pick chose an agent that is no candidate"});
    CHECK(cluster.count(claimant, NoOfferReason::policy_rejected) == 1);
}

SCENARIO("a hook that fails voids its cycle and nothing else", "[allocation][policy]") {
    GIVEN("a policy that fails once somebody holds something") {
        Cycle<Fails> cycle;
        Cluster cluster{cycle};
        const ClaimantIndex claimant = cluster.add_claimant("a");
        cluster.add_claimant("b");
        for (int i = 0; i < 4; ++i)
            cluster.add_agent(1_cpus + 1_GiB);
        WHEN("a cycle runs") {
            CHECK(cluster.run().empty());
            THEN("the fault says which hook and what, and nothing was given") {
                CHECK(cluster.outcome.faults ==
                      std::vector<std::string>{"rank failed: rank has no idea"});
                for (std::uint32_t i = 0; i < 4; ++i) {
                    CHECK(cycle.available({i}) == 1_cpus + 1_GiB);
                }
                CHECK(cycle.allocated(claimant).is_empty());
                CHECK(cluster.count(claimant, NoOfferReason::policy_fault) == 1);
            }
            THEN("it is not tried again before something happens") {
                CHECK_FALSE(cycle.is_dirty(cluster.now));
                cluster.say(allocator_event::Revived{claimant});
                CHECK(cycle.is_dirty(cluster.now));
                CHECK(cluster.run().empty());
                CHECK(cluster.outcome.faults.size() == 1);
            }
        }
    }
    GIVEN("a policy that throws what is no exception") {
        Cycle<FailsOddly> cycle;
        Cluster cluster{cycle};
        cluster.add_claimant("*");
        cluster.add_agent(1_cpus + 1_GiB);
        CHECK(cluster.run().empty());
        CHECK(cluster.outcome.faults ==
              std::vector<std::string>{"shape failed with something that is no std::exception"});
    }
}

TEST_CASE("a policy that asks for too much time is ended", "[allocation][policy]") {
    Cycle<FewestCpus> cycle{{}, {.seed = 1, .hook_calls_max = 20}};
    Cluster cluster{cycle};
    cluster.add_claimant("*");
    cluster.add_claimant("*");
    for (int i = 0; i < 50; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    CHECK(cluster.run().empty());
    REQUIRE(cluster.outcome.faults.size() == 1);
    CHECK(cluster.outcome.faults[0] ==
          "hooks were called more than 20 times in one cycle, last rank");
}

TEST_CASE("a policy hears events, may wake itself and rank anew", "[allocation][policy]") {
    Cycle<Listener> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    const AgentIndex agent = cluster.add_agent(1_cpus + 1_GiB);
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == a);
    CHECK(cycle.policy().grants == 1);

    cluster.say(allocator_event::RolePut{{role_of("b"), 2000, {}}});
    cluster.say(allocator_event::Recovered{a, agent, 1_cpus + 1_GiB});
    REQUIRE(cluster.run().size() == 1);
    CHECK(cluster.outcome.grants[0].claimant == b);
    CHECK(cluster.outcome.next_wake == Instant{} + 3s);

    cluster.now = Instant{} + 3s;
    CHECK(cycle.is_dirty(cluster.now));
    cluster.run();
    CHECK(cycle.policy().wakes == 1);
    CHECK(cluster.outcome.next_wake == Instant::never());
}

TEST_CASE("chance comes from the seed alone", "[allocation][policy]") {
    const auto decide = [](std::uint64_t seed) {
        Cycle<Drawing> cycle{{}, {.seed = seed}};
        Cluster cluster{cycle};
        for (int i = 0; i < 10; ++i)
            cluster.add_claimant("*");
        std::vector<ClaimantIndex> order;
        for (int i = 0; i < 20; ++i) {
            cluster.add_agent(1_cpus + 1_GiB);
            for (const Grant& grant : cluster.run())
                order.push_back(grant.claimant);
        }
        return order;
    };
    CHECK(decide(1) == decide(1));
    CHECK(decide(1) != decide(2));
}

TEST_CASE("policies are made by name", "[allocation][policy]") {
    REQUIRE(policies().size() == 14);
    CHECK(policies()[0].name == "drf");
    for (const PolicySummary& policy : policies()) {
        Result<std::unique_ptr<Allocator>> made = make_allocator(policy.name);
        REQUIRE(made);
        CHECK((*made)->policy_name() == policy.name);
        CHECK_FALSE(policy.text.empty());
    }
    const auto unknown = make_allocator("radnom");
    REQUIRE_FALSE(unknown);
    CHECK(unknown.error().code == RefusalCode::not_found);
    CHECK(unknown.error().todo == "use random");
    CHECK(unknown.error().why ==
          "there is no such policy; there are drf, hdrf, max_min, fifo, random, best_fit, asset, "
          "tsf, drfh, fgd, tetris, gang, easy, karma");
}

TEST_CASE("fifo serves whoever came first until it wants no more", "[allocation][policy]") {
    Cycle<Fifo> cycle;
    Cluster cluster{cycle};
    const ClaimantIndex first = cluster.add_claimant("z", 9);
    const ClaimantIndex second = cluster.add_claimant("a", 1);
    cluster.want(first, 1_cpus, 3);
    for (int i = 0; i < 5; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    REQUIRE(cluster.run().size() == 5);
    CHECK(cycle.allocated(first).get<Cpus>() == 3_cpus);
    CHECK(cycle.allocated(second).get<Cpus>() == 2_cpus);
    CHECK(cluster.outcome.grants[0].claimant == first);
}

TEST_CASE("the lottery gives in proportion to weights", "[allocation][policy]") {
    Cycle<RandomOrder> cycle{{}, {.seed = 3}};
    Cluster cluster{cycle};
    std::vector<ClaimantIndex> claimants;
    for (const auto& [path, weight] : {std::pair{"one", 1000}, {"two", 2000}, {"five", 5000}}) {
        cluster.put_role({role_of(path), weight, {}});
        claimants.push_back(cluster.add_claimant(path));
    }
    for (int i = 0; i < 8000; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    REQUIRE(cluster.run().size() == 8000);
    const auto held = [&](std::size_t i) {
        return cycle.allocated(claimants[i]).get<Cpus>().units() / 1000;
    };
    // The standard deviation is at most 44: four of them on either side, for this one seed.
    CHECK(std::abs(held(0) - 1000) < 120);
    CHECK(std::abs(held(1) - 2000) < 160);
    CHECK(std::abs(held(2) - 5000) < 180);
}
