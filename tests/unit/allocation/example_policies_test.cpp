// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <examples/policies/bottleneck_max_fairness.hpp>
#include <examples/policies/equal_incomes.hpp>
#include <offerkit/allocation/cycle.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;
using examples::Proportions;

namespace {

/// What each runs, of so many tasks as fit an agent of that size.
template <class Policy>
std::vector<std::int64_t> fill_with(const Resources& total, const std::vector<Resources>& tasks) {
    Cycle<Policy> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(total);
    TaskFiller filler{cluster};
    for (const Resources& task : tasks) {
        const ClaimantIndex claimant =
            cluster.add_claimant("user" + std::to_string(&task - tasks.data()));
        filler.add(claimant, task);
        cluster.want(claimant, task, 100'000);
    }
    filler.fill();
    std::vector<std::int64_t> running;
    for (std::uint32_t i = 0; i < tasks.size(); ++i)
        running.push_back(filler.running({i}));
    return running;
}

std::vector<Proportions> draw_market(Rng& rng) {
    std::vector<Proportions> wanted(static_cast<std::size_t>(rng.between(2, 6)));
    for (Proportions& of : wanted) {
        of = {};
        for (std::size_t kind = 0; kind < 3; ++kind)
            of[kind] = fixed_one / 100 * rng.between(1, 100);
        of[rng.below(3)] = fixed_one;
    }
    return wanted;
}

Proportions used_of(const std::vector<Proportions>& wanted,
                    const std::vector<std::int64_t>& shares) {
    Proportions used{};
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        for (std::size_t kind = 0; kind < used.size(); ++kind)
            used[kind] += examples::times(wanted[i][kind], shares[i]);
    }
    return used;
}

}  // namespace

// Bonald and Roberts, 2015: with dominant shares C would have 5/12, and 1/6 of the second kind
// idle.
TEST_CASE("bottleneck max fairness leaves nothing that somebody could use", "[allocation][bmf]") {
    CHECK(fill_with<examples::BottleneckMaxFairness>(
              800_cpus + 800_GiB, {2_cpus + 1_GiB, 2_cpus + 1_GiB, 2_cpus + 5_GiB}) ==
          std::vector<std::int64_t>{150, 150, 100});
}

TEST_CASE("everybody has a bottleneck of which nobody has more", "[allocation][bmf]") {
    constexpr std::int64_t tolerance = fixed_one >> 16;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        INFO("seed " << seed);
        Rng rng{seed};
        const std::vector<Proportions> wanted = draw_market(rng);
        const std::vector<std::int64_t> shares = examples::share_by_bottlenecks(wanted);
        const Proportions used = used_of(wanted, shares);
        CHECK(*std::ranges::max_element(used) <= fixed_one + tolerance);
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            bool has_bottleneck = false;
            for (std::size_t kind = 0; kind < used.size(); ++kind) {
                std::int64_t most = 0;
                for (std::size_t j = 0; j < wanted.size(); ++j)
                    most = std::max(most, examples::times(wanted[j][kind], shares[j]));
                if (used[kind] >= fixed_one - tolerance &&
                    examples::times(wanted[i][kind], shares[i]) >= most - tolerance) {
                    has_bottleneck = true;
                }
            }
            CHECK(has_bottleneck);
        }
    }
}

// Ghodsi et al., NSDI 2011, section 5.1.2: 45/11 and 18/11 tasks, and both kinds full.
TEST_CASE("equal incomes buy what the paper says", "[allocation][ceei]") {
    const std::vector<std::int64_t> running =
        fill_with<examples::EqualIncomes>(900_cpus + 1800_GiB, {1_cpus + 4_GiB, 3_cpus + 1_GiB});
    CHECK(std::abs(running[0] - 409) <= 1);
    CHECK(std::abs(running[1] - 163) <= 1);
}

TEST_CASE("whoever lies to the market may gain by it", "[allocation][ceei]") {
    const std::vector<std::int64_t> honest =
        fill_with<examples::EqualIncomes>(1000_cpus + 1000_GiB, {16_cpus + 1_GiB, 1_cpus + 2_GiB});
    const std::vector<std::int64_t> lying =
        fill_with<examples::EqualIncomes>(1000_cpus + 1000_GiB, {16_cpus + 8_GiB, 1_cpus + 2_GiB});
    // To within one of the larger tasks, which takes the room of sixteen small ones.
    CHECK(std::abs(honest[0] - 32) <= 1);    // 1000/31
    CHECK(std::abs(honest[1] - 483) <= 16);  // 15000/31
    CHECK(std::abs(lying[0] - 41) <= 1);     // 125/3
    CHECK(std::abs(lying[1] - 333) <= 16);   // 1000/3
}

// The conditions under which the product of all shares is as large as can be: what is left over has
// no price, so nobody could get more of the product by moving a little to anybody.
TEST_CASE("no other division has a larger product", "[allocation][ceei]") {
    Rng rng{3};
    for (int round = 0; round < 20; ++round) {
        INFO("round " << round);
        const std::vector<Proportions> wanted = draw_market(rng);
        const std::vector<std::int64_t> best = examples::share_by_equal_incomes(wanted);
        const auto log_product = [](const std::vector<std::int64_t>& shares) {
            double sum = 0;
            for (const std::int64_t share : shares)
                sum += std::log(static_cast<double>(share));
            return sum;
        };
        CHECK(std::ranges::max(used_of(wanted, best)) <= fixed_one + 64);
        for (int other = 0; other < 200; ++other) {
            std::vector<std::int64_t> shares = best;
            for (std::int64_t& share : shares)
                share = share / 1000 * rng.between(900, 1100);
            const std::int64_t most = std::ranges::max(used_of(wanted, shares));
            for (std::int64_t& share : shares)
                share = examples::divided(share, std::max(most, fixed_one));
            CHECK(log_product(shares) <= log_product(best) + 1e-4);
        }
    }
}
