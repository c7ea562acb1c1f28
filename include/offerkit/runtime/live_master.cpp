// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/record/build_id.hpp>
#include <offerkit/record/registry_codec.hpp>
#include <offerkit/runtime/clock.hpp>
#include <offerkit/runtime/event_loop.hpp>
#include <offerkit/runtime/live_master.hpp>
#include <offerkit/runtime/recorder.hpp>
#include <offerkit/runtime/store.hpp>
#include <offerkit/wire/codec.hpp>

#include <atomic>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <variant>

namespace offerkit::runtime {

namespace {

using MasterLoop = EventLoop<master::Event>;

/// Turns what peers do into events of the master.
class MasterListener final : public HubListener {
public:
    explicit MasterListener(MasterLoop& loop) : loop_(loop) {}

    void on_open(PeerId peer, const protocol::Hello& hello) override {
        events_.emplace_back(master::PeerOpened{peer, hello.kind, hello.principal});
    }

    Result<void> on_message(PeerId peer, protocol::PeerKind kind, std::string_view bytes) override {
        if (kind == protocol::PeerKind::agent) {
            auto message = wire::decode<protocol::AgentMessage>(bytes);
            if (!message) return std::move(message).error();
            events_.emplace_back(master::AgentSaid{peer, std::move(message).value()});
        } else {
            auto call = wire::decode<protocol::SchedulerCall>(bytes);
            if (!call) return std::move(call).error();
            events_.emplace_back(master::SchedulerSaid{peer, std::move(call).value()});
        }
        return {};
    }

    void on_slow(PeerId peer, bool slow) override {
        events_.emplace_back(master::PeerSlow{peer, slow});
    }

    void on_close(PeerId peer, const Refusal& why) override {
        events_.emplace_back(master::PeerClosed{peer, format_refusal(why)});
    }

    void flush() override { loop_.push(events_); }
    [[nodiscard]] bool is_full() const override { return loop_.is_full(); }

private:
    MasterLoop& loop_;
    std::vector<master::Event> events_;
};

}  // namespace

struct LiveMaster::Body {
    /// The registry's writes, into a store on disk or, without one, into nothing.
    class Registry {
    public:
        Registry(std::unique_ptr<DurableStore> kept, StoreCompletions completions)
            : kept_(std::move(kept)), memory_(completions) {
            if (kept_) kept_->start(std::move(completions));
        }

        void put(std::uint64_t entry, const master::registry::Write& write) {
            if (kept_) return kept_->put(entry, record::changes_of(write));
            memory_.put(entry, write);
        }

        void commit() {
            if (kept_) return kept_->commit();
            memory_.commit();
        }

        void stop() {
            if (kept_) kept_->stop();
        }

    private:
        std::unique_ptr<DurableStore> kept_;
        MemoryStore<master::registry::Write> memory_;
    };
    static_assert(Store<Registry, master::registry::Write>);

    /// An answer to an operator, to be given after so many deltas.
    struct Answered {
        std::uint64_t after = 0;
        OperatorReply reply;
        protocol::OperatorAnswer answer;
    };

    Body(LiveMasterOptions given, std::unique_ptr<Allocator> allocator, std::unique_ptr<Hub> bound)
        : options(std::move(given)),
          machine(options.machine, std::move(allocator)),
          hub(std::move(bound)),
          store(std::move(options.registry),
                {[this](std::uint64_t upto) { loop.push_one(master::Stored{upto}); },
                 [this](std::uint64_t from, std::uint64_t upto, const std::string& why) {
                     loop.push_one(master::StoreFailed{from, why, upto});
                 }}) {}

    void start() {
        loop.when_drained([this] { hub->resume_reading(); });
        hub->start([this] { return std::make_unique<MasterListener>(loop); });
        reader_thread = std::thread([this] { run_reader(); });
        machine_thread = std::thread([this] {
            loop.run(clock, [this](const Batch<master::Event>& batch) { return turn(batch); });
        });
    }

    void stop() {
        loop.stop();
        if (machine_thread.joinable()) {
            machine_thread.join();
            recorder.finish(machine);
        }
        hub->stop();
        store.stop();
        deltas.stop();
        if (reader_thread.joinable()) reader_thread.join();
    }

    Instant turn(const Batch<master::Event>& batch) {
        effects.clear();
        recorder.begin(batch);
        const Instant wake = machine.step(batch, effects);
        recorder.end(machine, effects, wake);
        for (master::Effect& effect : effects.list)
            perform(effect);
        store.commit();
        if (!outgoing.empty()) hub->send(outgoing);
        if (options.read) {
            deltas_told += effects.deltas.size();
            deltas.push(effects.deltas);
        }
        for (const master::AnswerOperator& each : answers)
            answer(each);
        answers.clear();
        steps.fetch_add(1, std::memory_order_relaxed);
        events.fetch_add(batch.events.size(), std::memory_order_relaxed);
        return wake;
    }

    void perform(master::Effect& effect) {
        std::visit(
            Overloaded{
                [&](master::SendScheduler& e) { outgoing.push_back({e.to, std::move(e.event)}); },
                [&](master::SendAgent& e) { outgoing.push_back({e.to, std::move(e.message)}); },
                [&](master::ClosePeer& e) {
                    outgoing.push_back({e.peer, CloseChannel{std::move(e.why)}});
                },
                [&](master::Store& e) { store.put(e.entry, std::move(e.write)); },
                [&](master::AnswerOperator& e) { answers.push_back(std::move(e)); }},
            effect);
    }

    /// Not before readers know what was done: who was answered and then looks must see it.
    void answer(const master::AnswerOperator& e) {
        Answered answered;
        {
            const std::lock_guard lock{asks_mutex};
            const auto found = asks.find(e.request);
            if (found == asks.end()) return;
            answered = {deltas_told, std::move(found->second), {}};
            if (!e.accepted) answered.answer = e.refusal;
            asks.erase(found);
            if (deltas_read < deltas_told) return not_yet_read.push_back(std::move(answered));
        }
        answered.reply(answered.answer);
    }

    void run_reader() {
        deltas.run(clock, [this](const Batch<master::Delta>& batch) {
            const std::size_t count = batch.events.size();
            if (count == 0) return Instant::never();
            options.read(batch.events);
            for (const Answered& each : take_answers(count))
                each.reply(each.answer);
            return Instant::never();
        });
    }

    /// Those that wait for no more deltas than have been read, `count` more than before.
    [[nodiscard]] std::vector<Answered> take_answers(std::size_t count) {
        const std::lock_guard lock{asks_mutex};
        deltas_read += count;
        std::vector<Answered> taken;
        while (!not_yet_read.empty() && not_yet_read.front().after <= deltas_read) {
            taken.push_back(std::move(not_yet_read.front()));
            not_yet_read.pop_front();
        }
        return taken;
    }

    Result<void> record(const std::string& policy) {
        if (options.record.folder.empty()) return {};
        record::LogHeader header;
        header.build = record::build_text();
        header.machine = record::Machine::master;
        header.policy = policy;
        record::encode(options.machine, header.options);
        auto started = Recorder::start(options.record, "master", options.machine.epoch, header,
                                       machine, options.log);
        if (!started) return std::move(started).error();
        recorder = std::move(started).value();
        return {};
    }

    LiveMasterOptions options;
    WorldClock clock;
    Recorder recorder;
    MasterLoop loop;
    // Readers never stop the machine: nobody asks whether this one is full.
    EventLoop<master::Delta> deltas{std::numeric_limits<std::size_t>::max()};
    master::Master machine;
    master::Effects effects;
    std::unique_ptr<Hub> hub;
    Registry store;
    std::vector<ToPeer> outgoing;
    std::vector<master::AnswerOperator> answers;  // Of this step.
    std::uint64_t deltas_told = 0;
    std::mutex asks_mutex;
    std::map<std::uint64_t, OperatorReply> asks;
    std::deque<Answered> not_yet_read;  // Guarded by the mutex, as is the next.
    std::uint64_t deltas_read = 0;
    std::uint64_t asks_made = 0;
    std::atomic<std::uint64_t> steps = 0;
    std::atomic<std::uint64_t> events = 0;
    std::thread machine_thread;
    std::thread reader_thread;
};

LiveMaster::LiveMaster(std::unique_ptr<Body> body) : body_(std::move(body)) {}
LiveMaster::~LiveMaster() { stop(); }

Result<std::unique_ptr<LiveMaster>> LiveMaster::start(LiveMasterOptions options,
                                                      std::unique_ptr<Allocator> allocator) {
    std::optional<master::registry::Contents> contents;
    if (options.registry) {
        options.machine.epoch = options.registry->epoch();
        auto kept = record::registry_of(options.registry->take_values());
        if (!kept) return std::move(kept).error();
        contents = std::move(kept).value();
    }
    HubOptions hub;
    hub.address = options.address;
    hub.port = options.port;
    hub.gate = {options.machine.cluster, options.machine.epoch, options.token};
    hub.io_threads = options.io_threads;
    hub.log = options.log;
    auto bound = Hub::listen(std::move(hub));
    if (!bound) return std::move(bound).error();
    const std::string policy = allocator->policy_name();
    auto body =
        std::make_unique<Body>(std::move(options), std::move(allocator), std::move(bound).value());
    if (auto recording = body->record(policy); !recording) return std::move(recording).error();
    if (contents) body->loop.push_one(master::Recovered{std::move(*contents)});
    body->start();
    return std::unique_ptr<LiveMaster>{new LiveMaster{std::move(body)}};
}

std::uint16_t LiveMaster::port() const { return body_->hub->port(); }

void LiveMaster::ask(protocol::OperatorCall call, std::string principal, OperatorReply reply) {
    std::uint64_t request = 0;
    {
        const std::lock_guard lock{body_->asks_mutex};
        request = ++body_->asks_made;
        body_->asks.emplace(request, std::move(reply));
    }
    body_->loop.push_one(master::OperatorAsked{request, std::move(principal), std::move(call)});
}

LiveMaster::Counters LiveMaster::counters() const {
    return {body_->steps.load(std::memory_order_relaxed),
            body_->events.load(std::memory_order_relaxed)};
}

void LiveMaster::stop() { body_->stop(); }

}  // namespace offerkit::runtime
