// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <limits>
#include <vector>

using namespace offerkit;

// Vectors of the published SplitMix64, seed 1234567.
TEST_CASE("the generator is SplitMix64, bit for bit", "[core][random]") {
    Rng rng{1234567};
    CHECK(rng.next() == 6457827717110365317U);
    CHECK(rng.next() == 3203168211198807973U);
    CHECK(rng.next() == 9817491932198370423U);
    CHECK(rng.next() == 4593380528125082431U);
    CHECK(rng.next() == 16408922859458223821U);
}

TEST_CASE("equal seeds draw equally and a copy goes on alike", "[core][random]") {
    Rng a{7};
    Rng b{7};
    CHECK(a.below(1000) == b.below(1000));
    CHECK(a == b);
    Rng copy = a;
    CHECK(copy.next() == a.next());
    CHECK_FALSE(Rng{7} == Rng{8});
}

TEST_CASE("draws stay in their bounds and reach them", "[core][random]") {
    Rng rng{1};
    std::array<int, 6> seen{};
    for (int i = 0; i < 60'000; ++i)
        ++seen[static_cast<std::size_t>(rng.below(6))];
    for (const int count : seen)
        CHECK((count > 9'500 && count < 10'500));
    for (int i = 0; i < 100; ++i)
        CHECK(rng.below(1) == 0);

    bool has_low = false;
    bool has_high = false;
    for (int i = 0; i < 1'000; ++i) {
        const std::int64_t drawn = rng.between(-2, 2);
        REQUIRE(drawn >= -2);
        REQUIRE(drawn <= 2);
        has_low = has_low || drawn == -2;
        has_high = has_high || drawn == 2;
    }
    CHECK(has_low);
    CHECK(has_high);
    CHECK(rng.between(5, 5) == 5);
    const std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
    for (int i = 0; i < 100; ++i)
        CHECK(rng.below(most) < most);
}

TEST_CASE("chance is in parts of a whole", "[core][random]") {
    Rng rng{2};
    int hits = 0;
    for (int i = 0; i < 40'000; ++i) {
        hits += rng.chance(1, 4) ? 1 : 0;
        REQUIRE_FALSE(rng.chance(0, 4));
        REQUIRE(rng.chance(4, 4));
    }
    CHECK(hits > 9'500);
    CHECK(hits < 10'500);
}

TEST_CASE("a split generator does not shift its origin", "[core][random]") {
    Rng origin{3};
    Rng undisturbed = origin;
    Rng part = origin.split();
    (void)undisturbed.next();
    for (int i = 0; i < 10; ++i)
        (void)part.next();
    CHECK(origin.next() == undisturbed.next());
}

TEST_CASE("a shuffle keeps the elements and reaches every order", "[core][random]") {
    Rng rng{4};
    std::array<int, 6> seen{};
    for (int i = 0; i < 6'000; ++i) {
        std::vector<int> elements = {0, 1, 2};
        rng.shuffle(elements);
        const int first = elements[0];
        const int order = 2 * first + (elements[1] > elements[2] ? 1 : 0);
        ++seen[static_cast<std::size_t>(order)];
        std::sort(elements.begin(), elements.end());
        REQUIRE(elements == std::vector<int>{0, 1, 2});
    }
    for (const int count : seen)
        CHECK((count > 850 && count < 1'150));
    std::vector<int> empty;
    rng.shuffle(empty);
    CHECK(empty.empty());
}
