// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/framework/dependency_graph.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

using namespace offerkit;

namespace {

using Node = DependencyGraph::Node;
using Nodes = std::vector<Node>;
using Edges = std::vector<DependencyGraph::Edge>;

Nodes sorted(Nodes nodes) {
    std::ranges::sort(nodes);
    return nodes;
}

}  // namespace

TEST_CASE("without edges everything may start, and nothing waits") {
    DependencyGraph graph{3, {}};
    CHECK(graph.ready() == Nodes{0, 1, 2});
    CHECK(graph.blocked() == 0);
    CHECK(graph.find_cycle().empty());
    CHECK(graph.done(1).empty());
    CHECK(graph.ready() == Nodes{0, 2});
    CHECK(DependencyGraph{}.ready().empty());
}

TEST_CASE("a node may start when the last that it waits for is done") {
    // 0 and 1 before 2, 2 before 3.
    DependencyGraph graph{4, {{0, 2}, {1, 2}, {2, 3}}};
    CHECK(graph.ready() == Nodes{0, 1});
    CHECK(graph.blocked() == 2);
    CHECK(graph.done(1).empty());
    CHECK(graph.done(0) == Nodes{2});
    CHECK(graph.blocked() == 1);
    CHECK(graph.done(2) == Nodes{3});
    CHECK(graph.done(3).empty());
    CHECK(graph.ready().empty());
    CHECK(graph.is_done(3));
}

TEST_CASE("an edge that is given twice counts once") {
    DependencyGraph graph{2, {{0, 1}, {0, 1}, {0, 1}}};
    CHECK(graph.done(0) == Nodes{1});
}

TEST_CASE("done twice frees nobody twice") {
    DependencyGraph graph{3, {{0, 2}, {1, 2}}};
    CHECK(graph.done(0).empty());
    CHECK(graph.done(0).empty());
    CHECK(graph.done(1) == Nodes{2});
    CHECK(graph.done(1).empty());
}

TEST_CASE("what is given up takes all that wait for it along, and nothing else") {
    // 0 -> 1 -> 2, 3 -> 2, 3 -> 4, 5 alone.
    DependencyGraph graph{6, {{0, 1}, {1, 2}, {3, 2}, {3, 4}}};
    CHECK(graph.give_up(0) == Nodes{1, 2});
    CHECK(graph.is_given_up(2));
    CHECK(graph.give_up(0).empty());
    CHECK(graph.done(1).empty());
    CHECK_FALSE(graph.is_done(1));
    CHECK(graph.done(3) == Nodes{4});
    CHECK(graph.ready() == Nodes{4, 5});
    CHECK(graph.blocked() == 0);
}

TEST_CASE("what is done before its turn stays done, and frees what waits for it alone") {
    // An earlier run did 1; now 0 is run again and fails.
    DependencyGraph graph{3, {{0, 1}, {1, 2}}};
    CHECK(graph.done(1) == Nodes{2});
    CHECK(graph.ready() == Nodes{0, 2});
    CHECK(graph.give_up(0).empty());
    CHECK(graph.is_done(1));
    CHECK(graph.ready() == Nodes{2});

    DependencyGraph again{3, {{0, 1}, {1, 2}}};
    (void)again.done(1);
    CHECK(again.done(0).empty());  // 1 may not start a second time.
}

TEST_CASE("a cycle is found, each before the next") {
    struct Row {
        const char* name;
        std::size_t nodes;
        Edges edges;
        Nodes cycle;
    };
    const Row rows[] = {
        {"itself", 1, {{0, 0}}, {0}},
        {"two", 2, {{0, 1}, {1, 0}}, {0, 1}},
        {"with a way in and a way out", 5, {{0, 1}, {1, 2}, {2, 3}, {3, 1}, {3, 4}}, {1, 2, 3}},
        {"none in a diamond", 4, {{0, 1}, {0, 2}, {1, 3}, {2, 3}}, {}},
        {"in the second part", 5, {{0, 1}, {2, 3}, {3, 4}, {4, 2}}, {2, 3, 4}},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        CHECK((DependencyGraph{row.nodes, row.edges}.find_cycle() == row.cycle));
    }
}

TEST_CASE("a chain of a hundred thousand is walked without recursion") {
    constexpr Node count = 100'000;
    Edges edges;
    for (Node node = 0; node + 1 < count; ++node)
        edges.push_back({node, node + 1});
    DependencyGraph graph{count, edges};
    CHECK(graph.find_cycle().empty());
    CHECK(graph.give_up(0).size() == count - 1);
    edges.push_back({count - 1, 0});
    CHECK((DependencyGraph{count, std::move(edges)}.find_cycle().size() == count));
}

TEST_CASE("random graphs without cycles are done in an order that respects every edge") {
    Rng rng{2024};
    for (int round = 0; round < 50; ++round) {
        const auto count = static_cast<std::size_t>(rng.between(1, 60));
        Edges edges;
        for (std::uint64_t i = rng.below(3 * count); i > 0; --i) {
            const auto a = static_cast<Node>(rng.below(count));
            const auto b = static_cast<Node>(rng.below(count));
            if (a != b) edges.push_back({std::min(a, b), std::max(a, b)});
        }
        DependencyGraph graph{count, edges};
        REQUIRE(graph.find_cycle().empty());
        std::vector<std::size_t> place(count);
        Nodes order = graph.ready();
        for (std::size_t i = 0; i < order.size(); ++i) {
            // A random one of those that may start goes next.
            std::swap(order[i], order[i + rng.below(order.size() - i)]);
            place[order[i]] = i;
            const Nodes freed = graph.done(order[i]);
            order.insert(order.end(), freed.begin(), freed.end());
        }
        REQUIRE(order.size() == count);
        CHECK(sorted(order).back() == count - 1);
        for (const auto& [before, after] : edges)
            CHECK(place[before] < place[after]);
    }
}
