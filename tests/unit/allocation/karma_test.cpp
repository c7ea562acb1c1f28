// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/karma.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

/// Runs the quanta: each time everybody wants so many slices, holds what it gets until the end of
/// the quantum, and gives it back.
std::vector<std::vector<std::int64_t>> run_quanta(
    Allocator& allocator, std::uint32_t slices,
    const std::vector<std::vector<std::uint32_t>>& demands) {
    Cluster cluster{allocator};
    for (std::uint32_t i = 0; i < slices; ++i)
        cluster.add_agent(1_cpus + 1_GiB);
    std::vector<ClaimantIndex> users;
    for (std::size_t i = 0; i < demands.front().size(); ++i) {
        users.push_back(cluster.add_claimant("user" + std::to_string(100 + i)));
        cluster.want(users.back(), 1_cpus, 0);
    }
    std::vector<std::vector<std::int64_t>> got;
    for (const std::vector<std::uint32_t>& wanted : demands) {
        for (std::size_t i = 0; i < users.size(); ++i)
            cluster.want(users[i], 1_cpus, wanted[i]);
        std::vector<Grant> held;
        do {
            for (const Grant& grant : cluster.run())
                held.push_back(grant);
        } while (allocator.is_dirty(cluster.now));
        got.emplace_back();
        for (const ClaimantIndex user : users)
            got.back().push_back(allocator.allocated(user).get<Cpus>().units() / 1000);
        cluster.now = cluster.now + 10s;
        for (const ClaimantIndex user : users)
            cluster.want(user, 1_cpus, 0);
        cluster.run();
        for (const Grant& grant : held)
            cluster.give_back(grant);
    }
    return got;
}

}  // namespace

// Vuppalapati et al., OSDI 2023, with the example of the authors' repository: six slices, half of
// each share pooled.
TEST_CASE("Karma is fair over time", "[allocation][karma]") {
    using Slices = std::vector<std::vector<std::int64_t>>;
    const std::vector<std::vector<std::uint32_t>> demands{{4, 1, 1}, {0, 3, 0}, {2, 2, 5}};
    SECTION("whoever used little before borrows first: five slices each") {
        Cycle<Karma> cycle;
        CHECK(run_quanta(cycle, 6, demands) == Slices{{4, 1, 1}, {0, 3, 0}, {1, 1, 4}});
        // Everyone earned three. A paid 3 and was paid 1; B paid 2; C was paid 1 and paid 3.
        CHECK(cycle.policy().credits("user100") == 1000);
        CHECK(cycle.policy().credits("user101") == 1000);
        CHECK(cycle.policy().credits("user102") == 1000);
    }
    SECTION("max-min forgets, and gives six, six and three") {
        CHECK(run_quanta(*made("max_min"), 6, demands) == Slices{{4, 1, 1}, {0, 3, 0}, {2, 2, 2}});
    }
}

TEST_CASE("Karma evens out bursts that max-min does not", "[allocation][karma]") {
    // Users who want as much in all, some of it in few quanta and some in many.
    constexpr std::size_t users = 8;
    Rng rng{11};
    std::vector<std::vector<std::uint32_t>> demands;
    for (int quantum = 0; quantum < 200; ++quantum) {
        demands.emplace_back();
        for (std::size_t user = 0; user < users; ++user) {
            const std::uint32_t burst = user % 2 == 0 ? 10 : 3;  // Each wants 2.5 on average or so.
            demands.back().push_back(rng.chance(25, burst * 10) ? burst : 0);
        }
    }
    const auto spread = [&](std::string_view policy) {
        std::vector<std::int64_t> sums(users);
        std::int64_t all = 0;
        for (const auto& slices : run_quanta(*made(policy), 16, demands)) {
            for (std::size_t user = 0; user < users; ++user) {
                sums[user] += slices[user];
                all += slices[user];
            }
        }
        const auto [least, most] = std::ranges::minmax(sums);
        return std::pair{least * 1000 / most, all};
    };
    const auto [karma, karma_all] = spread("karma");
    const auto [max_min, max_min_all] = spread("max_min");
    CHECK(karma > max_min + 50);
    CHECK(karma_all == max_min_all);
}
