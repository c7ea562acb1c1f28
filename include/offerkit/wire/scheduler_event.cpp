// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire {

namespace detail {

constexpr auto read_element = [](const auto& from, auto& to) { return from_wire(from, to); };

static void to_wire(const protocol::Subscribed& subscribed, pb::Subscribed& out) {
    out.set_framework(subscribed.framework.value());
    if (!subscribed.cluster.empty()) out.set_cluster(subscribed.cluster);
    out.set_epoch(subscribed.epoch);
    out.set_heartbeat_interval(subscribed.heartbeat_interval.count());
}

static Result<void> from_wire(const pb::Subscribed& in, protocol::Subscribed& subscribed) {
    static constexpr Subject who{"subscribed"};
    if (auto valid = read_id(who, "framework", in.framework(), subscribed.framework); !valid) {
        return valid;
    }
    subscribed.cluster = in.cluster();
    if (auto valid = validate_line(who, "cluster", subscribed.cluster); !valid) return valid;
    subscribed.epoch = in.epoch();
    subscribed.heartbeat_interval = Duration{in.heartbeat_interval()};
    return validate_duration(who, "heartbeat interval", subscribed.heartbeat_interval,
                             Duration::max());
}

static void to_wire(const protocol::Offers& offers, pb::Offers& out) {
    for (const Offer& offer : offers.offers)
        to_wire(offer, *out.add_offers());
}

static Result<void> from_wire(const pb::Offers& in, protocol::Offers& offers) {
    if (auto valid = check_count({"offers"}, "list", in.offers(), limits::offers_per_call_max);
        !valid) {
        return valid;
    }
    return read_list(in.offers(), offers.offers, read_element);
}

static void to_wire(const protocol::Rescind& rescind, pb::Rescind& out) {
    for (const OfferId offer : rescind.offers)
        out.add_offers(offer.value());
    out.set_reason(to_wire(rescind.reason));
}

static Result<void> from_wire(const pb::Rescind& in, protocol::Rescind& rescind) {
    rescind.reason =
        find_enum<protocol::RescindReason>(in.reason()).value_or(protocol::RescindReason::expired);
    return offers_from_wire(in.offers(), {"rescind"}, rescind.offers);
}

static void to_wire(const protocol::InverseOffers& offers, pb::InverseOffers& out) {
    for (const InverseOffer& offer : offers.offers)
        to_wire(offer, *out.add_offers());
}

static Result<void> from_wire(const pb::InverseOffers& in, protocol::InverseOffers& offers) {
    if (auto valid =
            check_count({"inverse offers"}, "list", in.offers(), limits::offers_per_call_max);
        !valid) {
        return valid;
    }
    return read_list(in.offers(), offers.offers, read_element);
}

static void to_wire(const protocol::Statuses& statuses, pb::Statuses& out) {
    for (const TaskStatus& status : statuses.statuses)
        to_wire(status, *out.add_statuses());
}

static Result<void> from_wire(const pb::Statuses& in, protocol::Statuses& statuses) {
    if (auto valid =
            check_count({"statuses"}, "list", in.statuses(), limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    return read_list(in.statuses(), statuses.statuses, read_element);
}

static void to_wire(const protocol::OperationStatuses& statuses, pb::OperationStatuses& out) {
    for (const OperationStatus& status : statuses.statuses)
        to_wire(status, *out.add_statuses());
}

static Result<void> from_wire(const pb::OperationStatuses& in,
                              protocol::OperationStatuses& statuses) {
    if (auto valid = check_count({"operation statuses"}, "list", in.statuses(),
                                 limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    return read_list(in.statuses(), statuses.statuses, read_element);
}

static void to_wire(const protocol::FromExecutor& from_executor, pb::FromExecutor& out) {
    out.set_agent(from_executor.agent.value());
    out.set_executor(from_executor.executor.text());
    out.set_data(from_executor.data);
}

static Result<void> from_wire(const pb::FromExecutor& in, protocol::FromExecutor& from_executor) {
    static constexpr Subject who{"data from executor"};
    if (auto valid = read_id(who, "agent", in.agent(), from_executor.agent); !valid) return valid;
    if (auto valid = read_executor_id(who, in.executor(), from_executor.executor); !valid) {
        return valid;
    }
    return read_data(who, in.data(), from_executor.data);
}

static Result<void> from_wire(const pb::AgentLost& in, protocol::AgentLost& lost) {
    return read_id({"agent lost"}, "agent", in.agent(), lost.agent);
}

}  // namespace detail

void encode(const protocol::SchedulerEvent& event, Bytes& out) {
    using detail::to_wire;
    detail::Scratch<detail::pb::SchedulerEvent> to;
    std::visit(
        Overloaded{
            [&](const protocol::Subscribed& m) { to_wire(m, *to->mutable_subscribed()); },
            [&](const protocol::Offers& m) { to_wire(m, *to->mutable_offers()); },
            [&](const protocol::Rescind& m) { to_wire(m, *to->mutable_rescind()); },
            [&](const protocol::InverseOffers& m) { to_wire(m, *to->mutable_inverse_offers()); },
            [&](const protocol::Statuses& m) { to_wire(m, *to->mutable_statuses()); },
            [&](const protocol::OperationStatuses& m) {
                to_wire(m, *to->mutable_operation_statuses());
            },
            [&](const protocol::FromExecutor& m) { to_wire(m, *to->mutable_from_executor()); },
            [&](const protocol::AgentLost& m) {
                to->mutable_agent_lost()->set_agent(m.agent.value());
            },
            [&](const protocol::CallRefused& m) {
                to_wire(m.refusal, *to->mutable_call_refused()->mutable_refusal());
            },
            [&](const protocol::SubscriptionEnded& m) {
                to_wire(m.refusal, *to->mutable_subscription_ended()->mutable_refusal());
            },
            [&](const protocol::MasterBeat&) { to->mutable_master_beat(); },
        },
        event);
    to.append_to(out);
}

template <>
Result<protocol::SchedulerEvent> decode(std::string_view bytes) {
    using In = detail::pb::SchedulerEvent;
    using Body = detail::Body<protocol::SchedulerEvent>;
    const auto read = [](const auto& from, auto& to) { return detail::from_wire(from, to); };
    const auto read_refusal = [](const auto& from, auto& to) {
        detail::from_wire(from.refusal(), to.refusal);
        return Result<void>{};
    };
    return detail::decode_body<protocol::SchedulerEvent, In>(
        bytes, "scheduler event", [&](const In& in, Body& body) {
            body.when<protocol::Subscribed>(in.has_subscribed(), in.subscribed(), read);
            body.when<protocol::Offers>(in.has_offers(), in.offers(), read);
            body.when<protocol::Rescind>(in.has_rescind(), in.rescind(), read);
            body.when<protocol::InverseOffers>(in.has_inverse_offers(), in.inverse_offers(), read);
            body.when<protocol::Statuses>(in.has_statuses(), in.statuses(), read);
            body.when<protocol::OperationStatuses>(in.has_operation_statuses(),
                                                   in.operation_statuses(), read);
            body.when<protocol::FromExecutor>(in.has_from_executor(), in.from_executor(), read);
            body.when<protocol::AgentLost>(in.has_agent_lost(), in.agent_lost(), read);
            body.when<protocol::CallRefused>(in.has_call_refused(), in.call_refused(),
                                             read_refusal);
            body.when<protocol::SubscriptionEnded>(in.has_subscription_ended(),
                                                   in.subscription_ended(), read_refusal);
            body.when<protocol::MasterBeat>(in.has_master_beat());
        });
}

}  // namespace offerkit::wire
