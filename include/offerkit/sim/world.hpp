// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A whole cluster in one thread and one value: the same machines as in the daemons, driven by a
/// virtual clock, a modelled network and modelled processes. Everything that happens follows from
/// the options and the calls made, so that the same program gives the same run, bit for bit.
///
/// Example:
///
///     sim::World world{{.seed = 7, .agents = {4_cpus + 512_MiB}}};
///     BatchScheduler scheduler{...};
///     world.add_framework(scheduler, {.name = "batch"});
///     world.run_for(10s);

#include <offerkit/agent/agent.hpp>
#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/fingerprint.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/record/log.hpp>
#include <offerkit/sim/author.hpp>
#include <offerkit/sim/checker.hpp>
#include <offerkit/sim/network.hpp>
#include <offerkit/sim/process.hpp>
#include <offerkit/sim/queue.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::sim {

using MakeAllocator = std::function<std::unique_ptr<Allocator>()>;

struct WorldOptions {
    std::uint64_t seed = 1;
    std::vector<Resources> agents = {};  // One agent each; `add_agent` takes more.

    MakeAllocator make_allocator = {};  // Empty: the default policy.
    master::Options master = {};
    NetworkOptions network = {};
    ProcessOptions processes = {};
    Delay store = {std::chrono::microseconds{100}, std::chrono::milliseconds{2}};
    PerMille store_failures = 0;  // Steps of the master whose writes fail.
    Delay author = {std::chrono::microseconds{10}, std::chrono::microseconds{100}};
    Duration connect_timeout = std::chrono::seconds{5};

    bool checks = true;        // The checker, and every so often the machines' own invariants.
    bool fingerprints = true;  // Of every event and effect.
    bool timeline = false;     // Keep a line of text for each interesting step.
};

/// The event log of one machine, while it lives.
struct Recording {
    record::Bytes bytes;
    std::optional<record::LogWriter> writer;  // None once the machine has ended.
};

/// What drives one machine.
template <class Machine, class Event, class Effects>
struct Node {
    std::unique_ptr<Machine> machine;  // Null: its process is not there.
    std::vector<Event> inbox;
    std::vector<Event> batch;
    Effects effects;
    Instant next_step = Instant::never();
    std::uint32_t generation = 0;
    std::unique_ptr<Recording> recording;  // Null: not asked for.
};

class World {
public:
    explicit World(WorldOptions options);
    World(const World&) = delete;
    World& operator=(const World&) = delete;

    // --- who takes part ---

    /// Numbers count from zero, in the order of the calls. Everybody connects at once.
    std::uint32_t add_agent(Resources resources);
    std::uint32_t add_agent(agent::Options options);

    /// `scheduler` must outlive the world.
    template <Scheduler S>
    std::uint32_t add_framework(S& scheduler, FrameworkInfo info) {
        framework::Options options;
        options.info = std::move(info);
        return add_framework(scheduler, std::move(options));
    }
    template <Scheduler S>
    std::uint32_t add_framework(S& scheduler, framework::Options options) {
        return add_author(std::make_unique<SchedulerAuthor<S>>(scheduler), std::move(options));
    }
    std::uint32_t add_author(std::unique_ptr<Author> author, framework::Options options);

    // --- time ---

    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] WallTime wall_now() const { return {wall_offset_ + now_.ns}; }

    void run_for(Duration duration);

    /// Runs until nothing is under way and no process runs: all that is left are timers. False if
    /// that does not come within `limit`.
    bool run_until_idle(Duration limit = std::chrono::hours{1});

    /// Runs until `done()`, asked after every instant. False if that does not come within `limit`.
    bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::hours{1});

    /// Runs until all frameworks have ended.
    bool run_until_ended(Duration limit = std::chrono::hours{1});

    /// Calls `act` when its time has come. Pre: `at` is not in the past.
    void plan(Instant at, std::function<void(World&)> act);

    /// The calendar jumps; no decision may depend on it.
    void jump_wall(Duration by) { wall_offset_ += by.count(); }

    // --- faults ---

    /// Both ends hear that the connection is gone; what was under way is lost.
    void break_link(Link link);

    /// Nothing passes any more, in one direction or both, and nobody is told; `heal` lets through
    /// what was held back.
    void cut(Link link, bool to_master = true, bool to_client = true);
    void heal(Link link);

    /// The whole machine is gone at once, its processes too, and nobody is told.
    void crash_machine(std::uint32_t agent);
    /// It boots, and its agent starts from its checkpoint.
    void restart_machine(std::uint32_t agent);
    /// A graceful stop: tasks are ended, the agent unregisters.
    void stop_agent(std::uint32_t agent, Duration grace);

    /// The scheduler's process dies; its author stays what it is.
    void kill_framework(std::uint32_t framework);
    /// It starts again, as the framework it was.
    void restart_framework(std::uint32_t framework);

    /// The master's process dies, and another starts with the next epoch.
    void restart_master();

    // --- asking in the name of somebody ---

    void ask_operator(protocol::OperatorCall call, std::string principal = "operator");
    void ask_author(std::uint32_t framework, framework::AuthorAsked asked);
    [[nodiscard]] const std::vector<master::AnswerOperator>& answers() const { return answers_; }

    // --- looking ---

    [[nodiscard]] const master::Master& master() const { return *master_.machine; }
    [[nodiscard]] std::uint32_t agents() const {
        return static_cast<std::uint32_t>(agents_.size());
    }
    [[nodiscard]] std::uint32_t frameworks() const {
        return static_cast<std::uint32_t>(frameworks_.size());
    }
    /// Null while its process is not there.
    [[nodiscard]] const agent::Agent* find_agent(std::uint32_t index) const;
    [[nodiscard]] const framework::Framework* find_framework(std::uint32_t index) const;
    /// True once its agent was stopped for good.
    [[nodiscard]] bool has_stopped(std::uint32_t agent) const { return agents_[agent].stopped; }
    [[nodiscard]] bool has_ended(std::uint32_t framework) const;
    /// Why it ended; none if it wished to.
    [[nodiscard]] const std::optional<Refusal>& ended_why(std::uint32_t framework) const;
    [[nodiscard]] std::size_t processes_running() const;

    /// Over every event and effect of every machine so far.
    [[nodiscard]] std::uint64_t fingerprint() const { return fingerprint_.value(); }
    [[nodiscard]] std::uint64_t machine_events() const { return machine_events_; }

    /// Asks every machine whether its account adds up, which aborts if not.
    /// Returns what the checker has found wrong so far.
    const std::vector<std::string>& check();

    [[nodiscard]] const std::vector<std::string>& timeline() const { return timeline_; }
    /// Begins to keep lines, or stops.
    void set_timeline(bool kept) { options_.timeline = kept; }
    /// Adds a line of the caller's own.
    void remark(std::string_view who, std::string_view what);

    /// Keeps the event log of a machine, until its process ends. Pre: it has not been stepped yet.
    void record(MachineKind kind, std::uint32_t index = 0);
    /// Pre: it is being recorded, or was.
    [[nodiscard]] const record::Bytes& log_of(MachineKind kind, std::uint32_t index = 0) const;

private:
    using MasterNode = Node<master::Master, master::Event, master::Effects>;
    using AgentMachine = Node<agent::Agent, agent::Event, agent::Effects>;
    using ExecutorMachine = Node<executor::Executor, executor::Event, executor::Effects>;
    using FrameworkMachine = Node<framework::Framework, framework::Event, framework::Effects>;

    /// The client's end of a link.
    struct Client {
        std::uint64_t connection = 0;  // Zero: none.
        bool cut_to_master = false;
        bool cut_to_client = false;
        std::vector<Item> held;
    };
    /// Writes complete in order; after a failure all are refused until the machine has heard of it.
    struct StoreModel {
        Instant last;
        bool failing = false;
    };
    struct AgentHost {
        AgentMachine agent;
        ExecutorMachine executor;
        agent::Options options;  // For its next start.
        Client client;
        StoreModel store;
        Processes processes;
        std::map<executor::ProcessKey, Resources> launched;  // What each process may use.
        std::uint32_t boots = 0;  // Processes end with the boot that they were started in.
        bool stopped = false;
    };
    struct FrameworkHost {
        FrameworkMachine machine;
        std::unique_ptr<Author> author;
        framework::Options options;  // For its next start.
        Client client;
        Instant author_wake = Instant::never();
        bool ended = false;
        std::optional<Refusal> why;
    };

    // world.cpp: time and machines
    void run_until_instant(Instant until);
    void handle(const Item& item);
    void arrive(const Item& item);
    template <class N>
    void request_step(N& node, MachineKind kind, std::uint32_t index, Instant at, bool counts);
    template <class N>
    bool step(N& node, MachineKind kind, std::uint32_t index, Instant due);
    void step(const Item& item);
    void start_master();
    void start_agent(std::uint32_t index);
    void start_framework(std::uint32_t index);
    void call_author(std::uint32_t index, const framework::Deliver& delivery);
    void wake_author(const Item& item);
    void arm_author(std::uint32_t index);

    // effects.cpp: what machines ask for
    template <class Event>
    void complete_writes(StoreModel& store, MachineKind kind, std::uint32_t index,
                         std::uint32_t generation, std::uint64_t first, std::uint64_t last,
                         Slab<Event>& slab);
    void perform_master();
    void perform_agent(std::uint32_t index);
    void perform_executor(std::uint32_t index);
    void perform_framework(std::uint32_t index);
    void start_process(std::uint32_t index, executor::StartProcess& start);
    void arm_end(std::uint32_t index, const executor::ProcessKey& key, const Process& process);
    void kill_process(std::uint32_t index, const executor::KillProcess& kill);
    void end_process(const Item& item);
    void forget_process(std::uint32_t index, const executor::ForgetProcess& forget);
    void list_processes(std::uint32_t index);

    // links.cpp: connections and their faults
    [[nodiscard]] Client& client_of(Link link);
    [[nodiscard]] std::uint32_t generation_of(Link link) const;
    void connect(Link link, std::uint64_t epoch_seen);
    void disconnect(Link link, std::string_view why);
    void on_connect(const Item& item);
    void on_link_opened(const Item& item);
    void on_link_closed(const Item& item);
    void on_connect_failed(const Item& item);
    void close_at_master(PeerId peer, Refusal why);
    void break_connection(std::uint64_t number, const std::string& why);
    void tell_closed(std::uint64_t number, bool to_master, Refusal why, Instant at);
    void hear_closed(Link link, Refusal why);
    void send_to_master(Link link, master::Event event);
    template <class Event>
    void send_to_client(PeerId peer, Event event, Slab<Event>& slab);
    bool hold_if_cut(const Item& item);
    [[nodiscard]] static MachineKind machine_of(Link link) {
        return link.kind == protocol::PeerKind::agent ? MachineKind::agent : MachineKind::framework;
    }

    void push_now(MachineKind kind, std::uint32_t index, master::Event event);
    void push_now(MachineKind kind, std::uint32_t index, agent::Event event);
    void push_now(MachineKind kind, std::uint32_t index, executor::Event event);
    void push_now(MachineKind kind, std::uint32_t index, framework::Event event);
    void fingerprint_batch(MachineKind kind, std::uint32_t index);

    WorldOptions options_;
    Instant now_;
    std::int64_t wall_offset_;
    Rng network_rng_;
    Rng process_rng_;
    Rng store_rng_;
    Rng author_rng_;
    Rng seed_rng_;

    Queue queue_;
    Slab<master::Event> master_events_;
    Slab<agent::Event> agent_events_;
    Slab<executor::Event> executor_events_;
    Slab<framework::Event> framework_events_;
    Slab<Refusal> refusals_;
    Slab<executor::ProcessKey> ending_;
    Slab<std::function<void(World&)>> scripts_;

    MasterNode master_;
    StoreModel master_store_;
    std::uint64_t master_epoch_ = 0;
    std::deque<AgentHost> agents_;
    std::deque<FrameworkHost> frameworks_;
    Connections connections_;
    std::uint64_t processes_made_ = 0;
    std::uint64_t operator_requests_ = 0;
    std::vector<master::AnswerOperator> answers_;

    Checker checker_;
    Fingerprint fingerprint_;
    record::Bytes scratch_;
    std::uint64_t machine_events_ = 0;
    std::uint64_t master_steps_ = 0;
    std::vector<std::string> timeline_;
};

template <class N>
void World::request_step(N& node, MachineKind kind, std::uint32_t index, Instant at, bool counts) {
    if (at >= node.next_step) return;
    node.next_step = at;
    Item item;
    item.at = at;
    item.machine = index;
    item.generation = node.generation;
    item.kind = kind;
    item.counts = counts;
    queue_.push(item);
}

}  // namespace offerkit::sim
