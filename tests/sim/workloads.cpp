// SPDX-License-Identifier: Apache-2.0
#include "workloads.hpp"

#include <chrono>
#include <utility>

namespace offerkit::test {

using namespace std::chrono_literals;
using namespace offerkit::literals;

BatchScheduler::BatchScheduler(TaskMaker tasks, std::uint64_t count)
    : tasks_(std::move(tasks)), waiting_(count) {}

OfferReply BatchScheduler::on_offer(const Offer& offer) {
    Accept accept;
    accept.offer = offer.id;
    Resources left = offer.resources;
    while (waiting_ != 0 && left.contains(tasks_.shape())) {
        left -= tasks_.shape();
        --waiting_;
        TaskInfo task = tasks_.make();
        running_.insert(task.id);
        accept.launch.push_back(std::move(task));
    }
    if (!accept.launch.empty()) return accept;
    Decline decline;
    decline.offer = offer.id;
    decline.refuse_for = waiting_ == 0 ? 60s : 2s;
    decline.reason = waiting_ == 0 ? DeclineReason::no_work : DeclineReason::too_small;
    return decline;
}

void BatchScheduler::on_status(const TaskStatus& status) {
    if (!is_terminal(status.state) || running_.erase(status.task) == 0) return;
    if (status.state == TaskState::finished) {
        ++finished_;
    } else {
        ++lost_;
        ++waiting_;
    }
}

void ServiceScheduler::on_offers(std::span<const Offer> offers, Replies& replies) {
    for (const Offer& offer : offers) {
        if (alive_.size() < count_ && offer.resources.contains(tasks_.shape())) {
            Accept accept;
            accept.offer = offer.id;
            accept.launch.push_back(tasks_.make());
            alive_.insert(accept.launch.back().id);
            accept.refuse_for = 3s;  // Spreads over the agents.
            replies.accept(std::move(accept));
        } else {
            replies.decline({offer.id, 10s, DeclineReason::limit, {}});
        }
    }
    if (alive_.size() == count_ && !suppressed_) {
        replies.suppress();
        suppressed_ = true;
    }
}

void ServiceScheduler::on_status(const TaskStatus& status, Replies& replies) {
    if (!is_terminal(status.state) || alive_.erase(status.task) == 0) return;
    if (!suppressed_) return;
    replies.revive();
    suppressed_ = false;
}

void HoardingScheduler::on_offers(std::span<const Offer> offers, Replies& replies) {
    for (const Offer& offer : offers) {
        switch (rng_.below(4)) {
            case 0:
                replies.hold({offer.id, 2s});
                break;
            case 1:
                replies.hold({offer.id, 10min});
                break;
            case 2:
                replies.decline({offer.id, 1s, DeclineReason::no_work, {}});
                break;
            default:
                break;  // Never answered.
        }
    }
}

void KillingScheduler::on_offers(std::span<const Offer> offers, Replies& replies) {
    for (const Offer& offer : offers) {
        if (alive_.size() >= 20 || !offer.resources.contains(tasks_.shape())) {
            replies.decline({offer.id, 5s, DeclineReason::limit, {}});
            continue;
        }
        Accept accept;
        accept.offer = offer.id;
        accept.launch.push_back(tasks_.make());
        const TaskId id = accept.launch.back().id;
        alive_.insert(id);
        replies.accept(std::move(accept));
        if (rng_.chance(1, 5)) replies.kill(id, Duration{rng_.between(0, 2'000'000'000)});
    }
}

void KillingScheduler::on_status(const TaskStatus& status) {
    if (!is_terminal(status.state)) return;
    alive_.erase(status.task);
    if (status.state == TaskState::killed) ++killed_;
}

void KillingScheduler::on_wake(Instant now, Replies& replies) {
    for (const TaskId& id : alive_) {
        if (rng_.chance(1, 10)) replies.kill(id);
    }
    replies.kill(TaskId{"never-launched"});
    wake_ = now + 3s;
}

namespace {

sim::WorldOptions make_options(std::uint64_t seed, bool hostile) {
    sim::WorldOptions options;
    options.seed = seed;
    for (int i = 0; i < 24; ++i) {
        Resources resources = 4_cpus + 4_GiB;
        if (i % 3 == 0) resources += 4_GiB + 2_gpus;
        if (i % 4 == 0) resources.put_named("licenses", 8'000);
        if (i % 5 == 0) resources = resources.with_ports({{31000, 31099}});
        options.agents.push_back(std::move(resources));
    }
    options.network.delay = {100us, 5ms, 10, 200ms};
    options.network.breaks = 1;
    options.processes.fails = 30;
    options.processes.starts_not = 10;
    options.processes.ignores_term = 100;
    options.store_failures = 20;
    if (hostile) {
        options.network.drops = 20;
        options.network.repeats = 50;
        options.network.reorders = 50;
    }
    return options;
}

FrameworkInfo make_info(std::string name, std::string_view role) {
    FrameworkInfo info;
    info.name = std::move(name);
    info.roles = {*Role::parse(role)};
    info.failover_timeout = 5min;
    return info;
}

}  // namespace

RushHour::RushHour(std::uint64_t seed, bool hostile)
    : rng_(seed),
      world_(make_options(seed, hostile)),
      batch_({"batch-", 1_cpus + 512_MiB, "sleep 20"}, 1'000'000),
      service_({"service-", 0.5_cpus + 256_MiB, "sleep infinity"}, 40),
      hoarding_(seed),
      killing_({"kill-", 0.1_cpus + 64_MiB, "sleep infinity"}, seed),
      flapping_({"flap-", 0.5_cpus + 1_GiB, "a command that runs for a drawn time"}, 1'000'000) {
    world_.add_framework(batch_, make_info("batch", "eng/batch"));
    world_.add_framework(service_, make_info("service", "eng/web"));
    world_.add_framework(hoarding_, make_info("hoarder", "research"));
    world_.add_framework(killing_, make_info("killer", "research/ml"));
    world_.add_framework(flapping_, make_info("flapper", "*"));
    plan_fault();
}

void RushHour::calm() {
    calm_ = true;
    for (std::uint32_t i = 0; i < world_.agents(); ++i) {
        world_.heal(sim::agent_link(i));
        if (!world_.has_stopped(i)) world_.restart_machine(i);
    }
    for (std::uint32_t i = 0; i < world_.frameworks(); ++i) {
        world_.heal(sim::framework_link(i));
        world_.restart_framework(i);
    }
}

void RushHour::plan_fault() {
    const Duration pause{rng_.between(100'000'000, 4'000'000'000)};
    world_.plan(world_.now() + pause, [this](sim::World& world) {
        if (calm_) return;
        fault(world);
        plan_fault();
    });
}

void RushHour::fault(sim::World& world) {
    const auto agent = static_cast<std::uint32_t>(rng_.below(world.agents()));
    const auto framework = static_cast<std::uint32_t>(rng_.below(world.frameworks()));
    const Duration length{rng_.between(1'000'000'000, 120'000'000'000)};
    const Instant until = world.now() + length;
    switch (rng_.below(10)) {
        case 0:
            world.break_link(sim::agent_link(agent));
            break;
        case 1:
            world.break_link(sim::framework_link(framework));
            break;
        case 2:
        case 3: {
            const sim::Link link =
                rng_.chance(2, 3) ? sim::agent_link(agent) : sim::framework_link(framework);
            const auto direction = rng_.below(3);
            world.cut(link, direction != 1, direction != 2);
            world.plan(until, [link](sim::World& later) { later.heal(link); });
            break;
        }
        case 4:
            world.crash_machine(agent);
            world.plan(until, [agent](sim::World& later) { later.restart_machine(agent); });
            break;
        case 5:
        case 6:
            world.kill_framework(4);
            world.plan(world.now() + length / 10,
                       [](sim::World& later) { later.restart_framework(4); });
            break;
        case 7: {
            protocol::ConfigureRole call;
            call.config.role = *Role::parse(rng_.chance(1, 2) ? "eng" : "research");
            call.config.weight = rng_.between(1, 10) * 1000;
            world.ask_operator(call);
            break;
        }
        case 8:
            world.jump_wall(Duration{rng_.between(-1'000'000'000, 1'000'000'000)} * 3600);
            break;
        default:
            if (leavers_ >= 8) break;
            ++leavers_;
            world.stop_agent(agent, 3s);
            world.add_agent(4_cpus + 8_GiB);
            break;
    }
}

}  // namespace offerkit::test
