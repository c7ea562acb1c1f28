// SPDX-License-Identifier: Apache-2.0
#include <offerkit/model/texts.hpp>

#include <catch2/catch.hpp>
#include <string>

namespace offerkit {

namespace {

constexpr Subject who{"task", "t1"};

}  // namespace

TEST_CASE("UTF-8 is told from what only looks like it") {
    struct Row {
        const char* name;
        std::string text;
        bool is_good;
    };
    const Row rows[] = {
        {"nothing", "", true},
        {"ASCII", "abc\x7f", true},
        {"two bytes, first and last", "\xc2\x80\xdf\xbf", true},
        {"three bytes, first and last", "\xe0\xa0\x80\xef\xbf\xbf", true},
        {"around the surrogates", "\xed\x9f\xbf\xee\x80\x80", true},
        {"four bytes, first and last", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf", true},
        {"a NUL", std::string("\0", 1), true},
        {"a lone continuation", "\x80", false},
        {"two bytes, overlong", "\xc0\x80", false},
        {"two bytes, overlong, last", "\xc1\xbf", false},
        {"three bytes, overlong", "\xe0\x9f\xbf", false},
        {"the first surrogate", "\xed\xa0\x80", false},
        {"the last surrogate", "\xed\xbf\xbf", false},
        {"four bytes, overlong", "\xf0\x8f\xbf\xbf", false},
        {"beyond U+10FFFF", "\xf4\x90\x80\x80", false},
        {"a byte that never is", "\xff", false},
        {"five bytes", "\xf8\x88\x80\x80\x80", false},
        {"cut after one of two", "a\xc3", false},
        {"cut after two of three", "a\xe2\x82", false},
        {"cut after three of four", "a\xf0\x9f\x98", false},
        {"a bad third byte", "\xe2\x82\x41", false},
        {"a bad fourth byte", "\xf0\x9f\x98\xc0", false},
    };
    for (const Row& row : rows) {
        INFO(row.name);
        CHECK(is_utf8(row.text) == row.is_good);
    }
}

TEST_CASE("what cannot be shown is replaced, byte for byte") {
    CHECK(printable("abc") == "abc");
    CHECK(printable("\xc3\xa9") == "\xc3\xa9");
    CHECK(printable("a\xff\xc3z\x01\x7f\x1b[m") == "a??z???[m");
    CHECK(printable("line\n\ttab\r") == "line\n\ttab?");
    CHECK(printable(std::string("\0", 1)) == "?");
}

TEST_CASE("what is too long is cut between characters") {
    CHECK(printable("abcdef", 3) == "abc");
    CHECK(printable("ab\xc3\xa9", 3) == "ab");
    CHECK(printable("ab\xc3\xa9", 4) == "ab\xc3\xa9");
    CHECK(printable("abc", 0).empty());
    CHECK(printable(std::string(100, 'x')).size() == 64);
}

TEST_CASE("a refusal names who, what, why and what to do") {
    const Refusal refusal =
        refuse_field({"task", "t\x01"}, RefusalCode::invalid, "name", "is bad", "give a good one");
    CHECK(format_refusal(refusal) == "task t?: use its name: is bad; give a good one");
    CHECK(refuse_field({"hello"}, RefusalCode::invalid, "x", "y", "z").who == "hello");
}

TEST_CASE("ids become names of folders, so they must be able to") {
    for (const char* good : {"t", "t-1.a_b", "...", ".a", "a b", "~", "!", "UPPER"}) {
        INFO(good);
        CHECK(validate_id(who, "id", good, 255).has_value());
    }
    for (const char* bad : {"", ".", "..", "a/b", "/", "a\\b", "a\tb", "a\n", "\x7f", "\xc3\xa9"}) {
        INFO(bad);
        const auto refused = validate_id(who, "id", bad, 255);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == RefusalCode::invalid);
    }
    CHECK_FALSE(validate_id(who, "id", std::string("a\0b", 3), 255).has_value());
    CHECK(validate_id(who, "id", "", 255, Empty::allowed).has_value());
    CHECK(validate_id(who, "id", "abc", 3).has_value());
    CHECK(validate_id(who, "id", "abcd", 3).error().code == RefusalCode::too_large);
}

TEST_CASE("a line is UTF-8 without control characters") {
    CHECK(validate_line(who, "name", "caf\xc3\xa9").has_value());
    CHECK(validate_line(who, "name", "").has_value());
    CHECK(validate_line(who, "name", "", 9, Empty::refused).error().code == RefusalCode::invalid);
    for (const char* bad : {"a\nb", "a\tb", "\x1b", "\x7f", "\xff"}) {
        CHECK(validate_line(who, "name", bad).error().code == RefusalCode::invalid);
    }
    CHECK(validate_line(who, "name", "abc", 3).has_value());
    CHECK(validate_line(who, "name", "abcd", 3).error().why == "has 4 bytes, the most is 3");
}

TEST_CASE("prose may have lines, but no NUL") {
    CHECK(validate_prose(who, "message", "a\nb\tc").has_value());
    CHECK_FALSE(validate_prose(who, "message", std::string("a\0", 2)).has_value());
    CHECK_FALSE(validate_prose(who, "message", "\xff").has_value());
    CHECK(validate_prose(who, "message", std::string(limits::message_text_max, 'x')).has_value());
    CHECK(validate_prose(who, "message", std::string(limits::message_text_max + 1, 'x'))
              .error()
              .code == RefusalCode::too_large);
}

TEST_CASE("what the operating system takes may be any bytes but NUL") {
    CHECK(validate_system_text(who, "path", "\xff\x01\n", 3).has_value());
    CHECK(validate_system_text(who, "path", "abcd", 3).error().code == RefusalCode::too_large);
    CHECK(validate_system_text(who, "path", std::string("\0", 1), 3).error().code ==
          RefusalCode::invalid);
}

TEST_CASE("counts and lengths of time have their most") {
    CHECK(validate_count(who, "labels", 3, 3).has_value());
    CHECK(validate_count(who, "labels", 4, 3).error().why == "has 4 elements, the most is 3");
    CHECK(validate_duration(who, "grace", Duration{0}, Duration{5}).has_value());
    CHECK(validate_duration(who, "grace", Duration{5}, Duration{5}).has_value());
    CHECK(validate_duration(who, "grace", Duration{6}, Duration{5}).error().code ==
          RefusalCode::too_large);
    CHECK(validate_duration(who, "grace", Duration{-1}, Duration{5}).error().code ==
          RefusalCode::invalid);
    CHECK(validate_duration(who, "grace", Duration::max(), Duration::max()).has_value());
    CHECK(validate_duration(who, "grace", Duration::min(), Duration::max()).error().code ==
          RefusalCode::invalid);
}

}  // namespace offerkit
