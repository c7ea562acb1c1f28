// SPDX-License-Identifier: Apache-2.0
#include <offerkit/wire/detail/convert.hpp>

namespace offerkit::wire::detail {

static void to_wire(const FrameworkCapabilities& capabilities, pb::FrameworkCapabilities& out) {
    out.set_revocable_resources(capabilities.revocable_resources);
    out.set_gpu_resources(capabilities.gpu_resources);
    out.set_shared_resources(capabilities.shared_resources);
    out.set_region_aware(capabilities.region_aware);
    out.set_partition_aware(capabilities.partition_aware);
}

static FrameworkCapabilities from_wire(const pb::FrameworkCapabilities& in) {
    return {in.revocable_resources(), in.gpu_resources(), in.shared_resources(), in.region_aware(),
            in.partition_aware()};
}

void to_wire(const FrameworkInfo& framework, pb::FrameworkInfo& out) {
    out.set_name(framework.name);
    if (!framework.user.empty()) out.set_user(framework.user);
    for (const Role& role : framework.roles)
        out.add_roles(role.path());
    out.set_failover_timeout(framework.failover_timeout.count());
    to_wire(framework.capabilities, *out.mutable_capabilities());
    if (!framework.principal.empty()) out.set_principal(framework.principal);
    if (!framework.hostname.empty()) out.set_hostname(framework.hostname);
    if (!framework.webui_url.empty()) out.set_webui_url(framework.webui_url);
    labels_to_wire(framework.labels, out.mutable_labels());
    if (!framework.foreign.empty()) out.set_foreign(framework.foreign);
}

Result<void> from_wire(const pb::FrameworkInfo& in, FrameworkInfo& framework) {
    const Subject who{"framework", in.name()};
    framework.name = in.name();
    framework.user = in.user();
    if (auto valid = check_count(who, "roles", in.roles(), limits::roles_per_framework_max);
        !valid) {
        return valid;
    }
    framework.roles.clear();
    if (auto valid = read_list(in.roles(), framework.roles, read_role); !valid) return valid;
    framework.failover_timeout = Duration{in.failover_timeout()};
    framework.capabilities = from_wire(in.capabilities());
    framework.principal = in.principal();
    framework.hostname = in.hostname();
    framework.webui_url = in.webui_url();
    if (auto valid = labels_from_wire(in.labels(), who, framework.labels); !valid) return valid;
    framework.foreign = in.foreign();
    return validate(framework);
}

void to_wire(const AgentInfo& agent, pb::AgentInfo& out) {
    out.set_hostname(agent.hostname);
    if (agent.port != 0) out.set_port(agent.port);
    to_wire(agent.resources, *out.mutable_resources());
    for (const Attribute& attribute : agent.attributes)
        to_wire(attribute, *out.add_attributes());
    if (agent.domain != Domain{}) to_wire(agent.domain, *out.mutable_domain());
    if (!agent.version.empty()) out.set_version(agent.version);
    if (!agent.boot_id.empty()) out.set_boot_id(agent.boot_id);
}

Result<void> from_wire(const pb::AgentInfo& in, AgentInfo& agent) {
    const Subject who{"agent", in.hostname()};
    agent.hostname = in.hostname();
    if (auto valid = read_port(who, in.port(), agent.port); !valid) return valid;
    if (auto valid = from_wire(in.resources(), who, agent.resources); !valid) return valid;
    if (auto valid = attributes_from_wire(in.attributes(), who, agent.attributes); !valid) {
        return valid;
    }
    from_wire(in.domain(), agent.domain);
    agent.version = in.version();
    agent.boot_id = in.boot_id();
    return offerkit::detail::validate_but_resources(agent);
}

void to_wire(const Demand& demand, pb::Demand& out) {
    out.set_role(demand.role.path());
    for (const DemandShape& shape : demand.shapes) {
        pb::DemandShape& to = *out.add_shapes();
        to_wire(shape.resources, *to.mutable_resources());
        to.set_count(shape.count);
        to.set_gang(shape.gang);
        if (shape.run_time_estimate != Duration::zero()) {
            to.set_run_time_estimate(shape.run_time_estimate.count());
        }
    }
}

Result<void> from_wire(const pb::Demand& in, Demand& demand) {
    if (auto valid = read_role(in.role(), demand.role); !valid) return valid;
    const Subject who{"demand of role", demand.role.path()};
    if (auto valid = check_count(who, "shapes", in.shapes(), limits::demand_shapes_max); !valid) {
        return valid;
    }
    const auto read = [who](const pb::DemandShape& from, DemandShape& shape) {
        shape.count = from.count();
        shape.gang = from.gang();
        shape.run_time_estimate = Duration{from.run_time_estimate()};
        return from_wire(from.resources(), who, shape.resources);
    };
    if (auto valid = read_list(in.shapes(), demand.shapes, read); !valid) return valid;
    return validate(demand);
}

}  // namespace offerkit::wire::detail
