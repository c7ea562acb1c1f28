// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"

#include "line.hpp"

#include <offerkit/core/overloaded.hpp>

namespace offerkit::test {

Line& Line::operation(const Operation& operation) {
    std::visit(Overloaded{
                   [this](const Launch& action) {
                       for (const TaskInfo& info : action.tasks)
                           word("launch").task(info);
                   },
                   [this](const LaunchGroup& action) {
                       word("launch-group");
                       for (const TaskInfo& info : action.tasks)
                           task(info);
                   },
                   [this](const Reserve& action) { word("reserve").word(action.reserved); },
                   [this](const Unreserve& action) { word("unreserve").word(action.reserved); },
                   [this](const CreateVolume& action) { word("create").word(action.volumes); },
                   [this](const DestroyVolume& action) { word("destroy").word(action.volume); },
                   [this](const GrowVolume& action) { word("grow").word(action.volume); },
                   [this](const ShrinkVolume& action) { word("shrink").word(action.volume); },
               },
               operation.action);
    return *this;
}

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

std::string_view name_of(master::OfferEnd end) {
    switch (end) {
        case master::OfferEnd::accepted:
            return "accepted";
        case master::OfferEnd::declined:
            return "declined";
        case master::OfferEnd::rescinded:
            return "rescinded";
    }
    return "?";
}

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

}  // namespace

std::string print(const master::Effect& effect) {
    Line line{"send"};
    std::visit(Overloaded{
                   [&](const master::SendScheduler& e) { add(line.word(e.to), e.event); },
                   [&](const master::SendAgent& e) { add(line.word(e.to), e.message); },
                   [&](const master::ClosePeer& e) {
                       line = Line{"close"};
                       line.word(e.peer).refusal(e.why);
                   },
                   [&](const master::Store& e) {
                       line = Line{"store"};
                       add(line.word(std::to_string(e.entry)), e.write);
                   },
                   [&](const master::AnswerOperator& e) {
                       line = Line{"answer"};
                       line.word(std::to_string(e.request));
                       if (e.accepted) line.word("accepted");
                       if (!e.accepted) line.word("refused").refusal(e.refusal);
                   },
               },
               effect);
    return line.take();
}

std::string print(const master::Delta& delta) {
    Line line{"view"};
    std::visit(
        Overloaded{
            [&](const master::AgentPut& d) {
                line.word("agent")
                    .word(d.id)
                    .word(d.info.resources)
                    .word(format_agent_condition(d.condition));
            },
            [&](const master::AgentUsagePut& d) {
                line.word("usage").word(d.id).field("used", d.used).field("offered", d.offered);
            },
            [&](const master::AgentRemoved& d) {
                line.word("agent-removed").word(d.id).word(d.why);
            },
            [&](const master::FrameworkPut& d) {
                line.word("framework").word(d.id).word(d.info.name);
                line.word(d.condition == master::FrameworkCondition::active ? "active"
                                                                            : "disconnected");
                if (!d.suppressed.empty()) line.word("suppressed").list(d.suppressed);
            },
            [&](const master::FrameworkRemoved& d) {
                line.word("framework-removed").word(d.id).word(d.why);
            },
            [&](const master::TaskPut& d) {
                line.word("task").word(d.framework).word(d.task).word("on").word(d.agent);
                line.word(d.resources).word(format_task_state(d.state));
            },
            [&](const master::TaskChanged& d) {
                line.word("task-changed").word(d.framework).word(d.task);
                line.word(format_task_state(d.state)).word(format_status_reason(d.reason));
            },
            [&](const master::OfferPut& d) {
                line.word("offer").offer(d.offer).word("to").word(d.offer.framework);
            },
            [&](const master::OfferRemoved& d) {
                line.word("offer-removed").word(d.id).word(name_of(d.end));
                if (d.end == master::OfferEnd::declined) {
                    line.word(format_decline_reason(d.reason));
                }
            },
            [&](const master::RolePut& d) {
                line.word("role").word(d.config.role).word("weight");
                line.word(std::to_string(d.config.weight));
            },
            [&](const master::ReasonsPut& d) {
                line.word("reasons").word(d.framework).word(d.role);
                for (std::size_t i = 0; i < d.not_offered.size(); ++i) {
                    if (d.not_offered[i] == 0) continue;
                    line.word(format_no_offer_reason(static_cast<NoOfferReason>(i)));
                    line.word(std::to_string(d.not_offered[i]));
                }
                for (std::size_t i = 0; i < d.declined.size(); ++i) {
                    if (d.declined[i] == 0) continue;
                    line.word("declined");
                    line.word(format_decline_reason(static_cast<DeclineReason>(i)));
                    line.word(std::to_string(d.declined[i]));
                }
            },
            [&](const master::Noted& d) { line.word("noted").word(d.who + ": " + d.text); },
        },
        delta);
    return line.take();
}

std::string print(const agent::Effect& effect) {
    Line line{"send"};
    std::visit(
        Overloaded{
            [&](const agent::Connect& e) {
                line = Line{"connect"};
                line.word("epoch").word(std::to_string(e.epoch_seen));
            },
            [&](const agent::Disconnect&) { line = Line{"disconnect"}; },
            [&](const agent::SendMaster& e) { add(line.word("master"), e.message); },
            [&](const agent::SendExecutor& e) { add(line.word("executor").word(e.to), e.event); },
            [&](const agent::RecoverExecutor& e) {
                line = Line{"recover"};
                for (const auto& task : e.tasks.tasks) {
                    line.word(task.launch.framework).task(task.launch.task);
                    line.word(format_task_state(task.state));
                    if (task.rebooted) line.word("rebooted");
                }
            },
            [&](const agent::CloseExecutor& e) {
                line = Line{"close"};
                line.word("executor").word(e.peer).refusal(e.why);
            },
            [&](const agent::Store& e) {
                line = Line{"store"};
                add(line.word(std::to_string(e.entry)), e.write);
            },
            [&](const agent::Stopped& e) {
                line = Line{e.failed ? "failed" : "stopped"};
                line.word(e.why);
                if (e.tasks_go_on) line.word("(tasks go on)");
            },
        },
        effect);
    return line.take();
}

std::string print(const agent::Delta& delta) {
    Line line{"view"};
    std::visit(Overloaded{
                   [&](const agent::Identified& d) { line.word("identified").word(d.id); },
                   [&](const agent::TaskPut& d) {
                       line.word("task").word(d.framework).word(d.task);
                       line.word(format_task_state(d.state));
                   },
                   [&](const agent::TaskRemoved& d) {
                       line.word("task-removed").word(d.framework).word(d.task);
                   },
                   [&](const agent::Noted& d) { line.word("noted").word(d.text); },
               },
               delta);
    return line.take();
}

std::string print(const framework::Effect& effect) {
    Line line{"send"};
    std::visit(Overloaded{
                   [&](const framework::Connect& e) {
                       line = Line{"connect"};
                       line.word("epoch").word(std::to_string(e.epoch_seen));
                   },
                   [&](const framework::Disconnect&) { line = Line{"disconnect"}; },
                   [&](const framework::SendMaster& e) { add(line, e.call); },
                   [&](const framework::Deliver& e) {
                       line = Line{"deliver"};
                       line.word(std::to_string(e.delivery));
                       if (e.subscribed) line.word("subscribed").word(*e.subscribed);
                       if (e.disconnected) line.word("disconnected");
                       for (const TaskStatus& status : e.statuses)
                           line.word("status").status(status);
                       for (const OfferId id : e.rescinded)
                           line.word("rescinded").word(id);
                       for (const AgentId id : e.agents_lost)
                           line.word("agent-lost").word(id);
                       for (const auto& m : e.messages)
                           line.word("message").word(m.agent).word(m.data);
                       for (const Refusal& refusal : e.refusals)
                           line.word("refused").refusal(refusal);
                       for (const InverseOffer& offer : e.inverse_offers)
                           line.word("inverse-offer").word(offer.id).word(offer.agent);
                       for (const Offer& offer : e.offers)
                           line.word("offer").offer(offer);
                   },
                   [&](const framework::Warn& e) {
                       line = Line{"warn"};
                       line.word(e.text);
                   },
                   [&](const framework::Ended& e) {
                       line = Line{"ended"};
                       if (e.why) line.refusal(*e.why);
                   },
               },
               effect);
    return line.take();
}

}  // namespace offerkit::test
