// SPDX-License-Identifier: Apache-2.0
#include <offerkit/model/role.hpp>

#include <catch2/catch.hpp>
#include <string>

namespace offerkit {

namespace {

std::string path_of_depth(std::size_t depth) {
    std::string path = "r";
    for (std::size_t i = 1; i < depth; ++i)
        path += "/r";
    return path;
}

Role role(std::string_view path) { return Role::parse(path).value(); }

}  // namespace

TEST_CASE("well-formed role paths are kept as they are") {
    for (const char* path : {"*", "a", "eng/ml/training", "a-b", "a.b_c", "...", "a..", "!/~"}) {
        INFO(path);
        const auto parsed = Role::parse(path);
        REQUIRE(parsed.has_value());
        CHECK(parsed->path() == path);
    }
    CHECK(Role{}.path() == "*");
    CHECK(Role{} == role("*"));
}

TEST_CASE("malformed role paths are refused with the reason") {
    struct Row {
        std::string path;
        const char* why;
    };
    const Row rows[] = {
        {"", "is empty"},
        {"/", "has an empty part"},
        {"/a", "has an empty part"},
        {"a/", "has an empty part"},
        {"a//b", "has an empty part"},
        {".", "has a part . or .."},
        {"a/..", "has a part . or .."},
        {"-a", "has a part that begins with -"},
        {"a/-b", "has a part that begins with -"},
        {"a b", "has a blank, control or non-ASCII character"},
        {"a\t", "has a blank, control or non-ASCII character"},
        {"\xc3\xa9", "has a blank, control or non-ASCII character"},
        {std::string("a\0b", 3), "has a blank, control or non-ASCII character"},
        {"a/*", "has * or \\ in a part"},
        {"*/a", "has * or \\ in a part"},
        {"a\\b", "has * or \\ in a part"},
    };
    for (const Row& row : rows) {
        INFO(row.path);
        const auto parsed = Role::parse(row.path);
        REQUIRE_FALSE(parsed.has_value());
        CHECK(parsed.error().why == row.why);
        CHECK(parsed.error().code == RefusalCode::invalid);
    }
}

TEST_CASE("role paths have limits") {
    CHECK(Role::parse(std::string(limits::role_path_max, 'r')).has_value());
    CHECK(Role::parse(std::string(limits::role_path_max + 1, 'r')).error().why ==
          "is longer than 255 bytes");
    CHECK(Role::parse(path_of_depth(limits::role_depth_max)).has_value());
    CHECK(Role::parse(path_of_depth(limits::role_depth_max + 1)).error().why ==
          "has more than 16 parts");
}

TEST_CASE("roles know what is above and below them") {
    CHECK(role("eng/ml/x").parent_path() == "eng/ml");
    CHECK(role("eng").parent_path().empty());
    CHECK(Role{}.parent_path().empty());
    CHECK(role("eng").covers(role("eng")));
    CHECK(role("eng").covers(role("eng/ml")));
    CHECK(role("eng").covers(role("eng/ml/x")));
    CHECK_FALSE(role("eng").covers(role("engine")));
    CHECK_FALSE(role("eng/ml").covers(role("eng")));
    CHECK_FALSE(Role{}.covers(role("eng")));
}

}  // namespace offerkit
