// SPDX-License-Identifier: Apache-2.0
#include "hunt.hpp"

#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <offerkit/record/build_id.hpp>
#include <offerkit/record/replay.hpp>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

using namespace offerkit;
using namespace std::chrono_literals;

namespace {

// Printed, since a long line of a message would be broken, and the commands with it.
void fail(const std::string& finding, const std::string& report) {
    std::printf("%s\n", report.c_str());
    std::fflush(stdout);
    FAIL(finding);
}

void check_plan(const test::Plan& plan) {
    INFO(test::format_plan(plan));
    const std::string finding = test::run_plan(plan).finding;
    if (!finding.empty()) fail(finding, test::report(plan));
}

/// The seeds of one base are far from those of the next.
std::uint64_t nth_seed(std::uint64_t base, std::uint64_t n) {
    return Rng{base + 0x9e3779b97f4a7c15U * n}.next() % 1'000'000'000;
}

}  // namespace

TEST_CASE("faults that were once not survived are survived", "[sim][regression]") {
    std::ifstream file{OFFERKIT_SOURCE_DIR "/tests/sim/seeds.txt"};
    REQUIRE(file);
    int plans = 0;
    for (std::string line; std::getline(file, line);) {
        line = line.substr(0, line.find('#'));
        if (line.find('=') == std::string::npos) continue;
        const Result<test::Plan> plan = test::parse_plan(line);
        INFO(line);
        REQUIRE(plan);
        check_plan(*plan);
        ++plans;
    }
    CHECK(plans > 0);
}

// Base: OFFERKIT_SEED, any text (CI: the commit). How many: OFFERKIT_SEEDS (--full: 400).
TEST_CASE("faults of fresh seeds are survived, and the world comes back by itself",
          "[sim][fresh]") {
    const std::uint64_t seeds = test::number_from("OFFERKIT_SEEDS", 25);
    for (std::uint64_t n = 0; n < seeds; ++n)
        check_plan(test::draw_plan(nth_seed(test::base_seed(), n)));
}

TEST_CASE("each workload survives", "[sim][workloads]") {
    const auto number =
        static_cast<std::uint32_t>(GENERATE(range(std::size_t{0}, test::workloads().size())));
    test::Plan plan = test::draw_plan(1000 + number);
    plan.workload = number;
    check_plan(plan);
}

TEST_CASE("every fault, and every effect of every machine, is reached", "[sim][reached]") {
    sim::Reached reached;
    for (std::uint64_t seed = 1; seed <= 12; ++seed) {
        test::Plan plan = test::draw_plan(seed);
        plan.blows = 40;
        plan.workload = static_cast<std::uint32_t>(seed % test::workloads().size());
        plan.hostile = seed % 4 == 0;
        const test::Outcome outcome = test::run_plan(plan);
        if (!outcome.finding.empty()) fail(outcome.finding, test::report(plan));
        reached += outcome.reached;
    }
    for (std::size_t i = 0; i < sim::faults; ++i) {
        INFO(sim::format_fault(static_cast<sim::Fault>(i)));
        CHECK(reached.struck[i] > 0);
    }
    const std::array<std::size_t, 4> effects{
        std::variant_size_v<master::Effect>, std::variant_size_v<agent::Effect>,
        std::variant_size_v<executor::Effect>, std::variant_size_v<framework::Effect>};
    for (std::size_t kind = 0; kind < effects.size(); ++kind) {
        for (std::size_t i = 0; i < effects[kind]; ++i) {
            // No executor but our own is in any world yet, and none finds a process of a checkpoint
            // that is gone.
            const bool is_close = kind == 1 && i == agent::Effect{agent::CloseExecutor{}}.index();
            const bool is_note = kind == 2 && i == executor::Effect{executor::Note{}}.index();
            if (is_close || is_note) continue;
            INFO("machine " << kind << ", effect " << i);
            CHECK(reached.effects[kind][i] > 0);
        }
    }
}

TEST_CASE("two runs of one seed are the same, event by event", "[sim][determinism]") {
    const test::Plan plan = *test::parse_plan("seed=42 workload=rush_hour agents=6 seconds=60");
    test::Plan other_plan = plan;
    other_plan.seed = 43;
    test::Scenario first{plan};
    test::Scenario second{plan, true};
    test::Scenario other{other_plan};
    first.run_under_faults(60s);
    second.run_under_faults(60s);
    other.run_under_faults(60s);
    CHECK(first.world().machine_events() > 2'000);
    CHECK(first.world().fingerprint() == second.world().fingerprint());
    CHECK(first.world().fingerprint() != other.world().fingerprint());
}

TEST_CASE("a plan is what its text says", "[sim][plan]") {
    for (std::uint64_t seed = 0; seed < 50; ++seed) {
        test::Plan plan = test::draw_plan(seed);
        if (seed % 2 == 0) plan.kept = {1, 4};
        const std::string text = test::format_plan(plan);
        const Result<test::Plan> read = test::parse_plan(text);
        INFO(text);
        REQUIRE(read);
        CHECK(test::format_plan(*read) == text);
    }
    CHECK_FALSE(test::parse_plan("seed=x"));
    CHECK_FALSE(test::parse_plan("seed=1 workload=none"));
    CHECK_FALSE(test::parse_plan("colour=red"));
}

TEST_CASE("a run that fails leaves the event logs of all its processes, and they replay",
          "[sim][record]") {
    const test::Plan plan =
        *test::parse_plan("seed=42 workload=rush_hour agents=4 seconds=60 blows=30 hostile=0");
    test::Scenario scenario{plan, true};
    scenario.world().plan(Instant{} + 50s, [](sim::World& world) {
        world.checker().violate(world.now(), "something that is not so");
    });
    REQUIRE_THAT(scenario.run().front(), Catch::Contains("something that is not so"));
    const testing::TemporaryFolder folder;
    const std::string said = test::leave_logs(scenario.world(), folder.file("seed-42"));
    CHECK_THAT(said, Catch::Contains("offerkit replay " + folder.file("seed-42/master-1.log")));

    record::ReplayOptions as_the_tool;
    as_the_tool.build = record::build_text();
    std::map<std::string, std::uint64_t> steps;  // By kind of machine.
    std::set<std::string> machines;
    std::uint64_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator{folder.file("seed-42")}) {
        const std::string name = entry.path().stem().string();
        std::ifstream file{entry.path(), std::ios::binary};
        const std::string log{std::istreambuf_iterator<char>{file}, {}};
        const auto replayed = record::replay(log, as_the_tool);
        INFO(name);
        REQUIRE(replayed);
        CHECK_FALSE(replayed->difference);
        CHECK_FALSE(replayed->cut_off);
        steps[name.substr(0, name.find('-'))] += replayed->steps;
        machines.insert(name.substr(0, name.rfind('-')));
        ++files;
    }
    const sim::Reached& reached = scenario.world().reached();
    CHECK(machines.size() == 1 + 2 * scenario.world().agents() + scenario.world().frameworks());
    CHECK(files > machines.size() + reached.of(sim::Fault::master_crashed));
    CHECK(reached.of(sim::Fault::master_crashed) > 0);
    for (const char* const kind : {"master", "agent", "executor", "framework"})
        CHECK(steps[kind] > 100);
}

TEST_CASE("the run that OFFERKIT_REPLAY describes, with all its lines", "[.][replay]") {
    const char* const text = std::getenv("OFFERKIT_REPLAY");
    REQUIRE(text != nullptr);
    const Result<test::Plan> plan = test::parse_plan(text);
    REQUIRE(plan);
    test::Scenario scenario{*plan, true};
    const test::LastWords guard{*plan, &scenario.world()};
    const std::vector<std::string>& found = scenario.run();
    for (const std::string& line : scenario.world().timeline())
        std::printf("%s\n", line.c_str());
    std::printf("came to rest after %lld ms\n",
                static_cast<long long>(scenario.time_to_rest().count() / 1'000'000));
    if (found.empty()) return;
    fail(found.front(), test::leave_logs(scenario.world(), test::failure_folder(*plan)));
}

// What scripts/mutants runs on a tree with a planted bug: it is to fail, the sooner the better.
TEST_CASE("how many seeds it takes until something is found", "[.][hunt]") {
    const std::uint64_t seeds = test::number_from("OFFERKIT_SEEDS", 200);
    for (std::uint64_t n = 0; n < seeds; ++n) {
        const test::Plan plan = test::draw_plan(nth_seed(test::base_seed(), n));
        std::printf("hunt: seed %llu: %s\n", static_cast<unsigned long long>(n + 1),
                    test::format_plan(plan).c_str());
        std::fflush(stdout);
        const test::Outcome outcome = test::run_plan(plan);
        if (outcome.finding.empty()) continue;
        std::printf("hunt: found %s\n", outcome.finding.c_str());
        test::Scenario traced{plan, true};
        const test::LastWords guard{plan, &traced.world()};
        (void)traced.run();
        fail(outcome.finding, test::leave_logs(traced.world(), test::failure_folder(plan)));
    }
}
