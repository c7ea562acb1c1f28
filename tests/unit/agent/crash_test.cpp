// SPDX-License-Identifier: Apache-2.0
// The agent's process dies, and is started again from its checkpoint: between any two effects of a
// history, and again and again in the course of a long one.
#include <unit/agent/computer.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

namespace {

constexpr int acts = 60;

void run_history(Computer& computer) {
    for (int i = 0; i < acts; ++i)
        computer.try_to([&] { computer.act(); });
    computer.try_to([&] { computer.heal(); });
    computer.heal();
}

}  // namespace

TEST_CASE("an agent may die between any two effects", "[agent][crash]") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(range(0, 6)));
    INFO("seed " << seed);
    std::uint64_t effects = 0;
    {
        Computer computer{seed};
        run_history(computer);
        computer.check_end();
        effects = computer.effects();
    }
    REQUIRE(effects > 40);
    for (std::uint64_t at = 1; at <= effects; ++at) {
        INFO("crash before effect " << at);
        Computer computer{seed};
        computer.crash_before_effect(at);
        run_history(computer);
        computer.check_end();
    }
}

TEST_CASE("an agent may die as often as it likes", "[agent][crash]") {
    const auto seed = static_cast<std::uint64_t>(GENERATE(range(0, 60)));
    const bool reboots = GENERATE(false, true);
    const bool stores_fail = GENERATE(false, true);
    INFO("seed " << seed << (reboots ? ", with reboots" : "")
                 << (stores_fail ? ", with failing writes" : ""));
    Computer computer{seed + 1000};
    Rng rng{seed};
    for (int i = 0; i < 400; ++i) {
        if (rng.chance(1, 25)) computer.crash_before_effect(1 + rng.below(8));
        if (rng.chance(1, 40)) computer.try_to([&] { computer.kill_launcher(); });
        if (reboots && rng.chance(1, 60)) computer.restart(true);
        if (stores_fail && rng.chance(1, 60)) computer.try_to([&] { computer.fail_store(); });
        computer.try_to([&] { computer.act(); });
    }
    for (int i = 0; i < 3; ++i)
        computer.try_to([&] { computer.heal(); });
    computer.check_end();
}

TEST_CASE("what runs here without a checkpoint is ended and forgotten", "[agent][crash]") {
    Computer computer{7};
    computer.launch();
    computer.heal();
    computer.plant("frameworks/f9-9/tasks/old/3-4");
    computer.restart();
    CHECK_FALSE(computer.launcher().is_empty());
    computer.heal();
    computer.check_end();
}
