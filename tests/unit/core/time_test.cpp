// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/time.hpp>

#include <catch2/catch.hpp>

using namespace offerkit;
using namespace std::chrono_literals;

static_assert(Instant{5} + 3ns == Instant{8});
static_assert(Instant{8} - Instant{5} == 3ns);
static_assert(Instant{5} - Instant{8} == -3ns);
static_assert(Instant{5} < Instant::never());
static_assert(WallTime{1} < WallTime{2});

TEST_CASE("a deadline too far away never comes", "[core][time][limits]") {
    const std::int64_t last = Instant::never().ns;
    CHECK(Instant{last - 1} + 1ns == Instant::never());
    CHECK(Instant{last - 1} + 2ns == Instant::never());
    CHECK(Instant{1} + Duration::max() == Instant::never());
    CHECK(Instant::never() + 1h == Instant::never());
    CHECK(Instant{10} + (-3ns) == Instant{7});
}
