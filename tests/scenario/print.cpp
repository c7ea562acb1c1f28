// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"

#include "line.hpp"
#include "print_parts.hpp"

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
            [&](const master::FilterPut& d) {
                line.word("filter").word(d.framework).word(d.role).word(d.agent).word(d.refused);
                line.word(d.reason ? format_decline_reason(*d.reason) : "left");
                if (d.until == master::never_expires) {
                    line.word("always");
                } else {
                    line.word(Duration{d.until.ns - d.at.ns});
                }
            },
            [&](const master::FiltersCleared& d) {
                line.word("filters-cleared").word(d.framework).word(d.role);
            },
            [&](const master::DemandPut& d) {
                line.word("demand").word(d.framework).word(d.role);
                for (const DemandShape& shape : d.shapes)
                    line.word(shape.resources).word("x" + std::to_string(shape.count));
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
