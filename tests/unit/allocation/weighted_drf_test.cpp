// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/weighted_drf.hpp>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

// The cluster is the worked example of Ghodsi et al. (NSDI 2011): 9 cpus, 18 of memory, A with
// tasks of <1 cpu, 4 mem> and B with tasks of <3 cpus, 1 mem>.
namespace {

const Resources example_cluster = 9_cpus + 18_GiB;
const Resources task_a = 1_cpus + 4_GiB;
const Resources task_b = 3_cpus + 1_GiB;

}  // namespace

TEST_CASE("WeightedDrf ranks by the weighted dominant share", "[allocation][drf]") {
    const auto [what, held, weight, expected] =
        GENERATE(table<std::string, Resources, std::int64_t, Share>({
            {"nothing held", Resources{}, 1000, {0, 1}},
            {"memory dominates", 3_cpus + 12_GiB, 1000, {2, 3}},
            {"cpus dominate", 6_cpus + 2_GiB, 1000, {2, 3}},
            {"weight two halves it", 6_cpus + 2_GiB, 2000, {1, 3}},
            {"what the cluster lacks does not count", Resources{5_gpus}, 1000, {0, 1}},
        }));
    INFO(what);
    ClaimantNode node;
    node.allocated = held.amounts();
    node.weight = weight;
    const Share share = WeightedDrf{}.rank(NodeView{NodeIndex{1}, node, example_cluster.amounts()});
    // The weight is in thousandths, and so is the rank.
    CHECK(share == Share{expected.held, expected.of * 1000});
}

TEST_CASE("DRF fills the cluster of the paper as the paper says", "[allocation][drf]") {
    const auto [what, role_a, role_b, id_a, id_b, order] = GENERATE(
        table<std::string, std::string, std::string, std::uint64_t, std::uint64_t, std::string>({
            {"one role, A first on a tie", "*", "*", 1, 2, "ABABA"},
            {"one role, B first on a tie", "*", "*", 2, 1, "BAABA"},
            {"two roles, A first on a tie", "a", "b", 2, 1, "ABABA"},
            {"two roles, B first on a tie", "z", "b", 1, 2, "BAABA"},
        }));
    INFO(what);
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(example_cluster);
    const ClaimantIndex a = cluster.add_claimant(role_a, id_a);
    const ClaimantIndex b = cluster.add_claimant(role_b, id_b);
    TaskFiller filler{cluster};
    filler.add(a, task_a);
    filler.add(b, task_b);
    filler.fill();

    std::string launched;
    for (const ClaimantIndex claimant : filler.launches)
        launched += claimant == a ? 'A' : 'B';
    CHECK(launched == order);
    CHECK(cycle.allocated(a) == 3_cpus + 12_GiB);
    CHECK(cycle.allocated(b) == 6_cpus + 2_GiB);
    CHECK(cycle.available(AgentIndex{0}) == Resources{4_GiB});
}

// Divisible, A runs 54/13 = 4.15 and B 18/13 = 1.38 tasks.
TEST_CASE("a role of weight two gets twice the share", "[allocation][drf]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(example_cluster);
    cluster.put_role({role_of("a"), 2000, {}});
    const ClaimantIndex a = cluster.add_claimant("a");
    const ClaimantIndex b = cluster.add_claimant("b");
    TaskFiller filler{cluster};
    filler.add(a, task_a);
    filler.add(b, task_b);
    filler.fill();
    CHECK(filler.running(a) == 4);
    CHECK(filler.running(b) == 1);
}

TEST_CASE("weights divide a single kind in proportion", "[allocation][drf]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    for (int i = 0; i < 4; ++i)
        cluster.add_agent(25_cpus + 100_GiB);
    CHECK(share_by_weights(cluster) == std::array<std::int64_t, 3>{10, 30, 60});
}

// Bhattacharya et al. (SoCC 2013): with leaf weights multiplied down the tree, n1 would get 2/3 and
// the leaves of n2 1/3 each.
TEST_CASE("a group whose members need different kinds keeps its share", "[allocation][drf][hdrf]") {
    const std::string policy = GENERATE("drf", "hdrf");
    INFO(policy);
    const auto allocator = made(policy);
    const TwoGroups groups{*allocator, 100_cpus + 100_GiB, {1_cpus + 1_GiB, 1_cpus, 1_GiB}};
    CHECK(groups.running() == std::array<std::int64_t, 3>{50, 50, 50});
}

TEST_CASE("many frameworks in one role weigh no more than one in another", "[allocation][drf]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    for (int i = 0; i < 60; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    const ClaimantIndex lone = cluster.add_claimant("lone");
    for (int i = 0; i < 5; ++i)
        cluster.add_claimant("crowd");
    CHECK(cluster.run().size() == 60);
    CHECK(cycle.allocated(lone) == 30_cpus + 30_GiB);
    for (std::uint32_t i = 1; i <= 5; ++i) {
        CHECK(cycle.allocated(ClaimantIndex{i}) == 6_cpus + 6_GiB);
    }
}
