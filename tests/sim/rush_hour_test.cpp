// SPDX-License-Identifier: Apache-2.0
#include "workloads.hpp"

#include <catch2/catch.hpp>

using namespace offerkit;
using namespace std::chrono_literals;

namespace {

std::string repeat_with(std::uint64_t seed) {
    return "seed " + std::to_string(seed) +
           "; to watch it, set WorldOptions::timeline and print timeline()";
}

}  // namespace

TEST_CASE("a busy cluster keeps its accounts through every fault", "[sim][safety]") {
    const auto seed = GENERATE(range(100, 104));
    INFO(repeat_with(static_cast<std::uint64_t>(seed)));
    test::RushHour rush{static_cast<std::uint64_t>(seed)};
    for (int minute = 0; minute < 8; ++minute) {
        rush.run_for(1min);
        const auto& violations = rush.world().check();
        INFO((violations.empty() ? "none" : violations.front()));
        REQUIRE(violations.empty());
    }
    CHECK(rush.batch().finished() > 0);
    CHECK(rush.killing().killed() > 0);
}

TEST_CASE("messages that are lost, repeated and reordered one by one break no account",
          "[sim][safety][hostile]") {
    const auto seed = GENERATE(range(200, 203));
    INFO(repeat_with(static_cast<std::uint64_t>(seed)));
    test::RushHour rush{static_cast<std::uint64_t>(seed), true};
    for (int minute = 0; minute < 5; ++minute) {
        rush.run_for(1min);
        const auto& violations = rush.world().check();
        INFO((violations.empty() ? "none" : violations.front()));
        REQUIRE(violations.empty());
    }
}

TEST_CASE("after the last fault the cluster comes back by itself", "[sim][liveness]") {
    const auto seed = GENERATE(range(300, 304));
    INFO(repeat_with(static_cast<std::uint64_t>(seed)));
    test::RushHour rush{static_cast<std::uint64_t>(seed)};
    rush.run_for(5min);
    rush.calm();
    rush.run_for(5min);
    const std::uint64_t finished = rush.batch().finished();
    rush.run_for(2min);

    const sim::World& world = rush.world();
    const master::State& state = world.master().state();
    CHECK(rush.batch().finished() > finished);
    CHECK(rush.service().alive() == 40);
    std::size_t registered = 0;
    state.agents.for_each([&](AgentIndex, const master::Agent& agent) {
        registered += agent.peer.is_none() ? 0 : 1;
    });
    std::size_t stopped = 0;
    for (std::uint32_t i = 0; i < world.agents(); ++i)
        stopped += world.has_stopped(i) ? 1 : 0;
    CHECK(registered == world.agents() - stopped);
    std::size_t subscribed = 0;
    state.frameworks.for_each([&](master::FrameworkIndex, const master::Framework& framework) {
        subscribed += framework.peer.is_none() ? 0 : 1;
    });
    CHECK(subscribed == world.frameworks());
    CHECK(rush.world().check().empty());
}

TEST_CASE("two runs of one seed are the same, event by event", "[sim][determinism]") {
    test::RushHour first{42};
    test::RushHour second{42};
    test::RushHour other{43};
    first.run_for(2min);
    second.run_for(1min);
    second.run_for(1min);
    other.run_for(2min);
    CHECK(first.world().machine_events() > 5'000);
    CHECK(first.world().fingerprint() == second.world().fingerprint());
    CHECK(first.world().fingerprint() != other.world().fingerprint());
}
