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
#include <offerkit/sim/author.hpp>
#include <offerkit/sim/checker.hpp>
#include <offerkit/sim/hosts.hpp>
#include <offerkit/sim/network.hpp>
#include <offerkit/sim/node.hpp>
#include <offerkit/sim/process.hpp>
#include <offerkit/sim/queue.hpp>
#include <offerkit/sim/reached.hpp>
#include <offerkit/sim/recorded.hpp>
#include <offerkit/sim/store.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
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
    PerMille agent_store_failures = 0;
    Delay author = {std::chrono::microseconds{10}, std::chrono::microseconds{100}};
    Duration connect_timeout = std::chrono::seconds{5};

    bool checks = true;        // The checker, and every so often the machines' own invariants.
    bool fingerprints = true;  // Of every event and effect.
    bool timeline = false;     // Keep a line of text for each interesting step.
    bool logs = false;         // Keep the event log of every process.
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
    template <class S>
    std::uint32_t add_framework(S& scheduler, FrameworkInfo info) {
        framework::Options options;
        options.info = std::move(info);
        return add_framework(scheduler, std::move(options));
    }
    template <class S>
    std::uint32_t add_framework(S& scheduler, framework::Options options) {
        if constexpr (check_scheduler<S>()) {
            return add_author(std::make_unique<SchedulerAuthor<S>>(scheduler), std::move(options));
        } else {
            return 0;
        }
    }
    /// Keeps in `kept`, which outlives the world too, what it is told and what it answers.
    template <class S>
    std::uint32_t add_framework(S& scheduler, FrameworkInfo info, Conversation& kept) {
        framework::Options options;
        options.info = std::move(info);
        if constexpr (check_scheduler<S>()) {
            return add_author(std::make_unique<RecordedAuthor<S>>(scheduler, kept),
                              std::move(options));
        } else {
            return 0;
        }
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
    void jump_wall(Duration by) {
        wall_offset_ += by.count();
        reached_.count(Fault::wall_jumped);
    }

    // --- faults ---

    /// Both ends hear that the connection is gone; what was under way is lost.
    void break_link(Link link);

    /// Nothing passes any more, in one direction or both, and nobody is told; `heal` lets through
    /// what was held back.
    void cut(Link link, bool to_master = true, bool to_client = true);
    /// Each message takes up to so much longer, until `heal`.
    void slow(Link link, Duration most);
    void heal(Link link);
    void set_network(NetworkOptions options);

    /// The master's process dies; the next one has the next epoch and finds the registry.
    void crash_master();
    /// It starts again; if it still runs, it dies first.
    void restart_master();

    /// The agent's process dies; its launcher and the tasks go on.
    void crash_agent(std::uint32_t agent);
    /// The whole machine is gone at once, its processes too, and nobody is told.
    void crash_machine(std::uint32_t agent);
    /// The agent starts again, on a machine that was booted anew if it had crashed, and finds its
    /// checkpoint.
    void restart_agent(std::uint32_t agent);
    void restart_machine(std::uint32_t agent) { restart_agent(agent); }
    /// A graceful stop: tasks are ended, the agent unregisters.
    void stop_agent(std::uint32_t agent, Duration grace);
    /// A graceful stop that leaves the tasks to the next agent here: `restart_agent`.
    void leave_agent(std::uint32_t agent);
    /// The launcher dies and another takes over: requests on their way to it are lost. Processes go
    /// on, unless their supervisors die too: of some of them, then, nobody knows how they ended.
    void restart_launcher(std::uint32_t agent, bool supervisors_too = false);

    /// The scheduler's process dies; its author stays what it is.
    void kill_framework(std::uint32_t framework);
    /// It starts again, as the framework it was; with another author if one is given.
    void restart_framework(std::uint32_t framework, std::unique_ptr<Author> author = nullptr);

    /// The process dies between two effects: after so many more of them have been performed. An
    /// agent's dies with its executor's, between any two of either; `machine`: with all of it.
    void crash_after(NodeName node, std::uint64_t effects, bool machine = false);
    void call_off_crashes();

    /// Every write fails until the disk is no longer full; and each takes so much longer.
    void set_full(NodeName node, bool full);
    void set_store_failures(PerMille of_master, PerMille of_agents);
    void set_store_lag(NodeName node, Duration lag);

    // --- asking in the name of somebody ---

    void ask_operator(protocol::OperatorCall call, std::string principal = "operator");
    void ask_author(std::uint32_t framework, framework::AuthorAsked asked);
    [[nodiscard]] const std::vector<master::AnswerOperator>& answers() const { return answers_; }

    // --- looking ---

    /// Pre: its process is there.
    [[nodiscard]] const master::Master& master() const { return *master_.machine; }
    [[nodiscard]] bool has_master() const { return master_.machine != nullptr; }
    [[nodiscard]] const master::registry::Contents& registry() const {
        return master_store_.durable();
    }
    [[nodiscard]] const agent::checkpoint::Contents& checkpoint(std::uint32_t agent) const {
        return agents_[agent].store.durable();
    }
    [[nodiscard]] const Processes& processes(std::uint32_t agent) const {
        return agents_[agent].processes;
    }
    /// As which it has subscribed last; none: never.
    [[nodiscard]] FrameworkId id_of(std::uint32_t framework) const {
        return frameworks_[framework].options.id;
    }
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
    [[nodiscard]] const Reached& reached() const { return reached_; }
    [[nodiscard]] Checker& checker() { return checker_; }

    /// Asks every machine whether its account adds up, which aborts if not.
    /// Returns what the checker has found wrong so far.
    const std::vector<std::string>& check();

    [[nodiscard]] const std::vector<std::string>& timeline() const { return timeline_; }
    void set_timeline(bool kept) { options_.timeline = kept; }
    /// Adds a line of the caller's own.
    void remark(std::string_view who, std::string_view what);

    /// Keeps the event logs of a machine's processes, from now on. Pre: it was not stepped yet.
    void record(MachineKind kind, std::uint32_t index = 0);
    /// Of the first process that was recorded. Pre: it is being recorded, or was.
    [[nodiscard]] const record::Bytes& log_of(MachineKind kind, std::uint32_t index = 0) const;
    /// All that are kept, machine by machine. Valid until the world goes on.
    [[nodiscard]] std::vector<NamedLog> logs() const;

private:
    // world.cpp: time and machines
    void run_until_instant(Instant until);
    void handle(const Item& item);
    template <class N>
    void request_step(N& node, MachineKind kind, std::uint32_t index, Instant at, bool counts);
    template <class N>
    void tell(N& node, MachineKind kind, std::uint32_t index, typename N::Event event);
    template <class N>
    typename N::Bench& bench_of(const N&) {
        return std::get<typename N::Bench>(benches_);
    }
    template <class N>
    bool step(N& node, MachineKind kind, std::uint32_t index, Instant due);
    void step(const Item& item);
    void check_master();
    void start_master();
    void start_agent(std::uint32_t index);
    void start_framework(std::uint32_t index);
    void call_author(std::uint32_t index, const framework::Deliver& delivery);
    void wake_author(const Item& item);
    void arm_author(std::uint32_t index);
    void begin_log(MachineKind kind, std::uint32_t index);
    template <class Self, class Act>
    static decltype(auto) with_node(Self& self, MachineKind kind, std::uint32_t index, Act act);

    // effects.cpp: what machines ask for
    template <class N, class Perform, class Crash>
    bool perform_each(N& node, MachineKind kind, Perform perform, Crash crash);
    template <class Store>
    void commit(Store& store, MachineKind kind, std::uint32_t index, std::uint32_t generation,
                std::uint64_t first, std::uint64_t last, PerMille failures);
    void on_stored(const Item& item);
    template <class Stored, class Failed, class Node, class Store>
    void tell_stored(const Item& item, Node& node, Store& store);
    void perform_master();
    void perform(master::Effect& effect);
    void perform_agent(std::uint32_t index);
    void perform(std::uint32_t index, agent::Effect& effect);
    void perform_executor(std::uint32_t index);
    void perform(std::uint32_t index, executor::Effect& effect);
    void perform_framework(std::uint32_t index);
    void perform(std::uint32_t index, framework::Effect& effect);
    void crash_part_way(std::uint32_t agent);
    void end_agent(AgentHost& host);

    // launcher.cpp: processes
    void start_process(std::uint32_t index, executor::StartProcess& start);
    void arm_end(std::uint32_t index, const executor::ProcessKey& key, const Process& process);
    void kill_process(std::uint32_t index, const executor::KillProcess& kill);
    void end_process(const Item& item);
    void begin_process(const Item& item);
    void forget_process(std::uint32_t index, const executor::ForgetProcess& forget);
    void list_processes(std::uint32_t index);
    void tell_process(std::uint32_t index, const executor::ProcessKey& key, const Process& process,
                      bool listed);
    void lose_processes(std::uint32_t index);
    void lose_supervisors(std::uint32_t index);

    // links.cpp: connections and their faults
    void arrive(const Item& item);
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
    [[nodiscard]] Passage draw_way(const Client& client, Instant& last);
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
    Workbenches benches_;
    Slab<Refusal> refusals_;
    Slab<executor::ProcessKey> ending_;
    Slab<std::function<void(World&)>> scripts_;

    MasterNode master_;
    Registry master_store_;
    std::uint64_t master_epoch_ = 0;
    std::deque<AgentHost> agents_;
    std::deque<FrameworkHost> frameworks_;
    Connections connections_;
    std::uint64_t processes_made_ = 0;
    std::uint64_t operator_requests_ = 0;
    std::vector<master::AnswerOperator> answers_;

    Checker checker_;
    Reached reached_;
    Fingerprint fingerprint_;
    record::Bytes scratch_;
    std::uint64_t machine_events_ = 0;
    std::uint64_t master_steps_ = 0;
    std::uint64_t invariants_at_ = 0;
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

/// Puts an event into a machine's inbox and has it stepped at this instant.
template <class N>
void World::tell(N& node, MachineKind kind, std::uint32_t index, typename N::Event event) {
    if (node.inbox.capacity() == 0) node.inbox = bench_of(node).take_spare();
    node.inbox.push_back(std::move(event));
    request_step(node, kind, index, now_, true);
}

}  // namespace offerkit::sim
