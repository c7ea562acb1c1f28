// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/model/validate.hpp>
#include <offerkit/resources/builder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit {

namespace detail {

inline Result<void> validate_argv(const Command& command, Subject who) {
    if (auto valid = validate_count(who, "argv", command.argv.size(), limits::argv_max); !valid) {
        return valid;
    }
    if (command.argv.front().empty()) {
        return refuse_field(who, RefusalCode::invalid, "argv", "begins with an empty program",
                            "name the program first");
    }
    std::size_t bytes = 0;
    for (const std::string& argument : command.argv) {
        bytes += argument.size();
        if (auto valid = validate_system_text(who, "argv", argument, limits::command_bytes_max);
            !valid) {
            return valid;
        }
    }
    return validate_count(who, "argv", bytes, limits::command_bytes_max, "bytes");
}

inline Result<void> validate_environment(const Command& command, Subject who) {
    const auto& variables = command.environment;
    if (auto valid = validate_count(who, "environment", variables.size(),
                                    limits::environment_max);
        !valid) {
        return valid;
    }
    std::size_t bytes = 0;
    std::vector<std::string_view> names;
    names.reserve(variables.size());
    for (const auto& [name, value] : variables) {
        bytes += name.size() + value.size();
        if (name.empty() || name.find('=') != name.npos || name.find('\0') != name.npos ||
            value.find('\0') != value.npos) {
            return refuse_field(who, RefusalCode::invalid, "environment",
                                "variable " + printable(name) +
                                    " has no name, a = in its name, or a NUL",
                                "rename or remove it");
        }
        names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    if (const auto twice = std::adjacent_find(names.begin(), names.end()); twice != names.end()) {
        return refuse_field(who, RefusalCode::invalid, "environment",
                            "variable " + printable(*twice) + " is given twice", "give it once");
    }
    return validate_count(who, "environment", bytes, limits::environment_bytes_max, "bytes");
}

/// Refuses a relative path that could leave the sandbox.
inline Result<void> validate_working_directory(const Command& command, Subject who) {
    const std::string_view path = command.working_directory;
    if (auto valid = validate_system_text(who, "working directory", path, limits::path_max);
        !valid) {
        return valid;
    }
    if (path.starts_with('/')) return {};
    for (std::size_t begin = 0; begin < path.size();) {
        const std::size_t end = std::min(path.find('/', begin), path.size());
        if (path.substr(begin, end - begin) == "..") {
            return refuse_field(who, RefusalCode::invalid, "working directory",
                                "is relative and has a part ..",
                                "stay below the sandbox, or give an absolute path");
        }
        begin = end + 1;
    }
    return {};
}

/// A ceiling that is given is at least what is asked for.
inline Result<void> validate_limits(const TaskInfo& task, Subject who) {
    if (task.limits.is_empty()) return {};
    if (!task.limits.bundles().empty() || !task.limits.all_ranges().empty() ||
        !task.limits.all_sets().empty() || !task.limits.gpu_cards().empty()) {
        return refuse_field(who, RefusalCode::invalid, "limits", "have more than plain amounts",
                            "limit amounts only");
    }
    const Amounts asked = task.resources.total_amounts();
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const std::int64_t limit = task.limits.amounts()[slot];
        if (limit == 0 || limit >= asked[slot]) continue;
        return refuse_field(who, RefusalCode::invalid, "limits",
                            "are below the request for " +
                                (slot < builtin_scalar_count ? std::string(builtin_names[slot])
                                                             : "slot " + std::to_string(slot)),
                            "raise the limit, or leave it out");
    }
    for (const NamedAmount& limit : task.limits.named()) {
        if (limit.units >= task.resources.named_units(limit.name)) continue;
        return refuse_field(who, RefusalCode::invalid, "limits",
                            "are below the request for " + limit.name,
                            "raise the limit, or leave it out");
    }
    return {};
}

inline Result<void> validate_ports(const TaskInfo& task, Subject who) {
    if (auto valid = validate_count(who, "ports", task.ports.size(), limits::discovery_ports_max);
        !valid) {
        return valid;
    }
    for (const DiscoveryPort& port : task.ports) {
        if (auto valid = validate_line(who, "port name", port.name); !valid) return valid;
        if (auto valid = validate_line(who, "port protocol", port.protocol); !valid) return valid;
        if (port.number != 0) continue;
        return refuse_field(who, RefusalCode::invalid, "ports", "have one with the number 0",
                            "give it a number from 1 to 65535");
    }
    return {};
}

inline Result<void> validate_task_command(const TaskInfo& task, CommandOf command, Subject who) {
    if (task.executor) {
        if (auto valid = validate_but_resources(*task.executor); !valid) return valid;
    }
    const bool is_needed = command == CommandOf::task && !task.executor;
    if (!is_needed && task.command == Command{}) return {};
    return validate(task.command, who);
}

inline Result<void> validate_task_texts(const TaskInfo& task, Subject who) {
    if (auto valid = validate_line(who, "name", task.name); !valid) return valid;
    if (auto valid = validate(task.labels, who); !valid) return valid;
    if (auto valid = validate_count(who, "data", task.data.size(), limits::task_data_max, "bytes");
        !valid) {
        return valid;
    }
    return validate_count(who, "foreign fields", task.foreign.size(), limits::task_data_max,
                          "bytes");
}

OFFERKIT_INLINE Result<void> validate_but_resources(const TaskInfo& task, CommandOf command) {
    const Subject who{"task", task.id.text()};
    if (auto valid = validate_id(who, "id", task.id.text(), limits::task_id_max); !valid) {
        return valid;
    }
    if (auto valid = validate_task_texts(task, who); !valid) return valid;
    if (task.resources.is_empty()) {
        return refuse_field(who, RefusalCode::invalid, "resources", "are empty",
                            "ask for what it needs, such as cpus:0.1;mem:32");
    }
    if (auto valid = validate_limits(task, who); !valid) return valid;
    if (auto valid = validate_task_command(task, command, who); !valid) return valid;
    if (auto valid = validate_duration(who, "kill grace", task.kill_policy.grace,
                                       limits::kill_grace_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate_duration(who, "run_time_max", task.run_time_max, Duration::max());
        !valid) {
        return valid;
    }
    if (task.health_check) {
        if (auto valid = validate(*task.health_check, who); !valid) return valid;
    }
    if (task.ready_check) {
        if (auto valid = validate(*task.ready_check, who); !valid) return valid;
    }
    return validate_ports(task, who);
}

OFFERKIT_INLINE Result<void> validate_but_resources(const ExecutorInfo& executor) {
    const Subject who{"executor", executor.id.text()};
    if (auto valid = validate_id(who, "id", executor.id.text(), limits::executor_id_max); !valid) {
        return valid;
    }
    if (auto valid = validate_line(who, "name", executor.name); !valid) return valid;
    if (auto valid = validate(executor.command, who); !valid) return valid;
    if (auto valid = validate_duration(who, "shutdown grace", executor.shutdown_grace,
                                       limits::kill_grace_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate(executor.labels, who); !valid) return valid;
    return validate_count(who, "data", executor.data.size(), limits::task_data_max, "bytes");
}

OFFERKIT_INLINE Result<void> validate_resources_of(Subject who, const Resources& resources) {
    auto valid = validate_resources(resources);
    if (valid) return valid;
    Refusal refusal = std::move(valid).error();
    refusal.who = refuse_field(who, refusal.code, {}, {}, {}).who + ", resources";
    return refusal;
}

inline Result<void> validate_task(const TaskInfo& task, CommandOf command) {
    if (auto valid = validate_but_resources(task, command); !valid) return valid;
    const Subject who{"task", task.id.text()};
    if (auto valid = validate_resources_of(who, task.resources); !valid) return valid;
    if (auto valid = validate_resources_of(who, task.limits); !valid) return valid;
    return task.executor ? validate_resources_of(who, task.executor->resources) : Result<void>{};
}

OFFERKIT_INLINE Result<void> validate_group_shape(const ExecutorInfo& executor,
                                                  std::span<const TaskInfo> tasks) {
    const Subject who{"task group of executor", executor.id.text()};
    if (tasks.empty()) {
        return refuse_field(who, RefusalCode::invalid, "tasks", "are none", "give at least one");
    }
    if (auto valid = validate_count(who, "tasks", tasks.size(), limits::tasks_per_agent_max);
        !valid) {
        return valid;
    }
    for (const TaskInfo& task : tasks) {
        if (!task.executor) continue;
        return refuse_field({"task", task.id.text()}, RefusalCode::invalid, "executor",
                            "is given, but the task is in a group",
                            "leave it out: the group's executor runs it");
    }
    return {};
}

}  // namespace detail

OFFERKIT_INLINE Result<void> validate(const TaskInfo& task) {
    return detail::validate_task(task, detail::CommandOf::task);
}

OFFERKIT_INLINE Result<void> validate(const ExecutorInfo& executor) {
    if (auto valid = detail::validate_but_resources(executor); !valid) return valid;
    return detail::validate_resources_of({"executor", executor.id.text()}, executor.resources);
}

OFFERKIT_INLINE Result<void> validate_group(const ExecutorInfo& executor,
                                            std::span<const TaskInfo> tasks) {
    if (auto valid = detail::validate_group_shape(executor, tasks); !valid) return valid;
    if (auto valid = validate(executor); !valid) return valid;
    for (const TaskInfo& task : tasks) {
        if (auto valid = detail::validate_task(task, detail::CommandOf::executor); !valid) {
            return valid;
        }
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate(const Command& command, Subject who) {
    if (command.shell.empty() == command.argv.empty()) {
        return refuse_field(who, RefusalCode::invalid, "command",
                            command.shell.empty() ? "has neither shell nor argv"
                                                  : "has both shell and argv",
                            "give one of the two");
    }
    if (auto valid = validate_system_text(who, "shell command", command.shell,
                                          limits::command_bytes_max);
        !valid) {
        return valid;
    }
    if (!command.argv.empty()) {
        if (auto valid = detail::validate_argv(command, who); !valid) return valid;
    }
    if (auto valid = detail::validate_environment(command, who); !valid) return valid;
    if (auto valid = detail::validate_working_directory(command, who); !valid) return valid;
    return validate_line(who, "user", command.user);
}

OFFERKIT_INLINE Result<void> validate(const Check& check, Subject who) {
    const auto refuse = [&](std::string why, std::string todo) {
        return refuse_field(who, RefusalCode::invalid, "check", std::move(why), std::move(todo));
    };
    if (check.kind == Check::Kind::command) {
        if (auto valid = validate(check.command, who); !valid) return valid;
    } else if (check.port == 0) {
        return refuse("has no port", "give it a number from 1 to 65535");
    } else if (check.kind == Check::Kind::http && !check.path.starts_with('/')) {
        return refuse("has a path that does not begin with /", "begin it with /");
    }
    if (auto valid = validate_line(who, "check path", check.path, limits::path_max); !valid) {
        return valid;
    }
    if (check.interval <= Duration::zero() || check.timeout <= Duration::zero()) {
        return refuse("has no interval or no timeout", "give lengths above zero");
    }
    if (check.delay < Duration::zero() || check.grace < Duration::zero()) {
        return refuse("has a negative delay or grace", "give zero or more");
    }
    if (check.failures_max == 0) {
        return refuse("allows 0 failures in a row", "give at least 1");
    }
    return {};
}

}  // namespace offerkit
