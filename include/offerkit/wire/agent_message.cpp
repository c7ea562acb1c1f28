// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire {

namespace detail {

using offerkit::detail::CommandOf;

static void to_wire(const protocol::AgentTask& task, pb::AgentTask& to) {
    to.set_framework(task.framework.value());
    to.set_role(task.role.path());
    to_wire(task.info, *to.mutable_info());
    to.set_state(to_wire(task.state));
}

static void to_wire(const protocol::RegisterAgent& registration, pb::RegisterAgent& out) {
    to_wire(registration.info, *out.mutable_info());
    if (!registration.id.is_none()) out.set_id(registration.id.value());
    for (const protocol::AgentTask& task : registration.tasks)
        to_wire(task, *out.add_tasks());
    if (registration.tasks_follow) out.set_tasks_follow(true);
    if (registration.run.number != 0) out.set_run(registration.run.number);
    if (registration.run.nonce != 0) out.set_nonce(registration.run.nonce);
    for (const FrameworkId framework : registration.frameworks) {
        out.add_frameworks(framework.value());
    }
}

static Result<void> from_wire(const pb::AgentTask& in, protocol::AgentTask& task) {
    const Subject who{"task", in.info().id()};
    if (auto valid = read_id(who, "framework", in.framework(), task.framework); !valid) {
        return valid;
    }
    if (auto valid = read_role(in.role(), task.role); !valid) return valid;
    if (auto valid = read_enum(who, "state", in.state(), task.state); !valid) return valid;
    // It may be of a group, whose executor is not told here.
    return from_wire(in.info(), CommandOf::executor, task.info);
}

static Result<void> from_wire(const pb::RegisterAgent& in, protocol::RegisterAgent& registration) {
    const Subject who{"agent", in.info().hostname()};
    if (auto valid = from_wire(in.info(), registration.info); !valid) return valid;
    registration.tasks_follow = in.tasks_follow();
    registration.run = {in.run(), in.nonce()};
    registration.id = AgentId::from_value(in.id());
    if (auto valid = check_count(who, "tasks", in.tasks(), limits::tasks_per_agent_max); !valid) {
        return valid;
    }
    if (auto valid = read_list(in.tasks(), registration.tasks,
                               [](const auto& from, auto& to) { return from_wire(from, to); });
        !valid) {
        return valid;
    }
    if (auto valid = check_count(who, "frameworks", in.frameworks(), limits::frameworks_max);
        !valid) {
        return valid;
    }
    return read_list(in.frameworks(), registration.frameworks,
                     [who](std::uint64_t value, FrameworkId& id) {
                         return read_id(who, "frameworks", value, id);
                     });
}

static void to_wire(const protocol::ReportTasks& report, pb::ReportTasks& out) {
    for (const protocol::AgentTask& task : report.tasks)
        to_wire(task, *out.add_tasks());
    if (report.more) out.set_more(true);
}

static Result<void> from_wire(const pb::ReportTasks& in, protocol::ReportTasks& report) {
    if (auto valid = check_count({"report"}, "tasks", in.tasks(), limits::tasks_per_agent_max);
        !valid) {
        return valid;
    }
    report.more = in.more();
    return read_list(in.tasks(), report.tasks,
                     [](const auto& from, auto& to) { return from_wire(from, to); });
}

static void to_wire(const protocol::UpdateStatuses& update, pb::UpdateStatuses& out) {
    for (const protocol::StatusUpdate& each : update.updates) {
        pb::UpdateStatuses::Update& to = *out.add_updates();
        to.set_framework(each.framework.value());
        to_wire(each.status, *to.mutable_status());
    }
}

static Result<void> from_wire(const pb::UpdateStatuses& in, protocol::UpdateStatuses& update) {
    static constexpr Subject who{"statuses"};
    if (auto valid = check_count(who, "list", in.updates(), limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::StatusUpdate& each) {
        auto valid = read_id(who, "framework", from.framework(), each.framework);
        return valid ? from_wire(from.status(), each.status) : valid;
    };
    return read_list(in.updates(), update.updates, read);
}

static void to_wire(const protocol::UpdateOperations& update, pb::UpdateOperations& out) {
    for (const protocol::UpdateOperations::Update& each : update.updates) {
        pb::UpdateOperations::Update& to = *out.add_updates();
        // An operation that an operator asked for has no framework.
        if (!each.framework.is_none()) to.set_framework(each.framework.value());
        to_wire(each.status, *to.mutable_status());
    }
}

static Result<void> from_wire(const pb::UpdateOperations& in, protocol::UpdateOperations& update) {
    if (auto valid = check_count({"operation statuses"}, "list", in.updates(),
                                 limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::UpdateOperations::Update& each) {
        each.framework = FrameworkId::from_value(from.framework());
        return from_wire(from.status(), each.status);
    };
    return read_list(in.updates(), update.updates, read);
}

static void to_wire(const protocol::ExecutorData& data, pb::ExecutorData& out) {
    out.set_framework(data.framework.value());
    out.set_executor(data.executor.text());
    out.set_data(data.data);
}

static Result<void> from_wire(const pb::ExecutorData& in, protocol::ExecutorData& data) {
    static constexpr Subject who{"data from executor"};
    if (auto valid = read_id(who, "framework", in.framework(), data.framework); !valid) {
        return valid;
    }
    if (auto valid = read_executor_id(who, in.executor(), data.executor); !valid) return valid;
    return read_data(who, in.data(), data.data);
}

static void to_wire(const protocol::ExecutorEnded& ended, pb::ExecutorEnded& out) {
    out.set_framework(ended.framework.value());
    out.set_executor(ended.executor.text());
    if (!ended.message.empty()) out.set_message(ended.message);
}

static Result<void> from_wire(const pb::ExecutorEnded& in, protocol::ExecutorEnded& ended) {
    static constexpr Subject who{"executor ended"};
    if (auto valid = read_id(who, "framework", in.framework(), ended.framework); !valid) {
        return valid;
    }
    if (auto valid = read_executor_id(who, in.executor(), ended.executor); !valid) return valid;
    ended.message = in.message();
    return validate_prose(who, "message", ended.message);
}

}  // namespace detail

void encode(const protocol::AgentMessage& message, Bytes& out) {
    using detail::to_wire;
    detail::Scratch<detail::pb::AgentMessage> to;
    std::visit(
        Overloaded{
            [&](const protocol::RegisterAgent& m) { to_wire(m, *to->mutable_register_agent()); },
            [&](const protocol::UpdateStatuses& m) { to_wire(m, *to->mutable_update_statuses()); },
            [&](const protocol::UpdateOperations& m) {
                to_wire(m, *to->mutable_update_operations());
            },
            [&](const protocol::ExecutorData& m) { to_wire(m, *to->mutable_executor_data()); },
            [&](const protocol::ExecutorEnded& m) { to_wire(m, *to->mutable_executor_ended()); },
            [&](const protocol::AgentBeat&) { to->mutable_agent_beat(); },
            [&](const protocol::Unregister&) { to->mutable_unregister(); },
            [&](const protocol::ReportTasks& m) { to_wire(m, *to->mutable_report_tasks()); },
        },
        message);
    to.append_to(out);
}

template <>
Result<protocol::AgentMessage> decode(std::string_view bytes) {
    using In = detail::pb::AgentMessage;
    using Body = detail::Body<protocol::AgentMessage>;
    const auto read = [](const auto& from, auto& to) { return detail::from_wire(from, to); };
    return detail::decode_body<protocol::AgentMessage, In>(
        bytes, "agent message", [&](const In& in, Body& body) {
            body.when<protocol::RegisterAgent>(in.has_register_agent(), in.register_agent(), read);
            body.when<protocol::UpdateStatuses>(in.has_update_statuses(), in.update_statuses(),
                                                read);
            body.when<protocol::UpdateOperations>(in.has_update_operations(),
                                                  in.update_operations(), read);
            body.when<protocol::ExecutorData>(in.has_executor_data(), in.executor_data(), read);
            body.when<protocol::ExecutorEnded>(in.has_executor_ended(), in.executor_ended(), read);
            body.when<protocol::AgentBeat>(in.has_agent_beat());
            body.when<protocol::Unregister>(in.has_unregister());
            body.when<protocol::ReportTasks>(in.has_report_tasks(), in.report_tasks(), read);
        });
}

}  // namespace offerkit::wire
