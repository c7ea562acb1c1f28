// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Agents without processes: many of them on a few connections, speaking the real protocol to a
/// real master. A task is running at once. Its next status follows as soon as the last one is
/// acknowledged, so that each takes the whole way there and back, until it is finished; or it goes
/// on for ever, and an agent whose master goes away comes back with its tasks, after pauses as
/// those of a real one.

#include <offerkit/agent/event.hpp>
#include <offerkit/agent/options.hpp>
#include <offerkit/core/random.hpp>
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

struct EmulatedOptions {
    std::string master;
    std::string token;
    std::size_t agents = 1000;
    std::size_t connections = 8;
    std::string resources;                // Of each.
    bool tasks_end = true;                // Else they run for ever, and agents come back with them.
    std::uint64_t statuses_per_task = 2;  // Of one that ends: "running" until the last.
};

class EmulatedAgents {
public:
    explicit EmulatedAgents(EmulatedOptions options)
        : options_(std::move(options)),
          master_(runtime::parse_address(options_.master).value()),
          resources_(parse_resources(options_.resources).value()),
          agents_(options_.agents) {
        links_.start(std::make_unique<Listener>(loop_));
        thread_ = std::thread([this] {
            for (std::size_t i = 0; i < agents_.size(); ++i)
                connect(i);
            links_.send(orders_);
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

    /// Registrations so far.
    [[nodiscard]] std::size_t registered() const { return registered_; }
    [[nodiscard]] std::size_t lost() const { return lost_; }

private:
    using Linked = runtime::Linked<agent::Event>;
    using Listener = runtime::LinkedListener<agent::Event, agent::LinkOpened, agent::LinkClosed,
                                             agent::MasterSaid, protocol::MasterMessage>;

    struct Emulated {
        AgentId id;
        PeerId link;
        std::uint64_t statuses = 0;
        std::vector<protocol::AgentTask> tasks;  // That never end.
        Instant beat_at = Instant::never();
        Instant retry_at = Instant::never();
        Duration backoff{0};
    };

    void connect(std::size_t index) {
        protocol::Hello hello;
        hello.kind = protocol::PeerKind::agent;
        hello.token = options_.token;
        agents_[index].link = links_.make_link();
        by_link_.resize(agents_[index].link.counter() + 1);
        by_link_[agents_[index].link.counter()] = index;
        const auto group = static_cast<std::uint32_t>(index % options_.connections);
        orders_.push_back(
            {agents_[index].link, runtime::OpenLink{master_, group, std::move(hello)}});
    }

    Instant turn(const Batch<Linked>& batch) {
        now_ = batch.mono_now;
        for (Linked& linked : batch.events) {
            Emulated& agent = agents_[by_link_[linked.link.counter()]];
            if (agent.link == linked.link) handle(agent, linked.event);
        }
        Instant next = now_ + std::chrono::seconds{1};
        for (std::size_t i = 0; i < agents_.size(); ++i) {
            Emulated& agent = agents_[i];
            if (agent.retry_at <= now_) {
                agent.retry_at = Instant::never();
                connect(i);
            } else if (agent.beat_at <= now_) {
                agent.beat_at = now_ + heartbeat_;
                say(agent, protocol::AgentBeat{});
            }
            next = std::min(next, agent.retry_at);
        }
        links_.send(orders_);
        return next;
    }

    void handle(Emulated& agent, agent::Event& event) {
        if (std::holds_alternative<agent::LinkClosed>(event)) {
            ++lost_;
            agent.beat_at = Instant::never();
            if (!options_.tasks_end) come_back(agent);
        }
        if (std::holds_alternative<agent::LinkOpened>(event)) {
            protocol::RegisterAgent message;
            message.info.hostname = "emulated-" + std::to_string(&agent - agents_.data());
            message.info.resources = resources_;
            message.id = agent.id;
            message.tasks = agent.tasks;
            if (!agent.tasks.empty()) message.frameworks = {agent.tasks.front().framework};
            say(agent, std::move(message));
        }
        auto* said = std::get_if<agent::MasterSaid>(&event);
        if (said == nullptr) return;
        if (auto* welcome = std::get_if<protocol::AgentRegistered>(&said->message)) {
            agent.id = welcome->agent;
            agent.beat_at = now_ + heartbeat_;
            agent.backoff = Duration{0};
            ++registered_;
        } else if (auto* run = std::get_if<protocol::RunTasks>(&said->message)) {
            start(agent, *run);
        } else if (auto* receipts = std::get_if<protocol::AcknowledgeStatuses>(&said->message)) {
            if (options_.tasks_end) go_on(agent, *receipts);
        }
    }

    void come_back(Emulated& agent) {
        const agent::Options real;
        agent.backoff = agent.backoff == Duration{0}
                            ? real.reconnect_first
                            : std::min(2 * agent.backoff, real.reconnect_max);
        const std::int64_t most = agent.backoff.count();
        agent.retry_at = now_ + Duration{rng_.between(most / 2, most)};
    }

    void start(Emulated& agent, protocol::RunTasks& run) {
        protocol::UpdateStatuses updates;
        for (TaskInfo& task : run.tasks) {
            TaskStatus first = status(agent, task.id, TaskState::running);
            first.id = StatusId{1, agent.statuses + 1};
            agent.statuses += options_.statuses_per_task;
            updates.updates.push_back({run.framework, std::move(first)});
            if (options_.tasks_end) continue;
            agent.tasks.push_back({run.framework, run.role, std::move(task), TaskState::running});
        }
        say(agent, std::move(updates));
    }

    /// The numbers of a task's statuses follow each other, so the last one says what comes next.
    void go_on(Emulated& agent, protocol::AcknowledgeStatuses& receipts) {
        protocol::UpdateStatuses updates;
        for (auto& receipt : receipts.receipts) {
            const std::uint64_t left =
                options_.statuses_per_task -
                ((receipt.status.counter() - 1) % options_.statuses_per_task + 1);
            if (left == 0) continue;
            TaskStatus next = status(agent, std::move(receipt.task),
                                     left == 1 ? TaskState::finished : TaskState::running);
            next.id = StatusId{1, receipt.status.counter() + 1};
            updates.updates.push_back({receipt.framework, std::move(next)});
        }
        if (!updates.updates.empty()) say(agent, std::move(updates));
    }

    TaskStatus status(Emulated& agent, TaskId task, TaskState state) {
        TaskStatus status;
        status.task = std::move(task);
        status.state = state;
        status.agent = agent.id;
        status.source = StatusSource::executor;
        return status;
    }

    void say(const Emulated& agent, protocol::AgentMessage message) {
        orders_.push_back({agent.link, std::move(message)});
    }

    static constexpr Duration heartbeat_ = std::chrono::seconds{15};

    EmulatedOptions options_;
    runtime::Address master_;
    Resources resources_;
    std::vector<Emulated> agents_;
    std::vector<std::size_t> by_link_;  // Which agent, by the counter of each link.
    Rng rng_{1};
    runtime::WorldClock clock_;
    runtime::EventLoop<Linked> loop_;
    runtime::Links links_;
    std::vector<runtime::ToLink> orders_;
    Instant now_;
    std::atomic<std::size_t> registered_ = 0;
    std::atomic<std::size_t> lost_ = 0;
    std::thread thread_;
};

}  // namespace offerkit::bench
