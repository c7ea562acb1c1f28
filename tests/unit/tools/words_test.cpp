// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/nearest.hpp>
#include <tools/table.hpp>

#include <catch2/catch.hpp>

#include <array>
#include <string>
#include <string_view>

using namespace offerkit;
using namespace offerkit::tools;

TEST_CASE("edit distance counts insertions, deletions and replacements") {
    CHECK(edit_distance("", "") == 0);
    CHECK(edit_distance("", "abc") == 3);
    CHECK(edit_distance("abc", "") == 3);
    CHECK(edit_distance("abc", "abc") == 0);
    CHECK(edit_distance("abc", "adc") == 1);
    CHECK(edit_distance("abc", "abxc") == 1);
    CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("the nearest word is found when it is near, and only then") {
    constexpr std::array<std::string_view, 4> words = {"agents", "tasks", "run", "id"};
    CHECK(nearest("agent", words) == "agents");
    CHECK(nearest("tsaks", words) == "tasks");
    CHECK(nearest("rum", words) == "run");
    CHECK(nearest("frobnicate", words).empty());
    CHECK(nearest("", words).empty());
    CHECK(nearest("xy", words).empty());  // All of "id" replaced is no misspelling of it.
    CHECK(nearest(std::string(65, 'a'), words).empty());
}

TEST_CASE("a table's columns are as wide as their widest cell, without blanks at the end") {
    Table table{{"ID", "STATE", "X"}};
    table.add({"a-long-one", "up", ""});
    table.add({"b", "disconnected", "1"});
    CHECK(table.text() ==
          "ID          STATE         X\n"
          "a-long-one  up\n"
          "b           disconnected  1\n");
}

TEST_CASE("a table without rows is its heading") {
    CHECK(Table{{"ID", "STATE"}}.text() == "ID  STATE\n");
}
