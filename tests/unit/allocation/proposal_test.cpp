// SPDX-License-Identifier: Apache-2.0

// What the cycle makes of the proposals of policies, good and bad.

#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/policy.hpp>
#include <offerkit/allocation/proposal.hpp>

#include <functional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

/// Proposes what the test says, and counts what it hears.
struct Scripted {
    std::function<Proposal(const ClusterView&)> script;
    int grants = 0;

    std::uint64_t rank(const NodeView& node) const { return node.arrival(); }
    Proposal propose(const ClusterView& cluster) { return script(cluster); }
    void on(const Grant& /*grant*/, PolicyContext& /*context*/) { ++grants; }
};
static_assert(AllocationPolicy<Scripted>);

/// Once.
std::function<Proposal(const ClusterView&)> propose_once(Proposal proposal) {
    return [proposal = std::move(proposal), done = false](const ClusterView&) mutable {
        return std::exchange(done, true) ? Proposal{} : proposal;
    };
}

/// Two agents, of 4 cpus and of 2, and a claimant that wants three tasks of two cpus.
struct Fixture {
    Cycle<Scripted> cycle;
    Cluster cluster{cycle};
    AgentIndex large = cluster.add_agent(4_cpus + 4_GiB);
    AgentIndex small = cluster.add_agent(2_cpus + 2_GiB);
    ClaimantIndex wants = cluster.add_claimant("a");
    Resources task = 2_cpus + 1_GiB;

    explicit Fixture(std::function<Proposal(const ClusterView&)> script, CycleOptions options = {})
        : cycle(Scripted{std::move(script)}, options) {
        cluster.want(wants, task, 3);
    }
};

}  // namespace

TEST_CASE("a proposal shows who waits, for what, and what they may have", "[allocation][propose]") {
    bool asked = false;
    Fixture at{[&](const ClusterView& cluster) {
        asked = true;
        REQUIRE(cluster.claimants().size() == 1);
        CHECK(cluster.claimants()[0].role() == "a");
        const ClaimantIndex claimant = cluster.claimants()[0].claimant();
        REQUIRE(cluster.wanted(claimant).size() == 1);
        CHECK(cluster.wanted(claimant)[0].left == 3);
        REQUIRE(cluster.agents() == 2);
        CHECK(cluster.agent(1).available() == 2_cpus + 2_GiB);
        CHECK(*cluster.find_offer(claimant, 0) == 4_cpus + 4_GiB);
        CHECK(cluster.find_room(claimant) == nullptr);
        return Proposal{};
    }};
    CHECK(at.cluster.run().empty());
    CHECK(asked);
}

TEST_CASE("a set is granted as a whole, and proposals are asked for until there is none",
          "[allocation][propose]") {
    int asked = 0;
    Fixture at{[&](const ClusterView& cluster) {
        Proposal proposal;
        if (++asked > 1) {
            CHECK(cluster.claimants().empty());  // It has all that it wanted.
            return proposal;
        }
        proposal.grants = {{{0}, {0}, 4_cpus + 2_GiB}, {{0}, {1}, 2_cpus + 1_GiB}};
        return proposal;
    }};
    REQUIRE(at.cluster.run().size() == 2);
    CHECK(asked == 2);
    CHECK(at.cycle.policy().grants == 2);
    CHECK(at.cycle.allocated(at.wants) == 6_cpus + 3_GiB);
    CHECK(at.cluster.outcome.faults.empty());
    CHECK_FALSE(at.cycle.is_dirty(at.cluster.now));
}

TEST_CASE("who has stated a demand is served by proposals alone", "[allocation][propose]") {
    Fixture at{[](const ClusterView&) { return Proposal{}; }};
    CHECK(at.cluster.run().empty());
    CHECK(at.cluster.count(at.wants, NoOfferReason::share_order) == 2);
    const ClaimantIndex open = at.cluster.add_claimant("b");
    CHECK(at.cluster.run().size() == 2);
    CHECK(at.cycle.allocated(open) == 6_cpus + 6_GiB);
}

TEST_CASE("of a proposal that cannot be honoured nothing stands", "[allocation][propose]") {
    const Grant good{{0}, {0}, 2_cpus + 1_GiB};
    const auto [bad, fault] = GENERATE_COPY(table<Grant, std::string>({
        {{{0}, {1}, 3_cpus}, "propose granted role a more of agent a1-2 than may be offered"},
        {{{0}, {0}, 3_cpus + 1_GiB},
         "propose granted role a more of agent a1-1 than may be offered"},
        {{{0}, {1}, {}}, "propose granted role a nothing of agent a1-2"},
        {{{0}, {7}, 1_cpus}, "propose granted role a an agent that is not there"},
        {{{7}, {0}, 1_cpus}, "propose granted something to a claimant that is not there"},
        {{{1}, {1}, 1_cpus}, "propose granted role b agent a1-2, but it takes no part"},
        {{{2}, {1}, 1_cpus},
         "propose granted role c agent a1-2, which it may not be offered: filtered"},
    }));
    INFO(fault);
    int asked = 0;
    Fixture at{[&, set = std::vector<Grant>{good, bad}](const ClusterView&) {
        ++asked;
        return Proposal{.grants = set, .holds = {}};
    }};
    const ClaimantIndex away = at.cluster.add_claimant("b");
    at.cluster.say(allocator_event::ClaimantActive{away, false, NoOfferReason::disconnected});
    const ClaimantIndex picky = at.cluster.add_claimant("c");
    for (const AgentIndex agent : {at.large, at.small}) {
        at.cluster.say(allocator_event::Refused{picky, agent, 4_cpus + 4_GiB, Instant::never()});
    }
    const ClaimantIndex open = at.cluster.add_claimant("d");
    CHECK(at.cluster.run().size() == 2);  // The cycle goes on, with all that there was.
    CHECK(at.cluster.outcome.faults == std::vector<std::string>{fault});
    CHECK(at.cycle.allocated(at.wants).is_empty());
    CHECK(at.cycle.allocated(open) == 6_cpus + 6_GiB);
    CHECK(asked == 1);
    CHECK(at.cycle.policy().grants == 2);  // It never heard of those that do not stand.
    CHECK_FALSE(at.cycle.is_dirty(at.cluster.now));
}

TEST_CASE("what was wanted is wanted still when a set is taken back", "[allocation][propose]") {
    int asked = 0;
    Fixture at{[&](const ClusterView& cluster) {
        Proposal proposal;
        if (++asked == 1) proposal.grants = {{{0}, {1}, 2_cpus + 1_GiB}};
        if (asked == 2) proposal.grants = {{{0}, {0}, 2_cpus + 1_GiB}, {{0}, {1}, 1_cpus}};
        if (asked == 3) CHECK(cluster.wanted({0})[0].left == 2);
        return proposal;
    }};
    CHECK(at.cluster.run().size() == 1);
    CHECK(at.cluster.outcome.faults.size() == 1);
    at.cluster.add_agent(1_cpus);
    CHECK(at.cluster.run().empty());
    CHECK(asked == 3);
}

TEST_CASE("limits hold for proposals", "[allocation][propose]") {
    Fixture at{propose_once({.grants = {{{0}, {0}, 4_cpus + 2_GiB}}, .holds = {}})};
    at.cluster.put_role(limited("a", 3));
    CHECK(at.cluster.run().empty());
    REQUIRE(at.cluster.outcome.faults.size() == 1);
    CHECK(at.cluster.outcome.faults[0] ==
          "propose granted role a more of agent a1-1 than may be offered");
}

TEST_CASE("a hold is kept from all others for one cycle", "[allocation][propose]") {
    Fixture at{propose_once({.grants = {}, .holds = {{{0}, {0}, 3_cpus + 1_GiB}}})};
    const ClaimantIndex open = at.cluster.add_claimant("b");
    REQUIRE(at.cluster.run().size() == 2);
    CHECK(at.cycle.allocated(open) == 3_cpus + 5_GiB);
    at.cluster.say(allocator_event::Revived{open});
    CHECK(at.cluster.run().size() == 1);
    CHECK(at.cycle.allocated(open) == 6_cpus + 6_GiB);
}

TEST_CASE("a hold of what is not there is named and dropped", "[allocation][propose]") {
    Fixture at{propose_once({.grants = {}, .holds = {{{0}, {0}, 5_cpus}}})};
    const ClaimantIndex open = at.cluster.add_claimant("b");
    CHECK(at.cluster.run().size() == 2);
    CHECK(at.cycle.allocated(open) == 6_cpus + 6_GiB);
    CHECK(at.cluster.outcome.faults ==
          std::vector<std::string>{"propose held what is not available"});
}

TEST_CASE("a proposal may ask for another look later", "[allocation][propose]") {
    int asked = 0;
    Fixture at{[&](const ClusterView& cluster) {
        ++asked;
        return Proposal{.grants = {}, .holds = {}, .wake = cluster.now() + 5s};
    }};
    at.cluster.run();
    CHECK(at.cluster.outcome.next_wake == at.cluster.now + 5s);
    at.cluster.now = at.cluster.now + 5s;
    CHECK(at.cycle.is_dirty(at.cluster.now));
    at.cluster.run();
    CHECK(asked == 2);
}

TEST_CASE("a proposal that fails voids its cycle", "[allocation][propose]") {
    int asked = 0;
    Fixture at{[&](const ClusterView&) -> Proposal {
        if (++asked == 2) throw std::runtime_error("out of ideas");
        return {.grants = {{{0}, {0}, 2_cpus + 1_GiB}}, .holds = {}};
    }};
    CHECK(at.cluster.run().empty());
    CHECK(at.cluster.outcome.faults == std::vector<std::string>{"propose failed: out of ideas"});
    CHECK(at.cycle.allocated(at.wants).is_empty());
    CHECK(at.cluster.count(at.wants, NoOfferReason::policy_fault) == 1);
    CHECK_FALSE(at.cycle.is_dirty(at.cluster.now));
}

TEST_CASE("a policy that never stops proposing is ended", "[allocation][propose]") {
    // A thousandth of a cpu at a time would take all day.
    const auto crumbs = [](const ClusterView& cluster) {
        return Proposal{.grants = {{{1}, cluster.agent(0).index(), Quantity<Cpus>::from_units(1)}},
                        .holds = {}};
    };
    Fixture at{crumbs, {.seed = 1, .hook_calls_max = 50}};
    const ClaimantIndex open = at.cluster.add_claimant("b");
    CHECK(at.cluster.run().empty());
    REQUIRE(at.cluster.outcome.faults.size() == 1);
    CHECK_THAT(at.cluster.outcome.faults[0],
               Catch::StartsWith("hooks were called more than 50 times in one cycle"));
    CHECK(at.cycle.allocated(open).is_empty());
}

namespace {

/// Contradicts itself with every answer.
struct Inconsistent {
    std::uint64_t rank(const NodeView& node) { return (node.identity() >> (++asked % 60)) % 4; }
    int asked = 0;
};

}  // namespace

TEST_CASE("whoever contradicts himself about ranks still cannot lose anything",
          "[allocation][policy]") {
    Cycle<Inconsistent> cycle;
    Cluster cluster{cycle};
    for (const char* const role : {"a", "a/x", "b", "b/y", "c"})
        cluster.add_claimant(role);
    for (int round = 0; round < 20; ++round) {
        for (int i = 0; i < 10; ++i)
            cluster.add_agent(1_cpus + 1_GiB);
        const std::vector<Grant> grants = cluster.run();
        CHECK(grants.size() == 10);
        for (std::size_t i = 0; i < grants.size(); i += 2)
            cluster.decline(grants[i], 1s);
        cluster.now = cluster.now + 2s;
        CHECK(cluster.run().size() == 5);
    }
}
