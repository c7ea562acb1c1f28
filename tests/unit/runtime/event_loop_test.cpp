// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/event_loop.hpp>

#include <catch2/catch.hpp>

#include <thread>
#include <vector>

using namespace offerkit;
using namespace offerkit::runtime;

TEST_CASE("the first turn comes at once, with nothing in it") {
    EventLoop<int> loop;
    int turns = 0;
    loop.run(WorldClock{}, [&](const Batch<int>& batch) {
        ++turns;
        CHECK(batch.events.empty());
        loop.stop();
        return Instant::never();
    });
    CHECK(turns == 1);
}

TEST_CASE("events of each writer come in order, none is lost, batches are bounded") {
    EventLoop<std::pair<int, int>> loop;
    constexpr int writers = 4;
    constexpr int each = 20'000;
    std::vector<std::thread> threads;
    for (int writer = 0; writer < writers; ++writer) {
        threads.emplace_back([&loop, writer] {
            std::vector<std::pair<int, int>> some;
            for (int i = 0; i < each; ++i) {
                some.emplace_back(writer, i);
                if (i % 7 == 0) loop.push(some);
            }
            loop.push(some);
        });
    }
    std::vector<int> next(writers, 0);
    int left = writers * each;
    bool in_order = true;
    bool bounded = true;
    Instant last{0};
    bool monotonic = true;
    loop.run(WorldClock{}, [&](const Batch<std::pair<int, int>>& batch) {
        bounded = bounded && batch.events.size() <= limits::batch_events_max;
        monotonic = monotonic && batch.mono_now >= last;
        last = batch.mono_now;
        for (const auto& [writer, number] : batch.events) {
            in_order = in_order && next[static_cast<std::size_t>(writer)]++ == number;
            --left;
        }
        if (left == 0) loop.stop();
        return Instant::never();
    });
    for (std::thread& thread : threads)
        thread.join();
    CHECK(left == 0);
    CHECK(in_order);
    CHECK(bounded);
    CHECK(monotonic);
}

TEST_CASE("a wake is kept, and not early by a clock's whim") {
    EventLoop<int> loop;
    const WorldClock clock;
    std::vector<Instant> turns;
    const Instant due = clock.mono_now() + std::chrono::milliseconds{5};
    loop.run(clock, [&](const Batch<int>& batch) {
        turns.push_back(batch.mono_now);
        if (batch.mono_now >= due) loop.stop();
        return due;
    });
    CHECK(turns.back() >= due);
    CHECK(turns.size() >= 2);
}

TEST_CASE("a full queue says so, and tells when it has drained") {
    EventLoop<int> loop{3};
    int drained = 0;
    loop.when_drained([&] { ++drained; });
    CHECK(loop.push_one(1));
    CHECK(loop.push_one(2));
    CHECK_FALSE(loop.is_full());
    CHECK_FALSE(loop.push_one(3));
    CHECK(loop.is_full());
    std::vector<int> more{4};
    CHECK_FALSE(loop.push(more));  // Full is no reason to lose what was read.
    CHECK(more.empty());
    std::vector<int> seen;
    loop.run(WorldClock{}, [&](const Batch<int>& batch) {
        seen.insert(seen.end(), batch.events.begin(), batch.events.end());
        loop.stop();
        return Instant::never();
    });
    CHECK(seen == std::vector{1, 2, 3, 4});
    CHECK(drained == 1);
    CHECK_FALSE(loop.is_full());
}
