// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/overloaded.hpp>
#include <offerkit/model/validate.hpp>
#include <offerkit/resources/builder.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit {

namespace detail {

inline Result<void> validate_attribute(const Attribute& attribute, Subject who) {
    const auto refuse = [&](std::string why, std::string todo) {
        return refuse_field(who, RefusalCode::invalid, "attributes",
                            printable(attribute.name) + " " + std::move(why), std::move(todo));
    };
    if (!is_kind_name(attribute.name)) {
        return refuse("is not a name: a letter followed by letters, digits and _ - . /",
                      "change the name");
    }
    if (const auto* text = std::get_if<std::string>(&attribute.value)) {
        return validate_line(who, "attributes", *text, limits::label_bytes_max, Empty::refused);
    }
    if (const auto* scalar = std::get_if<std::int64_t>(&attribute.value)) {
        const std::int64_t most = limits::amount_per_cluster_max;
        if (*scalar >= -most && *scalar <= most) return {};
        return refuse("is beyond 2^53 thousandths", "give a smaller number");
    }
    if (const auto* ranges = std::get_if<Ranges>(&attribute.value)) {
        return validate_count(who, "attributes", ranges->spans().size(),
                              limits::ranges_per_kind_max, "ranges");
    }
    const auto& items = std::get<std::vector<std::string>>(attribute.value);
    if (auto valid = validate_count(who, "attributes", items.size(), limits::set_items_max);
        !valid) {
        return valid;
    }
    for (const std::string& item : items) {
        if (auto valid = validate_line(who, "attributes", item, limits::set_item_bytes_max,
                                       Empty::refused);
            !valid) {
            return valid;
        }
    }
    return {};
}

inline Result<void> validate_roles(const FrameworkInfo& framework, Subject who) {
    if (framework.roles.empty()) {
        return refuse_field(who, RefusalCode::invalid, "roles", "are none",
                            "give at least one, such as *");
    }
    if (auto valid = validate_count(who, "roles", framework.roles.size(),
                                    limits::roles_per_framework_max);
        !valid) {
        return valid;
    }
    std::vector<std::string_view> paths;
    paths.reserve(framework.roles.size());
    for (const Role& role : framework.roles) paths.push_back(role.path());
    std::sort(paths.begin(), paths.end());
    if (const auto twice = std::adjacent_find(paths.begin(), paths.end()); twice != paths.end()) {
        return refuse_field(who, RefusalCode::invalid, "roles",
                            "name " + std::string(*twice) + " twice", "name it once");
    }
    return {};
}

/// What an operation of one resource and perhaps one volume has.
inline Result<void> validate_not_empty(Subject who, const Resources& resources) {
    if (!resources.is_empty()) return {};
    return refuse_field(who, RefusalCode::invalid, "resources", "are empty", "name what to change");
}

inline Result<void> validate_volume_id(Subject who, BundleId volume) {
    if (!volume.is_none()) return {};
    return refuse_field(who, RefusalCode::invalid, "volume", "is not named", "give its id");
}

OFFERKIT_INLINE Result<void> validate_shape(const Operation& operation) {
    const Subject who{"operation", operation.feedback_id};
    if (auto valid = validate_line(who, "feedback id", operation.feedback_id); !valid) {
        return valid;
    }
    const auto on_resize = [who](BundleId volume, const Resources& change) {
        auto valid = validate_volume_id(who, volume);
        return valid ? validate_not_empty(who, change) : valid;
    };
    return std::visit(
        Overloaded{
            [&](const Launch& launch) {
                return validate_count(who, "tasks", launch.tasks.size(),
                                      limits::tasks_per_agent_max);
            },
            [](const LaunchGroup& group) {
                return validate_group_shape(group.executor, group.tasks);
            },
            [&](const Reserve& reserve) { return validate_not_empty(who, reserve.reserved); },
            [&](const Unreserve& unreserve) { return validate_not_empty(who, unreserve.reserved); },
            [&](const CreateVolume& create) { return validate_not_empty(who, create.volumes); },
            [&](const DestroyVolume& destroy) { return validate_volume_id(who, destroy.volume); },
            [&](const GrowVolume& grow) { return on_resize(grow.volume, grow.addition); },
            [&](const ShrinkVolume& shrink) {
                return on_resize(shrink.volume, shrink.subtraction);
            },
        },
        operation.action);
}

OFFERKIT_INLINE Result<void> validate_but_resources(const AgentInfo& agent) {
    const Subject who{"agent", agent.hostname};
    if (auto valid = validate_line(who, "hostname", agent.hostname, limits::name_max,
                                   Empty::refused);
        !valid) {
        return valid;
    }
    if (auto valid = validate(agent.attributes, who); !valid) return valid;
    if (auto valid = validate(agent.domain, who); !valid) return valid;
    if (auto valid = validate_line(who, "version", agent.version); !valid) return valid;
    return validate_line(who, "boot id", agent.boot_id);
}

}  // namespace detail

OFFERKIT_INLINE Result<void> validate(const FrameworkInfo& framework) {
    const Subject who{"framework", framework.name};
    if (auto valid = validate_line(who, "name", framework.name, limits::name_max, Empty::refused);
        !valid) {
        return valid;
    }
    if (auto valid = validate_line(who, "user", framework.user); !valid) return valid;
    if (auto valid = detail::validate_roles(framework, who); !valid) return valid;
    if (auto valid = validate_duration(who, "failover timeout", framework.failover_timeout,
                                       limits::failover_timeout_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate_line(who, "principal", framework.principal, limits::principal_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate_line(who, "hostname", framework.hostname); !valid) return valid;
    if (auto valid = validate_line(who, "web UI address", framework.webui_url, limits::path_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate(framework.labels, who); !valid) return valid;
    return validate_count(who, "foreign fields", framework.foreign.size(), limits::task_data_max,
                          "bytes");
}

OFFERKIT_INLINE Result<void> validate(const AgentInfo& agent) {
    if (auto valid = detail::validate_but_resources(agent); !valid) return valid;
    return detail::validate_resources_of({"agent", agent.hostname}, agent.resources);
}

OFFERKIT_INLINE Result<void> validate(const Operation& operation) {
    if (auto valid = detail::validate_shape(operation); !valid) return valid;
    const auto resources = [&](const Resources& part) {
        return detail::validate_resources_of({"operation", operation.feedback_id}, part);
    };
    const auto on_launch = [](const Launch& launch) -> Result<void> {
        for (const TaskInfo& task : launch.tasks) {
            if (auto valid = validate(task); !valid) return valid;
        }
        return {};
    };
    const auto on_reserve = [&](const Reserve& reserve) -> Result<void> {
        if (auto valid = resources(reserve.source); !valid) return valid;
        return resources(reserve.reserved);
    };
    return std::visit(
        Overloaded{
            on_launch,
            [](const LaunchGroup& group) { return validate_group(group.executor, group.tasks); },
            on_reserve,
            [&](const Unreserve& unreserve) { return resources(unreserve.reserved); },
            [&](const CreateVolume& create) { return resources(create.volumes); },
            [](const DestroyVolume&) { return Result<void>{}; },
            [&](const GrowVolume& grow) { return resources(grow.addition); },
            [&](const ShrinkVolume& shrink) { return resources(shrink.subtraction); },
        },
        operation.action);
}

OFFERKIT_INLINE Result<void> validate(const TaskStatus& status) {
    const Subject who{"status of task", status.task.text()};
    if (auto valid = validate_id(who, "task", status.task.text(), limits::task_id_max); !valid) {
        return valid;
    }
    if (auto valid = validate_id(who, "executor", status.executor.text(),
                                 limits::executor_id_max, Empty::allowed);
        !valid) {
        return valid;
    }
    if (auto valid = validate_prose(who, "message", status.message); !valid) return valid;
    if (status.exit && status.exit->signal < 0) {
        return refuse_field(who, RefusalCode::invalid, "exit status", "has a negative signal",
                            "give 0 if there was none");
    }
    if (auto valid = validate_system_text(who, "sandbox", status.sandbox, limits::path_max);
        !valid) {
        return valid;
    }
    if (auto valid = validate(status.labels, who); !valid) return valid;
    return validate_count(who, "data", status.data.size(), limits::task_data_max, "bytes");
}

OFFERKIT_INLINE Result<void> validate(const OperationStatus& status) {
    const Subject who{"status of operation", status.feedback_id};
    if (auto valid = validate_line(who, "feedback id", status.feedback_id); !valid) return valid;
    return validate_prose(who, "message", status.message);
}

OFFERKIT_INLINE Result<void> validate(const Demand& demand) {
    const Subject who{"demand of role", demand.role.path()};
    if (auto valid = validate_count(who, "shapes", demand.shapes.size(),
                                    limits::demand_shapes_max);
        !valid) {
        return valid;
    }
    for (const DemandShape& shape : demand.shapes) {
        if (shape.gang == 0) {
            return refuse_field(who, RefusalCode::invalid, "gang size", "is 0",
                                "give 1 if each task alone is useful");
        }
        if (auto valid = validate_duration(who, "run time estimate", shape.run_time_estimate,
                                           Duration::max());
            !valid) {
            return valid;
        }
        if (auto valid = detail::validate_resources_of(who, shape.resources); !valid) return valid;
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate(const RoleConfig& config) {
    const Subject who{"role", config.role.path()};
    if (config.weight < 1 || config.weight > limits::weight_max) {
        return refuse_field(who, RefusalCode::invalid, "weight", "is not from 0.001 to 1000",
                            "give a weight in that range");
    }
    auto guarantee = validate_resources(config.quota.guarantee, limits::amount_per_cluster_max);
    if (!guarantee) return guarantee;
    const auto& ceilings = config.quota.limits;
    if (auto valid = validate_count(who, "quota limits", ceilings.size(),
                                    limits::named_kinds_max);
        !valid) {
        return valid;
    }
    for (std::size_t i = 0; i < ceilings.size(); ++i) {
        const auto& [name, units] = ceilings[i];
        if (!is_kind_name(name) || units < 0 || units > limits::amount_per_cluster_max) {
            return refuse_field(who, RefusalCode::invalid, "quota limits",
                                printable(name) + " has a bad name or amount",
                                "give a kind's name and 0 or more, at most 2^53 thousandths");
        }
        if (i > 0 && ceilings[i - 1].first >= name) {
            return refuse_field(who, RefusalCode::invalid, "quota limits",
                                "are not sorted, or name " + name + " twice",
                                "name each kind once, in order");
        }
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate(const Labels& labels, Subject who) {
    if (auto valid = validate_count(who, "labels", labels.size(), limits::labels_max); !valid) {
        return valid;
    }
    for (const Label& label : labels) {
        if (label.key.size() + label.value.size() > limits::label_bytes_max) {
            return refuse_field(who, RefusalCode::too_large, "labels",
                                printable(label.key) + " has more than " +
                                    std::to_string(limits::label_bytes_max) + " bytes",
                                "shorten it");
        }
        if (auto valid = validate_line(who, "label key", label.key, limits::label_bytes_max,
                                       Empty::refused);
            !valid) {
            return valid;
        }
        if (auto valid = validate_prose(who, "label value", label.value); !valid) return valid;
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate(const Attributes& attributes, Subject who) {
    if (auto valid = validate_count(who, "attributes", attributes.size(), limits::attributes_max);
        !valid) {
        return valid;
    }
    for (std::size_t i = 0; i < attributes.size(); ++i) {
        if (auto valid = detail::validate_attribute(attributes[i], who); !valid) return valid;
        for (std::size_t j = 0; j < i; ++j) {
            if (attributes[j].name != attributes[i].name) continue;
            return refuse_field(who, RefusalCode::invalid, "attributes",
                                "name " + attributes[i].name + " twice", "give it once");
        }
    }
    return {};
}

OFFERKIT_INLINE Result<void> validate(const Domain& domain, Subject who) {
    if (auto valid = validate_line(who, "region", domain.region); !valid) return valid;
    return validate_line(who, "zone", domain.zone);
}

OFFERKIT_INLINE Result<void> validate_refuse_for(Subject who, Duration refuse_for) {
    if (refuse_for == Duration::max()) return {};
    return validate_duration(who, "refuse_for", refuse_for, limits::refuse_for_max);
}

}  // namespace offerkit
