// SPDX-License-Identifier: Apache-2.0
/// The checker's account of what the master gives away and takes back.
#include <offerkit/sim/checker.hpp>

#include <offerkit/core/limits.hpp>
#include <offerkit/core/overloaded.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/resources/text.hpp>

#include <algorithm>
#include <iterator>
#include <string_view>
#include <utility>
#include <variant>

namespace offerkit::sim {
namespace {

namespace registry = master::registry;

template <class List, class Key, class KeyOf>
bool holds(const List& list, const Key& key, KeyOf key_of) {
    return std::ranges::binary_search(list, key, {}, key_of);
}

bool is_member(const registry::Contents& contents, AgentId id) {
    return holds(contents.agents, id, &registry::AdmitAgent::agent);
}
bool is_unreachable(const registry::Contents& contents, AgentId id) {
    return holds(contents.unreachable, id, &registry::MarkUnreachable::agent);
}
bool is_taken_out(const registry::Contents& contents, AgentId id) {
    return holds(contents.modes, id, &registry::SetAgentMode::agent);
}
bool is_gone(const registry::Contents& contents, AgentId id) {
    return holds(contents.gone, id, &registry::MarkGone::agent);
}
bool is_known(const registry::Contents& contents, FrameworkId id) {
    return holds(contents.frameworks, id, &registry::PutFramework::framework);
}

}  // namespace

void Checker::forget_master() {
    for (auto& [id, agent] : agents_) {
        for (Task* task : agent.tasks)
            task->agent = AgentId{};
    }
    agents_.clear();
    offers_.clear();
    frameworks_.clear();
    peers_.clear();
    deadlines_.clear();
    closed_.clear();
    disconnected_.clear();
    subscribed_unknown_.clear();
    asked_.clear();
}

// --- what it hears ---

void Checker::master_hears(const master::Event& event, Instant now) {
    now_ = now;
    if (const auto* said = std::get_if<master::AgentSaid>(&event)) {
        hear(said->peer, said->message);
    } else if (const auto* asked = std::get_if<master::SchedulerSaid>(&event)) {
        hear(asked->peer, asked->call);
    } else if (const auto* closed = std::get_if<master::PeerClosed>(&event)) {
        end_offers_to(closed->peer);
        closed_.push_back(
            closed->peer);  // Answered may be what was heard before, in the same step.
    } else if (const auto* operated = std::get_if<master::OperatorAsked>(&event)) {
        asked_.emplace(operated->request, operated->call);
        hear(operated->call);
    }
}

void Checker::hear(PeerId peer, const protocol::AgentMessage& message) {
    if (const auto* update = std::get_if<protocol::UpdateStatuses>(&message)) {
        for (const protocol::StatusUpdate& each : update->updates) {
            if (!is_terminal(each.status.state)) continue;
            if (Task* const task = tasks_.find({each.framework, each.status.task})) release(*task);
        }
    } else if (const auto* registers = std::get_if<protocol::RegisterAgent>(&message)) {
        // Repeats change nothing.
        if (!peers_[peer].registered) peers_[peer].registration = *registers;
    } else if (const auto* more = std::get_if<protocol::ReportTasks>(&message)) {
        Peer& from = peers_[peer];
        if (from.registered || !from.registration) return;
        auto& tasks = from.registration->tasks;
        tasks.insert(tasks.end(), more->tasks.begin(), more->tasks.end());
    }
}

void Checker::hear(PeerId peer, const protocol::SchedulerCall& call) {
    Peer& from = peers_[peer];
    if (const auto* subscribe = std::get_if<protocol::Subscribe>(&call)) {
        from.roles = subscribe->info.roles;
        from.suppressed = {subscribe->suppressed.begin(), subscribe->suppressed.end()};
        if (!subscribe->id.is_none()) forget_filters(subscribe->id, {});
        return;
    }
    if (from.framework.is_none()) return;
    const FrameworkId id = from.framework;
    Framework& framework = frameworks_[id];
    if (const auto* accept = std::get_if<protocol::Accept>(&call)) {
        // All or nothing: with one that is gone, the others stay open.
        const bool all_open = std::ranges::all_of(
            accept->offers, [&](OfferId offer) { return framework.offers.contains(offer); });
        for (const OfferId offer : accept->offers) {
            if (all_open) end_offer(offer, id);
        }
    } else if (const auto* decline = std::get_if<protocol::Decline>(&call)) {
        for (const OfferId offer : decline->offers) {
            const auto found = offers_.find(offer);
            if (found == offers_.end() || found->second.framework != id) continue;
            const Offered declined = found->second;
            end_offer(offer, id);
            refuse(id, declined.role, declined.agent, declined.offered, decline->refuse_for);
        }
    } else if (const auto* revive = std::get_if<protocol::Revive>(&call)) {
        forget_filters(id, revive->roles);
        for (const Role& role : revive->roles)
            framework.suppressed.erase(role);
        if (revive->roles.empty()) framework.suppressed.clear();
    } else if (const auto* suppresses = std::get_if<protocol::Suppress>(&call)) {
        const std::vector<Role>& named =
            suppresses->roles.empty() ? framework.roles : suppresses->roles;
        framework.suppressed.insert(named.begin(), named.end());
    } else if (std::holds_alternative<protocol::Teardown>(call)) {
        end_offers_of(id);
    }
}

void Checker::hear(const protocol::OperatorCall& call) {
    if (const auto* teardown = std::get_if<protocol::TeardownFramework>(&call)) {
        end_offers_of(teardown->framework);
    }
}

void Checker::end_offers_to(PeerId peer) {
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    const FrameworkId id = found->second.framework;
    if (!id.is_none() && frameworks_[id].peer == peer) end_offers_of(id);
}

void Checker::close(PeerId peer) {
    end_offers_to(peer);
    const auto found = peers_.find(peer);
    if (found == peers_.end()) return;
    if (found->second.registered) {
        const AgentId id = found->second.registration->id;
        const auto agent = agents_.find(id);
        if (agent != agents_.end() && agent->second.peer == peer) {
            agent->second.peer = PeerId{};
            disconnected_.push_back(id);
        }
    }
    peers_.erase(found);
}

// --- what it does ---

void Checker::master_does(const master::Effect& effect, const Registry& durable, Instant now) {
    now_ = now;
    std::visit(Overloaded{
                   [&](const master::SendScheduler& e) { send(e.to, e.event, durable); },
                   [&](const master::SendAgent& e) { send(e.to, e.message, durable); },
                   [&](const master::ClosePeer& e) { close(e.peer); },
                   [&](const master::AnswerOperator& e) { check_answer(e, durable); },
                   [](const master::Store&) {},
               },
               effect);
}

void Checker::send(PeerId to, const protocol::MasterMessage& message, const Registry& durable) {
    if (const auto* registered = std::get_if<protocol::AgentRegistered>(&message)) {
        register_agent(to, registered->agent, durable);
    } else if (const auto* run = std::get_if<protocol::RunTasks>(&message)) {
        AgentId id;
        if (const auto peer = peers_.find(to); peer != peers_.end() && peer->second.registration) {
            id = peer->second.registration->id;
        }
        const auto agent = agents_.find(id);
        if (agent == agents_.end()) return violate("tasks are sent to an agent that is no member");
        for (const TaskInfo& info : run->tasks) {
            Task& task = tasks_[{run->framework, info.id}];
            if (!task.wanted) violate("task " + info.id.text() + " is sent, and nobody wants it");
            occupy(id, agent->second, task, info.id, false);
        }
    } else if (const auto* receipts = std::get_if<protocol::AcknowledgeStatuses>(&message)) {
        if (receipts->receipts.size() > limits::statuses_per_message_max) {
            violate("a message has too many receipts");
        }
        for (const auto& receipt : receipts->receipts) {
            Task* const task = tasks_.find({receipt.framework, receipt.task});
            // A later status tells what the earlier ones did: a scheduler that comes back may be
            // told only the last.
            const bool was_told = task != nullptr && receipt.status <= task->told_last;
            if (task != nullptr) {
                task->acknowledged = std::max(task->acknowledged, receipt.status);
                std::erase_if(task->made, [&](StatusId made) { return made <= receipt.status; });
                settle(*task);
            }
            if (was_told || !is_known(durable, receipt.framework)) continue;  // It has ended.
            violate("status " + format_id(receipt.status) + " of task " + receipt.task.text() +
                    " is acknowledged, and its scheduler was never told");
        }
    }
}

// What an agent reports replaces what it was thought to run.
void Checker::register_agent(PeerId peer, AgentId id, const Registry& durable) {
    if (!is_member(durable, id))
        violate("agent " + format_id(id) + " is told before it is durable");
    if (is_unreachable(durable, id)) {
        violate("agent " + format_id(id) + " is taken back before that is durable");
    }
    Peer& from = peers_[peer];
    if (from.registered || !from.registration) return;
    from.registered = true;
    from.registration->id = id;
    const protocol::RegisterAgent& registration = *from.registration;
    Agent& agent = agents_[id];
    if (agent.total.is_empty()) agent.free = registration.info.resources;
    if (registration.info.resources != agent.total && !agent.total.is_empty() &&
        registration.info.resources.contains(agent.total)) {
        agent.free += registration.info.resources - agent.total;
    }
    agent.total = registration.info.resources;
    agent.peer = peer;
    const bool was_uncounted = std::exchange(agent.uncounted, false);
    ++registrations_;
    for (const protocol::AgentTask& each : registration.tasks)
        tasks_[{each.framework, each.info.id}].reported_in = registrations_;
    for (std::size_t i = agent.tasks.size(); i-- > 0;) {
        if (agent.tasks[i]->reported_in != registrations_) release(*agent.tasks[i]);
    }
    for (const protocol::AgentTask& each : registration.tasks) {
        Task& task = tasks_[{each.framework, each.info.id}];
        if (task.agent == id) continue;
        const bool known = is_known(durable, each.framework);
        // One that has ended holds what it held until its last status comes. Of a framework that
        // has ended that may be something that was not counted.
        if (is_terminal(each.state)) {
            agent.uncounted = agent.uncounted || (was_uncounted && !known);
            continue;
        }
        if (!known) {
            agent.uncounted = true;
            continue;
        }
        task.resources = each.info.resources;
        occupy(id, agent, task, each.info.id, true);
    }
    from.registration->tasks.clear();
}

void Checker::send(PeerId to, const protocol::SchedulerEvent& event, const Registry& durable) {
    if (const auto* subscribed = std::get_if<protocol::Subscribed>(&event)) {
        const FrameworkId id = subscribed->framework;
        Peer& peer = peers_[to];
        if (!peer.framework.is_none()) return;  // Said again.
        if (!is_known(durable, id)) subscribed_unknown_.emplace(to, id);
        end_offers_of(id);
        peer.framework = id;
        Framework& framework = frameworks_[id];
        framework.peer = to;
        framework.roles = peer.roles;
        framework.suppressed = peer.suppressed;
    } else if (const auto* offers = std::get_if<protocol::Offers>(&event)) {
        send_offers(to, *offers, durable);
    } else if (std::holds_alternative<protocol::SubscriptionEnded>(event)) {
        subscribed_unknown_.erase(to);
    } else if (const auto* rescind = std::get_if<protocol::Rescind>(&event)) {
        for (const OfferId id : rescind->offers)
            end_offer(id, peers_[to].framework);
    } else if (const auto* statuses = std::get_if<protocol::Statuses>(&event)) {
        if (statuses->statuses.size() > limits::statuses_per_message_max) {
            violate("a message has too many statuses");
        }
        for (const TaskStatus& status : statuses->statuses) {
            // As news; the answer to a question may be given while its agent is being taken back.
            if (status.state != TaskState::unreachable ||
                status.reason == StatusReason::reconciliation ||
                is_unreachable(durable, status.agent)) {
                continue;
            }
            violate("task " + status.task.text() + " is told unreachable before that is durable");
        }
    }
}

void Checker::send_offers(PeerId to, const protocol::Offers& message, const Registry& durable) {
    if (message.offers.size() > limits::offers_per_call_max)
        violate("a message has too many offers");
    const FrameworkId to_framework = peers_[to].framework;
    Framework& framework = frameworks_[to_framework];
    for (const Offer& offer : message.offers) {
        const auto complain = [&](std::string_view what) {
            violate("offer " + format_id(offer.id) + " of agent " + format_id(offer.agent) +
                    " to " + format_id(offer.framework) + ' ' + std::string(what));
        };
        if (offer.framework != to_framework) complain("goes to another framework");
        if (!is_known(durable, offer.framework)) complain("is for a framework that is not durable");
        if (!is_member(durable, offer.agent)) complain("is of an agent that is no member");
        if (is_unreachable(durable, offer.agent)) complain("is of an unreachable agent");
        if (is_taken_out(durable, offer.agent)) complain("is of an agent that is taken out of use");
        if (framework.suppressed.contains(offer.role)) complain("is in a suppressed role");
        const auto agent = agents_.find(offer.agent);
        if (agent == agents_.end()) {
            complain("is of an agent that has not registered");
            continue;
        }
        const PeerId peer = agent->second.peer;
        if (peer.is_none() || std::ranges::find(closed_, peer) != closed_.end()) {
            complain("is of an agent that is not connected");
        }
        agent->second.offered_at.insert_or_assign(offer.framework, now_);
        deadlines_.emplace_back(now_ + offer.expires_in, offer.id);
        if (!agent->second.free.contains(offer.resources)) {
            complain("is of " + format_resources(offer.resources) + ", and there are only " +
                     format_resources(agent->second.free));
            continue;
        }
        for (const Filter& filter : agent->second.filters) {
            if (filter.framework == offer.framework && filter.role == offer.role &&
                filter.until > now_ && filter.refused.contains(offer.resources)) {
                complain("was declined shortly before");
                break;
            }
        }
        Resources rest = agent->second.free - offer.resources;
        Offered made{offer.framework, offer.agent, offer.role, offer.resources,
                     agent->second.free - rest};
        agent->second.free = std::move(rest);
        ++agent->second.offers;
        framework.offers.insert(framework.offers.end(), offer.id);
        if (!offers_.emplace(offer.id, std::move(made)).second) complain("was made twice");
    }
}

std::optional<Instant> Checker::last_offered(FrameworkId framework, AgentId agent) const {
    const auto found = agents_.find(agent);
    if (found == agents_.end()) return std::nullopt;
    const auto at = found->second.offered_at.find(framework);
    return at == found->second.offered_at.end() ? std::nullopt : std::optional{at->second};
}

// Only of the call that was made last: those before may have been overtaken by it on the disk.
void Checker::check_answer(const master::AnswerOperator& answer, const Registry& durable) {
    const auto asked = asked_.find(answer.request);
    if (asked == asked_.end()) return violate("an operator is answered who has not asked");
    const bool is_last = std::next(asked) == asked_.end();
    const protocol::OperatorCall call = std::move(asked->second);
    asked_.erase(asked);
    if (!answer.accepted || !is_last) return;
    const bool is_durable = std::visit(
        Overloaded{
            [&](const protocol::ConfigureRole& c) {
                const auto found =
                    std::ranges::find(durable.roles, c.config.role,
                                      [](const registry::PutRole& put) { return put.config.role; });
                return found != durable.roles.end() && found->config.weight == c.config.weight;
            },
            [&](const protocol::TeardownFramework& c) { return !is_known(durable, c.framework); },
            [](const protocol::KillTaskOf&) { return true; },
            [&](const protocol::DeactivateAgent& c) { return is_taken_out(durable, c.agent); },
            [&](const protocol::ActivateAgent& c) { return !is_taken_out(durable, c.agent); },
            [&](const protocol::DrainAgent& c) { return is_taken_out(durable, c.agent); },
            [&](const protocol::MarkAgentGone& c) { return is_gone(durable, c.agent); },
        },
        call);
    if (!is_durable) violate("an operator's call is accepted before it is durable");
}

}  // namespace offerkit::sim
