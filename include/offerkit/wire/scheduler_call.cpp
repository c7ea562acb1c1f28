// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire {

namespace detail {

template <class List>
static void roles_to_wire(const std::vector<Role>& roles, List& out) {
    for (const Role& role : roles)
        *out.Add() = role.path();
}

template <class List>
static Result<void> roles_from_wire(const List& in, Subject who, std::vector<Role>& roles) {
    if (auto valid = check_count(who, "roles", in, limits::roles_per_framework_max); !valid) {
        return valid;
    }
    return read_list(in, roles, read_role);
}

static void to_wire(const protocol::Subscribe& subscribe, pb::Subscribe& out) {
    to_wire(subscribe.info, *out.mutable_info());
    if (!subscribe.id.is_none()) out.set_id(subscribe.id.value());
    if (subscribe.take_over) out.set_take_over(true);
    roles_to_wire(subscribe.suppressed, *out.mutable_suppressed());
    for (const protocol::LiveFilter& filter : subscribe.filters) {
        pb::LiveFilter& to = *out.add_filters();
        to.set_role(filter.role.path());
        to.set_agent(filter.agent.value());
        to_wire(filter.refused, *to.mutable_refused());
        to.set_remaining(filter.remaining.count());
    }
}

static Result<void> from_wire(const pb::LiveFilter& in, Subject who, protocol::LiveFilter& filter) {
    if (auto valid = read_role(in.role(), filter.role); !valid) return valid;
    if (auto valid = read_id(who, "filtered agent", in.agent(), filter.agent); !valid) {
        return valid;
    }
    filter.remaining = Duration{in.remaining()};
    if (auto valid = validate_refuse_for(who, filter.remaining); !valid) return valid;
    return from_wire(in.refused(), who, filter.refused);
}

static Result<void> from_wire(const pb::Subscribe& in, protocol::Subscribe& subscribe) {
    const Subject who{"framework", in.info().name()};
    if (auto valid = from_wire(in.info(), subscribe.info); !valid) return valid;
    subscribe.id = FrameworkId::from_value(in.id());
    subscribe.take_over = in.take_over();
    if (auto valid = roles_from_wire(in.suppressed(), who, subscribe.suppressed); !valid) {
        return valid;
    }
    if (auto valid = check_count(who, "filters", in.filters(), limits::filters_per_subscribe_max);
        !valid) {
        return valid;
    }
    return read_list(in.filters(), subscribe.filters,
                     [who](const auto& from, auto& to) { return from_wire(from, who, to); });
}

static void to_wire(const protocol::Accept& accept, pb::Accept& out) {
    for (const OfferId offer : accept.offers)
        out.add_offers(offer.value());
    for (const Operation& operation : accept.operations)
        to_wire(operation, *out.add_operations());
    out.set_refuse_for(accept.refuse_for.count());
}

static Result<void> from_wire(const pb::Accept& in, protocol::Accept& accept) {
    static constexpr Subject who{"accept"};
    if (auto valid = offers_from_wire(in.offers(), who, accept.offers); !valid) return valid;
    if (auto valid =
            check_count(who, "operations", in.operations(), limits::operations_per_accept_max);
        !valid) {
        return valid;
    }
    if (auto valid = read_list(in.operations(), accept.operations,
                               [](const auto& from, auto& to) { return from_wire(from, to); });
        !valid) {
        return valid;
    }
    accept.refuse_for = Duration{in.refuse_for()};
    return validate_refuse_for(who, accept.refuse_for);
}

static void to_wire(const protocol::Decline& decline, pb::Decline& out) {
    for (const OfferId offer : decline.offers)
        out.add_offers(offer.value());
    out.set_refuse_for(decline.refuse_for.count());
    out.set_reason(to_wire(decline.reason));
    if (!decline.detail.empty()) out.set_detail(decline.detail);
}

static Result<void> from_wire(const pb::Decline& in, protocol::Decline& decline) {
    static constexpr Subject who{"decline"};
    if (auto valid = offers_from_wire(in.offers(), who, decline.offers); !valid) return valid;
    decline.refuse_for = Duration{in.refuse_for()};
    if (auto valid = validate_refuse_for(who, decline.refuse_for); !valid) return valid;
    decline.reason = find_enum<DeclineReason>(in.reason()).value_or(DeclineReason::unspecified);
    decline.detail = in.detail();
    return validate_prose(who, "detail", decline.detail);
}

static void to_wire(const protocol::Revive& revive, pb::Revive& out) {
    roles_to_wire(revive.roles, *out.mutable_roles());
}

static Result<void> from_wire(const pb::Revive& in, protocol::Revive& revive) {
    return roles_from_wire(in.roles(), {"revive"}, revive.roles);
}

static void to_wire(const protocol::Suppress& suppress, pb::Suppress& out) {
    roles_to_wire(suppress.roles, *out.mutable_roles());
}

static Result<void> from_wire(const pb::Suppress& in, protocol::Suppress& suppress) {
    return roles_from_wire(in.roles(), {"suppress"}, suppress.roles);
}

static void to_wire(const protocol::StateDemand& state, pb::StateDemand& out) {
    for (const Demand& demand : state.demands)
        to_wire(demand, *out.add_demands());
}

static Result<void> from_wire(const pb::StateDemand& in, protocol::StateDemand& state) {
    if (auto valid =
            check_count({"demand"}, "roles", in.demands(), limits::roles_per_framework_max);
        !valid) {
        return valid;
    }
    return read_list(in.demands(), state.demands,
                     [](const auto& from, auto& to) { return from_wire(from, to); });
}

static void to_wire(const protocol::Kill& kill, pb::Kill& out) {
    out.set_task(kill.task.text());
    if (kill.grace) out.set_grace(kill.grace->count());
}

static Result<void> from_wire(const pb::Kill& in, protocol::Kill& kill) {
    static constexpr Subject who{"kill"};
    if (auto valid = read_task_id(who, in.task(), kill.task); !valid) return valid;
    if (!in.has_grace()) return {};
    kill.grace = Duration{in.grace()};
    return validate_duration(who, "grace", *kill.grace, limits::kill_grace_max);
}

static void to_wire(const protocol::Acknowledge& acknowledge, pb::Acknowledge& out) {
    for (const protocol::StatusReceipt& receipt : acknowledge.receipts) {
        pb::StatusReceipt& to = *out.add_receipts();
        to.set_agent(receipt.agent.value());
        to.set_task(receipt.task.text());
        to.set_status(receipt.status.value());
    }
}

static Result<void> from_wire(const pb::Acknowledge& in, protocol::Acknowledge& acknowledge) {
    static constexpr Subject who{"acknowledge"};
    if (auto valid = check_count(who, "receipts", in.receipts(), limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    const auto read = [](const pb::StatusReceipt& from, protocol::StatusReceipt& receipt) {
        if (auto valid = read_id(who, "agent", from.agent(), receipt.agent); !valid) return valid;
        if (auto valid = read_id(who, "status", from.status(), receipt.status); !valid) {
            return valid;
        }
        return read_task_id(who, from.task(), receipt.task);
    };
    return read_list(in.receipts(), acknowledge.receipts, read);
}

static void to_wire(const protocol::Reconcile& reconcile, pb::Reconcile& out) {
    for (const protocol::Reconcile::Question& question : reconcile.tasks) {
        pb::Reconcile::Question& to = *out.add_tasks();
        to.set_task(question.task.text());
        if (!question.agent.is_none()) to.set_agent(question.agent.value());
    }
}

static Result<void> from_wire(const pb::Reconcile& in, protocol::Reconcile& reconcile) {
    static constexpr Subject who{"reconcile"};
    if (auto valid = check_count(who, "tasks", in.tasks(), limits::tasks_per_reconcile_max);
        !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::Reconcile::Question& question) {
        question.agent = AgentId::from_value(from.agent());
        return read_task_id(who, from.task(), question.task);
    };
    return read_list(in.tasks(), reconcile.tasks, read);
}

static void to_wire(const protocol::ToExecutor& to_executor, pb::ToExecutor& out) {
    out.set_agent(to_executor.agent.value());
    out.set_executor(to_executor.executor.text());
    out.set_data(to_executor.data);
}

static Result<void> from_wire(const pb::ToExecutor& in, protocol::ToExecutor& to_executor) {
    static constexpr Subject who{"data for executor"};
    if (auto valid = read_id(who, "agent", in.agent(), to_executor.agent); !valid) return valid;
    if (auto valid = read_executor_id(who, in.executor(), to_executor.executor); !valid) {
        return valid;
    }
    return read_data(who, in.data(), to_executor.data);
}

}  // namespace detail

void encode(const protocol::SchedulerCall& call, Bytes& out) {
    using detail::to_wire;
    detail::Scratch<detail::pb::SchedulerCall> to;
    std::visit(Overloaded{
                   [&](const protocol::Subscribe& m) { to_wire(m, *to->mutable_subscribe()); },
                   [&](const protocol::Accept& m) { to_wire(m, *to->mutable_accept()); },
                   [&](const protocol::Decline& m) { to_wire(m, *to->mutable_decline()); },
                   [&](const protocol::Revive& m) { to_wire(m, *to->mutable_revive()); },
                   [&](const protocol::Suppress& m) { to_wire(m, *to->mutable_suppress()); },
                   [&](const protocol::StateDemand& m) { to_wire(m, *to->mutable_state_demand()); },
                   [&](const protocol::Kill& m) { to_wire(m, *to->mutable_kill()); },
                   [&](const protocol::Acknowledge& m) { to_wire(m, *to->mutable_acknowledge()); },
                   [&](const protocol::Reconcile& m) { to_wire(m, *to->mutable_reconcile()); },
                   [&](const protocol::ToExecutor& m) { to_wire(m, *to->mutable_to_executor()); },
                   [&](const protocol::Teardown&) { to->mutable_teardown(); },
                   [&](const protocol::Beat&) { to->mutable_beat(); },
               },
               call);
    to.append_to(out);
}

template <>
Result<protocol::SchedulerCall> decode(std::string_view bytes) {
    using In = detail::pb::SchedulerCall;
    using Body = detail::Body<protocol::SchedulerCall>;
    const auto read = [](const auto& from, auto& to) { return detail::from_wire(from, to); };
    return detail::decode_body<protocol::SchedulerCall, In>(
        bytes, "scheduler call", [&](const In& in, Body& body) {
            body.when<protocol::Subscribe>(in.has_subscribe(), in.subscribe(), read);
            body.when<protocol::Accept>(in.has_accept(), in.accept(), read);
            body.when<protocol::Decline>(in.has_decline(), in.decline(), read);
            body.when<protocol::Revive>(in.has_revive(), in.revive(), read);
            body.when<protocol::Suppress>(in.has_suppress(), in.suppress(), read);
            body.when<protocol::StateDemand>(in.has_state_demand(), in.state_demand(), read);
            body.when<protocol::Kill>(in.has_kill(), in.kill(), read);
            body.when<protocol::Acknowledge>(in.has_acknowledge(), in.acknowledge(), read);
            body.when<protocol::Reconcile>(in.has_reconcile(), in.reconcile(), read);
            body.when<protocol::ToExecutor>(in.has_to_executor(), in.to_executor(), read);
            body.when<protocol::Teardown>(in.has_teardown());
            body.when<protocol::Beat>(in.has_beat());
        });
}

}  // namespace offerkit::wire
