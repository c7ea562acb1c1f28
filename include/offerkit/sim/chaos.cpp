// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/assert.hpp>
#include <offerkit/sim/chaos.hpp>

#include <algorithm>
#include <array>

namespace offerkit::sim {

namespace {

/// One fault: what strikes when it begins, and what mends it.
struct Blow {
    std::function<void(World&)> strike;
    std::function<void(World&)> mend;
};

class Planner {
public:
    Planner(World& world, std::uint64_t seed, ChaosOptions options)
        : world_(&world), rng_(seed), options_(std::move(options)) {}

    void plan(Duration length) {
        const Instant start = world_->now();
        const Instant end = start + length;
        const std::int64_t twice = 2 * options_.every.count();
        for (Instant at = start + Duration{rng_.between(0, twice)}; at < end;
             at = at + Duration{rng_.between(1, twice)}) {
            const auto blow = draw();
            if (!blow) return;
            const Duration lasts{rng_.between(0, options_.lasts_max.count())};
            world_->plan(at, blow->strike);
            world_->plan(std::min(at + lasts, end), blow->mend);
        }
    }

private:
    using Draw = Blow (Planner::*)();

    // None: no fault is wanted, or there is nobody to strike.
    std::optional<Blow> draw() {
        const bool has_agents = world_->agents() > 0;
        const bool has_frameworks = world_->frameworks() > 0;
        const bool has_links = has_agents || has_frameworks;
        const std::array<std::pair<std::uint32_t, Draw>, 8> chances{{
            {has_links ? options_.link_breaks : 0, &Planner::break_link},
            {has_links ? options_.link_cuts : 0, &Planner::cut_link},
            {has_links ? options_.slow_links : 0, &Planner::slow_link},
            {has_agents ? options_.agent_crashes : 0, &Planner::crash_agent},
            {has_agents ? options_.machine_crashes : 0, &Planner::crash_machine},
            {options_.master_crashes, &Planner::crash_master},
            {options_.disk_full, &Planner::fill_disk},
            {has_frameworks ? options_.scheduler_crashes : 0, &Planner::crash_scheduler},
        }};
        std::uint64_t total = 0;
        for (const auto& [chance, make] : chances)
            total += chance;
        if (total == 0) return std::nullopt;
        std::uint64_t drawn = rng_.below(total);
        for (const auto& [chance, make] : chances) {
            if (drawn < chance) return (this->*make)();
            drawn -= chance;
        }
        return std::nullopt;
    }

    Link draw_link() {
        const std::uint64_t agents = world_->agents();
        const auto drawn = static_cast<std::uint32_t>(rng_.below(agents + world_->frameworks()));
        return drawn < agents ? agent_link(drawn)
                              : framework_link(drawn - static_cast<std::uint32_t>(agents));
    }
    std::uint32_t draw_agent() { return static_cast<std::uint32_t>(rng_.below(world_->agents())); }

    Blow break_link() {
        const Link link = draw_link();
        return {[link](World& w) { w.break_link(link); }, [](World&) {}};
    }
    Blow cut_link() {
        const Link link = draw_link();
        const bool to_master = rng_.chance(2, 3);
        const bool to_client = !to_master || rng_.chance(2, 3);
        return {[=](World& w) { w.cut(link, to_master, to_client); },
                [link](World& w) { w.heal(link); }};
    }
    Blow slow_link() {
        const Link link = draw_link();
        const Duration most{rng_.between(1'000'000, 3'000'000'000)};
        return {[=](World& w) { w.slow(link, most); }, [link](World& w) { w.heal(link); }};
    }
    Blow crash_agent() {
        const std::uint32_t agent = draw_agent();
        return {[agent](World& w) { w.crash_agent(agent); },
                [agent](World& w) { w.restart_agent(agent); }};
    }
    Blow crash_machine() {
        const std::uint32_t agent = draw_agent();
        return {[agent](World& w) { w.crash_machine(agent); },
                [agent](World& w) { w.restart_machine(agent); }};
    }
    Blow crash_master() {
        return {[](World& w) { w.crash_master(); },
                [](World& w) {
                    if (!w.has_master()) w.restart_master();
                }};
    }
    Blow fill_disk() {
        const NodeName master{MachineKind::master, 0};
        return {[master](World& w) { w.set_full(master, true); },
                [master](World& w) { w.set_full(master, false); }};
    }
    Blow crash_scheduler() {
        const auto index = static_cast<std::uint32_t>(rng_.below(world_->frameworks()));
        return {[index](World& w) { w.kill_framework(index); },
                [index, start_again = options_.start_again](World& w) {
                    if (w.has_ended(index) || w.find_framework(index) != nullptr) return;
                    w.restart_framework(index, start_again ? start_again(index) : nullptr);
                }};
    }

    World* world_;
    Rng rng_;
    ChaosOptions options_;
};

}  // namespace

void plan_chaos(World& world, std::uint64_t seed, Duration length, ChaosOptions options) {
    OFFERKIT_ASSERT(options.every > Duration{0} && options.lasts_max >= Duration{0});
    Planner{world, seed, std::move(options)}.plan(length);
}

}  // namespace offerkit::sim
