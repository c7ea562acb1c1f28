// SPDX-License-Identifier: Apache-2.0
#include <offerkit/sim/timeline.hpp>

#include <offerkit/core/overloaded.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/sim/world.hpp>

namespace offerkit::sim {
namespace {

template <class Other>
std::string describe_protocol(const Other&) {
    return {};
}

std::string describe_protocol(const protocol::Subscribed& m) {
    return "subscribes " + format_id(m.framework);
}

std::string describe_protocol(const protocol::Offers& m) {
    std::string text = "offers";
    for (const Offer& offer : m.offers) {
        text += ' ' + format_id(offer.id) + '@' + format_id(offer.agent) + '(' +
                format_resources(offer.resources) + ')';
    }
    return text + " to " + (m.offers.empty() ? "nobody" : format_id(m.offers[0].framework));
}

std::string describe_protocol(const protocol::Rescind& m) {
    std::string text = "rescinds";
    for (const OfferId id : m.offers)
        text += ' ' + format_id(id);
    return text;
}

std::string describe_protocol(const protocol::AgentLost& m) {
    return "tells that agent " + format_id(m.agent) + " is lost";
}

std::string describe_protocol(const protocol::CallRefused& m) {
    return "refuses: " + format_refusal(m.refusal);
}

std::string describe_protocol(const protocol::SubscriptionEnded& m) {
    return "ends a subscription: " + format_refusal(m.refusal);
}

std::string describe_protocol(const protocol::AgentRegistered& m) {
    return "registers agent " + format_id(m.agent);
}

std::string describe_protocol(const protocol::AgentRefused& m) {
    return "refuses an agent: " + format_refusal(m.refusal);
}

std::string describe_protocol(const protocol::Accept& c) {
    std::string text = "accepts";
    for (const OfferId id : c.offers)
        text += ' ' + format_id(id);
    for (const Operation& operation : c.operations) {
        const auto* launch = std::get_if<Launch>(&operation.action);
        if (launch == nullptr) continue;
        for (const TaskInfo& task : launch->tasks)
            text += " launch " + task.id.text();
    }
    return text;
}

std::string describe_protocol(const protocol::Decline& c) {
    std::string text = "declines";
    for (const OfferId id : c.offers)
        text += ' ' + format_id(id);
    return text + ' ' + std::string(format_decline_reason(c.reason));
}

std::string describe_protocol(const protocol::Kill& c) { return "kills " + c.task.text(); }
std::string describe_protocol(const protocol::Teardown&) { return "tears down"; }

std::string describe_protocol(const protocol::UpdateStatuses& m) {
    std::string text = "reports";
    for (const protocol::StatusUpdate& update : m.updates) {
        text += ' ' + update.status.task.text() + ' ' +
                std::string(format_task_state(update.status.state));
    }
    return text;
}

std::string describe_protocol(const protocol::Unregister&) { return "unregisters"; }

}  // namespace

std::string describe(const master::Effect& effect) {
    return std::visit(
        Overloaded{
            [](const master::SendScheduler& e) {
                return std::visit([](const auto& m) { return describe_protocol(m); }, e.event);
            },
            [](const master::SendAgent& e) {
                return std::visit([](const auto& m) { return describe_protocol(m); }, e.message);
            },
            [](const master::ClosePeer& e) {
                return "closes " + format_id(e.peer) + ": " + format_refusal(e.why);
            },
            [](const master::Store&) { return std::string{}; },
            [](const master::AnswerOperator& e) {
                return e.accepted ? std::string("accepts the operator's call")
                                  : "refuses the operator's call: " + format_refusal(e.refusal);
            },
        },
        effect);
}

std::string describe(const agent::Effect& effect) {
    if (const auto* send = std::get_if<agent::SendMaster>(&effect)) {
        return std::visit([](const auto& m) { return describe_protocol(m); }, send->message);
    }
    if (const auto* stopped = std::get_if<agent::Stopped>(&effect)) {
        return "stops: " + stopped->why;
    }
    return std::holds_alternative<agent::Connect>(effect) ? "connects" : "";
}

std::string describe(const framework::Effect& effect) {
    if (const auto* send = std::get_if<framework::SendMaster>(&effect)) {
        return std::visit([](const auto& c) { return describe_protocol(c); }, send->call);
    }
    if (const auto* warn = std::get_if<framework::Warn>(&effect)) return "warns: " + warn->text;
    if (const auto* ended = std::get_if<framework::Ended>(&effect)) {
        return ended->why ? "ends: " + format_refusal(*ended->why) : "ends";
    }
    return std::holds_alternative<framework::Connect>(effect) ? "connects" : "";
}

std::string format_instant(Instant at) {
    const std::int64_t micros = at.ns / 1000;
    std::string fraction = std::to_string(micros % 1'000'000);
    fraction.insert(0, 6 - fraction.size(), '0');
    std::string text = std::to_string(micros / 1'000'000) + '.' + fraction;
    if (text.size() < 13) text.insert(0, 13 - text.size(), ' ');
    return text;
}

void World::remark(std::string_view who, std::string_view what) {
    if (!options_.timeline || what.empty()) return;
    std::string line = format_instant(now_) + "  " + std::string(who);
    line.resize(std::max<std::size_t>(line.size(), 29), ' ');
    timeline_.push_back(line + ' ' + std::string(what));
}

}  // namespace offerkit::sim
