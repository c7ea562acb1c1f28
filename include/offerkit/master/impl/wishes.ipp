// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What frameworks wish: their roles, whether they want offers, and what they have need of.

#include <offerkit/master/master.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master {

// Suppressed roles and live filters are not persisted: the SDK says them again.
OFFERKIT_INLINE void Master::restate(FrameworkIndex index, const protocol::Subscribe& c) {
    for (Membership& membership : state_.frameworks[index].roles) {
        // A role that was left stays as a suppressed leaf, since tasks may still run in it.
        membership.suppressed =
            std::ranges::find(c.info.roles, membership.role) == c.info.roles.end() ||
            std::ranges::find(c.suppressed, membership.role) != c.suppressed.end();
    }
    tell_activity(index);
    for (const protocol::LiveFilter& filter : c.filters) {
        const AgentIndex agent = find_agent_index(filter.agent);
        const Membership* membership = find_membership(state_.frameworks[index], filter.role);
        if (agent.is_none() || membership == nullptr) continue;
        Resources local = filter.refused;
        if (!state_.kinds.try_bind_known(local)) continue;  // Nobody has that kind any more.
        refuse_agent(membership->claimant, agent, std::move(local), filter.remaining);
    }
}

OFFERKIT_INLINE void Master::update_roles(FrameworkIndex index, const std::vector<Role>& roles) {
    for (const Role& role : roles)
        ensure_membership(index, role);
}

OFFERKIT_INLINE Membership* Master::find_membership(Framework& framework, const Role& role) {
    const auto found = std::ranges::find(framework.roles, role, &Membership::role);
    return found == framework.roles.end() ? nullptr : &*found;
}

OFFERKIT_INLINE Membership& Master::ensure_membership(FrameworkIndex index, const Role& role) {
    Framework& framework = state_.frameworks[index];
    if (Membership* known = find_membership(framework, role)) return *known;
    Membership membership;
    membership.role = role;
    membership.claimant =
        state_.claimants.insert({index, static_cast<std::uint32_t>(framework.roles.size())});
    framework.roles.push_back(membership);
    tell_allocator(
        allocator_event::ClaimantPut{membership.claimant, framework.id, role, framework.info});
    tell_allocator(
        allocator_event::ClaimantActive{membership.claimant, false, NoOfferReason::disconnected});
    return framework.roles.back();
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Revive& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    bool changed = false;
    for (Membership& membership : state_.frameworks[index].roles) {
        if (!c.roles.empty() && std::ranges::find(c.roles, membership.role) == c.roles.end()) {
            continue;
        }
        const std::vector<Role>& subscribed = state_.frameworks[index].info.roles;
        if (std::ranges::find(subscribed, membership.role) == subscribed.end()) continue;  // Left.
        changed = changed || membership.suppressed;
        membership.suppressed = false;
        tell_allocator(allocator_event::Revived{membership.claimant});
        out_->deltas.emplace_back(FiltersCleared{state_.frameworks[index].id, membership.role});
    }
    tell_activity(index);
    if (changed) show_wishes(index);
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::Suppress& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    bool changed = false;
    for (Membership& membership : state_.frameworks[index].roles) {
        if (!c.roles.empty() && std::ranges::find(c.roles, membership.role) == c.roles.end()) {
            continue;
        }
        changed = changed || !membership.suppressed;
        membership.suppressed = true;
    }
    tell_activity(index);
    if (changed) show_wishes(index);
}

// Not before it is durable: then all of it is shown together.
OFFERKIT_INLINE void Master::show_wishes(FrameworkIndex index) {
    const Framework& framework = state_.frameworks[index];
    if (framework.admitted && !framework.ending) put_view(framework);
}

OFFERKIT_INLINE void Master::on_scheduler(PeerId from, protocol::StateDemand& c) {
    const FrameworkIndex index = state_.peers.at(from).framework;
    for (Demand& demand : c.demands) {
        Membership* membership = find_membership(state_.frameworks[index], demand.role);
        const auto refuse = [&](RefusalCode code, std::string why, std::string todo) {
            send(from,
                 protocol::CallRefused{{code, "framework " + format_id(state_.frameworks[index].id),
                                        "state demand in role " + demand.role.path(),
                                        std::move(why), std::move(todo)}});
        };
        if (membership == nullptr) {
            refuse(RefusalCode::not_found, "it has not subscribed with that role",
                   "subscribe with the role first");
            continue;
        }
        if (!bind_all(demand.shapes)) {
            refuse(RefusalCode::invalid, "a shape names a kind that no agent has",
                   "ask for kinds that the agents list");
            continue;
        }
        for (const DemandShape& old : membership->demand)
            state_.kinds.release(old.resources);
        tell_kinds();
        membership->demand = demand.shapes;
        show_demand(state_.frameworks[index], *membership);
        tell_allocator(
            allocator_event::DemandPut{membership->claimant, true, std::move(demand.shapes)});
    }
}

OFFERKIT_INLINE void Master::show_demand(const Framework& framework, const Membership& membership) {
    DemandPut put{framework.id, membership.role, membership.demand};
    for (DemandShape& shape : put.shapes)
        state_.kinds.unbind(shape.resources);
    out_->deltas.emplace_back(std::move(put));
}

// Only kinds that somebody has: demand must not use up the slots with invented names. Held then,
// since a shape may outlive the agents that brought its kinds.
OFFERKIT_INLINE bool Master::bind_all(std::vector<DemandShape>& shapes) {
    for (const DemandShape& shape : shapes) {
        Resources known = shape.resources;
        if (!state_.kinds.try_bind_known(known)) return false;
    }
    for (DemandShape& shape : shapes) {
        const Result<void> bound = state_.kinds.bind(shape.resources);
        OFFERKIT_ASSERT(bound.has_value());
    }
    return true;
}

}  // namespace offerkit::master
