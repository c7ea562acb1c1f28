// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire::detail {

using offerkit::detail::CommandOf;

static void to_wire(const Operation::Action& action, pb::Operation& out) {
    std::visit(Overloaded{
                   [&](const Launch& launch) {
                       pb::Launch& to = *out.mutable_launch();
                       for (const TaskInfo& task : launch.tasks)
                           to_wire(task, *to.add_tasks());
                   },
                   [&](const LaunchGroup& group) {
                       pb::LaunchGroup& to = *out.mutable_launch_group();
                       to_wire(group.executor, *to.mutable_executor());
                       for (const TaskInfo& task : group.tasks)
                           to_wire(task, *to.add_tasks());
                   },
                   [&](const Reserve& reserve) {
                       pb::Reserve& to = *out.mutable_reserve();
                       to_wire(reserve.source, *to.mutable_source());
                       to_wire(reserve.reserved, *to.mutable_reserved());
                   },
                   [&](const Unreserve& unreserve) {
                       to_wire(unreserve.reserved, *out.mutable_unreserve()->mutable_reserved());
                   },
                   [&](const CreateVolume& create) {
                       to_wire(create.volumes, *out.mutable_create_volume()->mutable_volumes());
                   },
                   [&](const DestroyVolume& destroy) {
                       out.mutable_destroy_volume()->set_volume(destroy.volume.value());
                   },
                   [&](const GrowVolume& grow) {
                       pb::GrowVolume& to = *out.mutable_grow_volume();
                       to.set_volume(grow.volume.value());
                       to_wire(grow.addition, *to.mutable_addition());
                   },
                   [&](const ShrinkVolume& shrink) {
                       pb::ShrinkVolume& to = *out.mutable_shrink_volume();
                       to.set_volume(shrink.volume.value());
                       to_wire(shrink.subtraction, *to.mutable_subtraction());
                   },
               },
               action);
}

static Result<void> read_tasks(Subject who,
                               const google::protobuf::RepeatedPtrField<pb::TaskInfo>& in,
                               CommandOf command, std::vector<TaskInfo>& tasks) {
    if (auto valid = check_count(who, "tasks", in, limits::tasks_per_agent_max); !valid) {
        return valid;
    }
    return read_list(
        in, tasks, [command](const auto& from, auto& to) { return from_wire(from, command, to); });
}

// One task that breaks a rule is no reason to close a channel on which hundreds of others run.
static Result<void> read_launch(Subject who,
                                const google::protobuf::RepeatedPtrField<pb::TaskInfo>& in,
                                Launch& launch) {
    if (auto valid = check_count(who, "tasks", in, limits::tasks_per_agent_max); !valid) {
        return valid;
    }
    launch.tasks.reserve(static_cast<std::size_t>(in.size()));
    for (const pb::TaskInfo& each : in) {
        TaskInfo task;
        Result<void> valid = from_wire(each, CommandOf::task, task);
        if (valid) {
            launch.tasks.push_back(std::move(task));
            continue;
        }
        RefusedTask refused{{}, std::move(valid).error()};
        // Without a name of its own nobody can be told about it.
        if (auto named = read_task_id(who, each.id(), refused.task); !named) return named;
        launch.refused.push_back(std::move(refused));
    }
    return {};
}

static Result<void> from_wire(const pb::LaunchGroup& in, Subject who, LaunchGroup& group) {
    if (auto valid = from_wire(in.executor(), group.executor); !valid) return valid;
    return read_tasks(who, in.tasks(), CommandOf::executor, group.tasks);
}

static Result<void> from_wire(const pb::Reserve& in, Subject who, Reserve& reserve) {
    if (auto valid = from_wire(in.source(), who, reserve.source); !valid) return valid;
    return from_wire(in.reserved(), who, reserve.reserved);
}

void to_wire(const Offer& offer, pb::Offer& out) {
    out.set_id(offer.id.value());
    out.set_framework(offer.framework.value());
    out.set_agent(offer.agent.value());
    out.set_role(offer.role.path());
    if (!offer.hostname.empty()) out.set_hostname(offer.hostname);
    to_wire(offer.resources, *out.mutable_resources());
    for (const Attribute& attribute : offer.attributes)
        to_wire(attribute, *out.add_attributes());
    if (offer.domain != Domain{}) to_wire(offer.domain, *out.mutable_domain());
    out.set_expires_in(offer.expires_in.count());
}

Result<void> from_wire(const pb::Offer& in, Offer& offer) {
    static constexpr Subject who{"offer"};
    if (auto valid = read_id(who, "id", in.id(), offer.id); !valid) return valid;
    if (auto valid = read_id(who, "framework", in.framework(), offer.framework); !valid) {
        return valid;
    }
    if (auto valid = read_id(who, "agent", in.agent(), offer.agent); !valid) return valid;
    if (auto valid = read_role(in.role(), offer.role); !valid) return valid;
    if (auto valid = validate_line(who, "hostname", in.hostname()); !valid) return valid;
    offer.hostname = in.hostname();
    if (auto valid = from_wire(in.resources(), who, offer.resources); !valid) return valid;
    if (auto valid = attributes_from_wire(in.attributes(), who, offer.attributes); !valid) {
        return valid;
    }
    from_wire(in.domain(), offer.domain);
    if (auto valid = validate(offer.domain, who); !valid) return valid;
    offer.expires_in = Duration{in.expires_in()};
    return validate_duration(who, "expires_in", offer.expires_in, Duration::max());
}

void to_wire(const InverseOffer& offer, pb::InverseOffer& out) {
    out.set_id(offer.id.value());
    out.set_framework(offer.framework.value());
    out.set_agent(offer.agent.value());
    to_wire(offer.resources, *out.mutable_resources());
    out.mutable_unavailability()->set_start(offer.unavailability.start.ns);
    out.mutable_unavailability()->set_length(offer.unavailability.length.count());
}

Result<void> from_wire(const pb::InverseOffer& in, InverseOffer& offer) {
    static constexpr Subject who{"inverse offer"};
    if (auto valid = read_id(who, "id", in.id(), offer.id); !valid) return valid;
    if (auto valid = read_id(who, "framework", in.framework(), offer.framework); !valid) {
        return valid;
    }
    if (auto valid = read_id(who, "agent", in.agent(), offer.agent); !valid) return valid;
    if (auto valid = from_wire(in.resources(), who, offer.resources); !valid) return valid;
    offer.unavailability.start = WallTime{in.unavailability().start()};
    offer.unavailability.length = Duration{in.unavailability().length()};
    return validate_duration(who, "unavailability", offer.unavailability.length, Duration::max());
}

void to_wire(const Operation& operation, pb::Operation& out) {
    if (!operation.feedback_id.empty()) out.set_feedback_id(operation.feedback_id);
    to_wire(operation.action, out);
}

Result<void> from_wire(const pb::Operation& in, Operation& operation) {
    const Subject who{"operation", in.feedback_id()};
    if (auto valid = validate_line(who, "feedback id", in.feedback_id()); !valid) return valid;
    Body<Operation::Action> action{operation.action};
    action.when<Launch>(in.has_launch(), in.launch(), [who](const auto& from, Launch& launch) {
        return read_launch(who, from.tasks(), launch);
    });
    action.when<LaunchGroup>(
        in.has_launch_group(), in.launch_group(),
        [who](const auto& from, LaunchGroup& group) { return from_wire(from, who, group); });
    action.when<Reserve>(in.has_reserve(), in.reserve(), [who](const auto& from, Reserve& reserve) {
        return from_wire(from, who, reserve);
    });
    action.when<Unreserve>(in.has_unreserve(), in.unreserve(),
                           [who](const auto& from, Unreserve& unreserve) {
                               return from_wire(from.reserved(), who, unreserve.reserved);
                           });
    action.when<CreateVolume>(in.has_create_volume(), in.create_volume(),
                              [who](const auto& from, CreateVolume& create) {
                                  return from_wire(from.volumes(), who, create.volumes);
                              });
    action.when<DestroyVolume>(in.has_destroy_volume(), in.destroy_volume(),
                               [who](const auto& from, DestroyVolume& destroy) {
                                   return read_id(who, "volume", from.volume(), destroy.volume);
                               });
    action.when<GrowVolume>(in.has_grow_volume(), in.grow_volume(),
                            [who](const auto& from, GrowVolume& grow) {
                                grow.volume = BundleId::from_value(from.volume());
                                return from_wire(from.addition(), who, grow.addition);
                            });
    action.when<ShrinkVolume>(in.has_shrink_volume(), in.shrink_volume(),
                              [who](const auto& from, ShrinkVolume& shrink) {
                                  shrink.volume = BundleId::from_value(from.volume());
                                  return from_wire(from.subtraction(), who, shrink.subtraction);
                              });
    if (auto valid = std::move(action).finish("operation"); !valid) return valid;
    operation.feedback_id = in.feedback_id();
    return offerkit::detail::validate_shape(operation);
}

}  // namespace offerkit::wire::detail
