// SPDX-License-Identifier: Apache-2.0
#include "print_parts.hpp"

#include <offerkit/core/overloaded.hpp>

namespace offerkit::test {

namespace {

std::string_view name_of(protocol::RescindReason reason) {
    switch (reason) {
        case protocol::RescindReason::expired:
            return "expired";
        case protocol::RescindReason::agent_lost:
            return "agent_lost";
        case protocol::RescindReason::agent_draining:
            return "agent_draining";
        case protocol::RescindReason::quota:
            return "quota";
        case protocol::RescindReason::operator_asked:
            return "operator_asked";
    }
    return "?";
}

}  // namespace

// What is said to a scheduler. The line names the peer already.
void add(Line& line, const protocol::SchedulerEvent& event) {
    std::visit(
        Overloaded{
            [&](const protocol::Subscribed& m) {
                line.word("subscribed").word(m.framework).word("beat").word(m.heartbeat_interval);
            },
            [&](const protocol::Offers& m) {
                line.word("offers");
                for (const Offer& offer : m.offers)
                    line.offer(offer);
            },
            [&](const protocol::Rescind& m) {
                line.word("rescind").list(m.offers).word(name_of(m.reason));
            },
            [&](const protocol::InverseOffers& m) {
                line.word("inverse-offers");
                for (const InverseOffer& offer : m.offers) {
                    line.word(offer.id).word(offer.agent).word(offer.resources);
                }
            },
            [&](const protocol::Statuses& m) {
                line.word("statuses");
                for (std::size_t i = 0; i < m.statuses.size(); ++i) {
                    if (i != 0) line.word("and");
                    line.status(m.statuses[i]);
                }
            },
            [&](const protocol::OperationStatuses& m) {
                line.word("operations").word(std::to_string(m.statuses.size()));
            },
            [&](const protocol::FromExecutor& m) {
                line.word("from-executor").word(m.agent).word(m.executor).word(m.data);
            },
            [&](const protocol::AgentLost& m) { line.word("agent-lost").word(m.agent); },
            [&](const protocol::CallRefused& m) { line.word("refused").refusal(m.refusal); },
            [&](const protocol::SubscriptionEnded& m) { line.word("ended").refusal(m.refusal); },
            [&](const protocol::MasterBeat&) { line.word("beat"); },
        },
        event);
}

void add(Line& line, const protocol::MasterMessage& message) {
    std::visit(
        Overloaded{
            [&](const protocol::AgentRegistered& m) {
                line.word("registered").word(m.agent).word("beat").word(m.heartbeat_interval);
            },
            [&](const protocol::AgentRefused& m) { line.word("refused").refusal(m.refusal); },
            [&](const protocol::RunTasks& m) {
                line.word("run").word(m.framework).field("user", m.user).word(m.role);
                for (const TaskInfo& task : m.tasks)
                    line.task(task);
            },
            [&](const protocol::RunGroup& m) {
                line.word("run-group").word(m.framework).word(m.executor.id);
                for (const TaskInfo& task : m.tasks)
                    line.task(task);
            },
            [&](const protocol::KillTask& m) {
                line.word("kill").word(m.framework).word(m.task);
                if (m.grace) line.word("grace").word(*m.grace);
                if (m.reason != StatusReason::kill_requested) {
                    line.word(format_status_reason(m.reason));
                }
            },
            [&](const protocol::AcknowledgeStatuses& m) {
                line.word("acknowledge");
                for (const auto& r : m.receipts)
                    line.word(r.framework).word(r.task).word(r.status);
            },
            [&](const protocol::ApplyOperation& m) {
                line.word("apply").word(m.id).word(m.framework).operation(m.operation);
            },
            [&](const protocol::DataForExecutor& m) {
                line.word("data").word(m.framework).word(m.executor).word(m.data);
            },
            [&](const protocol::EndFramework& m) { line.word("end-framework").word(m.framework); },
            [&](const protocol::ReconcileTasks& m) {
                line.word("reconcile");
                for (const auto& task : m.tasks)
                    line.word(task.framework).word(task.task);
            },
            [&](const protocol::ShutDownAgent& m) { line.word("shut-down").word(m.message); },
            [&](const protocol::MasterToAgentBeat&) { line.word("beat"); },
        },
        message);
}

void add(Line& line, const protocol::SchedulerCall& call) {
    std::visit(
        Overloaded{
            [&](const protocol::Subscribe& c) {
                line.word("subscribe").word(c.info.name).list(c.info.roles).field("as", c.id);
                if (c.take_over) line.word("take-over");
                for (const Role& role : c.suppressed)
                    line.word("suppressed").word(role);
                for (const auto& filter : c.filters) {
                    line.word("filter").word(filter.role).word(filter.agent);
                    line.word(filter.refused).word(filter.remaining);
                }
            },
            [&](const protocol::Accept& c) {
                line.word("accept").list(c.offers);
                for (const Operation& operation : c.operations)
                    line.operation(operation);
                line.field("refuse", c.refuse_for);
            },
            [&](const protocol::Decline& c) {
                line.word("decline").list(c.offers).word("refuse").word(c.refuse_for);
                line.word(format_decline_reason(c.reason)).word(c.detail);
            },
            [&](const protocol::Revive& c) { line.word("revive").list(c.roles); },
            [&](const protocol::Suppress& c) { line.word("suppress").list(c.roles); },
            [&](const protocol::StateDemand& c) {
                line.word("demand");
                for (const Demand& demand : c.demands) {
                    line.word(demand.role);
                    for (const DemandShape& shape : demand.shapes) {
                        line.word(std::to_string(shape.count)).word("of").word(shape.resources);
                    }
                }
            },
            [&](const protocol::Kill& c) {
                line.word("kill").word(c.task);
                if (c.grace) line.word("grace").word(*c.grace);
            },
            [&](const protocol::Acknowledge& c) {
                line.word("acknowledge");
                for (const auto& r : c.receipts)
                    line.word(r.agent).word(r.task).word(r.status);
            },
            [&](const protocol::Reconcile& c) {
                line.word("reconcile");
                for (const auto& question : c.tasks)
                    line.word(question.task).word(question.agent);
            },
            [&](const protocol::ToExecutor& c) {
                line.word("to-executor").word(c.agent).word(c.executor).word(c.data);
            },
            [&](const protocol::Teardown&) { line.word("teardown"); },
            [&](const protocol::Beat&) { line.word("beat"); },
        },
        call);
}

void add(Line& line, const protocol::AgentMessage& message) {
    std::visit(
        Overloaded{
            [&](const protocol::RegisterAgent& m) {
                line.word("register").word(m.info.resources).field("as", m.id);
                line.word("run").word(std::to_string(m.run.number));
                for (const auto& task : m.tasks) {
                    line.word("task").word(task.framework).task(task.info);
                    line.word(format_task_state(task.state));
                }
                if (!m.frameworks.empty()) line.word("frameworks").list(m.frameworks);
            },
            [&](const protocol::UpdateStatuses& m) {
                line.word("statuses");
                for (std::size_t i = 0; i < m.updates.size(); ++i) {
                    if (i != 0) line.word("and");
                    line.word(m.updates[i].framework).status(m.updates[i].status);
                }
            },
            [&](const protocol::UpdateOperations& m) {
                line.word("operations").word(std::to_string(m.updates.size()));
            },
            [&](const protocol::ExecutorData& m) {
                line.word("data").word(m.framework).word(m.executor).word(m.data);
            },
            [&](const protocol::ExecutorEnded& m) {
                line.word("executor-ended").word(m.framework).word(m.executor).word(m.message);
            },
            [&](const protocol::AgentBeat&) { line.word("beat"); },
            [&](const protocol::Unregister&) { line.word("unregister"); },
            [&](const protocol::ReportTasks& m) {
                line.word("report-tasks").word(std::to_string(m.tasks.size()));
                if (m.more) line.word("more");
            },
        },
        message);
}

void add(Line& line, const protocol::ExecutorEvent& event) {
    std::visit(
        Overloaded{
            [&](const protocol::ExecutorSubscribed& m) { line.word("subscribed").word(m.agent); },
            [&](const protocol::LaunchTask& m) {
                line.word("launch").word(m.framework).task(m.task).word(m.sandbox);
                line.field("user", m.user);
            },
            [&](const protocol::KillTaskNow& m) {
                line.word("kill").word(m.framework).word(m.task).word("grace").word(m.grace);
                line.word(format_status_reason(m.reason));
            },
            [&](const protocol::DataToExecutor& m) { line.word("data").word(m.data); },
            [&](const protocol::ShutDownExecutor&) { line.word("shut-down"); },
            [&](const protocol::ExecutorRefused& m) { line.word("refused").refusal(m.refusal); },
            [&](const protocol::StatusesNoted& m) {
                line.word("noted");
                for (const auto& task : m.tasks)
                    line.word(task.framework).word(task.task);
            },
        },
        event);
}

void add(Line& line, const master::registry::Write& write) {
    namespace registry = master::registry;
    std::visit(
        Overloaded{
            [&](const registry::AdmitAgent& w) {
                line.word("admit-agent").word(w.agent).word(w.info.resources);
            },
            [&](const registry::RemoveAgent& w) { line.word("remove-agent").word(w.agent); },
            [&](const registry::MarkUnreachable& w) {
                line.word("mark-unreachable").word(w.agent);
            },
            [&](const registry::MarkGone& w) { line.word("mark-gone").word(w.agent); },
            [&](const registry::SetAgentMode& w) {
                line.word("set-mode").word(w.agent).word(registry::format_agent_mode(w.mode));
            },
            [&](const registry::PutFramework& w) {
                line.word("put-framework").word(w.framework).word(w.info.name);
            },
            [&](const registry::RemoveFramework& w) {
                line.word("remove-framework").word(w.framework);
            },
            [&](const registry::PutRole& w) {
                line.word("put-role").word(w.config.role);
                line.word("weight").word(std::to_string(w.config.weight));
            },
        },
        write);
}

void add(Line& line, const agent::checkpoint::Write& write) {
    namespace checkpoint = agent::checkpoint;
    std::visit(
        Overloaded{
            [&](const checkpoint::PutStart& w) { line.word("start").word(std::to_string(w.run)); },
            [&](const checkpoint::PutIdentity& w) {
                line.word("identity").word(w.agent).word(std::to_string(w.epoch));
            },
            [&](const checkpoint::PutTask& w) {
                line.word("task").word(w.task.framework).task(w.task.info).word(w.task.sandbox);
            },
            [&](const checkpoint::RemoveTask& w) {
                line.word("remove-task").word(w.framework).word(w.task);
            },
            [&](const checkpoint::PutStatus& w) {
                line.word("status").word(w.update.framework).status(w.update.status);
            },
            [&](const checkpoint::RemoveStatus& w) {
                line.word("remove-status").word(w.framework).word(w.task).word(w.status);
            },
        },
        write);
}

}  // namespace offerkit::test
