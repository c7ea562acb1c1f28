// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/limits.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/resources/ranges.hpp>

#include <algorithm>
#include <bitset>
#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <utility>

using namespace offerkit;

namespace {

constexpr std::uint64_t everything = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t model_size = 96;
using Model = std::bitset<model_size>;

std::pair<Ranges, Model> draw(Rng& rng) {
    std::pair<Ranges, Model> both;
    for (std::uint64_t count = rng.below(8); count > 0; --count) {
        const std::uint64_t first = rng.below(model_size);
        const std::uint64_t last =
            first + rng.below(std::min<std::uint64_t>(12, model_size - first));
        both.first.add(Range{first, last});
        for (std::uint64_t i = first; i <= last; ++i)
            both.second.set(i);
    }
    return both;
}

void check_same(const Ranges& ranges, const Model& model) {
    REQUIRE(ranges.size_count() == model.count());
    for (std::size_t i = 0; i < model_size; ++i)
        REQUIRE(ranges.contains(i) == model.test(i));
    // Canonical: ascending, with a gap between any two.
    for (std::size_t i = 1; i < ranges.spans().size(); ++i) {
        REQUIRE(ranges.spans()[i].first > ranges.spans()[i - 1].last + 1);
    }
}

}  // namespace

TEST_CASE("ranges agree with a bitmap", "[resources][ranges]") {
    Rng rng{1};
    for (int i = 0; i < 3'000; ++i) {
        const auto [a, model_a] = draw(rng);
        const auto [b, model_b] = draw(rng);
        check_same(a, model_a);
        Ranges sum = a;
        sum.add(b);
        check_same(sum, model_a | model_b);
        Ranges rest = a;
        rest.subtract(b);
        check_same(rest, model_a & ~model_b);
        REQUIRE(a.contains(b) == ((model_b & ~model_a).none()));
        REQUIRE(a.intersects(b) == ((model_a & model_b).any()));
        REQUIRE((a == b) == (model_a == model_b));
        const std::uint64_t count = rng.below(a.size_count() + 1);
        const Ranges lowest = a.take_lowest(count);
        REQUIRE(lowest.size_count() == count);
        REQUIRE(a.contains(lowest));
        Ranges above = a;
        above.subtract(lowest);
        if (!lowest.is_empty() && !above.is_empty()) {
            REQUIRE(lowest.spans().back().last < above.spans().front().first);
        }
        REQUIRE(Ranges::parse(format_ranges(a)).value() == a);
    }
}

TEST_CASE("ranges stand the ends of their numbers", "[resources][ranges]") {
    Ranges all{{0, everything}};
    CHECK(all.size_count() == everything);
    CHECK(all.contains(0));
    CHECK(all.contains(everything));
    all.subtract(Range{0, 0});
    CHECK(all.size_count() == everything);
    all.subtract(Range{everything, everything});
    CHECK(all == Ranges{{1, everything - 1}});
    all.add(Range{everything, everything});
    all.add(Range{0, 0});
    CHECK(all == Ranges{{0, everything}});
    all.subtract(all);
    CHECK(all.is_empty());
    CHECK(all.size_count() == 0);
    CHECK_FALSE(all.contains(0));
    CHECK(all.contains(Ranges{}));
    CHECK_FALSE(all.intersects(Ranges{}));
    CHECK(Ranges{{everything, everything}, {0, 0}}.spans().size() == 2);
}

TEST_CASE("touching ranges become one", "[resources][ranges]") {
    CHECK(Ranges{{1, 2}, {3, 4}} == Ranges{{1, 4}});
    CHECK(Ranges{{3, 4}, {1, 2}} == Ranges{{1, 4}});
    CHECK(Ranges{{1, 2}, {4, 5}}.spans().size() == 2);
    CHECK(Ranges{{1, 9}, {2, 3}} == Ranges{{1, 9}});
}

TEST_CASE("ranges are written canonically", "[resources][ranges]") {
    CHECK(format_ranges({}) == "[]");
    CHECK(format_ranges({{80, 80}}) == "[80]");
    CHECK(format_ranges({{33000, 33005}, {31000, 32000}}) == "[31000-32000, 33000-33005]");
}

TEST_CASE("ranges are read strictly", "[resources][ranges]") {
    CHECK(Ranges::parse("[31000-32000, 33000-33005]").value() ==
          Ranges{{31000, 32000}, {33000, 33005}});
    CHECK(Ranges::parse("[ 5 , 1-2,7-7 ]").value() == Ranges{{1, 2}, {5, 5}, {7, 7}});
    CHECK(Ranges::parse("[]").value().is_empty());
    CHECK(Ranges::parse("[0-18446744073709551615]").value() == Ranges{{0, everything}});

    const auto [text, code] = GENERATE(table<std::string, RefusalCode>({
        {"", RefusalCode::malformed},        {"1-2", RefusalCode::malformed},
        {"[1-2", RefusalCode::malformed},    {"[", RefusalCode::malformed},
        {"[1-]", RefusalCode::malformed},    {"[-2]", RefusalCode::malformed},
        {"[1--2]", RefusalCode::malformed},  {"[1-2-3]", RefusalCode::malformed},
        {"[1 - 2]", RefusalCode::malformed}, {"[+1-2]", RefusalCode::malformed},
        {"[01-2]", RefusalCode::malformed},  {"[1,]", RefusalCode::malformed},
        {"[,1]", RefusalCode::malformed},    {"[a-b]", RefusalCode::malformed},
        {"[0x1-2]", RefusalCode::malformed}, {"[18446744073709551616]", RefusalCode::malformed},
        {"[2-1]", RefusalCode::invalid},     {"[1-5,5-6]", RefusalCode::invalid},
        {"[7,7]", RefusalCode::invalid},
    }));
    INFO(text);
    const Result<Ranges> ranges = Ranges::parse(text);
    REQUIRE_FALSE(ranges.has_value());
    CHECK(ranges.error().code == code);
    CHECK(ranges.error().who == "resources");
}

TEST_CASE("the number of ranges is limited", "[resources][ranges][limits]") {
    std::string text = "[0";
    for (std::size_t i = 1; i < limits::ranges_per_kind_max; ++i) {
        text += ',' + std::to_string(2 * i);
    }
    CHECK(Ranges::parse(text + "]").value().spans().size() == limits::ranges_per_kind_max);
    CHECK(Ranges::parse(text + ",99999]").error().code == RefusalCode::too_large);
}
