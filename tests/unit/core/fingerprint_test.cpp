// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/fingerprint.hpp>

#include <catch2/catch.hpp>
#include <string_view>

using namespace offerkit;

namespace {

template <class... Ts>
constexpr std::uint64_t fingerprint(Ts... values) {
    Fingerprint f;
    (f.add(values), ...);
    return f.value();
}

using Text = std::string_view;
using std::int64_t, std::uint64_t;

static_assert(fingerprint(uint64_t{1}, uint64_t{2}) != fingerprint(uint64_t{2}, uint64_t{1}));

}  // namespace

TEST_CASE("fingerprints are the same everywhere", "[core][fingerprint]") {
    // Computed at compile time and at run time, and written down: logs keep them.
    constexpr std::uint64_t at_compile_time = fingerprint(Text{"agent"}, uint64_t{7}, true);
    CHECK(fingerprint(Text{"agent"}, uint64_t{7}, true) == at_compile_time);
    CHECK(Fingerprint{} == Fingerprint{});
    CHECK(Fingerprint{}.value() == 0x0ffe4217U);
}

TEST_CASE("fingerprints tell values apart", "[core][fingerprint]") {
    CHECK(fingerprint(Text{"ab"}, Text{"c"}) != fingerprint(Text{"a"}, Text{"bc"}));
    CHECK(fingerprint(Text{""}) != fingerprint());
    CHECK(fingerprint(Text{"12345678"}) != fingerprint(Text{"12345679"}));
    CHECK(fingerprint(Text{"123456789"}) != fingerprint(Text{"12345678"}));
    CHECK(fingerprint(Text{"\0a", 2}) != fingerprint(Text{"a"}));
    CHECK(fingerprint(uint64_t{0}) != fingerprint(uint64_t{0}, uint64_t{0}));
    CHECK(fingerprint(int64_t{-1}) == fingerprint(~uint64_t{0}));
    CHECK(fingerprint(std::int32_t{-1}) == fingerprint(int64_t{-1}));
    CHECK(fingerprint(std::uint32_t{5}) == fingerprint(uint64_t{5}));
    CHECK(fingerprint(true) != fingerprint(false));
}
