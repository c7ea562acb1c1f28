// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/core/parts.hpp>

#include <numeric>
#include <string>
#include <vector>

using namespace offerkit;

namespace {

using Parts = std::vector<std::vector<int>>;

Parts split(int count, std::size_t count_max, std::size_t bytes_max) {
    std::vector<int> all(static_cast<std::size_t>(count));
    std::iota(all.begin(), all.end(), 1);
    Parts parts;
    for_each_part(
        std::move(all), count_max, bytes_max,
        [](int element) { return static_cast<std::size_t>(element); },
        [&](std::vector<int> part) { parts.push_back(std::move(part)); });
    return parts;
}

}  // namespace

TEST_CASE("long lists are told in parts, in order and complete", "[core][parts]") {
    CHECK(split(0, 2, 100).empty());
    CHECK(split(2, 2, 100) == Parts{{1, 2}});
    CHECK(split(3, 2, 100) == Parts{{1, 2}, {3}});
    CHECK(split(4, 10, 3) == Parts{{1, 2}, {3}, {4}});
    CHECK(split(4, 10, 10) == Parts{{1, 2, 3, 4}});
    CHECK(split(4, 10, 9) == Parts{{1, 2, 3}, {4}});
}

TEST_CASE("an element that alone is too much is a part of its own", "[core][parts]") {
    CHECK(split(3, 10, 1) == Parts{{1}, {2}, {3}});
    CHECK(split(3, 10, 0) == Parts{{1}, {2}, {3}});
}
