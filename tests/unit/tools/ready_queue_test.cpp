// SPDX-License-Identifier: Apache-2.0
#include <offerkit/resources/text.hpp>
#include <tools/ready_queue.hpp>

#include <catch2/catch.hpp>

#include <cstdint>
#include <vector>

using namespace offerkit;
using namespace offerkit::tools;

namespace {

using Taken = std::vector<std::uint32_t>;

Taken fill(ReadyQueue& queue, const char* resources, std::size_t most = 1'000'000) {
    Taken taken;
    const std::size_t count = queue.fill(*parse_resources(resources), [&](std::uint32_t job) {
        if (taken.size() == most) return false;
        taken.push_back(job);
        return true;
    });
    CHECK(count == taken.size());
    return taken;
}

}  // namespace

TEST_CASE("the queue hands out jobs in their order, whatever order they came in") {
    ReadyQueue queue;
    const auto shape = queue.add_shape(*parse_resources("cpus:1"));
    for (const std::uint32_t job : {5U, 1U, 4U, 2U, 3U})
        queue.push(job, shape);
    CHECK(fill(queue, "cpus:3") == Taken{1, 2, 3});
    queue.push(0, shape);
    CHECK(fill(queue, "cpus:3") == Taken{0, 4, 5});
    CHECK(queue.empty());
    CHECK(fill(queue, "cpus:3").empty());
}

TEST_CASE("jobs of several amounts are handed out in one order, those that fit") {
    ReadyQueue queue;
    const auto small = queue.add_shape(*parse_resources("cpus:1"));
    const auto large = queue.add_shape(*parse_resources("cpus:4"));
    queue.push(0, small);
    queue.push(1, large);
    queue.push(2, small);
    queue.push(3, large);
    queue.push(4, small);
    CHECK(fill(queue, "cpus:6") == Taken{0, 1, 2});
    CHECK(fill(queue, "cpus:3") == Taken{4});
    CHECK(queue.size() == 1);
    CHECK(fill(queue, "cpus:4") == Taken{3});
}

TEST_CASE("a job that the taker does not want stays in its place") {
    ReadyQueue queue;
    const auto shape = queue.add_shape(*parse_resources("cpus:1"));
    for (std::uint32_t job = 0; job < 4; ++job)
        queue.push(job, shape);
    CHECK(fill(queue, "cpus:8", 2) == Taken{0, 1});
    CHECK(fill(queue, "cpus:8") == Taken{2, 3});
}

TEST_CASE("an offer is looked at with a bounded number of amounts") {
    ReadyQueue queue;
    std::uint32_t job = 0;
    for (; job < ReadyQueue::lookahead; ++job) {
        queue.push(job, queue.add_shape(*parse_resources("cpus:" + std::to_string(job + 10))));
    }
    SECTION("a small one behind many of few amounts is found") {
        ReadyQueue other;
        const auto large = other.add_shape(*parse_resources("cpus:9"));
        const auto small = other.add_shape(*parse_resources("cpus:1"));
        for (std::uint32_t i = 0; i < 10'000; ++i)
            other.push(i, large);
        other.push(10'000, small);
        CHECK(fill(other, "cpus:1") == Taken{10'000});
    }
    SECTION("one past the bound is not") {
        queue.push(job, queue.add_shape(*parse_resources("cpus:1")));
        CHECK(fill(queue, "cpus:1").empty());
        CHECK(fill(queue, "cpus:11").size() == 2);  // The first has gone: it is within.
    }
}
