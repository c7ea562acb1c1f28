// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/resources/amounts.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <type_traits>
#include <vector>

using namespace offerkit;

static_assert(std::is_trivially_copyable_v<Amounts>);
static_assert(sizeof(Amounts) == limits::slots * sizeof(std::int64_t));

namespace {

constexpr Amounts amounts_of(std::int64_t first, std::int64_t second = 0) {
    Amounts amounts;
    amounts.set(0, first);
    amounts.set(1, second);
    return amounts;
}

// The scalar path is usable by the compiler.
static_assert(amounts_of(2, 3) + amounts_of(1, 1) == amounts_of(3, 4));
static_assert(amounts_of(2, 3) - amounts_of(1, 1) == amounts_of(1, 2));
static_assert(amounts_of(2, 3).contains(amounts_of(2, 3)));
static_assert(!amounts_of(2, 3).contains(amounts_of(3, 0)));
static_assert(Amounts{}.is_zero() && !amounts_of(0, 1).is_zero());
static_assert(dominant_share(amounts_of(3, 12), amounts_of(9, 18), 1000) == Share{2, 3000});

/// Amounts of every size up to `units_max`, with the extremes more often than chance would.
Amounts draw(Rng& rng, std::int64_t units_max) {
    Amounts amounts;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const std::uint64_t kind = rng.below(8);
        std::int64_t units = 0;
        if (kind == 0) units = units_max;
        if (kind > 2) units = rng.between(0, units_max >> rng.below(44));
        amounts.set(slot, units);
    }
    return amounts;
}

}  // namespace

TEST_CASE("amounts obey the laws of addition and of parts", "[resources][amounts]") {
    Rng rng{1};
    for (int i = 0; i < 20'000; ++i) {
        // A quarter of the cluster's maximum each, so that three of them stay within it.
        const std::int64_t units_max = limits::amount_per_cluster_max / 4;
        const Amounts a = draw(rng, units_max);
        const Amounts b = draw(rng, units_max);
        const Amounts c = draw(rng, units_max);
        REQUIRE(a + b == b + a);
        REQUIRE((a + b) + c == a + (b + c));
        REQUIRE((a + b) - b == a);
        REQUIRE((a + b).contains(a));
        REQUIRE(a.contains(Amounts{}));
        REQUIRE(a.contains(a));
        REQUIRE((a.contains(b) && b.contains(a)) == (a == b));
        if (a.contains(b) && b.contains(c)) REQUIRE(a.contains(c));
        if (a.contains(b)) REQUIRE((a - b) + b == a);
        Amounts in_place = a;
        in_place += b;
        REQUIRE(in_place == a + b);
        in_place -= a;
        REQUIRE(in_place == b);
        in_place += in_place;
        REQUIRE(in_place == b + b);
    }
}

TEST_CASE("amounts agree with one slot at a time", "[resources][amounts]") {
    Rng rng{2};
    int contained = 0;
    for (int i = 0; i < 20'000; ++i) {
        const Amounts a = draw(rng, limits::amount_per_cluster_max / 2);
        Amounts b = draw(rng, limits::amount_per_cluster_max / 2);
        if (rng.chance(1, 2)) {
            for (std::size_t slot = 0; slot < limits::slots; ++slot) {
                b.set(slot, rng.between(0, a[slot]));
            }
            if (rng.chance(1, 2)) {
                const auto slot = static_cast<std::size_t>(rng.below(limits::slots));
                b.set(slot, a[slot] + 1);
            }
        }
        bool is_contained = true;
        bool is_equal = true;
        const Amounts sum = a + b;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            REQUIRE(sum[slot] == a[slot] + b[slot]);
            is_contained = is_contained && a[slot] >= b[slot];
            is_equal = is_equal && a[slot] == b[slot];
        }
        contained += is_contained ? 1 : 0;
        REQUIRE(a.contains(b) == is_contained);
        REQUIRE((a == b) == is_equal);
        if (!is_contained) continue;
        const Amounts rest = a - b;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            REQUIRE(rest[slot] == a[slot] - b[slot]);
        }
    }
    CHECK(contained > 1'000);  // Both answers were tried.
    CHECK(contained < 19'000);
}

TEST_CASE("amounts see a single unit in any slot", "[resources][amounts]") {
    const auto slot = static_cast<std::size_t>(GENERATE(range(0, 16)));
    Amounts one;
    one.set(slot, 1);
    CHECK_FALSE(one.is_zero());
    CHECK_FALSE(one == Amounts{});
    CHECK_FALSE(Amounts{}.contains(one));
    CHECK(one.contains(Amounts{}));
    CHECK(one.slots()[slot] == 1);

    Amounts most;
    most.set(slot, limits::amount_per_cluster_max);
    CHECK(most.contains(one));
    CHECK_FALSE(one.contains(most));
    CHECK((most - one)[slot] == limits::amount_per_cluster_max - 1);
}

TEST_CASE("try_multiply is checked at the cluster's limit", "[resources][amounts]") {
    const Amounts one = amounts_of(1, 2);
    CHECK(one.try_multiply(0).value().is_zero());
    CHECK(one.try_multiply(1).value() == one);
    const std::int64_t half = limits::amount_per_cluster_max / 2;
    CHECK(one.try_multiply(half).value() == amounts_of(half, 2 * half));
    CHECK(one.try_multiply(half + 1).error().code == RefusalCode::too_large);
    CHECK(one.try_multiply(-1).error().code == RefusalCode::invalid);
    const Amounts most = amounts_of(limits::amount_per_cluster_max);
    CHECK(most.try_multiply(1).value() == most);
    CHECK(most.try_multiply(2).error().code == RefusalCode::too_large);
    CHECK(most.try_multiply(std::numeric_limits<std::int64_t>::max()).error().code ==
          RefusalCode::too_large);
}

// The cluster is the worked example of Ghodsi et al. (NSDI 2011): 9 cpus, 18 of memory, one tenant
// with tasks of <1 cpu, 4 mem> and one with tasks of <3 cpus, 1 mem>.
TEST_CASE("dominant_share is the largest share, divided by the weight", "[resources][share]") {
    const Amounts total = amounts_of(9, 18);
    const auto [what, held, weight, expected] =
        GENERATE(table<std::string, Amounts, std::int64_t, Share>({
            {"nothing held", amounts_of(0), 1000, Share{0, 1}},
            {"the second dominates", amounts_of(3, 12), 1000, Share{2, 3 * 1000}},
            {"the first dominates", amounts_of(6, 2), 1000, Share{2, 3 * 1000}},
            {"weight two halves it", amounts_of(6, 2), 2000, Share{1, 3 * 1000}},
            {"the least weight", amounts_of(9, 2), 1, Share{1, 1}},
            {"all of it", amounts_of(9, 18), 1000, Share{1, 1000}},
        }));
    INFO(what);
    CHECK(dominant_share(held, total, weight) == expected);
}

TEST_CASE("kinds that the cluster lacks dominate nobody", "[resources][share]") {
    Amounts held = amounts_of(1, 0);
    held.set(5, 100);
    CHECK(dominant_share(held, amounts_of(4)) == Share{1, 4000});
    CHECK(dominant_share(held, Amounts{}) == Share{0, 1});
}

TEST_CASE("shares are ordered totally and exactly at the limits", "[resources][share]") {
    // The closest two fractions there are at the limits: any rounding would make them equal.
    const std::int64_t most = limits::amount_per_cluster_max;
    const int128 weighted = int128{most} * limits::weight_max;
    const Share almost{most - 1, weighted};
    const Share whole{most, weighted};
    CHECK(almost < whole);
    CHECK(Share{most - 1, weighted} < Share{most - 1, weighted - 1});
    CHECK(Share{most - 2, weighted - 1} < Share{most - 1, weighted});
    CHECK(Share{most, weighted} == Share{1, limits::weight_max});
    CHECK(Share{most, 1} > Share{most - 1, 1});
    CHECK(Share{0, weighted} == Share{0, 1});

    Amounts held;
    Amounts total;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        held.set(slot, most - static_cast<std::int64_t>(slot));
        total.set(slot, most);
    }
    CHECK(dominant_share(held, total, limits::weight_max) == whole);
    CHECK(dominant_share(held, total, 1) == Share{1, 1});
}

TEST_CASE("the order of shares is that of the fractions", "[resources][share]") {
    Rng rng{3};
    std::vector<Share> shares;
    for (int i = 0; i < 60; ++i) {
        const std::int64_t of = rng.between(1, limits::amount_per_cluster_max >> rng.below(52));
        shares.push_back({rng.between(0, of), int128{of} * rng.between(1, limits::weight_max)});
    }
    for (const Share& a : shares) {
        CHECK(a == a);
        for (const Share& b : shares) {
            REQUIRE((a < b) + (a == b) + (a > b) == 1);
            REQUIRE((a < b) == (b > a));
            for (const Share& c : shares) {
                if (a < b && b < c) REQUIRE(a < c);
                if (a == b && b == c) REQUIRE(a == c);
            }
        }
    }
}

TEST_CASE("dominant_share agrees with comparing the share of each kind", "[resources][share]") {
    Rng rng{4};
    for (int i = 0; i < 5'000; ++i) {
        const Amounts total = draw(rng, limits::amount_per_cluster_max);
        Amounts held;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            held.set(slot, rng.chance(1, 3) ? 0 : rng.between(0, total[slot]));
        }
        const std::int64_t weight = rng.between(1, limits::weight_max);
        Share expected;
        for (std::size_t slot = 0; slot < limits::slots; ++slot) {
            if (total[slot] == 0) continue;
            const Share share{held[slot], int128{total[slot]} * weight};
            if (share > expected) expected = share;
        }
        REQUIRE(dominant_share(held, total, weight) == expected);
    }
}
