// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include <catch2/catch.hpp>

#include <offerkit/record/replay.hpp>

using namespace offerkit;
using namespace std::chrono_literals;

namespace {

/// Replays a log with a machine that is made anew from its own snapshot after each step: whatever
/// a snapshot forgets, some later effect lacks, and each must encode to the same bytes again.
record::Replay replay_from_snapshots(const record::Bytes& log, std::uint64_t every = 1) {
    record::ReplayOptions options;
    options.restore_every = every;
    const auto replayed = record::replay(log, options);
    REQUIRE(replayed);
    const auto& difference = replayed->difference;
    INFO((difference ? "step " + std::to_string(difference->step) + ": " + difference->what : ""));
    CHECK_FALSE(difference);
    return *replayed;
}

}  // namespace

TEST_CASE("every machine goes on from its snapshot as if nothing had happened", "[sim][record]") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(range(400, 402)));
    const bool hostile = seed == 401;
    INFO("seed " << seed);
    test::Plan plan = *test::parse_plan("seed=400 workload=rush_hour agents=12 seconds=60");
    plan.seed = seed;
    plan.hostile = hostile;
    plan.blows = 20;
    test::Scenario scenario{plan};
    sim::World& world = scenario.world();
    world.record(sim::MachineKind::master);
    for (std::uint32_t agent = 0; agent < 12; agent += 4) {
        world.record(sim::MachineKind::agent, agent);
        world.record(sim::MachineKind::executor, agent);
    }
    for (std::uint32_t framework = 0; framework < world.frameworks(); ++framework)
        world.record(sim::MachineKind::framework, framework);
    scenario.run_under_faults(1min);

    CHECK(replay_from_snapshots(world.log_of(sim::MachineKind::master), 7).steps > 1'000);
    std::uint64_t agent_steps = 0;
    for (std::uint32_t agent = 0; agent < 12; agent += 4) {
        INFO("agent " << agent);
        const auto& log = world.log_of(sim::MachineKind::agent, agent);
        agent_steps += replay_from_snapshots(log).steps;
        replay_from_snapshots(world.log_of(sim::MachineKind::executor, agent));
    }
    CHECK(agent_steps > 50);  // Few tasks fall to each; some crash early, and their logs end there.
    for (std::uint32_t framework = 0; framework < world.frameworks(); ++framework) {
        INFO("framework " << framework);
        const auto& log = world.log_of(sim::MachineKind::framework, framework);
        CHECK(replay_from_snapshots(log).steps > 10);
    }
}
