// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Agents without processes: many of them on a few connections, speaking the real protocol to a
/// real master. A task is running at once, and finished as soon as "running" is acknowledged, so
/// that each status takes the whole way there and back.

#include <offerkit/agent/event.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/linked.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::bench {

class EmulatedAgents {
public:
    EmulatedAgents(const std::string& master, const std::string& token, std::size_t agents,
                   std::size_t connections, const std::string& resources)
        : resources_(parse_resources(resources).value()) {
        links_.start(std::make_unique<Listener>(loop_));
        thread_ = std::thread([this, master, token, agents, connections] {
            open(runtime::parse_address(master).value(), token, agents, connections);
            loop_.run(clock_, [this](const Batch<Linked>& batch) { return turn(batch); });
        });
    }
    EmulatedAgents(const EmulatedAgents&) = delete;
    EmulatedAgents& operator=(const EmulatedAgents&) = delete;
    ~EmulatedAgents() {
        loop_.stop();
        thread_.join();
        links_.stop();
    }

    [[nodiscard]] std::size_t registered() const { return registered_; }
    [[nodiscard]] std::size_t lost() const { return lost_; }

private:
    using Linked = runtime::Linked<agent::Event>;
    using Listener = runtime::LinkedListener<agent::Event, agent::LinkOpened, agent::LinkClosed,
                                             agent::MasterSaid, protocol::MasterMessage>;

    struct Emulated {
        AgentId id;
        std::uint64_t statuses = 0;
        Instant beat_at = Instant::never();
    };

    void open(const runtime::Address& master, const std::string& token, std::size_t agents,
              std::size_t connections) {
        for (std::size_t i = 0; i < agents; ++i) {
            protocol::Hello hello;
            hello.kind = protocol::PeerKind::agent;
            hello.token = token;
            orders_.push_back(
                {links_.make_link(),
                 runtime::OpenLink{master, static_cast<std::uint32_t>(i % connections),
                                   std::move(hello)}});
        }
        agents_.resize(agents + 1);
        links_.send(orders_);
    }

    Instant turn(const Batch<Linked>& batch) {
        now_ = batch.mono_now;
        for (Linked& linked : batch.events)
            handle(linked);
        for (std::size_t i = 1; i < agents_.size(); ++i) {
            if (agents_[i].beat_at > now_) continue;
            agents_[i].beat_at = now_ + std::chrono::seconds{15};
            orders_.push_back({PeerId{1, i}, protocol::AgentMessage{protocol::AgentBeat{}}});
        }
        links_.send(orders_);
        return now_ + std::chrono::seconds{1};
    }

    void handle(Linked& linked) {
        if (std::holds_alternative<agent::LinkClosed>(linked.event)) ++lost_;
        if (std::holds_alternative<agent::LinkOpened>(linked.event)) {
            protocol::RegisterAgent message;
            message.info.hostname = "emulated-" + std::to_string(linked.link.counter());
            message.info.resources = resources_;
            say(linked.link, std::move(message));
        }
        auto* said = std::get_if<agent::MasterSaid>(&linked.event);
        if (said == nullptr) return;
        Emulated& agent = agents_[linked.link.counter()];
        if (auto* welcome = std::get_if<protocol::AgentRegistered>(&said->message)) {
            agent.id = welcome->agent;
            agent.beat_at = now_ + std::chrono::seconds{15};
            ++registered_;
        } else if (auto* run = std::get_if<protocol::RunTasks>(&said->message)) {
            protocol::UpdateStatuses updates;
            for (TaskInfo& task : run->tasks) {
                updates.updates.push_back(
                    {run->framework, status(agent, std::move(task.id), TaskState::running)});
            }
            say(linked.link, std::move(updates));
        } else if (auto* receipts = std::get_if<protocol::AcknowledgeStatuses>(&said->message)) {
            finish(linked.link, agent, *receipts);
        }
    }

    /// Odd statuses are "running", the even one after each is "finished".
    void finish(PeerId link, Emulated& agent, protocol::AcknowledgeStatuses& receipts) {
        protocol::UpdateStatuses updates;
        for (auto& receipt : receipts.receipts) {
            if (receipt.status.counter() % 2 == 0) continue;
            TaskStatus ended = status(agent, std::move(receipt.task), TaskState::finished);
            ended.id = StatusId{1, receipt.status.counter() + 1};
            updates.updates.push_back({receipt.framework, std::move(ended)});
        }
        if (!updates.updates.empty()) say(link, std::move(updates));
    }

    TaskStatus status(Emulated& agent, TaskId task, TaskState state) {
        TaskStatus status;
        status.task = std::move(task);
        status.state = state;
        status.agent = agent.id;
        status.source = StatusSource::executor;
        if (state == TaskState::running) {
            status.id = StatusId{1, agent.statuses + 1};
            agent.statuses += 2;
        }
        return status;
    }

    void say(PeerId link, protocol::AgentMessage message) {
        orders_.push_back({link, std::move(message)});
    }

    Resources resources_;
    runtime::WorldClock clock_;
    runtime::EventLoop<Linked> loop_;
    runtime::Links links_;
    std::vector<runtime::ToLink> orders_;
    std::vector<Emulated> agents_;  // By the counter of their link, from 1.
    Instant now_;
    std::atomic<std::size_t> registered_ = 0;
    std::atomic<std::size_t> lost_ = 0;
    std::thread thread_;
};

}  // namespace offerkit::bench
