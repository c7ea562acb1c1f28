// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/core/slot_table.hpp>

#include <catch2/catch.hpp>
#include <iterator>
#include <map>
#include <string>
#include <utility>

using namespace offerkit;

namespace {

struct Place {
    std::uint32_t value = 0;
    friend bool operator==(const Place&, const Place&) = default;
};

}  // namespace

TEST_CASE("places are reused lowest first", "[core][slot_table]") {
    SlotTable<Place, std::string> table;
    CHECK(table.size() == 0);
    CHECK_FALSE(table.contains(Place{0}));
    CHECK(table.insert("a") == Place{0});
    CHECK(table.insert("b") == Place{1});
    CHECK(table.insert("c") == Place{2});
    table.erase(Place{2});
    table.erase(Place{0});
    CHECK(table.size() == 1);
    CHECK(table.places() == 3);
    CHECK(table.insert("d") == Place{0});
    CHECK(table.insert("e") == Place{2});
    CHECK(table.insert("f") == Place{3});
    CHECK(std::as_const(table)[Place{0}] == "d");
    table[Place{0}] += '!';
    CHECK(table[Place{0}] == "d!");
}

TEST_CASE("a table agrees with a map of its places", "[core][slot_table]") {
    Rng rng{1};
    SlotTable<Place, int> table;
    std::map<std::uint32_t, int> model;
    for (int i = 0; i < 2'000; ++i) {
        if (model.empty() || rng.chance(3, 5)) {
            std::uint32_t lowest = 0;
            while (model.contains(lowest))
                ++lowest;
            REQUIRE(table.insert(i) == Place{lowest});
            model.emplace(lowest, i);
        } else {
            auto victim = model.begin();
            std::advance(victim, static_cast<std::ptrdiff_t>(rng.below(model.size())));
            table.erase(Place{victim->first});
            model.erase(victim);
        }
        REQUIRE(table.size() == model.size());
        auto expected = model.begin();
        std::as_const(table).for_each([&](Place place, const int& entry) {
            REQUIRE(expected != model.end());
            REQUIRE(place.value == expected->first);
            REQUIRE(entry == expected->second);
            ++expected;
        });
        REQUIRE(expected == model.end());
    }
    // An entry may be erased by whoever is called with it.
    table.for_each([&](Place place, int&) { table.erase(place); });
    CHECK(table.size() == 0);
}
