// SPDX-License-Identifier: Apache-2.0
#include "cluster.hpp"

#include <catch2/catch.hpp>

#include <offerkit/allocation/preemption.hpp>
#include <offerkit/core/random.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

constexpr Instant now{1'000'000'000'000};  // A thousand seconds.

PreemptibleTask task_of(std::uint64_t key, std::int32_t priority, const Resources& resources,
                        Duration has_run = 100s, std::int64_t above_share = 0) {
    PreemptibleTask task;
    task.key = key;
    task.priority = priority;
    task.above_share = above_share;
    task.started = now + -has_run;
    task.resources = resources;
    return task;
}

std::vector<std::uint64_t> victims_of(const std::optional<Preemption>& plan) {
    std::vector<std::uint64_t> keys;
    if (!plan) return {404};
    for (const Preemption::Victim& victim : plan->victims)
        keys.push_back(victim.key);
    return keys;
}

using Keys = std::vector<std::uint64_t>;

}  // namespace

// The shape of a benchmark of kube-scheduler: four nodes of four cpus, each with four tasks of 0.9.
TEST_CASE("three of four small tasks make room for one of three cpus", "[allocation][preemption]") {
    std::vector<PreemptibleAgent> agents;
    for (std::uint32_t i = 0; i < 4; ++i) {
        agents.push_back({{i}, 0.4_cpus, {}});
        for (std::uint64_t task = 0; task < 4; ++task)
            agents.back().tasks.push_back(task_of(10 * i + task, 0, 0.9_cpus));
    }
    const auto plan = plan_preemption({10, 3_cpus, 1}, agents, now);
    REQUIRE(plan);
    CHECK(victims_of(plan) == Keys{0, 1, 2});
    CHECK(plan->places == std::vector<AgentIndex>{{0}});
    CHECK(plan->lost == 300s);
}

TEST_CASE("victims are chosen by rule", "[allocation][preemption]") {
    const auto [what, tasks, victims] =
        GENERATE(table<std::string, std::vector<PreemptibleTask>, Keys>({
            {"the lowest priority",
             {task_of(1, 5, 2_cpus), task_of(2, 3, 2_cpus), task_of(3, 4, 2_cpus)},
             {2}},
            {"among equals whoever is most above its share",
             {task_of(1, 3, 2_cpus, 1s, 5), task_of(2, 3, 2_cpus, 9s, 8),
              task_of(3, 3, 2_cpus, 1s, -9)},
             {2}},
            {"then who has run for the shortest time",
             {task_of(1, 3, 2_cpus, 9s), task_of(2, 3, 2_cpus, 2s), task_of(3, 3, 2_cpus, 5s)},
             {2}},
            {"no more than it takes: a small one that would not be enough stays",
             {task_of(1, 1, 1_cpus), task_of(2, 3, 2_cpus)},
             {2}},
            {"nobody whose going gives nothing that is missing",
             {task_of(1, 1, 8_GiB), task_of(2, 3, 2_cpus)},
             {2}},
            {"several, if one is not enough",
             {task_of(1, 3, 1_cpus), task_of(2, 3, 1_cpus), task_of(3, 5, 4_cpus)},
             {1, 2}},
            {"never an equal", {task_of(1, 10, 2_cpus)}, {404}},
            {"never a higher one", {task_of(1, 11, 2_cpus), task_of(2, 12, 2_cpus)}, {404}},
            {"nobody, if it would not fit even then", {task_of(1, 1, 1_cpus)}, {404}},
        }));
    INFO(what);
    const std::vector<PreemptibleAgent> agents{{{0}, {}, tasks}};
    CHECK(victims_of(plan_preemption({10, 2_cpus, 1}, agents, now)) == victims);
}

TEST_CASE("the agent is the one whose victims should rather go", "[allocation][preemption]") {
    std::vector<PreemptibleAgent> agents{{{0}, {}, {task_of(1, 4, 2_cpus)}},
                                         {{1}, {}, {task_of(2, 3, 1_cpus), task_of(3, 3, 1_cpus)}},
                                         {{2}, {}, {task_of(4, 3, 2_cpus, 100s)}}};
    SECTION("by priority, then by what is lost") {
        CHECK(victims_of(plan_preemption({10, 2_cpus, 1}, agents, now)) == Keys{4});
    }
    SECTION("none at all, where there is room") {
        agents.push_back({{3}, 2_cpus, {task_of(5, 0, 2_cpus)}});
        const auto plan = plan_preemption({10, 2_cpus, 1}, agents, now);
        CHECK(victims_of(plan).empty());
        CHECK(plan->places == std::vector<AgentIndex>{{3}});
    }
    SECTION("those who are leaving already are room enough") {
        agents[0].tasks[0].is_leaving = true;
        CHECK(victims_of(plan_preemption({10, 2_cpus, 1}, agents, now)).empty());
        CHECK(victims_of(plan_preemption({10, 2_cpus, 2}, agents, now)) == Keys{4});
    }
}

TEST_CASE("several tasks get all their places or none", "[allocation][preemption]") {
    const std::vector<PreemptibleAgent> agents{
        {{0}, 1_cpus, {task_of(1, 1, 1_cpus), task_of(2, 1, 2_cpus)}},
        {{1}, 2_cpus, {task_of(3, 1, 2_cpus), task_of(4, 20, 4_cpus)}}};
    const auto plan = plan_preemption({10, 2_cpus, 4}, agents, now);
    REQUIRE(plan);
    CHECK(plan->places.size() == 4);
    CHECK(plan->victims.size() == 3);
    CHECK_FALSE(plan_preemption({10, 2_cpus, 5}, agents, now));
}

TEST_CASE("how far above its share somebody is follows weights and levels",
          "[allocation][preemption]") {
    RoleTree tree;
    const NodeIndex a = tree.insert(role_of("a"), {0}, {1, 1});
    const NodeIndex bx = tree.insert(role_of("b/x"), {1}, {1, 2});
    const NodeIndex by = tree.insert(role_of("b/y"), {2}, {1, 3});
    tree.put_weight(tree.find("b"), 3000);
    const Amounts totals = (16_cpus + 16_GiB).amounts();
    tree.allocate(a, (8_cpus + 1_GiB).amounts());
    tree.allocate(bx, (6_cpus + 2_GiB).amounts());
    CHECK(fixed_above_share(tree, a, totals) == fixed_one / 4);
    CHECK(fixed_above_share(tree, bx, totals) == 0);
    CHECK(fixed_above_share(tree, by, totals) == -fixed_one * 3 / 8);
}

// Random clusters: everything that is promised, and that nobody ever evicts who evicted him.
TEST_CASE("no preemption breaks a promise", "[allocation][preemption]") {
    const std::uint64_t seed = GENERATE(range(1, 9));
    INFO("seed " << seed);
    Rng rng{seed};
    const auto draw = [&] {
        return Quantity<Cpus>::from_units(rng.between(1, 8) * 500) +
               Quantity<Mem>::from_units(rng.between(1, 8) * 512'000);
    };
    std::vector<PreemptibleAgent> agents;
    for (std::uint32_t i = 0; i < 6; ++i)
        agents.push_back({{i}, 16_cpus + 16_GiB, {}});
    std::uint64_t keys = 0;
    int evictions = 0;
    for (int round = 0; round < 400; ++round) {
        const Preemptor preemptor{static_cast<std::int32_t>(rng.below(5)), draw(),
                                  static_cast<std::uint32_t>(rng.between(1, 3))};
        const std::vector<PreemptibleAgent> before = agents;
        const auto plan = plan_preemption(preemptor, agents, now);
        if (!plan) continue;
        REQUIRE(plan->places.size() == preemptor.count);
        std::set<std::uint64_t> gone;
        for (const Preemption::Victim& victim : plan->victims) {
            auto& tasks = agents[victim.agent.value].tasks;
            const auto task = std::ranges::find(tasks, victim.key, &PreemptibleTask::key);
            REQUIRE(task != tasks.end());
            CHECK(task->priority < preemptor.priority);
            agents[victim.agent.value].available += task->resources;
            tasks.erase(task);
            gone.insert(victim.key);
            ++evictions;
        }
        for (const AgentIndex place : plan->places) {
            REQUIRE(agents[place.value].available.contains(preemptor.task));
            agents[place.value].available -= preemptor.task;
            agents[place.value].tasks.push_back(task_of(++keys, preemptor.priority, preemptor.task,
                                                        std::chrono::seconds{rng.between(1, 900)}));
        }
        // One place: with any one of the victims left where it was, there would be no room.
        if (preemptor.count > 1) continue;
        for (const Preemption::Victim& victim : plan->victims) {
            Resources room = before[victim.agent.value].available;
            for (const PreemptibleTask& task : before[victim.agent.value].tasks) {
                if (gone.contains(task.key) && task.key != victim.key) room += task.resources;
            }
            CHECK_FALSE(room.contains(preemptor.task));
        }
    }
    CHECK(evictions > 20);
}
