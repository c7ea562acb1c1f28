// SPDX-License-Identifier: Apache-2.0
#include <offerkit/wire/detail/convert.hpp>

namespace offerkit::wire::detail {

static void to_wire(const Command& command, pb::Command& out) {
    if (!command.shell.empty()) out.set_shell(command.shell);
    for (const std::string& argument : command.argv)
        out.add_argv(argument);
    for (const auto& [name, value] : command.environment) {
        pb::EnvironmentVariable& variable = *out.add_environment();
        variable.set_name(name);
        variable.set_value(value);
    }
    if (!command.working_directory.empty()) out.set_working_directory(command.working_directory);
    if (!command.user.empty()) out.set_user(command.user);
}

static Result<void> from_wire(const pb::Command& in, Subject who, Command& command) {
    if (auto valid = check_count(who, "argv", in.argv(), limits::argv_max); !valid) return valid;
    if (auto valid = check_count(who, "environment", in.environment(), limits::environment_max);
        !valid) {
        return valid;
    }
    command.shell = in.shell();
    command.argv.assign(in.argv().begin(), in.argv().end());
    command.environment.reserve(static_cast<std::size_t>(in.environment_size()));
    for (const pb::EnvironmentVariable& variable : in.environment()) {
        command.environment.emplace_back(variable.name(), variable.value());
    }
    command.working_directory = in.working_directory();
    command.user = in.user();
    return {};
}

static void to_wire(const Check& check, pb::Check& out) {
    out.set_kind(to_wire(check.kind));
    if (check.command != Command{}) to_wire(check.command, *out.mutable_command());
    if (check.port != 0) out.set_port(check.port);
    if (!check.path.empty()) out.set_path(check.path);
    out.set_delay(check.delay.count());
    out.set_interval(check.interval.count());
    out.set_timeout(check.timeout.count());
    out.set_grace(check.grace.count());
    out.set_failures_max(check.failures_max);
}

static Result<void> from_wire(const pb::Check& in, Subject who, Check& check) {
    if (auto valid = read_enum(who, "check kind", in.kind(), check.kind); !valid) return valid;
    if (auto valid = from_wire(in.command(), who, check.command); !valid) return valid;
    if (auto valid = read_port(who, in.port(), check.port); !valid) return valid;
    check.path = in.path();
    check.delay = Duration{in.delay()};
    check.interval = Duration{in.interval()};
    check.timeout = Duration{in.timeout()};
    check.grace = Duration{in.grace()};
    check.failures_max = in.failures_max();
    return {};
}

static void to_wire(const DiscoveryPort& port, pb::DiscoveryPort& out) {
    if (!port.name.empty()) out.set_name(port.name);
    out.set_number(port.number);
    if (!port.protocol.empty()) out.set_protocol(port.protocol);
}

static Result<void> from_wire(const pb::DiscoveryPort& in, Subject who, DiscoveryPort& port) {
    port.name = in.name();
    port.protocol = in.protocol();
    return read_port(who, in.number(), port.number);
}

/// What is below the task itself: resources, executor, checks, ports, labels.
static Result<void> read_parts(const pb::TaskInfo& in, Subject who, TaskInfo& task) {
    if (auto valid = from_wire(in.resources(), who, task.resources); !valid) return valid;
    if (in.has_limits()) {
        if (auto valid = from_wire(in.limits(), who, task.limits); !valid) return valid;
    }
    if (auto valid = from_wire(in.command(), who, task.command); !valid) return valid;
    if (in.has_executor()) {
        if (auto valid = from_wire(in.executor(), task.executor.emplace()); !valid) return valid;
    }
    if (in.has_health_check()) {
        if (auto valid = from_wire(in.health_check(), who, task.health_check.emplace()); !valid) {
            return valid;
        }
    }
    if (in.has_ready_check()) {
        if (auto valid = from_wire(in.ready_check(), who, task.ready_check.emplace()); !valid) {
            return valid;
        }
    }
    if (auto valid = check_count(who, "ports", in.ports(), limits::discovery_ports_max); !valid) {
        return valid;
    }
    if (auto valid =
            read_list(in.ports(), task.ports,
                      [who](const auto& from, auto& to) { return from_wire(from, who, to); });
        !valid) {
        return valid;
    }
    return labels_from_wire(in.labels(), who, task.labels);
}

void to_wire(const ExecutorInfo& executor, pb::ExecutorInfo& out) {
    out.set_id(executor.id.text());
    if (!executor.name.empty()) out.set_name(executor.name);
    to_wire(executor.command, *out.mutable_command());
    to_wire(executor.resources, *out.mutable_resources());
    out.set_shutdown_grace(executor.shutdown_grace.count());
    labels_to_wire(executor.labels, out.mutable_labels());
    if (!executor.data.empty()) out.set_data(executor.data);
}

Result<void> from_wire(const pb::ExecutorInfo& in, ExecutorInfo& executor) {
    const Subject who{"executor", in.id()};
    executor.id = ExecutorId{in.id()};
    executor.name = in.name();
    if (auto valid = from_wire(in.command(), who, executor.command); !valid) return valid;
    if (auto valid = from_wire(in.resources(), who, executor.resources); !valid) return valid;
    executor.shutdown_grace = Duration{in.shutdown_grace()};
    if (auto valid = labels_from_wire(in.labels(), who, executor.labels); !valid) return valid;
    executor.data = in.data();
    return offerkit::detail::validate_but_resources(executor);
}

void to_wire(const TaskInfo& task, pb::TaskInfo& out) {
    out.set_id(task.id.text());
    if (!task.name.empty()) out.set_name(task.name);
    to_wire(task.resources, *out.mutable_resources());
    if (!task.limits.is_empty()) to_wire(task.limits, *out.mutable_limits());
    if (task.command != Command{}) to_wire(task.command, *out.mutable_command());
    if (task.executor) to_wire(*task.executor, *out.mutable_executor());
    out.mutable_kill_policy()->set_grace(task.kill_policy.grace.count());
    if (task.run_time_max != Duration::zero()) out.set_run_time_max(task.run_time_max.count());
    if (task.health_check) to_wire(*task.health_check, *out.mutable_health_check());
    if (task.ready_check) to_wire(*task.ready_check, *out.mutable_ready_check());
    for (const DiscoveryPort& port : task.ports)
        to_wire(port, *out.add_ports());
    if (task.priority != 0) out.set_priority(task.priority);
    labels_to_wire(task.labels, out.mutable_labels());
    if (!task.data.empty()) out.set_data(task.data);
    if (!task.foreign.empty()) out.set_foreign(task.foreign);
}

Result<void> from_wire(const pb::TaskInfo& in, offerkit::detail::CommandOf command,
                       TaskInfo& task) {
    const Subject who{"task", in.id()};
    task.id = TaskId{in.id()};
    task.name = in.name();
    if (auto valid = read_parts(in, who, task); !valid) return valid;
    task.kill_policy.grace = Duration{in.kill_policy().grace()};
    task.run_time_max = Duration{in.run_time_max()};
    task.priority = in.priority();
    task.data = in.data();
    task.foreign = in.foreign();
    return offerkit::detail::validate_but_resources(task, command);
}

}  // namespace offerkit::wire::detail
