// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/resources/builder.hpp>
#include <offerkit/resources/text.hpp>

#include <catch2/catch.hpp>
#include <limits>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;

namespace {

Resources read(std::string_view text) {
    Result<Resources> resources = parse_resources(text);
    INFO(text);
    if (!resources) FAIL(format_refusal(resources.error()));
    return *std::move(resources);
}

Resources draw(Rng& rng) {
    Resources drawn;
    for (const std::size_t slot : {0U, 1U, 2U, 3U}) {
        if (rng.chance(2, 3)) {
            drawn.amounts().set(slot,
                                rng.between(0, limits::amount_per_agent_max >> rng.below(46)));
        }
    }
    for (std::uint64_t n = rng.below(4); n > 0; --n) {
        drawn.put_named("kind-" + std::to_string(rng.below(9)), rng.between(0, 99'999));
    }
    for (const char* name : {"ports", "vlans"}) {
        Ranges ranges;
        for (std::uint64_t n = rng.below(4); n > 0; --n) {
            const std::uint64_t first = rng.next() >> (1 + rng.below(60));
            ranges.add(Range{first, first + rng.below(100)});
        }
        drawn.put_ranges(name, ranges);
    }
    std::vector<std::string> items;
    for (std::uint64_t n = rng.below(4); n > 0; --n)
        items.push_back("z" + std::to_string(n));
    drawn.put_set("zones", items);
    if (rng.chance(1, 2)) {
        std::vector<std::int64_t> cards;
        for (std::uint64_t n = rng.below(5); n > 0; --n)
            cards.push_back(rng.between(0, 1000));
        drawn.put_gpu_cards(cards);
        const std::int64_t on_cards = drawn.get<Gpus>().units();
        if (rng.chance(1, 2)) drawn.amounts().set(3, on_cards + rng.between(0, 5'000));
    }
    return drawn;
}

}  // namespace

TEST_CASE("resources are read as people write them", "[resources][text]") {
    CHECK(read("cpus:1.5;mem:512") == 1.5_cpus + 512_MiB);
    CHECK(read("") == Resources{});
    CHECK(read("cpus:0") == Resources{});
    CHECK(read("cpus:0.001").amounts()[0] == 1);
    const Resources all = read("cpus:1.5 ; mem:512;ports:[31000-32000];licenses:12; zones:{a, b}");
    CHECK(all.ports() == Ranges{{31000, 32000}});
    CHECK(all.named_units("licenses") == 12'000);
    CHECK(all.set("zones").size() == 2);
    const Resources cards = read("gpus:(1,0,0.5)+2");
    CHECK(cards.get<Gpus>() == 3.5_gpus);
    CHECK(cards.gpu_cards().size() == 3);
    CHECK(read("gpus:(1)").gpu_cards().size() == 1);
}

TEST_CASE("resources are written canonically", "[resources][text]") {
    CHECK(format_resources({}).empty());
    CHECK(
        format_resources(read("zones:{b,a};licenses:12;ports:[5,1-2];gpus:1;mem:512;cpus:1.50")) ==
        "cpus:1.5;mem:512;gpus:1;licenses:12;ports:[1-2, 5];zones:{a,b}");
    CHECK(format_resources(read("gpus:(1,0,0.5)+2")) == "gpus:(1,0,0.5)+2");

    Bundle bundle;
    bundle.id = BundleId{1, 2};
    bundle.reservations = {{"eng/dev", "ops", {}, ReservationKind::dynamic}};
    Resources::fill_bundle(bundle, 512_MiB);
    Resources with_bundle = 1_cpus;
    with_bundle.put_bundle(bundle);
    CHECK(format_resources(with_bundle) == "cpus:1;b1-2(eng/dev){mem:512}");
    CHECK_FALSE(parse_resources(format_resources(with_bundle)).has_value());
}

TEST_CASE("resources survive being written and read", "[resources][text]") {
    Rng rng{1};
    for (int i = 0; i < 3'000; ++i) {
        const Resources drawn = draw(rng);
        const std::string text = format_resources(drawn);
        INFO(text);
        const Result<Resources> back = parse_resources(text, limits::amount_per_cluster_max);
        REQUIRE(back.has_value());
        REQUIRE(*back == drawn);
        REQUIRE(format_resources(*back) == text);
    }
}

TEST_CASE("text that does not follow the format is refused", "[resources][text]") {
    const auto [text, code] = GENERATE(table<std::string, RefusalCode>({
        {"cpus", RefusalCode::malformed},
        {"cpus:", RefusalCode::malformed},
        {":1", RefusalCode::malformed},
        {"cpus=1", RefusalCode::malformed},
        {"cpus:1;", RefusalCode::malformed},
        {";cpus:1", RefusalCode::malformed},
        {"cpus:1;;mem:1", RefusalCode::malformed},
        {"cpus: 1", RefusalCode::malformed},
        {"cpus :1", RefusalCode::malformed},
        {"cpus:1,mem:1", RefusalCode::malformed},
        {"cpus:-1", RefusalCode::malformed},
        {"cpus:+1", RefusalCode::malformed},
        {"cpus:1e3", RefusalCode::malformed},
        {"cpus:0x10", RefusalCode::malformed},
        {"cpus:1.", RefusalCode::malformed},
        {"cpus:.5", RefusalCode::malformed},
        {"cpus:01", RefusalCode::malformed},
        {"cpus:1.2345", RefusalCode::malformed},
        {"cpus:1.2.3", RefusalCode::malformed},
        {"cpus:nan", RefusalCode::malformed},
        {"1cpus:1", RefusalCode::malformed},
        {"my kind:1", RefusalCode::malformed},
        {"cpus:1;cpus:2", RefusalCode::invalid},
        {"cpus:0;cpus:1", RefusalCode::invalid},
        {"x:1;x:[1-2]", RefusalCode::invalid},
        {"ports:5", RefusalCode::invalid},
        {"cpus:[1-2]", RefusalCode::invalid},
        {"cpus:{a}", RefusalCode::invalid},
        {"ports:{a}", RefusalCode::invalid},
        {"ports:[2-1]", RefusalCode::invalid},
        {"ports:[1-2", RefusalCode::malformed},
        {"zones:{a", RefusalCode::malformed},
        {"zones:{a,}", RefusalCode::malformed},
        {"zones:{a b}", RefusalCode::malformed},
        {"zones:{a,a}", RefusalCode::invalid},
        {"cpus:(1)", RefusalCode::malformed},
        {"gpus:(1", RefusalCode::malformed},
        {"gpus:(1.5)", RefusalCode::invalid},
        {"gpus:(1)2", RefusalCode::malformed},
        {"gpus:(1)+", RefusalCode::malformed},
        {"gpus:(1);gpus:1", RefusalCode::invalid},
        {"b1-2(eng){mem:1}", RefusalCode::malformed},
    }));
    INFO(text);
    const Result<Resources> resources = parse_resources(text);
    REQUIRE_FALSE(resources.has_value());
    CHECK(resources.error().code == code);
    CHECK(resources.error().who == "resources");
    CHECK_FALSE(resources.error().what.empty());
    CHECK_FALSE(resources.error().why.empty());
    CHECK_FALSE(resources.error().todo.empty());
}

TEST_CASE("amounts are read and written exactly", "[resources][text]") {
    CHECK(parse_amount("1.5").value() == 1500);
    CHECK(parse_amount("0").value() == 0);
    CHECK(parse_amount("0.010").value() == 10);
    CHECK(format_amount(1500) == "1.5");
    CHECK(format_amount(0) == "0");
    CHECK(format_amount(10) == "0.01");
    CHECK(format_amount(1001) == "1.001");
    CHECK(format_amount(-500) == "-0.5");
    CHECK(format_amount(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775.808");
    CHECK(parse_amount("").error().code == RefusalCode::malformed);
    Rng rng{2};
    for (int i = 0; i < 5'000; ++i) {
        const std::int64_t units = rng.between(0, limits::amount_per_agent_max);
        REQUIRE(parse_amount(format_amount(units)).value() == units);
    }
}

TEST_CASE("amounts are bounded where they enter", "[resources][text][limits]") {
    const std::string agent_max = format_amount(limits::amount_per_agent_max);
    const std::string past_agent = format_amount(limits::amount_per_agent_max + 1);
    CHECK(parse_amount(agent_max).value() == limits::amount_per_agent_max);
    CHECK(parse_amount(past_agent).error().code == RefusalCode::too_large);
    CHECK(read("mem:" + agent_max).amounts()[1] == limits::amount_per_agent_max);
    CHECK(parse_resources("mem:" + past_agent).error().code == RefusalCode::too_large);
    CHECK(parse_resources("x:" + past_agent).error().code == RefusalCode::too_large);

    const std::int64_t cluster = limits::amount_per_cluster_max;
    CHECK(parse_amount(format_amount(cluster), cluster).value() == cluster);
    CHECK(parse_amount(format_amount(cluster + 1), cluster).error().code == RefusalCode::too_large);
    CHECK(parse_amount("99999999999999999999999999", cluster).error().code ==
          RefusalCode::too_large);
}

TEST_CASE("counts and lengths are limited", "[resources][text][limits]") {
    std::string kinds = "k0:1";
    for (std::size_t i = 1; i < limits::named_kinds_max; ++i) {
        kinds += ";k" + std::to_string(i) + ":1";
    }
    CHECK(read(kinds).named().size() == limits::named_kinds_max);
    CHECK(parse_resources(kinds + ";more:1").error().code == RefusalCode::too_large);

    const std::string name(limits::kind_name_max, 'n');
    CHECK(read(name + ":1").named_units(name) == 1000);
    CHECK(parse_resources(name + "n:1").error().code == RefusalCode::malformed);

    const std::string item(limits::set_item_bytes_max, 'i');
    CHECK(read("s:{" + item + "}").set("s").size() == 1);
    CHECK(parse_resources("s:{" + item + "i}").error().code == RefusalCode::malformed);

    std::string items = "s:{0";
    for (std::size_t i = 1; i < limits::set_items_max; ++i)
        items += ',' + std::to_string(i);
    CHECK(read(items + "}").set("s").size() == limits::set_items_max);
    CHECK(parse_resources(items + ",x}").error().code == RefusalCode::too_large);

    std::string cards = "gpus:(1";
    for (std::size_t i = 1; i < limits::gpu_cards_max; ++i)
        cards += ",1";
    CHECK(read(cards + ")").gpu_cards().size() == limits::gpu_cards_max);
    CHECK(parse_resources(cards + ",1)").error().code == RefusalCode::too_large);

    const std::string blanks(limits::resources_text_max - 6, ' ');
    CHECK(read(blanks + "cpus:1") == 1_cpus);
    CHECK(parse_resources(blanks + " cpus:1").error().code == RefusalCode::too_large);
}

TEST_CASE("a builder keeps what it held when it refuses", "[resources][builder]") {
    ResourcesBuilder builder;
    REQUIRE(builder.amount("cpus", 1000));
    CHECK(builder.amount("cpus", 1).error().code == RefusalCode::invalid);
    CHECK(builder.amount("mem", -1).error().code == RefusalCode::invalid);
    CHECK(builder.amount("ports", 1).error().code == RefusalCode::invalid);
    CHECK(builder.ranges("mem", {{1, 2}}).error().code == RefusalCode::invalid);
    CHECK(builder.set("mem", {"a"}).error().code == RefusalCode::invalid);
    CHECK(builder.gpu_cards({-1}).error().code == RefusalCode::invalid);
    CHECK(builder.gpu_cards({1001}).error().code == RefusalCode::invalid);
    CHECK(builder.gpu_cards({1}, -1).error().code == RefusalCode::invalid);
    REQUIRE(builder.amount("mem", 1000));  // The kind was refused, not used up.
    CHECK(std::move(builder).take() == 1_cpus + 1_MiB);
}

TEST_CASE("bundles are checked where they enter", "[resources][builder][bundle]") {
    Bundle good;
    good.id = BundleId{1, 1};
    good.reservations = {{"eng", "ops", {}, ReservationKind::static_},
                         {"eng/dev", "", {{"k", "v"}}, ReservationKind::refined}};
    Resources::fill_bundle(good, 1_cpus);
    ResourcesBuilder builder;
    REQUIRE(builder.bundle(good));
    CHECK(builder.bundle(good).error().code == RefusalCode::invalid);

    struct Case {
        const char* what;
        void (*spoil)(Bundle&);
        RefusalCode code;
    };
    const auto a = GENERATE(
        Case{"no id", [](Bundle& b) { b.id = {}; }, RefusalCode::malformed},
        Case{"copies", [](Bundle& b) { b.copies = 2; }, RefusalCode::invalid},
        Case{"no copy", [](Bundle& b) { b.copies = 0; }, RefusalCode::invalid},
        Case{"no role", [](Bundle& b) { b.reservations[0].role = ""; }, RefusalCode::malformed},
        Case{"no sub-role", [](Bundle& b) { b.reservations[1].role = "engine"; },
             RefusalCode::invalid},
        Case{"the same role", [](Bundle& b) { b.reservations[1].role = "eng"; },
             RefusalCode::invalid},
        Case{"long role",
             [](Bundle& b) { b.reservations[1].role = "eng/" + std::string(252, 'r'); },
             RefusalCode::too_large},
        Case{"long principal",
             [](Bundle& b) {
                 b.reservations[0].principal = std::string(limits::principal_max + 1, 'p');
             },
             RefusalCode::too_large},
        Case{"labels", [](Bundle& b) { b.reservations[0].labels.resize(limits::labels_max + 1); },
             RefusalCode::too_large},
        Case{"long label",
             [](Bundle& b) {
                 b.reservations[0].labels = {{"k", std::string(limits::label_bytes_max, 'v')}};
             },
             RefusalCode::too_large},
        Case{"volume", [](Bundle& b) { b.volume = Volume{"", "/data"}; }, RefusalCode::malformed},
        Case{"volume path", [](Bundle& b) { b.volume = Volume{"id", ""}; }, RefusalCode::malformed},
        Case{"a slot without a name", [](Bundle& b) { b.amounts.set(9, 1); }, RefusalCode::invalid},
        Case{"amount", [](Bundle& b) { b.amounts.set(0, limits::amount_per_agent_max + 1); },
             RefusalCode::too_large});
    INFO(a.what);
    Bundle bad = good;
    bad.id = BundleId{1, 2};
    a.spoil(bad);
    const Result<void> taken = builder.bundle(bad);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == a.code);
    CHECK(std::move(builder).take().bundles().size() == 1);
}

TEST_CASE("the number of bundles is limited", "[resources][builder][limits]") {
    ResourcesBuilder builder;
    Bundle bundle;
    Resources::fill_bundle(bundle, 1_cpus);
    for (std::size_t i = 1; i <= limits::bundles_per_agent_max; ++i) {
        bundle.id = BundleId{1, i};
        REQUIRE(builder.bundle(bundle));
    }
    bundle.id = BundleId{2, 1};
    CHECK(builder.bundle(bundle).error().code == RefusalCode::too_large);
}

TEST_CASE("validate_resources accepts what was read and refuses local forms",
          "[resources][builder]") {
    CHECK(validate_resources(read("cpus:1;x:2;ports:[1-2];zones:{a};gpus:(1,0.5)+1")));
    CHECK(validate_resources({}));
    Resources local;
    local.amounts().set(7, 1);
    CHECK(validate_resources(local).error().code == RefusalCode::invalid);
    const Resources large{Quantity<Mem>::from_units(limits::amount_per_agent_max + 1)};
    CHECK(validate_resources(large).error().code == RefusalCode::too_large);
    CHECK(validate_resources(large, limits::amount_per_cluster_max));
    Resources fewer_than_cards = read("gpus:(1,1)");
    fewer_than_cards.amounts().set(3, 1500);
    CHECK(validate_resources(fewer_than_cards).error().code == RefusalCode::invalid);
}
