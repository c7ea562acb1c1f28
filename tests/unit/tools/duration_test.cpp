// SPDX-License-Identifier: Apache-2.0
#include <tools/duration.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <string>
#include <utility>

using namespace offerkit;
using namespace offerkit::tools;
using namespace std::chrono_literals;

TEST_CASE("durations are read with each unit, and written back the same") {
    const std::pair<const char*, Duration> rows[] = {
        {"0s", 0s},     {"1ms", 1ms}, {"1500ms", 1500ms},  {"90s", 90s},
        {"10m", 10min}, {"2h", 2h},   {"364d", 24h * 364}, {"365d", 24h * 365}};
    for (const auto& [text, expected] : rows) {
        INFO(text);
        const Result<Duration> read = parse_duration(text);
        REQUIRE(read.has_value());
        CHECK(*read == expected);
        CHECK(*parse_duration(format_duration(*read)) == expected);
    }
    CHECK(format_duration(90s) == "90s");
    CHECK(format_duration(120s) == "2m");
    CHECK(format_duration(1500ms) == "1500ms");
    CHECK(format_duration(48h) == "2d");
    CHECK(format_duration(0s) == "0s");
}

TEST_CASE("what is no duration is refused with what is wrong with it") {
    const std::pair<const char*, const char*> rows[] = {
        {"", "is no length of time"},
        {"s", "is no length of time"},
        {"-5s", "is no length of time"},
        {" 5s", "is no length of time"},
        {"5", "has no unit"},
        {"5 s", "has a unit that is not known"},
        {"5min", "has a unit that is not known"},
        {"1.5h", "has a unit that is not known"},
        {"366d", "is longer than a year"},
        {"9223372036854775807ms", "is longer than a year"},
        {"99999999999999999999s", "is longer than a year"}};
    for (const auto& [text, why] : rows) {
        INFO(text);
        const Result<Duration> read = parse_duration(text);
        REQUIRE_FALSE(read.has_value());
        CHECK_THAT(read.error().why, Catch::Matchers::StartsWith(why));
    }
}

TEST_CASE("a length of time is told to people in at most two units") {
    CHECK(format_about(0s) == "0s");
    CHECK(format_about(59'999ms) == "59s");
    CHECK(format_about(60s) == "1m 00s");
    CHECK(format_about(125s) == "2m 05s");
    CHECK(format_about(3h + 10min + 59s) == "3h 10m");
    CHECK(format_about(24h * 4 + 2h) == "4d 02h");
}

TEST_CASE("a moment is written as ISO 8601 in UTC") {
    CHECK(format_wall_time(WallTime{}).empty());
    CHECK(format_wall_time(WallTime{1'000'000}) == "1970-01-01T00:00:00.001Z");
    CHECK(format_wall_time(WallTime{1'700'000'000'123'999'999}) == "2023-11-14T22:13:20.123Z");
}
