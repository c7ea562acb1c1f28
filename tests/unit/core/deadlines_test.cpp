// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/random.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <utility>
#include <vector>

using namespace offerkit;

TEST_CASE("deadlines are taken when they are due, ties by key", "[core][deadlines]") {
    Deadlines<int> deadlines;
    CHECK(deadlines.next() == Instant::never());
    CHECK_FALSE(deadlines.take_due(Instant{100}).has_value());
    deadlines.arm(Instant{10}, 2);
    deadlines.arm(Instant{5}, 3);
    deadlines.arm(Instant{10}, 1);
    deadlines.arm(Instant::never(), 4);
    CHECK(deadlines.size() == 3);
    CHECK(deadlines.next() == Instant{5});
    CHECK_FALSE(deadlines.take_due(Instant{4}).has_value());
    CHECK(deadlines.take_due(Instant{5}) == 3);
    CHECK_FALSE(deadlines.take_due(Instant{9}).has_value());
    CHECK(deadlines.take_due(Instant{11}) == 1);
    CHECK(deadlines.take_due(Instant{11}) == 2);
    CHECK(deadlines.next() == Instant::never());
}

TEST_CASE("deadlines come in order, also from a snapshot", "[core][deadlines]") {
    Rng rng{1};
    Deadlines<std::uint64_t> deadlines;
    std::multiset<std::pair<std::int64_t, std::uint64_t>> model;
    for (int i = 0; i < 3'000; ++i) {
        if (rng.chance(2, 3)) {
            const std::int64_t at = rng.between(0, 500);
            const std::uint64_t key = rng.below(50);
            deadlines.arm(Instant{at}, key);
            model.emplace(at, key);
        } else {
            const std::int64_t now = rng.between(0, 500);
            const auto taken = deadlines.take_due(Instant{now});
            const bool is_due = !model.empty() && model.begin()->first <= now;
            REQUIRE(taken.has_value() == is_due);
            if (is_due) {
                REQUIRE(*taken == model.begin()->second);
                model.erase(model.begin());
            }
        }
        REQUIRE(deadlines.next() ==
                (model.empty() ? Instant::never() : Instant{model.begin()->first}));
        if (i % 100 == 0) {
            Deadlines<std::uint64_t> restored;
            restored.assign({deadlines.entries().rbegin(), deadlines.entries().rend()});
            deadlines = restored;
        }
        REQUIRE(deadlines.size() == model.size());
    }
}
