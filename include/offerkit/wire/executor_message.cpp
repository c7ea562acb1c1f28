// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire {

namespace detail {

static void to_wire(const protocol::SubscribeExecutor& subscribe, pb::SubscribeExecutor& out) {
    out.set_framework(subscribe.framework.value());
    out.set_executor(subscribe.executor.text());
    for (const TaskId& task : subscribe.tasks)
        out.add_tasks(task.text());
}

static Result<void> from_wire(const pb::SubscribeExecutor& in,
                              protocol::SubscribeExecutor& subscribe) {
    static constexpr Subject who{"executor"};
    if (auto valid = read_id(who, "framework", in.framework(), subscribe.framework); !valid) {
        return valid;
    }
    if (auto valid = read_executor_id(who, in.executor(), subscribe.executor); !valid) {
        return valid;
    }
    if (auto valid = check_count(who, "tasks", in.tasks(), limits::tasks_per_agent_max); !valid) {
        return valid;
    }
    return read_list(in.tasks(), subscribe.tasks, [](const std::string& text, TaskId& id) {
        return read_task_id(who, text, id);
    });
}

static void to_wire(const protocol::ReportStatuses& report, pb::ReportStatuses& out) {
    for (const protocol::ReportStatuses::Report& each : report.reports) {
        pb::ReportStatuses::Report& to = *out.add_reports();
        to.set_framework(each.framework.value());
        to_wire(each.status, *to.mutable_status());
    }
}

static Result<void> from_wire(const pb::ReportStatuses& in, protocol::ReportStatuses& report) {
    static constexpr Subject who{"statuses"};
    if (auto valid = check_count(who, "list", in.reports(), limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::ReportStatuses::Report& each) {
        auto valid = read_id(who, "framework", from.framework(), each.framework);
        return valid ? from_wire(from.status(), each.status) : valid;
    };
    return read_list(in.reports(), report.reports, read);
}

static void to_wire(const protocol::DataToScheduler& data, pb::DataToScheduler& out) {
    out.set_framework(data.framework.value());
    out.set_data(data.data);
}

static Result<void> from_wire(const pb::DataToScheduler& in, protocol::DataToScheduler& data) {
    static constexpr Subject who{"data for scheduler"};
    if (auto valid = read_id(who, "framework", in.framework(), data.framework); !valid) {
        return valid;
    }
    return read_data(who, in.data(), data.data);
}

static Result<void> from_wire(const pb::ExecutorSubscribed& in,
                              protocol::ExecutorSubscribed& subscribed) {
    return read_id({"executor subscribed"}, "agent", in.agent(), subscribed.agent);
}

static void to_wire(const protocol::LaunchTask& launch, pb::LaunchTask& out) {
    out.set_framework(launch.framework.value());
    if (!launch.framework_name.empty()) out.set_framework_name(launch.framework_name);
    if (!launch.user.empty()) out.set_user(launch.user);
    to_wire(launch.task, *out.mutable_task());
    if (!launch.sandbox.empty()) out.set_sandbox(launch.sandbox);
}

static Result<void> from_wire(const pb::LaunchTask& in, protocol::LaunchTask& launch) {
    const Subject who{"launch of task", in.task().id()};
    if (auto valid = read_id(who, "framework", in.framework(), launch.framework); !valid) {
        return valid;
    }
    launch.framework_name = in.framework_name();
    if (auto valid = validate_line(who, "framework name", launch.framework_name); !valid) {
        return valid;
    }
    launch.user = in.user();
    if (auto valid = validate_line(who, "user", launch.user); !valid) return valid;
    launch.sandbox = in.sandbox();
    if (auto valid = validate_system_text(who, "sandbox", launch.sandbox, limits::path_max);
        !valid) {
        return valid;
    }
    return from_wire(in.task(), offerkit::detail::CommandOf::executor, launch.task);
}

static void to_wire(const protocol::KillTaskNow& kill, pb::KillTaskNow& out) {
    out.set_framework(kill.framework.value());
    out.set_task(kill.task.text());
    out.set_grace(kill.grace.count());
    out.set_reason(to_wire(kill.reason));
}

static Result<void> from_wire(const pb::KillTaskNow& in, protocol::KillTaskNow& kill) {
    static constexpr Subject who{"kill task"};
    if (auto valid = read_id(who, "framework", in.framework(), kill.framework); !valid) {
        return valid;
    }
    if (auto valid = read_task_id(who, in.task(), kill.task); !valid) return valid;
    kill.grace = Duration{in.grace()};
    kill.reason = find_enum<StatusReason>(in.reason()).value_or(StatusReason::foreign);
    return validate_duration(who, "grace", kill.grace, limits::kill_grace_max);
}

static Result<void> from_wire(const pb::DataToExecutor& in, protocol::DataToExecutor& data) {
    return read_data({"data for executor"}, in.data(), data.data);
}

static void to_wire(const protocol::StatusesNoted& noted, pb::StatusesNoted& out) {
    for (const protocol::StatusesNoted::Task& task : noted.tasks) {
        pb::StatusesNoted::Task& to = *out.add_tasks();
        to.set_framework(task.framework.value());
        to.set_task(task.task.text());
    }
}

static Result<void> from_wire(const pb::StatusesNoted& in, protocol::StatusesNoted& noted) {
    static constexpr Subject who{"statuses noted"};
    if (auto valid = check_count(who, "tasks", in.tasks(), limits::tasks_per_agent_max); !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::StatusesNoted::Task& task) {
        auto valid = read_id(who, "framework", from.framework(), task.framework);
        return valid ? read_task_id(who, from.task(), task.task) : valid;
    };
    return read_list(in.tasks(), noted.tasks, read);
}

}  // namespace detail

void encode(const protocol::ExecutorCall& call, Bytes& out) {
    using detail::to_wire;
    detail::Scratch<detail::pb::ExecutorCall> to;
    std::visit(
        Overloaded{
            [&](const protocol::SubscribeExecutor& m) {
                to_wire(m, *to->mutable_subscribe_executor());
            },
            [&](const protocol::ReportStatuses& m) { to_wire(m, *to->mutable_report_statuses()); },
            [&](const protocol::DataToScheduler& m) {
                to_wire(m, *to->mutable_data_to_scheduler());
            },
        },
        call);
    to.append_to(out);
}

void encode(const protocol::ExecutorEvent& event, Bytes& out) {
    using detail::to_wire;
    detail::Scratch<detail::pb::ExecutorEvent> to;
    std::visit(
        Overloaded{
            [&](const protocol::ExecutorSubscribed& m) {
                to->mutable_executor_subscribed()->set_agent(m.agent.value());
            },
            [&](const protocol::LaunchTask& m) { to_wire(m, *to->mutable_launch_task()); },
            [&](const protocol::KillTaskNow& m) { to_wire(m, *to->mutable_kill_task_now()); },
            [&](const protocol::DataToExecutor& m) {
                to->mutable_data_to_executor()->set_data(m.data);
            },
            [&](const protocol::ShutDownExecutor&) { to->mutable_shut_down_executor(); },
            [&](const protocol::StatusesNoted& m) { to_wire(m, *to->mutable_statuses_noted()); },
            [&](const protocol::ExecutorRefused& m) {
                to_wire(m.refusal, *to->mutable_executor_refused()->mutable_refusal());
            },
        },
        event);
    to.append_to(out);
}

template <>
Result<protocol::ExecutorCall> decode(std::string_view bytes) {
    using In = detail::pb::ExecutorCall;
    using Body = detail::Body<protocol::ExecutorCall>;
    const auto read = [](const auto& from, auto& to) { return detail::from_wire(from, to); };
    return detail::decode_body<protocol::ExecutorCall, In>(
        bytes, "executor call", [&](const In& in, Body& body) {
            body.when<protocol::SubscribeExecutor>(in.has_subscribe_executor(),
                                                   in.subscribe_executor(), read);
            body.when<protocol::ReportStatuses>(in.has_report_statuses(), in.report_statuses(),
                                                read);
            body.when<protocol::DataToScheduler>(in.has_data_to_scheduler(), in.data_to_scheduler(),
                                                 read);
        });
}

template <>
Result<protocol::ExecutorEvent> decode(std::string_view bytes) {
    using In = detail::pb::ExecutorEvent;
    using Body = detail::Body<protocol::ExecutorEvent>;
    const auto read = [](const auto& from, auto& to) { return detail::from_wire(from, to); };
    const auto read_refusal = [](const auto& from, auto& to) {
        detail::from_wire(from.refusal(), to.refusal);
        return Result<void>{};
    };
    return detail::decode_body<protocol::ExecutorEvent, In>(
        bytes, "executor event", [&](const In& in, Body& body) {
            body.when<protocol::ExecutorSubscribed>(in.has_executor_subscribed(),
                                                    in.executor_subscribed(), read);
            body.when<protocol::LaunchTask>(in.has_launch_task(), in.launch_task(), read);
            body.when<protocol::KillTaskNow>(in.has_kill_task_now(), in.kill_task_now(), read);
            body.when<protocol::DataToExecutor>(in.has_data_to_executor(), in.data_to_executor(),
                                                read);
            body.when<protocol::ShutDownExecutor>(in.has_shut_down_executor());
            body.when<protocol::ExecutorRefused>(in.has_executor_refused(), in.executor_refused(),
                                                 read_refusal);
            body.when<protocol::StatusesNoted>(in.has_statuses_noted(), in.statuses_noted(), read);
        });
}

}  // namespace offerkit::wire
