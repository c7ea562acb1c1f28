// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/wire/codec.hpp>
#include <offerkit/wire/detail/convert.hpp>

#include <variant>

namespace offerkit::wire {

namespace detail {

using offerkit::detail::CommandOf;

static void to_wire(const protocol::AgentRegistered& registered, pb::AgentRegistered& out) {
    out.set_agent(registered.agent.value());
    if (!registered.cluster.empty()) out.set_cluster(registered.cluster);
    out.set_epoch(registered.epoch);
    out.set_heartbeat_interval(registered.heartbeat_interval.count());
}

static Result<void> from_wire(const pb::AgentRegistered& in,
                              protocol::AgentRegistered& registered) {
    static constexpr Subject who{"registered"};
    if (auto valid = read_id(who, "agent", in.agent(), registered.agent); !valid) return valid;
    registered.cluster = in.cluster();
    if (auto valid = validate_line(who, "cluster", registered.cluster); !valid) return valid;
    registered.epoch = in.epoch();
    registered.heartbeat_interval = Duration{in.heartbeat_interval()};
    return validate_duration(who, "heartbeat interval", registered.heartbeat_interval,
                             Duration::max());
}

/// RunTasks and RunGroup have these fields in common.
template <class Domain, class Wire>
static void run_to_wire(const Domain& run, Wire& out) {
    out.set_framework(run.framework.value());
    if (!run.framework_name.empty()) out.set_framework_name(run.framework_name);
    if (!run.user.empty()) out.set_user(run.user);
    out.set_role(run.role.path());
    for (const TaskInfo& task : run.tasks)
        to_wire(task, *out.add_tasks());
}

template <class Wire, class Domain>
static Result<void> run_from_wire(const Wire& in, CommandOf command, Domain& run) {
    static constexpr Subject who{"run tasks"};
    if (auto valid = read_id(who, "framework", in.framework(), run.framework); !valid) {
        return valid;
    }
    run.framework_name = in.framework_name();
    if (auto valid = validate_line(who, "framework name", run.framework_name); !valid) {
        return valid;
    }
    run.user = in.user();
    if (auto valid = validate_line(who, "user", run.user); !valid) return valid;
    if (auto valid = read_role(in.role(), run.role); !valid) return valid;
    if (auto valid = check_count(who, "tasks", in.tasks(), limits::tasks_per_agent_max); !valid) {
        return valid;
    }
    return read_list(in.tasks(), run.tasks, [command](const auto& from, auto& to) {
        return from_wire(from, command, to);
    });
}

static Result<void> from_wire(const pb::RunTasks& in, protocol::RunTasks& run) {
    return run_from_wire(in, CommandOf::task, run);
}

static void to_wire(const protocol::RunGroup& run, pb::RunGroup& out) {
    run_to_wire(run, out);
    to_wire(run.executor, *out.mutable_executor());
}

static Result<void> from_wire(const pb::RunGroup& in, protocol::RunGroup& run) {
    if (auto valid = run_from_wire(in, CommandOf::executor, run); !valid) return valid;
    if (auto valid = from_wire(in.executor(), run.executor); !valid) return valid;
    return offerkit::detail::validate_group_shape(run.executor, run.tasks);
}

static void to_wire(const protocol::KillTask& kill, pb::KillTask& out) {
    out.set_framework(kill.framework.value());
    out.set_task(kill.task.text());
    if (kill.grace) out.set_grace(kill.grace->count());
    if (kill.reason != StatusReason::kill_requested) out.set_reason(to_wire(kill.reason));
}

static Result<void> from_wire(const pb::KillTask& in, protocol::KillTask& kill) {
    static constexpr Subject who{"kill task"};
    if (auto valid = read_id(who, "framework", in.framework(), kill.framework); !valid) {
        return valid;
    }
    if (auto valid = read_task_id(who, in.task(), kill.task); !valid) return valid;
    if (in.has_reason()) {
        if (auto valid = read_enum(who, "reason", in.reason(), kill.reason); !valid) return valid;
    }
    if (!in.has_grace()) return {};
    kill.grace = Duration{in.grace()};
    return validate_duration(who, "grace", *kill.grace, limits::kill_grace_max);
}

static void to_wire(const protocol::AcknowledgeStatuses& acknowledge,
                    pb::AcknowledgeStatuses& out) {
    for (const protocol::AcknowledgeStatuses::Receipt& receipt : acknowledge.receipts) {
        pb::AcknowledgeStatuses::Receipt& to = *out.add_receipts();
        to.set_framework(receipt.framework.value());
        to.set_task(receipt.task.text());
        to.set_status(receipt.status.value());
    }
}

static Result<void> from_wire(const pb::AcknowledgeStatuses& in,
                              protocol::AcknowledgeStatuses& acknowledge) {
    static constexpr Subject who{"acknowledge"};
    if (auto valid = check_count(who, "receipts", in.receipts(), limits::statuses_per_message_max);
        !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::AcknowledgeStatuses::Receipt& receipt) {
        if (auto valid = read_id(who, "framework", from.framework(), receipt.framework); !valid) {
            return valid;
        }
        if (auto valid = read_id(who, "status", from.status(), receipt.status); !valid) {
            return valid;
        }
        return read_task_id(who, from.task(), receipt.task);
    };
    return read_list(in.receipts(), acknowledge.receipts, read);
}

static void to_wire(const protocol::ApplyOperation& apply, pb::ApplyOperation& out) {
    out.set_id(apply.id.value());
    if (!apply.framework.is_none()) out.set_framework(apply.framework.value());
    out.set_role(apply.role.path());
    to_wire(apply.operation, *out.mutable_operation());
}

static Result<void> from_wire(const pb::ApplyOperation& in, protocol::ApplyOperation& apply) {
    if (auto valid = read_id({"apply operation"}, "id", in.id(), apply.id); !valid) return valid;
    // An operation that an operator asked for has no framework.
    apply.framework = FrameworkId::from_value(in.framework());
    if (auto valid = read_role(in.role(), apply.role); !valid) return valid;
    return from_wire(in.operation(), apply.operation);
}

static void to_wire(const protocol::DataForExecutor& data, pb::DataForExecutor& out) {
    out.set_framework(data.framework.value());
    out.set_executor(data.executor.text());
    out.set_data(data.data);
}

static Result<void> from_wire(const pb::DataForExecutor& in, protocol::DataForExecutor& data) {
    static constexpr Subject who{"data for executor"};
    if (auto valid = read_id(who, "framework", in.framework(), data.framework); !valid) {
        return valid;
    }
    if (auto valid = read_executor_id(who, in.executor(), data.executor); !valid) return valid;
    return read_data(who, in.data(), data.data);
}

static Result<void> from_wire(const pb::EndFramework& in, protocol::EndFramework& end) {
    return read_id({"end framework"}, "framework", in.framework(), end.framework);
}

static void to_wire(const protocol::ReconcileTasks& reconcile, pb::ReconcileTasks& out) {
    for (const protocol::ReconcileTasks::Task& task : reconcile.tasks) {
        pb::ReconcileTasks::Task& to = *out.add_tasks();
        to.set_framework(task.framework.value());
        to.set_task(task.task.text());
    }
}

static Result<void> from_wire(const pb::ReconcileTasks& in, protocol::ReconcileTasks& reconcile) {
    static constexpr Subject who{"reconcile tasks"};
    if (auto valid = check_count(who, "tasks", in.tasks(), limits::tasks_per_reconcile_max);
        !valid) {
        return valid;
    }
    const auto read = [](const auto& from, protocol::ReconcileTasks::Task& task) {
        auto valid = read_id(who, "framework", from.framework(), task.framework);
        return valid ? read_task_id(who, from.task(), task.task) : valid;
    };
    return read_list(in.tasks(), reconcile.tasks, read);
}

static Result<void> from_wire(const pb::ShutDownAgent& in, protocol::ShutDownAgent& shut_down) {
    shut_down.message = in.message();
    return validate_prose({"shut down agent"}, "message", shut_down.message);
}

}  // namespace detail

void encode(const protocol::MasterMessage& message, Bytes& out) {
    using detail::to_wire;
    detail::Scratch<detail::pb::MasterMessage> to;
    std::visit(
        Overloaded{
            [&](const protocol::AgentRegistered& m) {
                to_wire(m, *to->mutable_agent_registered());
            },
            [&](const protocol::AgentRefused& m) {
                to_wire(m.refusal, *to->mutable_agent_refused()->mutable_refusal());
            },
            [&](const protocol::RunTasks& m) { detail::run_to_wire(m, *to->mutable_run_tasks()); },
            [&](const protocol::RunGroup& m) { to_wire(m, *to->mutable_run_group()); },
            [&](const protocol::KillTask& m) { to_wire(m, *to->mutable_kill_task()); },
            [&](const protocol::AcknowledgeStatuses& m) {
                to_wire(m, *to->mutable_acknowledge_statuses());
            },
            [&](const protocol::ApplyOperation& m) { to_wire(m, *to->mutable_apply_operation()); },
            [&](const protocol::DataForExecutor& m) {
                to_wire(m, *to->mutable_data_for_executor());
            },
            [&](const protocol::EndFramework& m) {
                to->mutable_end_framework()->set_framework(m.framework.value());
            },
            [&](const protocol::ReconcileTasks& m) { to_wire(m, *to->mutable_reconcile_tasks()); },
            [&](const protocol::ShutDownAgent& m) {
                to->mutable_shut_down_agent()->set_message(m.message);
            },
            [&](const protocol::MasterToAgentBeat&) { to->mutable_master_to_agent_beat(); },
        },
        message);
    to.append_to(out);
}

template <>
Result<protocol::MasterMessage> decode(std::string_view bytes) {
    using In = detail::pb::MasterMessage;
    using Body = detail::Body<protocol::MasterMessage>;
    const auto read = [](const auto& from, auto& to) { return detail::from_wire(from, to); };
    const auto read_refusal = [](const auto& from, auto& to) {
        detail::from_wire(from.refusal(), to.refusal);
        return Result<void>{};
    };
    return detail::decode_body<protocol::MasterMessage,
                               In>(bytes, "master message", [&](const In& in, Body& body) {
        body.when<protocol::AgentRegistered>(in.has_agent_registered(), in.agent_registered(),
                                             read);
        body.when<protocol::AgentRefused>(in.has_agent_refused(), in.agent_refused(), read_refusal);
        body.when<protocol::RunTasks>(in.has_run_tasks(), in.run_tasks(), read);
        body.when<protocol::RunGroup>(in.has_run_group(), in.run_group(), read);
        body.when<protocol::KillTask>(in.has_kill_task(), in.kill_task(), read);
        body.when<protocol::AcknowledgeStatuses>(in.has_acknowledge_statuses(),
                                                 in.acknowledge_statuses(), read);
        body.when<protocol::ApplyOperation>(in.has_apply_operation(), in.apply_operation(), read);
        body.when<protocol::DataForExecutor>(in.has_data_for_executor(), in.data_for_executor(),
                                             read);
        body.when<protocol::EndFramework>(in.has_end_framework(), in.end_framework(), read);
        body.when<protocol::ReconcileTasks>(in.has_reconcile_tasks(), in.reconcile_tasks(), read);
        body.when<protocol::ShutDownAgent>(in.has_shut_down_agent(), in.shut_down_agent(), read);
        body.when<protocol::MasterToAgentBeat>(in.has_master_to_agent_beat());
    });
}

}  // namespace offerkit::wire
