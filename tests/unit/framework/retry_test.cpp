// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/retry.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>

using namespace offerkit;
using namespace std::chrono_literals;

TEST_CASE("the longest wait doubles after each failure, up to its bound") {
    const Backoff backoff{1s, 10s};
    CHECK(backoff.longest_wait(1) == 1s);
    CHECK(backoff.longest_wait(2) == 2s);
    CHECK(backoff.longest_wait(3) == 4s);
    CHECK(backoff.longest_wait(4) == 8s);
    CHECK(backoff.longest_wait(5) == 10s);
    CHECK(backoff.longest_wait(std::numeric_limits<int>::max()) == 10s);
}

TEST_CASE("a wait never overflows, and none is none") {
    CHECK(Backoff{Duration::max(), Duration::max()}.longest_wait(2) == Duration::max());
    CHECK(Backoff{1ns, Duration::max()}.longest_wait(1000) == Duration::max());
    CHECK(Backoff{20s, 10s}.longest_wait(1) == 10s);
    CHECK(Backoff{0s, 10s}.longest_wait(1'000'000'000) == 0s);
    CHECK(Backoff{1s, 0s}.longest_wait(3) == 0s);
}

TEST_CASE("a wait is between half of the longest and all of it, and differs from run to run") {
    const Backoff backoff{1s, 1min};
    Rng rng{7};
    std::set<Duration> waits;
    for (int i = 0; i < 1000; ++i) {
        const Duration wait = backoff.wait(3, rng);
        CHECK(wait >= 2s);
        CHECK(wait <= 4s);
        waits.insert(wait);
    }
    CHECK(waits.size() > 900);
    CHECK(*waits.begin() < 2100ms);
    CHECK(*waits.rbegin() > 3900ms);
}

TEST_CASE("the same seed waits the same") {
    Rng one{42};
    Rng other{42};
    for (int failures = 1; failures < 20; ++failures)
        CHECK(Backoff{}.wait(failures, one) == Backoff{}.wait(failures, other));
}

TEST_CASE("a retry queue gives a key back when it is due, and not before") {
    RetryQueue<std::uint32_t> queue{{10s, 1min}, Rng{1}};
    CHECK(queue.next() == Instant::never());
    const Instant start{1000};
    const Instant due = queue.put(start, 5, 1);
    CHECK(due >= start + 5s);
    CHECK(due <= start + 10s);
    CHECK(queue.next() == due);
    CHECK(queue.size() == 1);
    CHECK_FALSE(queue.take_due(Instant{due.ns - 1}));
    CHECK(queue.take_due(due) == std::optional<std::uint32_t>{5});
    CHECK_FALSE(queue.take_due(due));
    CHECK(queue.next() == Instant::never());
}

TEST_CASE("a retry queue gives back the earliest first, whoever came first") {
    RetryQueue<int> queue{{1s, 1h}, Rng{3}};
    const Instant start{0};
    (void)queue.put(start, 1, 6);  // 16 to 32 s.
    (void)queue.put(start, 2, 1);  // Half a second to one.
    (void)queue.put(start, 3, 3);  // 2 to 4 s.
    const Instant late = start + 1min;
    CHECK(queue.take_due(late) == std::optional{2});
    CHECK(queue.take_due(late) == std::optional{3});
    CHECK(queue.take_due(late) == std::optional{1});
    CHECK(queue.size() == 0);
}
