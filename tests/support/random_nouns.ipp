// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "random_values.hpp"

namespace offerkit::test {

inline void RandomValues::fill(Role& role) {
    if (!is_full_ && rng_.chance(1, 4)) {
        role = Role{};
        return;
    }
    std::string path = word();
    for (std::uint64_t more = rng_.below(3); more > 0; --more)
        path += "/" + word();
    role = Role::parse(path).value();
}

inline void RandomValues::fill(Refusal& refusal) {
    refusal = {any(RefusalCode::cancelled), line(), line(), prose(), line()};
}

inline void RandomValues::fill(Attribute& attribute) {
    attribute.name = word();
    attribute.name += std::to_string(rng_.next());  // No two of an agent alike.
    switch (rng_.below(4)) {
        case 0:
            attribute.value = word();
            break;
        case 1:
            attribute.value = rng_.between(-5'000'000, 5'000'000);
            break;
        case 2:
            fill(attribute.value.emplace<Ranges>());
            break;
        default:
            attribute.value = std::vector<std::string>{word(), word()};
            break;
    }
}

inline void RandomValues::fill(Ranges& ranges) {
    ranges = {};
    std::uint64_t at = rng_.below(1000);
    for (std::uint64_t count = 1 + rng_.below(3); count > 0; --count) {
        const std::uint64_t last = at + rng_.below(5000);
        ranges.add({at, last});
        at = last + 2 + rng_.below(1'000'000);
    }
}

inline void RandomValues::fill_plain(Resources& resources) {
    resources = Resources{};
    // Bundles and what is beside them are summed up for the limits of a task.
    constexpr std::int64_t most = limits::amount_per_agent_max / 8;
    for (std::size_t slot = 0; slot < builtin_scalar_count; ++slot) {
        if (is_there()) resources.amounts().set(slot, number(most));
    }
    resources.amounts().set(0, 1 + rng_.between(0, 100'000));  // Never nothing at all.
    if (!is_full_ && rng_.chance(1, 2)) return;
    if (is_there()) resources.put_named("licenses", number(most));
    const std::string own_kind = "my." + word();
    if (is_there()) resources.put_named(own_kind, number(1000));
    if (is_there()) resources.put_ranges("ports", make<Ranges>());
    if (is_there()) resources.put_ranges("slots", make<Ranges>());
    if (is_there()) resources.put_set("zones", {word() + "1", word() + "2"});
    if (is_there()) {
        resources.put_gpu_cards({number(1000), number(1000), 1000});
        const std::size_t gpus = *slot_of<Gpus>;
        resources.amounts().set(gpus, resources.amounts()[gpus] + number(5000));
    }
}

inline void RandomValues::fill(Resources& resources) {
    fill_plain(resources);
    if (!is_full_ && rng_.chance(1, 2)) return;
    for (std::uint64_t count = 1 + rng_.below(2); count > 0; --count) {
        resources.put_bundle(make<Bundle>());
    }
}

inline void RandomValues::fill(Bundle& bundle) {
    fill(bundle.id);
    std::string path;
    for (std::uint64_t count = is_full_ ? 2 : rng_.below(3); count > 0; --count) {
        path += (path.empty() ? "" : "/") + word();
        Reservation& reservation = bundle.reservations.emplace_back();
        reservation.role = path;
        reservation.principal = line();
        fill(reservation.labels);
        reservation.kind = any(ReservationKind::refined);
    }
    if (is_there()) bundle.volume = Volume{word(), "data/" + word(), any(VolumeMode::read_only)};
    bundle.revocable = is_there();
    bundle.shared = is_there();
    if (bundle.shared) bundle.copies = rng_.between(2, 9);
    Resources content;
    fill_plain(content);
    Resources::fill_bundle(bundle, content);
}

inline void RandomValues::fill(Command& command) {
    if (rng_.chance(1, 2)) {
        command.shell = "exec " + word() + "\n";
    } else {
        command.argv = {word(), line(), "\xff not UTF-8"};
    }
    for (std::uint64_t i = is_full_ ? 2 : rng_.below(4); i > 0; --i) {
        command.environment.emplace_back("V" + std::to_string(i), is_there() ? word() + "=" : "");
    }
    command.working_directory = is_there() ? "/srv/" + word() : "";
    command.user = line();
}

inline void RandomValues::fill(ExecutorInfo& executor) {
    fill(executor.id);
    executor.name = line();
    fill_all(executor.command, executor.resources);
    executor.shutdown_grace = duration(limits::kill_grace_max);
    fill(executor.labels);
    executor.data = data();
}

inline void RandomValues::fill(Check& check) {
    check.kind = any(Check::Kind::tcp);
    fill(check.command);
    check.port = any_port();
    check.path = "/" + word();
    check.delay = duration();
    check.interval = duration() / 2 + Duration{1};
    check.timeout = duration() / 2 + Duration{1};
    check.grace = duration();
    check.failures_max = static_cast<std::uint32_t>(rng_.between(1, 9));
}

inline void RandomValues::fill(TaskInfo& task) {
    fill(task.id);
    task.name = line();
    fill(task.resources);
    if (is_there()) {
        task.limits = Resources{task.resources.total_amounts()};
        const std::size_t mem = *slot_of<Mem>;
        task.limits.amounts().set(mem, task.limits.amounts()[mem] + number(1000));
    }
    fill(task.command);
    fill_maybe(task.executor);
    task.kill_policy.grace = duration(limits::kill_grace_max);
    task.run_time_max = duration();
    fill_maybe(task.health_check);
    fill_maybe(task.ready_check);
    fill(task.ports);
    task.priority = static_cast<std::int32_t>(rng_.between(-1000, 1000));
    fill(task.labels);
    task.data = data();
    task.foreign = data();
}

inline void RandomValues::fill(TaskStatus& status) {
    fill(status.task);
    status.state = any(TaskState::unknown);
    if (is_there()) fill_all(status.id, status.agent, status.executor);
    status.source = any(StatusSource::executor);
    status.reason = any(StatusReason::agent_draining);
    status.message = prose();
    if (is_there()) {
        status.exit = ExitStatus{static_cast<std::int32_t>(rng_.between(-1, 255)),
                                 static_cast<std::int32_t>(number(64))};
    }
    if (is_there()) status.healthy = rng_.chance(1, 2);
    status.at = WallTime{rng_.between(-1'000'000, std::int64_t{1} << 61)};
    status.sandbox = line();
    fill(status.labels);
    status.data = data();
}

inline void RandomValues::fill(OperationStatus& status) {
    fill(status.id);
    status.feedback_id = line();
    status.state = any(OperationState::unknown);
    if (is_there()) fill_all(status.status, status.agent);
    status.message = prose();
}

inline void RandomValues::fill(FrameworkInfo& framework) {
    framework.name = word();
    framework.user = line();
    framework.roles.clear();
    for (std::uint64_t i = 1 + rng_.below(3); i > 0; --i) {
        framework.roles.push_back(Role::parse("r" + std::to_string(i) + "/" + word()).value());
    }
    framework.failover_timeout = duration(limits::failover_timeout_max);
    framework.capabilities = {is_there(), is_there(), is_there(), is_there(), !is_there()};
    framework.principal = line();
    framework.hostname = line();
    framework.webui_url = line();
    fill(framework.labels);
    framework.foreign = data();
}

inline void RandomValues::fill(AgentInfo& agent) {
    agent.hostname = word();
    agent.port = any_port();
    fill_all(agent.resources, agent.attributes, agent.domain);
    agent.version = line();
    agent.boot_id = line();
}

inline void RandomValues::fill(DemandShape& shape) {
    fill(shape.resources);
    shape.count = static_cast<std::uint32_t>(number(1'000'000));
    shape.gang = static_cast<std::uint32_t>(rng_.between(2, 100));
    shape.run_time_estimate = duration();
}

inline void RandomValues::fill(Offer& offer) {
    fill_all(offer.id, offer.framework, offer.agent, offer.role);
    offer.hostname = line();
    fill_all(offer.resources, offer.attributes, offer.domain);
    offer.expires_in = duration();
}

inline void RandomValues::fill(InverseOffer& offer) {
    fill_all(offer.id, offer.framework, offer.agent, offer.resources);
    offer.unavailability = {WallTime{rng_.between(1, std::int64_t{1} << 61)}, duration()};
}

inline void RandomValues::fill(Operation& operation) {
    operation.feedback_id = line();
    fill(operation.action);
}

inline void RandomValues::fill(LaunchGroup& group) {
    fill(group.executor);
    fill_not_empty(group.tasks);
    for (TaskInfo& task : group.tasks) {
        task.executor.reset();
        if (rng_.chance(1, 2)) task.command = {};
    }
}

}  // namespace offerkit::test
