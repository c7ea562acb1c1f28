// SPDX-License-Identifier: Apache-2.0
#include "scenario.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace offerkit::test {

using namespace std::chrono_literals;
using namespace offerkit::literals;

namespace {

sim::WorldOptions make_options(const Plan& plan, bool traced) {
    sim::WorldOptions options;
    options.seed = plan.seed;
    options.timeline = traced;
    options.logs = traced;
    options.network.delay = {100us, 5ms, 10, 200ms};
    const bool stubborn = workloads()[plan.workload].stubborn;
    options.network.breaks = stubborn ? 5 : plan.seed % 3 == 0 ? 1 : 0;
    options.processes.fails = 30;
    options.processes.starts_not = 10;
    options.processes.ignores_term = stubborn ? 700 : 100;
    options.store = {100us, 5ms, 10, 1s};
    options.store_failures = plan.seed % 4 == 0 ? 20 : 0;
    options.agent_store_failures = plan.seed % 5 == 0 ? 10 : 0;
    if (plan.hostile) {
        options.network.drops = 20;
        options.network.repeats = 50;
        options.network.reorders = 50;
    }
    return options;
}

Resources make_machine(std::uint32_t number) {
    Resources resources = 4_cpus + 4_GiB;
    if (number % 3 == 0) resources += 4_GiB + 2_gpus;
    if (number % 4 == 1) resources.put_named("licenses", 8'000);
    if (number % 5 == 2) resources = resources.with_ports({{31000, 31099}});
    return resources;
}

}  // namespace

Scenario::Scenario(Plan plan, bool traced)
    : plan_(std::move(plan)),
      rng_(plan_.seed ^ 0x5eed),
      world_(make_options(plan_, traced)),
      workload_(&workloads()[plan_.workload]) {
    for (std::uint32_t i = 0; i < plan_.agents; ++i)
        world_.add_agent(make_machine(i));
    for (const FrameworkPlan& each : workload_->frameworks)
        add_framework(each);
    for (const PlannedBlow& blow : draw_blows(plan_)) {
        world_.plan(blow.at, [this, blow](sim::World&) {
            if (!calm_) strike(blow);
        });
    }
}

void Scenario::add_framework(const FrameworkPlan& plan) {
    framework::Options options;
    options.info.name = std::string(plan.name);
    options.info.roles = {*Role::parse(plan.role)};
    options.info.failover_timeout = 2h;
    options.info.capabilities.gpu_resources = true;
    Tally& tally = tallies_.emplace_back();
    framework_plans_.push_back(&plan);
    const std::uint64_t seed = rng_.next();
    const std::uint32_t index =
        world_.add_author(make_author(plan, seed, tally), std::move(options));
    if (plan.flaps) flap(index);
    if (plan.visits) visit(index);
}

void Scenario::visit(std::uint32_t framework) {
    const Duration stay{rng_.between(5'000'000'000, 20'000'000'000)};
    world_.plan(world_.now() + stay, [this, framework](sim::World& world) {
        if (calm_) return;
        tallies_[framework].leaving = true;
        framework::AuthorAsked stop;
        stop.requests.emplace_back(framework::Stop{true});
        world.ask_author(framework, std::move(stop));
        add_framework(*framework_plans_[framework]);
    });
}

// What is torn down needs no fault to be gone.
bool Scenario::is_leaving(std::uint32_t framework) const { return tallies_[framework].leaving; }

void Scenario::flap(std::uint32_t framework) {
    const Duration pause{rng_.between(1'000'000'000, 6'000'000'000)};
    world_.plan(world_.now() + pause, [this, framework](sim::World& world) {
        if (calm_) return;
        if (world.find_framework(framework) != nullptr) {
            world.kill_framework(framework);
        } else {
            world.restart_framework(framework);
        }
        flap(framework);
    });
}

// --- blows ---

void Scenario::strike(const PlannedBlow& planned) {
    Rng rng{planned.seed};
    const Instant until = world_.now() + planned.length;
    const auto agent = static_cast<std::uint32_t>(rng.below(world_.agents()));
    const auto framework = static_cast<std::uint32_t>(rng.below(world_.frameworks()));
    const auto later = [&](auto act) {
        world_.plan(until, [this, act](sim::World& world) {
            if (!calm_) act(world);
        });
    };
    switch (planned.blow) {
        case Blow::break_link:
        case Blow::cut_link:
        case Blow::slow_link:
            return strike_link(planned.blow, rng, until);
        case Blow::crash_master:
            world_.crash_master();
            return later([](sim::World& w) {
                if (!w.has_master()) w.restart_master();
            });
        case Blow::crash_agent:
            world_.crash_agent(agent);
            return later([agent](sim::World& w) { w.restart_agent(agent); });
        case Blow::crash_machine:
            world_.crash_machine(agent);
            return later([agent](sim::World& w) { w.restart_agent(agent); });
        case Blow::kill_framework:
            if (is_leaving(framework)) return;
            world_.kill_framework(framework);
            return later([framework](sim::World& w) { w.restart_framework(framework); });
        case Blow::forget_framework: {
            if (is_leaving(framework)) return;
            world_.kill_framework(framework);
            const std::uint64_t seed = rng.next();
            return later([this, framework, seed](sim::World& w) {
                w.restart_framework(framework, make_author(*framework_plans_[framework], seed,
                                                           tallies_[framework]));
            });
        }
        case Blow::master_part_way:
        case Blow::agent_part_way:
        case Blow::machine_part_way:
        case Blow::framework_part_way:
            return strike_part_way(planned.blow, rng, until);
        case Blow::fill_disk:
        case Blow::slow_disk:
            return strike_disk(planned.blow, rng, until);
        case Blow::jump_wall:
            return world_.jump_wall(std::chrono::minutes{rng.between(-600, 600)});
        case Blow::replace_agent:
            if (++leavers_ > 3) return;
            world_.stop_agent(agent, 3s);
            world_.add_agent(make_machine(world_.agents()));
            return;
        case Blow::operate:
            return operate(rng);
        case Blow::leave_agent:
            world_.leave_agent(agent);
            return later([agent](sim::World& w) { w.restart_agent(agent); });
        case Blow::crash_launcher:
        case Blow::crash_supervisors:
            return world_.restart_launcher(agent, planned.blow == Blow::crash_supervisors);
    }
}

void Scenario::strike_link(Blow blow, Rng& rng, Instant until) {
    const bool to_agent = rng.chance(2, 3);
    const auto index =
        static_cast<std::uint32_t>(rng.below(to_agent ? world_.agents() : world_.frameworks()));
    const sim::Link link = to_agent ? sim::agent_link(index) : sim::framework_link(index);
    if (blow == Blow::break_link) return world_.break_link(link);
    if (blow == Blow::cut_link) {
        const auto direction = rng.below(3);
        world_.cut(link, direction != 1, direction != 2);
    } else {
        world_.slow(link, 5s);
    }
    world_.plan(until, [link](sim::World& world) { world.heal(link); });
}

void Scenario::strike_part_way(Blow blow, Rng& rng, Instant until) {
    const std::uint64_t effects = rng.below(40);
    sim::NodeName node;
    if (blow == Blow::framework_part_way) {
        node.kind = sim::MachineKind::framework;
        node.index = static_cast<std::uint32_t>(rng.below(world_.frameworks()));
    } else if (blow != Blow::master_part_way) {
        node.kind = rng.chance(1, 2) ? sim::MachineKind::agent : sim::MachineKind::executor;
        node.index = static_cast<std::uint32_t>(rng.below(world_.agents()));
    }
    world_.crash_after(node, effects, blow == Blow::machine_part_way);
    world_.plan(until, [this, node](sim::World& world) {
        if (calm_) return;
        if (node.kind == sim::MachineKind::framework) {
            world.restart_framework(node.index);
        } else if (node.kind != sim::MachineKind::master) {
            world.restart_agent(node.index);
        } else if (!world.has_master()) {
            world.restart_master();
        }
    });
}

void Scenario::strike_disk(Blow blow, Rng& rng, Instant until) {
    sim::NodeName node;
    if (rng.chance(1, 2)) {
        node.kind = sim::MachineKind::agent;
        node.index = static_cast<std::uint32_t>(rng.below(world_.agents()));
    }
    if (blow == Blow::fill_disk) {
        world_.set_full(node, true);
        world_.plan(until, [node](sim::World& world) { world.set_full(node, false); });
    } else {
        world_.set_store_lag(node, std::chrono::milliseconds{rng.between(500, 5000)});
        world_.plan(until, [node](sim::World& world) { world.set_store_lag(node, Duration{0}); });
    }
}

void Scenario::operate(Rng& rng) {
    const auto choice = rng.below(workload_->drains ? 5 : 1);
    if (choice == 0) {
        protocol::ConfigureRole call;
        call.config.role = *Role::parse(rng.chance(1, 2) ? "eng" : "research");
        call.config.weight = rng.between(1, 10) * 1000;
        return world_.ask_operator(call);
    }
    const agent::Agent* const found =
        world_.find_agent(static_cast<std::uint32_t>(rng.below(world_.agents())));
    if (found == nullptr || found->state().id.is_none()) return;
    const AgentId id = found->state().id;
    if (choice == 1) return world_.ask_operator(protocol::DeactivateAgent{id});
    if (choice == 2) return world_.ask_operator(protocol::ActivateAgent{id});
    const Duration within{rng.between(0, 20'000'000'000)};
    world_.ask_operator(protocol::DrainAgent{id, within});
}

// --- running ---

bool Scenario::has_failed() { return !world_.checker().violations().empty(); }

void Scenario::run_under_faults(Duration duration) {
    const Instant until = world_.now() + duration;
    while (world_.now() < until && !has_failed())
        world_.run_for(std::min(Duration{1s}, until - world_.now()));
    (void)world_.check();
}

const std::vector<std::string>& Scenario::run() {
    run_under_faults(std::chrono::seconds{plan_.seconds});
    if (has_failed()) return world_.check();
    heal();
    const Instant healed = world_.now();
    const bool rests = come_to(&Scenario::find_unrest, 30min, "the healed world does not rest");
    time_to_rest_ = world_.now() - healed;
    if (!rests || !offer_to_all()) return world_.check();
    end_frameworks();
    if (!come_to(&Scenario::find_remains, 30min, "something is left of frameworks that ended") ||
        !probe()) {
        return world_.check();
    }
    world_.run_for(15min);  // The longest that anything may wait for nothing.
    if (const std::string leak = find_leak(); !leak.empty()) {
        world_.checker().violate(world_.now(), "leaked: " + leak);
    }
    return world_.check();
}

bool Scenario::come_to(std::string (Scenario::*find_missing)(), Duration limit,
                       std::string_view what) {
    const Instant until = world_.now() + limit;
    std::string missing = (this->*find_missing)();
    while (!missing.empty() && world_.now() < until && !has_failed()) {
        world_.run_for(1s);
        missing = (this->*find_missing)();
    }
    if (!missing.empty() && !has_failed()) {
        world_.checker().violate(world_.now(), std::string(what) + ": " + missing);
    }
    (void)world_.check();
    return !has_failed();
}

void Scenario::heal() {
    calm_ = true;
    world_.remark("world", "everything is healed");
    world_.call_off_crashes();
    sim::NetworkOptions network;
    network.delay = {100us, 5ms};
    world_.set_network(network);
    world_.set_full({sim::MachineKind::master, 0}, false);
    world_.set_store_lag({sim::MachineKind::master, 0}, Duration{0});
    if (!world_.has_master()) world_.restart_master();
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        world_.set_full({sim::MachineKind::agent, i}, false);
        world_.set_store_lag({sim::MachineKind::agent, i}, Duration{0});
        world_.heal(sim::agent_link(i));
        // A message that is lost without its connection is beyond what anybody has to notice.
        if (plan_.hostile) world_.break_link(sim::agent_link(i));
        world_.restart_agent(i);
    }
    for (std::uint32_t i = 0; i < world_.frameworks(); ++i) {
        world_.heal(sim::framework_link(i));
        if (plan_.hostile) world_.break_link(sim::framework_link(i));
        world_.restart_framework(i);
    }
    world_.set_store_failures(0, 0);
    for (Tally& tally : tallies_)
        tally.resting = true;
}

void Scenario::activate_all() {
    world_.master().state().agents.for_each([this](AgentIndex, const master::Agent& agent) {
        const auto mode = agent.mode;
        if (mode == master::registry::AgentMode::active) return;
        world_.ask_operator(protocol::ActivateAgent{agent.id});
    });
}

// What has left without a word will not come back, and only an operator can know that. Pre: all
// that run are registered. Returns whether there was any.
bool Scenario::mark_gone() {
    bool any = false;
    world_.master().state().agents.for_each([&](AgentIndex, const master::Agent& agent) {
        if (!agent.peer.is_none()) return;
        any = true;
        world_.ask_operator(protocol::MarkAgentGone{agent.id});
    });
    return any;
}

// All that the master knows: a subscription whose answer was lost has left one that nobody owns.
void Scenario::end_frameworks() {
    world_.master().state().frameworks.for_each(
        [this](master::FrameworkIndex, const master::Framework& framework) {
            if (framework.ending) return;
            world_.ask_operator(protocol::TeardownFramework{framework.id});
        });
}

}  // namespace offerkit::test
