// SPDX-License-Identifier: Apache-2.0
// The failpoint sweep: one small run, again and again, each time with a crash between two other
// effects, until every place between two effects of each process has had its crash.
#include "workloads.hpp"

#include <catch2/catch.hpp>

#include <chrono>
#include <string>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

namespace {

constexpr test::FrameworkPlan small{"sweep", test::Temper::batch, "*", 1000, 256, "sleep 2", 3};

struct Swept {
    bool crashed = false;
    std::uint64_t finished = 0;
    std::string finding;
};

void restart_all(sim::World& world) {
    if (!world.has_master()) world.restart_master();
    world.restart_agent(0);
    world.restart_framework(0);
}

// An agent whose machine crashed before its id was durable comes back as another one: of the first,
// only an operator can know that it will not.
void mark_gone(sim::World& world) {
    world.master().state().agents.for_each([&](AgentIndex, const master::Agent& agent) {
        if (agent.unreachable) world.ask_operator(protocol::MarkAgentGone{agent.id});
    });
}

Swept sweep(sim::NodeName node, std::uint64_t effects, bool machine) {
    sim::WorldOptions options;
    options.seed = effects + 1;
    options.agents = {4_cpus + 1_GiB};
    sim::World world{std::move(options)};
    test::Tally tally;
    framework::Options framework;
    framework.info.name = "sweep";
    framework.info.failover_timeout = 1h;
    world.add_author(test::make_author(small, 1, tally), std::move(framework));
    world.crash_after(node, effects, machine);
    Swept swept;
    for (int second = 0; second < 900 && tally.finished < 3; ++second) {
        world.run_for(1s);
        restart_all(world);
        mark_gone(world);
    }
    world.call_off_crashes();
    world.run_for(30s);
    swept.crashed = world.reached().of(sim::Fault::crashed_between_effects) != 0;
    swept.finished = tally.finished;
    if (!world.check().empty()) swept.finding = world.check().front();
    return swept;
}

}  // namespace

TEST_CASE("a crash between any two effects loses nothing", "[sim][sweep]") {
    const auto [name, kind, machine] = GENERATE(table<std::string, sim::MachineKind, bool>(
        {{"master", sim::MachineKind::master, false},
         {"agent", sim::MachineKind::agent, false},
         {"agent with its machine", sim::MachineKind::agent, true},
         {"executor", sim::MachineKind::executor, false},
         {"framework", sim::MachineKind::framework, false}}));
    std::uint64_t places = 0;
    for (bool more = true; more; ++places) {
        const Swept swept = sweep({kind, 0}, places, machine);
        INFO(name << ", after " << places << " effects");
        CHECK(swept.finding == "");
        CHECK(swept.finished == 3);
        more = swept.crashed && places < 200;
    }
    CHECK(places > 8);
}
