// SPDX-License-Identifier: Apache-2.0
#include "live_agent.hpp"

#include <offerkit/agent/agent.hpp>
#include <offerkit/core/overloaded.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/record/build_id.hpp>
#include <offerkit/record/checkpoint_codec.hpp>
#include <offerkit/runtime/clock.hpp>
#include <offerkit/runtime/event_loop.hpp>
#include <offerkit/runtime/linked.hpp>
#include <offerkit/runtime/recorder.hpp>
#include <offerkit/runtime/store.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <span>
#include <thread>
#include <utility>
#include <variant>

namespace offerkit::daemons {

namespace {

using Event = std::variant<agent::Event, executor::Event>;
using Item = runtime::Linked<Event>;
using Loop = runtime::EventLoop<Item>;
using Listener = runtime::LinkedListener<Event, agent::LinkOpened, agent::LinkClosed,
                                         agent::MasterSaid, protocol::MasterMessage>;

/// The last words to the master may take so long.
constexpr Duration drain_at_most = std::chrono::seconds{2};

/// The checkpoint on disk or, without a store, nowhere. After a failure it takes nothing until the
/// machine has heard of it: a later write must not become durable without an earlier one.
class Checkpoint {
public:
    Checkpoint(std::unique_ptr<runtime::DurableStore> kept, runtime::StoreCompletions completions)
        : kept_(std::move(kept)), memory_(completions) {
        if (!kept_) return;
        kept_->start({completions.stored,
                      [this, failed = completions.failed](std::uint64_t from, std::uint64_t upto,
                                                          const std::string& why) {
                          blocked_ = true;
                          failed(from, upto, why);
                      }});
    }

    void put(std::uint64_t entry, const agent::checkpoint::Write& write) {
        if (blocked_) return;
        if (!kept_) return memory_.put(entry, write);
        kept_->put(entry, record::changes_of(write));
    }

    void commit() {
        if (!kept_) return memory_.commit();
        kept_->commit();
    }

    void unblock() { blocked_ = false; }

    void stop() {
        if (kept_) kept_->stop();
    }

private:
    std::unique_ptr<runtime::DurableStore> kept_;
    runtime::MemoryStore<agent::checkpoint::Write> memory_;
    std::atomic<bool> blocked_{false};
};

static_assert(runtime::Store<Checkpoint, agent::checkpoint::Write>);

}  // namespace

struct LiveAgent::Body {
    explicit Body(LiveAgentOptions given)
        : options(std::move(given)),
          agent(options.machine),
          links({.log = options.log}),
          store(std::move(options.checkpoint),
                {[this](std::uint64_t upto) { push(agent::Event{agent::Stored{upto}}); },
                 [this](std::uint64_t from, std::uint64_t, const std::string& why) {
                     push(agent::Event{agent::StoreFailed{from, why}});
                 }}) {}

    Result<void> record() {
        if (options.record.folder.empty()) return {};
        const auto begin = [&](const char* name, record::Machine kind, const auto& machine,
                               record::Bytes encoded, runtime::Recorder& recorder) -> Result<void> {
            record::LogHeader header;
            header.build = record::build_text();
            header.machine = kind;
            header.options = std::move(encoded);
            auto started = runtime::Recorder::start(options.record, name, options.machine.run,
                                                    std::move(header), machine, options.log);
            if (!started) return std::move(started).error();
            recorder = std::move(started).value();
            return {};
        };
        record::Bytes encoded;
        record::encode(options.machine, encoded);
        auto begun =
            begin("agent", record::Machine::agent, agent, std::move(encoded), agent_recorder);
        if (!begun) return begun;
        return begin("executor", record::Machine::executor, executor, {}, executor_recorder);
    }

    Result<void> start() {
        if (auto recording = record(); !recording) return recording;
        auto started =
            LauncherClient::start(options.launcher, [this](std::vector<executor::Event>& events) {
                std::vector<Item> items;
                for (executor::Event& event : events)
                    items.push_back({{}, std::move(event)});
                loop.push(items);
                events.clear();
            });
        if (!started) return std::move(started).error();
        launcher = std::move(started).value();
        push(agent::Event{agent::Recovered{std::move(options.contents)}});
        loop.when_drained([this] { links.resume_reading(); });
        links.start(std::make_unique<Listener>(loop));
        thread = std::thread(
            [this] { loop.run(clock, [this](const Batch<Item>& batch) { return turn(batch); }); });
        first_turn.get_future().wait();
        return {};
    }

    void end(bool shut_down_launcher) {
        loop.stop();
        if (thread.joinable()) {
            thread.join();
            agent_recorder.finish(agent);
            executor_recorder.finish(executor);
        }
        links.drain(drain_at_most);
        store.stop();
        if (launcher && shut_down_launcher) launcher->shut_down();
        launcher.reset();
    }

    void push(Event event) { loop.push_one({{}, std::move(event)}); }

    /// One batch for both machines. What they say to each other is handled before the turn ends.
    Instant turn(const Batch<Item>& batch) {
        for (Item& item : batch.events) {
            if (!item.link.is_none() && item.link != link) continue;
            std::visit(
                Overloaded{[&](agent::Event& e) {
                               if (std::holds_alternative<agent::StoreFailed>(e)) store.unblock();
                               for_agent.push_back(std::move(e));
                           },
                           [&](executor::Event& e) { for_executor.push_back(std::move(e)); }},
                item.event);
        }
        Instant wake = Instant::never();
        do {
            wake = step_agent(batch);
            if (!for_executor.empty()) step_executor(batch);
        } while (!for_agent.empty());
        store.commit();
        if (!orders.empty()) links.send(orders);
        launcher->flush();
        if (!std::exchange(has_begun, true)) first_turn.set_value();
        return wake;
    }

    Instant step_agent(const Batch<Item>& batch) {
        agent_events.clear();
        agent_events.swap(for_agent);
        agent_effects.clear();
        const Batch<agent::Event> part{batch.mono_now, batch.wall_now, std::span{agent_events}};
        agent_recorder.begin(part);
        const Instant wake = agent.step(part, agent_effects);
        agent_recorder.end(agent, agent_effects, wake);
        for (agent::Effect& effect : agent_effects.list) {
            std::visit([this](auto& each) { perform(each); }, effect);
        }
        for (const agent::Delta& delta : agent_effects.deltas) {
            const auto* const noted = std::get_if<agent::Noted>(&delta);
            if (noted != nullptr) write_log(options.log, runtime::LogLevel::info, noted->text);
        }
        if (options.read && !agent_effects.deltas.empty()) {
            options.read(std::exchange(agent_effects.deltas, {}));
        }
        return wake;
    }

    void step_executor(const Batch<Item>& batch) {
        executor_events.clear();
        executor_events.swap(for_executor);
        executor_effects.clear();
        const Batch<executor::Event> part{batch.mono_now, batch.wall_now,
                                          std::span{executor_events}};
        executor_recorder.begin(part);
        // It never asks to be woken: the launcher keeps the time of a kill.
        const Instant wake = executor.step(part, executor_effects);
        executor_recorder.end(executor, executor_effects, wake);
        for (executor::Effect& effect : executor_effects.list) {
            std::visit([this](auto& each) { perform(each); }, effect);
        }
    }

    void perform(agent::Connect& e) {
        link = links.make_link();
        runtime::OpenLink open;
        open.address = options.master;
        open.hello.kind = protocol::PeerKind::agent;
        open.hello.cluster = options.cluster;
        open.hello.epoch_seen = e.epoch_seen;
        open.hello.principal = "agent";
        open.hello.token = options.token;
        orders.push_back({link, std::move(open)});
    }

    void perform(agent::Disconnect&) {
        orders.push_back({std::exchange(link, {}), runtime::CloseLink{}});
    }

    void perform(agent::SendMaster& e) { orders.push_back({link, std::move(e.message)}); }

    void perform(agent::SendExecutor& e) {
        if (e.to.is_none()) for_executor.emplace_back(executor::AgentSaid{std::move(e.event)});
    }

    void perform(agent::CloseExecutor&) {}  // No executor but our own has a channel.
    void perform(agent::Store& e) { store.put(e.entry, std::move(e.write)); }

    void perform(agent::RecoverExecutor& e) {
        for_executor.emplace_back(executor::Recovered{std::move(e.tasks)});
    }

    void perform(agent::Stopped& e) {
        if (options.stopped) options.stopped(e);
    }

    void perform(executor::SendAgent& e) {
        for_agent.emplace_back(agent::ExecutorSaid{PeerId{}, std::move(e.call)});
    }

    void perform(executor::TellFound& e) {
        for_agent.emplace_back(agent::TaskFound{e.key.framework, std::move(e.key.task), e.age});
    }

    void perform(executor::Note& e) { write_log(options.log, runtime::LogLevel::warning, e.text); }

    void perform(executor::ListProcesses& e) { launcher->perform(e); }
    void perform(executor::StartProcess& e) { launcher->perform(e); }
    void perform(executor::KillProcess& e) { launcher->perform(e); }
    void perform(executor::ForgetProcess& e) { launcher->perform(e); }

    LiveAgentOptions options;
    runtime::WorldClock clock;
    Loop loop;
    agent::Agent agent;
    executor::Executor executor;
    agent::Effects agent_effects;
    executor::Effects executor_effects;
    std::vector<agent::Event> for_agent;
    std::vector<executor::Event> for_executor;
    std::vector<agent::Event> agent_events;
    std::vector<executor::Event> executor_events;
    runtime::Recorder agent_recorder;
    runtime::Recorder executor_recorder;
    runtime::Links links;
    PeerId link;
    std::vector<runtime::ToLink> orders;
    Checkpoint store;
    std::unique_ptr<LauncherClient> launcher;
    std::promise<void> first_turn;
    bool has_begun = false;
    std::thread thread;
};

LiveAgent::LiveAgent(std::unique_ptr<Body> body) : body_(std::move(body)) {}

LiveAgent::~LiveAgent() {
    if (body_->launcher) end(false);
}

Result<std::unique_ptr<LiveAgent>> LiveAgent::start(LiveAgentOptions options) {
    std::unique_ptr<LiveAgent> live{new LiveAgent{std::make_unique<Body>(std::move(options))}};
    if (auto started = live->body_->start(); !started) return std::move(started).error();
    return live;
}

void LiveAgent::ask_stop(agent::StopAsked asked) { body_->push(agent::Event{asked}); }
void LiveAgent::end(bool shut_down_launcher) { body_->end(shut_down_launcher); }

}  // namespace offerkit::daemons
