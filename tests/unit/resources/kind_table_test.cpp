// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/resources/kind_table.hpp>

#include <catch2/catch.hpp>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

constexpr std::size_t free_slots = limits::slots - builtin_scalar_count;

Resources named(std::initializer_list<std::pair<std::string, std::int64_t>> kinds) {
    Resources resources = 1_cpus;
    for (const auto& [name, units] : kinds)
        resources.put_named(name, units);
    return resources;
}

Resources bound(KindTable& table, Resources resources) {
    REQUIRE(table.bind(resources).has_value());
    return resources;
}

}  // namespace

TEST_CASE("named kinds move into slots and back", "[resources][kind_table]") {
    KindTable table;
    Bundle bundle;
    bundle.id = BundleId{1, 1};
    Resources::fill_bundle(bundle, named({{"b", 7}, {"c", 8}}));
    Resources portable = named({{"b", 5}, {"a", 6}}).with_ports({{1, 2}});
    portable.put_bundle(bundle);

    Resources local = bound(table, portable);
    CHECK(local.named().empty());
    CHECK(table.find("a") == 4);
    CHECK(table.find("b") == 5);
    CHECK(table.find("c") == 6);
    CHECK_FALSE(table.find("d").has_value());
    CHECK(local.amounts()[4] == 6);
    CHECK(local.amounts()[5] == 5);
    CHECK(local.find_bundle(bundle.id)->amounts[5] == 7);
    CHECK(local.find_bundle(bundle.id)->particulars.named.empty());
    CHECK(local.ports() == portable.ports());

    Resources back = local;
    table.unbind(back);
    CHECK(back == portable);

    table.release(local);
    CHECK(table == KindTable{});
}

TEST_CASE("built-in kinds have their slots in every table", "[resources][kind_table]") {
    const KindTable table;
    CHECK(table.find("mem") == 1);
    CHECK(table.name_of(0) == "cpus");
    CHECK(table.name_of(4).empty());
}

TEST_CASE("a slot is free again when its last holder is gone", "[resources][kind_table]") {
    KindTable table;
    const Resources first = bound(table, named({{"a", 1}}));
    const Resources second = bound(table, named({{"a", 2}, {"b", 1}}));
    CHECK(table.name_of(4) == "a");
    table.release(first);
    CHECK(table.name_of(4) == "a");
    table.release(second);
    CHECK(table.name_of(4).empty());
    CHECK(table.name_of(5).empty());
    const Resources third = bound(table, named({{"z", 1}}));
    CHECK(table.find("z") == 4);
    // Held kinds may also be given back by their portable form.
    Resources portable = third;
    table.unbind(portable);
    table.release(portable);
    CHECK(table == KindTable{});
}

TEST_CASE("slots run out with a refusal that names their kinds",
          "[resources][kind_table][limits]") {
    KindTable table;
    Resources all = 1_cpus;
    for (std::size_t i = 0; i < free_slots; ++i)
        all.put_named("kind" + std::to_string(i), 1);
    const Resources local = bound(table, all);

    const KindTable before = table;
    const Resources wanted = named({{"kind1", 2}, {"one-more", 1}});
    Resources refused = wanted;
    const Result<void> result = table.bind(refused);
    REQUIRE_FALSE(result.has_value());
    CHECK(result.error().code == RefusalCode::too_large);
    CHECK(result.error().what.find("one-more") != std::string::npos);
    CHECK(result.error().why.find("kind11") != std::string::npos);
    CHECK(refused == wanted);
    CHECK(table == before);

    Resources known = named({{"kind1", 2}});
    CHECK(table.bind(known).has_value());
    table.release(local);
    CHECK(table.find("kind1").has_value());
    CHECK_FALSE(table.find("kind2").has_value());
    CHECK(table.bind(refused).has_value());
}

TEST_CASE("known kinds are bound without a hold", "[resources][kind_table]") {
    KindTable table;
    const Resources held = bound(table, named({{"a", 5}}));
    const KindTable before = table;
    Resources request = named({{"a", 1}});
    CHECK(table.try_bind_known(request));
    CHECK(held.contains(request));
    Resources unknown = named({{"a", 1}, {"b", 1}});
    const Resources unchanged = unknown;
    CHECK_FALSE(table.try_bind_known(unknown));
    CHECK(unknown == unchanged);
    CHECK(table == before);
}

TEST_CASE("a saved table is loaded as it was", "[resources][kind_table]") {
    KindTable table;
    const Resources first = bound(table, named({{"a", 1}}));
    const Resources second = bound(table, named({{"b", 1}}));
    table.release(first);  // A gap before "b".
    CHECK(KindTable::load(table.save()).value() == table);
    CHECK(KindTable::load({}).value() == KindTable{});

    using Entries = std::vector<KindTable::Entry>;
    const auto [what, entries] = GENERATE(Catch::Generators::table<std::string, Entries>({
        {"a built-in slot", {{3, "a", 1}}},
        {"a slot beyond the last", {{16, "a", 1}}},
        {"nobody holds it", {{4, "a", 0}}},
        {"no name", {{4, "", 1}}},
        {"a built-in name", {{4, "cpus", 1}}},
        {"one slot twice", {{4, "a", 1}, {4, "b", 1}}},
        {"one name twice", {{4, "a", 1}, {5, "a", 1}}},
    }));
    INFO(what);
    const Result<KindTable> loaded = KindTable::load(entries);
    REQUIRE_FALSE(loaded.has_value());
    CHECK(loaded.error().code == RefusalCode::malformed);
}

TEST_CASE("tables agree with a count of holders", "[resources][kind_table]") {
    Rng rng{1};
    KindTable table;
    std::vector<std::pair<Resources, Resources>> holders;  // Portable, local.
    for (int i = 0; i < 3'000; ++i) {
        if (!holders.empty() && rng.chance(1, 2)) {
            const auto at = static_cast<std::size_t>(rng.below(holders.size()));
            table.release(holders[at].second);
            holders.erase(holders.begin() + static_cast<std::ptrdiff_t>(at));
        } else {
            Resources portable;
            for (std::uint64_t n = rng.below(4); n > 0; --n) {
                portable.put_named("k" + std::to_string(rng.below(16)), rng.between(1, 9));
            }
            Resources local = portable;
            if (table.bind(local)) holders.emplace_back(portable, local);
        }
        for (int kind = 0; kind < 16; ++kind) {
            const std::string name = "k" + std::to_string(kind);
            std::uint64_t holds = 0;
            for (const auto& holder : holders) {
                holds += holder.first.named_units(name) != 0 ? 1 : 0;
            }
            REQUIRE(table.find(name).has_value() == (holds != 0));
            for (const KindTable::Entry& entry : table.save()) {
                if (entry.name == name) REQUIRE(entry.holds == holds);
            }
        }
        for (const auto& [portable, local] : holders) {
            Resources back = local;
            table.unbind(back);
            REQUIRE(back == portable);
        }
    }
    for (const auto& holder : holders)
        table.release(holder.second);
    CHECK(table == KindTable{});
}
