// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/constraints.hpp>
#include <unit/framework/parts.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <map>
#include <regex>
#include <string>
#include <vector>

using namespace offerkit;
using offerkit::testing::make_offer;

namespace {

Pattern pattern(const std::string& text) { return Pattern::parse(text).value(); }

Offer in_rack(std::uint64_t number, const std::string& rack) {
    return make_offer(number, number, "cpus:1", {{"rack", rack}});
}

}  // namespace

TEST_CASE("a pattern matches the whole text, as documented") {
    const auto [text, good, bad] =
        GENERATE(table<std::string, std::vector<std::string>, std::vector<std::string>>({
            {"", {""}, {"a"}},
            {"abc", {"abc"}, {"", "ab", "abcd", "xabc"}},
            {"a.c", {"abc", "a-c", "a.c"}, {"ac", "abbc"}},
            {"rack-[1-3]", {"rack-1", "rack-3"}, {"rack-4", "rack-", "rack-11"}},
            {"[^a-z]+", {"A1", "-"}, {"", "Ab"}},
            {"(a|b|)c*", {"", "a", "b", "acc", "cc"}, {"ab", "cac"}},
            {"(ab)+?", {"ab", "abab", ""}, {"aba"}},
            {"(a*)*b", {"b", "aaaab"}, {"a", ""}},
            {"\\d+\\.\\w?\\s", {"1.x ", "42.\t"}, {"1x ", "a. "}},
            {"[]x-]*", {"]x-", "-"}, {"y"}},
            {"[\\d.]+", {"1.5"}, {"a"}},
            {"\xc3\xa4.", {"\xc3\xa4z"}, {"\xc3\xa4"}},
        }));
    INFO(text);
    for (const std::string& each : good)
        CHECK(pattern(text).matches(each));
    for (const std::string& each : bad)
        CHECK_FALSE(pattern(text).matches(each));
}

TEST_CASE("a pattern that is wrong is refused with the place") {
    const auto [text, code, why] = GENERATE(table<std::string, RefusalCode, std::string>({
        {"a)", RefusalCode::malformed, "has a ) without its ( at byte 2"},
        {"ab(c", RefusalCode::malformed, "has a ( without its ) at byte 3"},
        {"a[b", RefusalCode::malformed, "has a [ without its ] at byte 2"},
        {"[b-a]", RefusalCode::malformed, "has a range that runs backwards at byte 1"},
        {"*a", RefusalCode::malformed, "has nothing to repeat before * at byte 1"},
        {"a\\", RefusalCode::malformed, "ends with \\"},
        {"^a", RefusalCode::unsupported, "has ^ at byte 1"},
        {"a{2}", RefusalCode::unsupported, "has { } at byte 2"},
        {"\\b", RefusalCode::unsupported, "has \\b at byte 1"},
    }));
    INFO(text);
    const auto read = Pattern::parse(text);
    REQUIRE(!read);
    CHECK(read.error().code == code);
    CHECK(read.error().why == why);
}

TEST_CASE("a pattern has a length and a depth at most") {
    CHECK(Pattern::parse(std::string(Pattern::length_max, 'a')));
    CHECK(Pattern::parse(std::string(Pattern::length_max + 1, 'a')).error().code ==
          RefusalCode::too_large);
    const auto nested = [](std::size_t depth) {
        return std::string(depth, '(') + "a" + std::string(depth, ')');
    };
    CHECK(Pattern::parse(nested(Pattern::depth_max)));
    CHECK(Pattern::parse(nested(Pattern::depth_max + 1)).error().code == RefusalCode::too_large);
}

TEST_CASE("a pattern that takes others exponential time takes ours none") {
    const Pattern worst = pattern("(a+)+(a*)*(a|a)*b");
    CHECK_FALSE(worst.matches(std::string(1024, 'a')));
    CHECK(worst.matches(std::string(1024, 'a') + "b"));
}

TEST_CASE("any pattern and text agree with the standard library's expressions") {
    Rng rng{11};
    const std::vector<std::string> pieces = {"a",     "b",    ".",    "[ab]", "[^a]",
                                             "(a|b)", "(ab)", "(a|)", "(b*a)"};
    int matched = 0;
    for (int round = 0; round < 600; ++round) {
        std::string text;
        for (std::uint64_t left = 1 + rng.below(5); left > 0; --left) {
            text += pieces[rng.below(pieces.size())];
            if (rng.chance(1, 3)) text += "*+?"[rng.below(3)];
            if (rng.chance(1, 8)) text += '|';
        }
        const Pattern ours = pattern(text);
        const std::regex theirs{text, std::regex::extended};
        for (int i = 0; i < 12; ++i) {
            std::string value;
            for (std::uint64_t left = rng.below(6); left > 0; --left)
                value += "abc"[rng.below(3)];
            INFO(text << " on " << value);
            const bool expected = std::regex_match(value, theirs);
            REQUIRE(ours.matches(value) == expected);
            matched += expected ? 1 : 0;
        }
    }
    CHECK(matched > 500);  // Otherwise this has compared nothing with nothing.
}

TEST_CASE("a constraint says why an agent does not qualify, or nothing") {
    Offer offer = make_offer(1, 1, "cpus:1",
                             {{"rack", std::string{"r3"}},
                              {"slots", std::int64_t{1500}},
                              {"ids", Ranges{{10, 20}}},
                              {"zones", std::vector<std::string>{"a", "b"}}});
    offer.domain = {"north", "n1"};
    using namespace constraint;
    const auto why = [&](Constraint each) {
        return Constraints{{std::move(each)}}.find_objection(offer).value_or("");
    };
    CHECK(why(Equals{"rack", "r3"}).empty());
    CHECK(why(Equals{"rack", "r1"}) == "rack is r3, want r1");
    CHECK(why(Equals{"slots", "1.5"}).empty());
    CHECK(why(Equals{"slots", "2"}) == "slots is 1.5, want 2");
    CHECK(why(Equals{"ids", "15"}).empty());
    CHECK(why(Equals{"ids", "9"}) == "ids is [10-20], want 9");
    CHECK(why(Equals{"zones", "b"}).empty());
    CHECK(why(Equals{"zones", "c"}) == "zones is {a,b}, want c");
    CHECK(why(Equals{"os", "linux"}) == "os is not set, want linux");
    CHECK(why(Equals{"@hostname", "host-1"}).empty());
    CHECK(why(Equals{"@region", "north"}).empty());
    CHECK(why(Equals{"@zone", "n2"}) == "@zone is n1, want n2");
    CHECK(why(In{"rack", {"r1", "r3"}}).empty());
    CHECK(why(In{"rack", {"r1", "r2"}}) == "rack is r3, want one of r1, r2");
    CHECK(why(In{"rack", {}}) == "rack is r3, want one of none");
    CHECK(why(Exists{"rack"}).empty());
    CHECK(why(Exists{"gpu"}) == "gpu is not set");
    CHECK(why(Absent{"gpu"}).empty());
    CHECK(why(Absent{"rack"}) == "rack is r3, want none");
    CHECK(why(Matches{"rack", pattern("r[1-5]")}).empty());
    CHECK(why(Matches{"rack", pattern("r")}) == "rack is r3, want a match of r");
    CHECK(why(Holds{"is host-2", [](const Offer& o) { return o.hostname == "host-2"; }}) ==
          "the agent does not satisfy: is host-2");
    CHECK(Constraints{}.allows(offer));
}

TEST_CASE("at most so many of a group stand at one value") {
    Constraints group{{constraint::AtMost{"rack", 2}}};
    const Offer one = in_rack(1, "r1");
    CHECK(group.allows(one));
    group.place(TaskId{"a"}, one);
    group.place(TaskId{"b"}, one);
    CHECK(group.find_objection(one) == "rack r1 has 2, at most 2");
    CHECK(group.allows(in_rack(2, "r2")));
    CHECK(group.find_objection(make_offer(3, 3, "cpus:1")) == "rack is not set");
    group.place(TaskId{"b"}, in_rack(2, "r2"));  // It has moved.
    CHECK(group.allows(one));
    group.place(TaskId{"c"}, one);
    CHECK_FALSE(group.allows(one));
    group.remove(TaskId{"a"});
    group.remove(TaskId{"a"});
    group.remove(TaskId{"never"});
    CHECK(group.allows(one));
    CHECK(group.placed() == 2);
}

TEST_CASE("a spread counts values that were only seen") {
    Constraints group{{constraint::Spread{"rack"}}};
    group.place(TaskId{"a"}, in_rack(1, "r1"));
    CHECK(group.find_objection(in_rack(1, "r1")) == std::nullopt);  // No other is known.
    group.see(in_rack(2, "r2"));
    CHECK(group.find_objection(in_rack(1, "r1")) == "rack r1 has 1, the least has 0");
    group.place(TaskId{"b"}, in_rack(2, "r2"));
    CHECK(group.allows(in_rack(1, "r1")));

    Constraints patient{{constraint::Spread{"rack", 1, 2}}};
    CHECK(patient.allows(in_rack(1, "r1")));
    patient.place(TaskId{"a"}, in_rack(1, "r1"));
    CHECK_FALSE(patient.allows(in_rack(1, "r1")));  // There is to be another.
    CHECK(patient.allows(in_rack(2, "r2")));
}

TEST_CASE("whoever places only where it is allowed keeps the spread and the bound") {
    Rng rng{5};
    for (int round = 0; round < 50; ++round) {
        const auto difference = static_cast<std::uint32_t>(1 + rng.below(3));
        const auto most = static_cast<std::uint32_t>(2 + rng.below(4));
        Constraints group{
            {constraint::Spread{"rack", difference, 3}, constraint::AtMost{"@hostname", most}}};
        std::map<std::string, std::uint32_t> racks{{"r0", 0}, {"r1", 0}, {"r2", 0}};
        std::map<std::string, std::uint32_t> hosts;
        for (int i = 0; i < 60; ++i) {
            const std::uint64_t host = rng.below(6);
            const std::string rack = "r" + std::to_string(host % 3);
            const Offer offer = make_offer(1, host, "cpus:1", {{"rack", rack}});
            group.see(offer);
            if (!group.allows(offer)) continue;
            group.place(TaskId{std::to_string(i)}, offer);
            ++racks[rack];
            ++hosts[offer.hostname];
            const auto [least, greatest] = std::ranges::minmax_element(
                racks, {}, [](const auto& each) { return each.second; });
            REQUIRE(greatest->second - least->second <= difference);
            REQUIRE(hosts[offer.hostname] <= most);
        }
        CHECK(group.placed() > 0);
    }
}

TEST_CASE("a group comes back from its bytes as it was, or empty") {
    const std::vector<Constraint> all{constraint::Spread{"rack"}, constraint::Exists{"rack"},
                                      constraint::AtMost{"@hostname", 1}};
    Constraints group{all};
    group.see(in_rack(9, "r9"));
    group.place(TaskId{"a"}, in_rack(1, "r1"));
    group.place(TaskId{"b"}, in_rack(2, "r2"));
    Bytes bytes;
    group.save(bytes);

    Constraints again{all};
    ByteReader in{bytes};
    again.load(in);
    REQUIRE_FALSE(in.has_failed());
    Bytes second;
    again.save(second);
    CHECK(second == bytes);
    CHECK(again.find_objection(in_rack(3, "r1")) == "rack r1 has 1, the least has 0");

    for (std::size_t size = 0; size < bytes.size(); ++size) {
        Constraints cut{all};
        ByteReader part{std::string_view{bytes}.substr(0, size)};
        cut.load(part);
        REQUIRE(part.has_failed());
        CHECK(cut.placed() == 0);
    }
    Constraints other{{constraint::Exists{"rack"}}};
    ByteReader whole{bytes};
    other.load(whole);
    CHECK(whole.has_failed());
}
