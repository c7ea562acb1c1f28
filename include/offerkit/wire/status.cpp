// SPDX-License-Identifier: Apache-2.0
#include <offerkit/wire/detail/convert.hpp>

namespace offerkit::wire::detail {

void to_wire(const TaskStatus& status, pb::TaskStatus& out) {
    out.set_task(status.task.text());
    out.set_state(to_wire(status.state));
    if (!status.id.is_none()) out.set_id(status.id.value());
    if (!status.agent.is_none()) out.set_agent(status.agent.value());
    if (!status.executor.is_none()) out.set_executor(status.executor.text());
    out.set_source(to_wire(status.source));
    out.set_reason(to_wire(status.reason));
    if (!status.message.empty()) out.set_message(status.message);
    if (status.exit) {
        pb::ExitStatus& exit = *out.mutable_exit();
        exit.set_code(status.exit->code);
        exit.set_signal(status.exit->signal);
    }
    if (status.healthy) out.set_healthy(*status.healthy);
    out.set_at(status.at.ns);
    if (!status.sandbox.empty()) out.set_sandbox(status.sandbox);
    labels_to_wire(status.labels, out.mutable_labels());
    if (!status.data.empty()) out.set_data(status.data);
}

Result<void> from_wire(const pb::TaskStatus& in, TaskStatus& status) {
    const Subject who{"status of task", in.task()};
    status.task = TaskId{in.task()};
    if (auto valid = read_enum(who, "state", in.state(), status.state); !valid) return valid;
    status.id = StatusId::from_value(in.id());
    status.agent = AgentId::from_value(in.agent());
    status.executor = ExecutorId{in.executor()};
    if (auto valid = read_enum(who, "source", in.source(), status.source); !valid) return valid;
    status.reason = find_enum<StatusReason>(in.reason()).value_or(StatusReason::foreign);
    status.message = in.message();
    if (in.has_exit()) status.exit = ExitStatus{in.exit().code(), in.exit().signal()};
    if (in.has_healthy()) status.healthy = in.healthy();
    status.at = WallTime{in.at()};
    status.sandbox = in.sandbox();
    if (auto valid = labels_from_wire(in.labels(), who, status.labels); !valid) return valid;
    status.data = in.data();
    return validate(status);
}

void to_wire(const OperationStatus& status, pb::OperationStatus& out) {
    out.set_id(status.id.value());
    if (!status.feedback_id.empty()) out.set_feedback_id(status.feedback_id);
    out.set_state(to_wire(status.state));
    if (!status.status.is_none()) out.set_status(status.status.value());
    if (!status.agent.is_none()) out.set_agent(status.agent.value());
    if (!status.message.empty()) out.set_message(status.message);
}

Result<void> from_wire(const pb::OperationStatus& in, OperationStatus& status) {
    const Subject who{"status of operation", in.feedback_id()};
    status.id = OperationId::from_value(in.id());
    status.feedback_id = in.feedback_id();
    if (auto valid = read_enum(who, "state", in.state(), status.state); !valid) return valid;
    status.status = StatusId::from_value(in.status());
    status.agent = AgentId::from_value(in.agent());
    status.message = in.message();
    return validate(status);
}

}  // namespace offerkit::wire::detail
