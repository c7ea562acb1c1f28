// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/delay.hpp>
#include <unit/framework/parts.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace offerkit;
using namespace std::chrono_literals;
using offerkit::testing::make_offer;

namespace {

constexpr Instant start{1'000'000'000};

}  // namespace

TEST_CASE("a job waits for its own host, then for its rack, then takes any") {
    DelaySchedule job{{5s, 10s}};
    CHECK(job.allowed(start) == 0);
    CHECK(job.next_level_at(start) == Instant::never());  // It has skipped nothing yet.
    CHECK_FALSE(job.take(2, start));
    CHECK(job.next_level_at(start) == start + 5s);
    CHECK_FALSE(job.take(1, start + 4s));
    CHECK(job.allowed(start + 5s) == 1);
    CHECK_FALSE(job.take(2, start + 14s));
    CHECK(job.next_level_at(start + 14s) == start + 15s);
    CHECK(job.take(2, start + 15s));
}

TEST_CASE("a launch begins the waits anew, from the level it was launched at") {
    DelaySchedule job{{5s, 10s}};
    CHECK_FALSE(job.take(1, start));
    CHECK(job.take(1, start + 5s));
    // Algorithm 2 of the paper: the next one may be in the rack at once ...
    CHECK(job.take(1, start + 5s));
    // ... waits the second wait alone for worse ...
    CHECK_FALSE(job.take(2, start + 6s));
    CHECK_FALSE(job.take(2, start + 15s));
    CHECK(job.take(2, start + 16s));
    // ... and goes back to waiting for its host once it had one.
    CHECK(job.take(0, start + 17s));
    CHECK(job.allowed(start + 60s) == 0);
    CHECK_FALSE(job.take(1, start + 60s));
}

TEST_CASE("without waits everything is taken at once") {
    DelaySchedule job{{}};
    CHECK(job.take(7, start));
    DelaySchedule none{{0s, 0s}};
    CHECK_FALSE(none.take(2, start));  // The first that is skipped begins the wait ...
    CHECK(none.take(2, start));        // ... which is over.
}

TEST_CASE("no job waits longer than all of its waits, and none runs worse than it must") {
    Rng rng{3};
    for (int round = 0; round < 200; ++round) {
        const Duration one{rng.between(0, 1000)};
        const Duration two{rng.between(0, 1000)};
        DelaySchedule job{{one, two}};
        Instant now = start;
        Instant first = Instant::never();
        while (true) {
            now = now + Duration{rng.between(1, 300)};
            const auto level = static_cast<std::size_t>(1 + rng.below(2));
            const Instant next = job.next_level_at(now);
            REQUIRE((next == Instant::never() || next > now));
            if (first == Instant::never()) first = now;
            if (job.take(level, now)) {
                REQUIRE(now - first >= one);
                REQUIRE((level == 1 || now - first >= one + two));
                break;
            }
            REQUIRE(now - first < one + two);
        }
    }
}

TEST_CASE("an offer's distance from the data is by host, then by rack") {
    const Locality data{.hosts = {"host-1", "host-2"}, .racks = {"r1"}};
    CHECK(data.level(make_offer(1, 2, "cpus:1")) == 0);
    CHECK(data.level(make_offer(1, 3, "cpus:1", {{"rack", std::string{"r1"}}})) == 1);
    CHECK(data.level(make_offer(1, 3, "cpus:1", {{"rack", std::string{"r2"}}})) == 2);
    CHECK(data.level(make_offer(1, 3, "cpus:1", {{"rack", std::int64_t{1000}}})) == 2);
    CHECK(data.level(make_offer(1, 3, "cpus:1")) == 2);
}
