// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/resources/resources.hpp>

#include <catch2/catch.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

struct Licenses {
    static constexpr auto name = "licenses", unit = "milli-license";
};

constexpr Resources agent = 4.0_cpus + 512_MiB;
static_assert(agent - 1.5_cpus == 2.5_cpus + 512_MiB);
static_assert(!agent.contains(1.0_cpus + 1024_MiB));
static_assert(agent.contains(1.0_cpus + 512_MiB));
static_assert(get<Mem>(agent) == 512_MiB && agent.get<Gpus>() == 0_gpus);
static_assert(Resources{}.is_empty() && !agent.is_empty());
static_assert(agent + 1_cpus + 1_gpus == 1_gpus + (5_cpus + 512_MiB));

Quantity<Licenses> licenses(std::int64_t count) {
    return Quantity<Licenses>::from_units(count * 1000);
}

Bundle reserved(std::uint64_t number, const Resources& content) {
    Bundle bundle;
    bundle.id = BundleId{1, number};
    bundle.reservations = {{"eng", "ops", {}, ReservationKind::static_},
                           {"eng/dev", "ops", {{"why", "tests"}}, ReservationKind::refined}};
    Resources::fill_bundle(bundle, content);
    return bundle;
}

Bundle shared_volume(std::uint64_t number, std::int64_t copies) {
    Bundle bundle = reserved(number, 100_MiB_disk);
    bundle.volume = Volume{"data", "/data", VolumeMode::read_only};
    bundle.shared = true;
    bundle.copies = copies;
    return bundle;
}

/// Resources whose numbered parts (ports, items, bundles) never meet those drawn with another
/// `lane`: sums are then disjoint, as those of one agent are.
Resources draw(Rng& rng, std::uint64_t lane) {
    Resources drawn;
    for (const std::size_t slot : {0U, 1U, 2U, 3U}) {
        if (rng.chance(1, 2)) drawn.amounts().set(slot, rng.between(0, 1'000'000));
    }
    if (rng.chance(1, 3)) drawn.put_named("licenses", rng.between(0, 9'000));
    if (rng.chance(1, 3)) drawn.put_named("a.b/c", rng.between(0, 9'000));
    if (rng.chance(1, 3)) {
        const std::uint64_t first = 1'000 * lane + rng.below(900);
        drawn.put_ranges("ports", {{first, first + rng.below(90)}});
    }
    if (rng.chance(1, 4)) {
        drawn.put_set("zones", {"z" + std::to_string(lane), "y" + std::to_string(lane)});
    }
    if (rng.chance(1, 4)) {
        std::vector<std::int64_t> cards;
        for (std::uint64_t card = rng.below(4); card > 0; --card) {
            cards.push_back(rng.between(0, 300));
        }
        drawn.put_gpu_cards(cards);
    }
    if (rng.chance(1, 4)) {
        drawn.put_bundle(reserved(1, Quantity<Mem>::from_units(rng.between(1, 5'000)) +
                                         Quantity<Cpus>::from_units(rng.between(1, 5'000))));
    }
    if (rng.chance(1, 4)) drawn.put_bundle(reserved(10 + lane, 1_cpus));
    if (rng.chance(1, 4)) drawn.put_bundle(shared_volume(2, rng.between(1, 3)));
    return drawn;
}

}  // namespace

TEST_CASE("resources obey the laws of addition and of parts", "[resources]") {
    Rng rng{1};
    int with_extras = 0;
    for (int i = 0; i < 4'000; ++i) {
        const Resources a = draw(rng, 1);
        const Resources b = draw(rng, 2);
        const Resources c = draw(rng, 3);
        with_extras += a.extras() != nullptr ? 1 : 0;
        REQUIRE(a + b == b + a);
        REQUIRE((a + b) + c == a + (b + c));
        REQUIRE((a + b).contains(a));
        REQUIRE(a.contains(a));
        REQUIRE(a.contains(Resources{}));
        REQUIRE((a.contains(b) && b.contains(a)) == (a == b));
        REQUIRE((a - a).is_empty());
        Resources in_place = a;
        in_place += b;
        REQUIRE(in_place == a + b);
        in_place -= in_place;
        REQUIRE(in_place.is_empty());
        // Gpus on no card in particular are taken from whichever cards fit, so that only sums
        // whose parts agree on naming cards come apart as they were.
        const bool names_cards = b.get<Gpus>() == 0_gpus || !b.gpu_cards().empty();
        if (names_cards) REQUIRE((a + b) - b == a);
        if (names_cards && a.contains(c) && c.contains(b)) REQUIRE(a.contains(b));
    }
    CHECK(with_extras > 1'000);
}

TEST_CASE("resources copy deeply and move", "[resources]") {
    const Resources original = (2_cpus + 1_GiB).with_ports({{1, 5}});
    Resources copy = original;
    copy.put_ranges("ports", {{7, 9}});
    CHECK(original.ports() == Ranges{{1, 5}});
    CHECK(copy.ports() == Ranges{{7, 9}});
    copy = original;
    CHECK(copy == original);
    const Resources& self = copy;
    copy = self;
    CHECK(copy == original);
    Resources moved = std::move(copy);
    CHECK(moved == original);
    moved = Resources{1_cpus};
    CHECK(moved == 1_cpus);
    CHECK(moved.extras() == nullptr);
}

TEST_CASE("an author's own kind is one line", "[resources]") {
    const Resources r = licenses(3) + 1_cpus;
    CHECK(get<Licenses>(r) == licenses(3));
    CHECK(r.named_units("licenses") == 3000);
    REQUIRE(r.named().size() == 1);
    CHECK(r.named()[0].name == "licenses");
    CHECK(r.contains(licenses(3)));
    CHECK_FALSE(r.contains(licenses(4)));
    CHECK_FALSE(Resources{1_cpus}.contains(licenses(1)));
    CHECK(r - licenses(3) == 1_cpus);
    CHECK(Resources{licenses(0)}.is_empty());
    Resources changed = r;
    changed.put(licenses(1));
    changed.put(2_cpus);
    CHECK(changed == 2_cpus + licenses(1));
}

TEST_CASE("what is not there is empty", "[resources]") {
    const Resources r = 1_cpus;
    CHECK(r.ports().is_empty());
    CHECK(r.set("zones").empty());
    CHECK(r.named().empty());
    CHECK(r.all_ranges().empty());
    CHECK(r.all_sets().empty());
    CHECK(r.gpu_cards().empty());
    CHECK(r.bundles().empty());
    CHECK(r.named_units("x") == 0);
    CHECK(r.find_bundle(BundleId{1, 1}) == nullptr);
    CHECK(r.only_bundles().is_empty());
    CHECK(r.without_bundles() == r);
    Resources erased = r;
    erased.erase_bundle(BundleId{1, 1});
    CHECK(erased == r);
}

TEST_CASE("taking out what was put in leaves nothing beside the slots", "[resources]") {
    Resources r;
    r.put_named("x", 5);
    r.put_ranges("ports", {{1, 2}});
    r.put_set("zones", {"b", "a", "b"});
    r.put_gpu_cards({500, 0});
    CHECK(std::vector<std::string>(r.set("zones").begin(), r.set("zones").end()) ==
          std::vector<std::string>{"a", "b"});
    CHECK(r.gpu_cards().size() == 1);
    CHECK(r.get<Gpus>() == 0.5_gpus);
    r.put_named("x", 0);
    r.put_ranges("ports", {});
    r.put_set("zones", {});
    r.put_gpu_cards({});
    CHECK(r.extras() == nullptr);
    CHECK(r.is_empty());
}

TEST_CASE("ports and sets are contained, added and taken as sets", "[resources]") {
    Resources whole = (2_cpus + 1_MiB).with_ports({{10, 20}});
    whole.put_set("zones", {"a", "b"});
    Resources part = Resources{1_cpus}.with_ports({{12, 13}});
    part.put_set("zones", {"b"});
    CHECK(whole.contains(part));
    CHECK_FALSE(whole.contains(Resources{}.with_ports({{20, 21}})));
    Resources other_zone;
    other_zone.put_set("zones", {"c"});
    CHECK_FALSE(whole.contains(other_zone));
    const Resources rest = whole - part;
    CHECK(rest.ports() == Ranges{{10, 11}, {14, 20}});
    CHECK(rest.set("zones").size() == 1);
    CHECK(rest + part == whole);
}

TEST_CASE("bundles are parts by id and are not counted in the slots", "[resources][bundle]") {
    Resources whole = 2_cpus;
    whole.put_bundle(reserved(1, 4_cpus + 100_MiB));
    CHECK(whole.get<Cpus>() == 2_cpus);
    CHECK(whole.total_amounts()[0] == 6000);
    CHECK(whole.find_bundle(BundleId{1, 1})->role() == "eng/dev");
    CHECK(whole.without_bundles() == 2_cpus);
    CHECK(whole.only_bundles() + 2_cpus == whole);

    Resources part;
    part.put_bundle(reserved(1, 1_cpus));
    CHECK(whole.contains(part));
    CHECK_FALSE(part.contains(whole));
    Resources rest = whole - part;
    CHECK(Resources::content_of(*rest.find_bundle(BundleId{1, 1})) == 3_cpus + 100_MiB);
    CHECK(rest + part == whole);

    Bundle of_another_role = reserved(1, 1_cpus);
    of_another_role.reservations.pop_back();
    Resources wrong;
    wrong.put_bundle(of_another_role);
    CHECK_FALSE(whole.contains(wrong));
    Resources absent;
    absent.put_bundle(reserved(7, 1_cpus));
    CHECK_FALSE(whole.contains(absent));
    CHECK_FALSE(Resources{9_cpus}.contains(absent));

    rest.erase_bundle(BundleId{1, 1});
    CHECK(rest == 2_cpus);
}

TEST_CASE("volumes are taken whole and shared ones are counted", "[resources][bundle]") {
    Bundle volume = reserved(1, 100_MiB_disk);
    volume.volume = Volume{"data", "/data", VolumeMode::read_write};
    Resources whole;
    whole.put_bundle(volume);
    CHECK(whole.contains(whole));
    Bundle smaller = volume;
    Resources::fill_bundle(smaller, 50_MiB_disk);
    Resources half;
    half.put_bundle(smaller);
    CHECK_FALSE(whole.contains(half));
    CHECK((whole - whole).is_empty());

    Resources twice;
    twice.put_bundle(shared_volume(2, 2));
    Resources once;
    once.put_bundle(shared_volume(2, 1));
    CHECK(twice.contains(once));
    CHECK_FALSE(once.contains(twice));
    CHECK(once + once == twice);
    CHECK(twice - once == once);
    CHECK((once - once).is_empty());
}

TEST_CASE("kinds of reservations have names", "[resources][bundle]") {
    CHECK(format_reservation_kind(ReservationKind::static_) == "static");
    CHECK(format_reservation_kind(ReservationKind::dynamic) == "dynamic");
    CHECK(format_reservation_kind(ReservationKind::refined) == "refined");
}

TEST_CASE("whole gpus take whole cards and a fraction takes one", "[resources][gpus]") {
    using Cards = std::vector<std::int64_t>;
    using Chosen = std::optional<Cards>;
    const auto [what, cards, units, expected] =
        GENERATE(table<std::string, Cards, std::int64_t, Chosen>({
            {"nothing of nothing", {}, 0, Cards{}},
            {"something of nothing", {}, 1, std::nullopt},
            {"two halves are no whole", {500, 500}, 1000, std::nullopt},
            {"a whole card", {500, 1000, 1000}, 1000, Cards{0, 1000, 0}},
            {"all cards", {1000, 1000}, 2000, Cards{1000, 1000}},
            {"one card too many", {1000, 1000}, 3000, std::nullopt},
            {"the fullest card with room", {1000, 300, 400}, 300, Cards{0, 300, 0}},
            {"the first of equals", {1000, 1000}, 1, Cards{1, 0}},
            {"a whole and a fraction", {1000, 600, 1000}, 1500, Cards{1000, 500, 0}},
            {"the fraction opens a card", {1000, 400, 1000}, 1500, Cards{500, 0, 1000}},
            {"no room for the fraction", {1000, 400}, 1500, std::nullopt},
        }));
    INFO(what);
    CHECK(choose_gpu_cards(cards, units) == expected);
}

TEST_CASE("gpus are carved out of cards", "[resources][gpus]") {
    Resources whole;
    whole.put_gpu_cards({500, 500});
    CHECK(whole.get<Gpus>() == 1_gpus);
    CHECK(whole.contains(0.5_gpus));
    CHECK_FALSE(whole.contains(1_gpus));
    CHECK_FALSE(whole.contains(0.6_gpus));

    const Resources rest = whole - Resources{0.5_gpus};
    CHECK(rest.get<Gpus>() == 0.5_gpus);
    REQUIRE(rest.gpu_cards().size() == 2);
    CHECK(rest.gpu_cards()[0] == 0);
    CHECK(rest.gpu_cards()[1] == 500);

    Resources second;
    second.put_gpu_cards({0, 500});
    CHECK(whole.contains(second));
    CHECK((whole - second).gpu_cards().size() == 1);
    CHECK((whole - second) + second == whole);
    CHECK_FALSE(rest.contains(whole));
    CHECK_FALSE(Resources{1_gpus}.contains(second));

    // What is on no card in particular is used first.
    Resources mixed = whole + 1_gpus;
    CHECK(mixed.contains(1_gpus));
    CHECK(mixed - 1_gpus == whole);
}
