// SPDX-License-Identifier: Apache-2.0

#include "duration.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>

namespace offerkit::tools {

namespace {

struct Unit {
    std::string_view name;
    std::int64_t ms;
};

constexpr std::array<Unit, 5> units = {
    {{"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
constexpr std::int64_t longest_ms = 365 * units.back().ms;

Refusal refuse(std::string_view text, std::string why) {
    return {RefusalCode::invalid, "duration", "read " + std::string(text.substr(0, 64)),
            std::move(why), "write a whole number and a unit, such as 90s, 10m or 2h"};
}

}  // namespace

Result<Duration> parse_duration(std::string_view text) {
    std::int64_t count = 0;
    const char* const end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, count);
    if (error == std::errc::result_out_of_range) return refuse(text, "is longer than a year");
    if (error != std::errc{} || count < 0) return refuse(text, "is no length of time");
    const std::string_view name{rest, static_cast<std::size_t>(end - rest)};
    if (name.empty()) return refuse(text, "has no unit");
    for (const Unit& unit : units) {
        if (name != unit.name) continue;
        if (count > longest_ms / unit.ms) return refuse(text, "is longer than a year");
        return Duration{std::chrono::milliseconds{count * unit.ms}};
    }
    return refuse(text, "has a unit that is not known; there are ms, s, m, h and d");
}

std::string format_duration(Duration duration) {
    const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(duration).count();
    const Unit* best = &units.front();
    for (const Unit& unit : units) {
        if (ms != 0 && ms % unit.ms == 0) best = &unit;
    }
    return std::to_string(ms / best->ms) + std::string(ms == 0 ? "s" : best->name);
}

std::string format_about(Duration duration) {
    const std::int64_t s = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
    const auto two = [](std::int64_t a, const char* first, std::int64_t b, const char* second) {
        std::array<char, 64> text{};
        std::snprintf(text.data(), text.size(), "%lld%s %02lld%s", static_cast<long long>(a), first,
                      static_cast<long long>(b), second);
        return std::string(text.data());
    };
    if (s < 60) return std::to_string(s) + "s";
    if (s < 3600) return two(s / 60, "m", s % 60, "s");
    if (s < 86'400) return two(s / 3600, "h", s % 3600 / 60, "m");
    return two(s / 86'400, "d", s % 86'400 / 3600, "h");
}

std::string format_wall_time(WallTime at) {
    if (at.ns <= 0) return {};
    const std::time_t seconds = at.ns / 1'000'000'000;
    std::tm parts{};
    ::gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
    std::array<char, 8> fraction{};
    std::snprintf(fraction.data(), fraction.size(), ".%03dZ",
                  static_cast<int>(at.ns / 1'000'000 % 1000));
    return std::string(text.data(), size) + fraction.data();
}

}  // namespace offerkit::tools
