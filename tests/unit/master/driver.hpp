// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Drives a master by hand: plays its agents, its schedulers and its store. Every step is followed
/// by a check of the invariants.

#include <catch2/catch.hpp>

#include <offerkit/allocation/policies.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/resources/text.hpp>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::master::testing {

using namespace offerkit::literals;
using namespace std::chrono_literals;

[[nodiscard]] inline TaskInfo make_task(const std::string& id, Resources resources = 1_cpus) {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = std::move(resources);
    task.command.shell = "true";
    return task;
}

class Driver {
public:
    explicit Driver(Options options = {})
        : master_(options, make_allocator("drf").value()) {}

    /// One step over these events. Stores are answered at once unless `holds_stores` is set.
    void step(std::vector<Event> events) {
        effects_.clear();
        wake_ = master_.step({now_, WallTime{now_.ns}, events}, effects_);
        keep();
        std::uint64_t stored = 0;
        for (const Effect& effect : effects_.list) {
            if (const auto* store = std::get_if<Store>(&effect)) stored = store->entry;
        }
        master_.check_invariants();
        if (stored != 0 && !holds_stores) step(Event{Stored{stored}});
    }

    void step(Event event) {
        std::vector<Event> events;
        events.push_back(std::move(event));
        step(std::move(events));
    }

    /// Time passes that the master does not see before its next step.
    void pause(Duration by) { now_ = now_ + by; }

    void advance(Duration by) {
        now_ = now_ + by;
        step(std::vector<Event>{});
    }

    PeerId open(protocol::PeerKind kind, std::string principal = "tester") {
        const PeerId peer{1, ++peers_};
        step(PeerOpened{peer, kind, std::move(principal)});
        return peer;
    }

    void close(PeerId peer) { step(PeerClosed{peer, "test"}); }
    void say(PeerId peer, protocol::SchedulerCall call) {
        step(SchedulerSaid{peer, std::move(call)});
    }
    void say(PeerId peer, protocol::AgentMessage message) {
        step(AgentSaid{peer, std::move(message)});
    }

    PeerId add_agent(const std::string& resources = "cpus:4;mem:1024", AgentId id = {}) {
        const PeerId peer = open(protocol::PeerKind::agent);
        protocol::RegisterAgent message;
        message.info.hostname = "host";
        message.info.resources = parse_resources(resources).value();
        message.id = id;
        say(peer, message);
        return peer;
    }

    PeerId add_framework(Duration failover = 1h, const std::string& role = "*") {
        const PeerId peer = open(protocol::PeerKind::framework);
        protocol::Subscribe call;
        call.info.name = "batch";
        call.info.roles = {Role::parse(role).value()};
        call.info.failover_timeout = failover;
        say(peer, call);
        return peer;
    }

    /// Launches tasks on an offer.
    void accept(PeerId from, OfferId offer, std::vector<TaskInfo> tasks) {
        say(from, protocol::Accept{{offer}, {{{}, Launch{std::move(tasks)}}}, Duration{0}});
    }

    void report(PeerId agent, FrameworkId framework, const std::string& task, TaskState state,
                std::uint64_t status_number) {
        TaskStatus status;
        status.task = TaskId{task};
        status.state = state;
        status.id = StatusId{1, status_number};
        status.agent = agent_ids_.at(agent);
        status.source = StatusSource::executor;
        say(agent, protocol::UpdateStatuses{{{framework, status}}});
    }

    /// All messages of one kind that this peer was sent since `forget`.
    template <class Message>
    [[nodiscard]] std::vector<Message> heard(PeerId peer) const {
        std::vector<Message> messages;
        const auto keep_if = [&](const auto& message) {
            if constexpr (std::is_same_v<std::decay_t<decltype(message)>, Message>) {
                messages.push_back(message);
            }
        };
        for (const Effect& effect : all_) {
            if (const auto* sent = std::get_if<SendScheduler>(&effect); sent && sent->to == peer) {
                std::visit(keep_if, sent->event);
            }
            if (const auto* sent = std::get_if<SendAgent>(&effect); sent && sent->to == peer) {
                std::visit(keep_if, sent->message);
            }
        }
        return messages;
    }

    [[nodiscard]] std::vector<Offer> offers(PeerId peer) const {
        std::vector<Offer> offers;
        for (const auto& message : heard<protocol::Offers>(peer)) {
            offers.insert(offers.end(), message.offers.begin(), message.offers.end());
        }
        return offers;
    }

    [[nodiscard]] std::vector<TaskStatus> statuses(PeerId peer) const {
        std::vector<TaskStatus> statuses;
        for (const auto& message : heard<protocol::Statuses>(peer)) {
            statuses.insert(statuses.end(), message.statuses.begin(), message.statuses.end());
        }
        return statuses;
    }

    [[nodiscard]] const ClosePeer* find_close(PeerId peer) const {
        for (const Effect& effect : all_) {
            const auto* close = std::get_if<ClosePeer>(&effect);
            if (close != nullptr && close->peer == peer) return close;
        }
        return nullptr;
    }

    [[nodiscard]] std::vector<AnswerOperator> answers() const {
        std::vector<AnswerOperator> answers;
        for (const Effect& effect : all_) {
            if (const auto* answer = std::get_if<AnswerOperator>(&effect)) {
                answers.push_back(*answer);
            }
        }
        return answers;
    }

    void forget() {
        all_.clear();
        deltas_.clear();
    }

    [[nodiscard]] const std::vector<Effect>& all() const { return all_; }
    [[nodiscard]] const std::vector<Delta>& deltas() const { return deltas_; }
    [[nodiscard]] const Master& master() const { return master_; }
    [[nodiscard]] Instant wake() const { return wake_; }
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] FrameworkId framework_id(PeerId peer) const { return framework_ids_.at(peer); }
    [[nodiscard]] AgentId agent_id(PeerId peer) const { return agent_ids_.at(peer); }

    bool holds_stores = false;

private:
    void keep() {
        for (const Effect& effect : effects_.list) {
            if (const auto* told = std::get_if<SendScheduler>(&effect)) {
                const auto* subscribed = std::get_if<protocol::Subscribed>(&told->event);
                if (subscribed) framework_ids_.insert_or_assign(told->to, subscribed->framework);
            }
            const auto* sent = std::get_if<SendAgent>(&effect);
            if (sent == nullptr) continue;
            const auto* registered = std::get_if<protocol::AgentRegistered>(&sent->message);
            if (registered != nullptr) agent_ids_.insert_or_assign(sent->to, registered->agent);
        }
        all_.insert(all_.end(), effects_.list.begin(), effects_.list.end());
        deltas_.insert(deltas_.end(), effects_.deltas.begin(), effects_.deltas.end());
    }

    Master master_;
    Effects effects_;
    std::vector<Effect> all_;
    std::vector<Delta> deltas_;
    std::map<PeerId, AgentId> agent_ids_;
    std::map<PeerId, FrameworkId> framework_ids_;
    Instant now_{1'000'000'000};
    Instant wake_;
    std::uint64_t peers_ = 0;
};

}  // namespace offerkit::master::testing
