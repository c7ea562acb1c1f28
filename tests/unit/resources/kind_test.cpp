// SPDX-License-Identifier: Apache-2.0
#include <offerkit/resources/kind.hpp>

#include <catch2/catch.hpp>
#include <string>

using namespace offerkit;

namespace {

struct Licenses {
    static constexpr auto name = "licenses", unit = "milli-license";
};
struct Nameless {};

static_assert(ResourceKind<Cpus> && ResourceKind<Licenses>);
static_assert(!ResourceKind<Ports> && RangeKind<Ports> && !RangeKind<Cpus>);
static_assert(!ResourceKind<Nameless> && !RangeKind<Nameless> && !ResourceKind<int>);

static_assert(builtin_scalar_count == 4);
static_assert(slot_of<Cpus>.value() == 0 && slot_of<Mem>.value() == 1);
static_assert(slot_of<Disk>.value() == 2 && slot_of<Gpus>.value() == 3);
static_assert(!slot_of<Licenses>.has_value());

}  // namespace

TEST_CASE("built-in kinds are found by the names that they have", "[resources][kind]") {
    for (std::size_t slot = 0; slot < builtin_scalar_count; ++slot) {
        CHECK(find_builtin(builtin_names[slot]) == slot);
        CHECK(is_reserved_kind_name(builtin_names[slot]));
    }
    CHECK(builtin_names[*slot_of<Mem>] == "mem");
    CHECK_FALSE(find_builtin("ports").has_value());
    CHECK(is_reserved_kind_name("ports"));
    CHECK_FALSE(find_builtin("").has_value());
    CHECK_FALSE(find_builtin("cpu").has_value());
    CHECK_FALSE(is_reserved_kind_name("licenses"));
}

TEST_CASE("names of kinds are checked", "[resources][kind]") {
    CHECK(is_kind_name("a"));
    CHECK(is_kind_name("nvidia.com/gpu_v-2"));
    CHECK(is_kind_name("Zones"));
    const std::string at_limit(limits::kind_name_max, 'k');
    CHECK(is_kind_name(at_limit));
    CHECK_FALSE(is_kind_name(at_limit + "k"));
    for (const char* name : {"", "1a", "_a", "a b", "a:b", "a;b", "a,b", "a{", "\xc3\xa4", "a\n"}) {
        INFO(name);
        CHECK_FALSE(is_kind_name(name));
    }
}
