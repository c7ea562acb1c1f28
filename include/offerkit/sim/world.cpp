// SPDX-License-Identifier: Apache-2.0
#include <offerkit/sim/world.hpp>

#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/record/codec.hpp>

#include <algorithm>
#include <span>
#include <type_traits>
#include <utility>
#include <variant>

namespace offerkit::sim {
namespace {

// Any date will do, as long as it is always the same.
constexpr std::int64_t wall_of_the_beginning = 1'767'225'600'000'000'000;  // 2026-01-01 UTC.

// Adding up every account after every step would cost more than the steps.
constexpr std::uint64_t steps_between_invariants = 256;

std::unique_ptr<Allocator> make_default_allocator() {
    Result<std::unique_ptr<Allocator>> made = make_allocator(policies().front().name);
    OFFERKIT_ASSERT(made);
    return std::move(*made);
}

Item make_item(What what, MachineKind kind, std::uint32_t machine, Instant at) {
    Item item;
    item.at = at;
    item.machine = machine;
    item.what = what;
    item.kind = kind;
    return item;
}

}  // namespace

World::World(WorldOptions options)
    : options_(std::move(options)),
      wall_offset_(wall_of_the_beginning),
      network_rng_(options_.seed),
      process_rng_(network_rng_.split()),
      store_rng_(network_rng_.split()),
      author_rng_(network_rng_.split()),
      seed_rng_(network_rng_.split()) {
    if (!options_.make_allocator) options_.make_allocator = make_default_allocator;
    master_epoch_ = options_.master.epoch;
    checker_.set_hostile(options_.network.drops != 0 || options_.network.repeats != 0 ||
                         options_.network.reorders != 0);
    start_master();
    for (const Resources& resources : options_.agents)
        add_agent(resources);
}

std::uint32_t World::add_agent(Resources resources) {
    agent::Options options;
    options.info.hostname = "host-" + std::to_string(agents_.size());
    options.info.resources = std::move(resources);
    return add_agent(std::move(options));
}

std::uint32_t World::add_agent(agent::Options options) {
    const auto index = static_cast<std::uint32_t>(agents_.size());
    agents_.emplace_back().options = std::move(options);
    start_agent(index);
    return index;
}

std::uint32_t World::add_author(std::unique_ptr<Author> author, framework::Options options) {
    const auto index = static_cast<std::uint32_t>(frameworks_.size());
    FrameworkHost& host = frameworks_.emplace_back();
    host.author = std::move(author);
    host.options = std::move(options);
    start_framework(index);
    return index;
}

void World::start_master() {
    master::Options options = options_.master;
    options.epoch = master_epoch_;
    master_.machine = std::make_unique<master::Master>(options, options_.make_allocator());
    begin_log(MachineKind::master, 0);
    push_now(MachineKind::master, 0, master::Event{master::Recovered{master_store_.durable()}});
}

void World::start_agent(std::uint32_t index) {
    AgentHost& host = agents_[index];
    host.options.seed = seed_rng_.next();
    host.options.info.boot_id = "boot-" + std::to_string(host.boots);
    host.listing = false;
    host.left = false;
    host.agent.machine = std::make_unique<agent::Agent>(host.options);
    host.executor.machine = std::make_unique<executor::Executor>();
    begin_log(MachineKind::agent, index);
    begin_log(MachineKind::executor, index);
    push_now(MachineKind::agent, index, agent::Event{agent::Recovered{host.store.durable()}});
}

void World::start_framework(std::uint32_t index) {
    FrameworkHost& host = frameworks_[index];
    host.options.seed = seed_rng_.next();
    host.machine.machine = std::make_unique<framework::Framework>(host.options);
    begin_log(MachineKind::framework, index);
    host.ended = false;
    host.why.reset();
    request_step(host.machine, MachineKind::framework, index, now_, true);
}

// --- time ---

void World::run_until_instant(Instant until) {
    while (!queue_.is_empty() && queue_.next_at() <= until) {
        const Item item = queue_.pop();
        now_ = item.at;
        handle(item);
    }
}

void World::run_for(Duration duration) {
    const Instant until = now_ + duration;
    run_until_instant(until);
    now_ = until;
}

bool World::run_until_idle(Duration limit) {
    const Instant until = now_ + limit;
    // What was asked for just now may hang on a step that is due anyway, and counts for nothing.
    while ((queue_.counting() != 0 || queue_.next_at() <= now_) && queue_.next_at() <= until) {
        run_until_instant(queue_.next_at());
    }
    return queue_.counting() == 0;
}

bool World::run_until(const std::function<bool()>& done, Duration limit) {
    const Instant until = now_ + limit;
    while (!done()) {
        if (queue_.next_at() > until) {
            now_ = until;
            return done();
        }
        run_until_instant(queue_.next_at());
    }
    return true;
}

bool World::run_until_ended(Duration limit) {
    return run_until([this] { return std::ranges::all_of(frameworks_, &FrameworkHost::ended); },
                     limit);
}

void World::plan(Instant at, std::function<void(World&)> act) {
    OFFERKIT_ASSERT(at >= now_);
    Item item = make_item(What::script, MachineKind::master, 0, at);
    item.slot = scripts_.put(std::move(act));
    item.counts = true;
    queue_.push(item);
}

void World::handle(const Item& item) {
    switch (item.what) {
        case What::step:
            return step(item);
        case What::arrival:
            return arrive(item);
        case What::connect:
            return on_connect(item);
        case What::connect_failed:
            return on_connect_failed(item);
        case What::link_opened:
            return on_link_opened(item);
        case What::link_closed:
            return on_link_closed(item);
        case What::author:
            return wake_author(item);
        case What::stored:
            return on_stored(item);
        case What::process_started:
            return begin_process(item);
        case What::process_ended:
            return end_process(item);
        case What::script:
            return scripts_.take(item.slot)(*this);
    }
}

// --- machines ---

// Takes what the inbox holds, up to one batch, and steps. False if the item was overtaken.
template <class N>
bool World::step(N& node, MachineKind kind, std::uint32_t index, Instant due) {
    if (node.next_step != due || !node.machine) return false;
    node.next_step = Instant::never();
    typename N::Bench& bench = bench_of(node);
    if (node.inbox.size() <= limits::batch_events_max) {
        std::swap(bench.batch, node.inbox);
    } else {
        const auto end = node.inbox.begin() + static_cast<std::ptrdiff_t>(limits::batch_events_max);
        bench.batch.assign(std::make_move_iterator(node.inbox.begin()),
                           std::make_move_iterator(end));
        node.inbox.erase(node.inbox.begin(), end);
        request_step(node, kind, index, now_, true);
    }
    machine_events_ += bench.batch.size();
    for (const auto& event : bench.batch)
        ++reached_.events[static_cast<std::size_t>(kind)][event.index()];
    Recording* const log = node.recordings.empty() ? nullptr : node.recordings.back().get();
    if (options_.fingerprints) {
        scratch_.clear();
        for (const auto& event : bench.batch)
            record::encode(event, scratch_);
        fingerprint_batch(kind, index);
    }
    using Event = typename N::Event;
    if constexpr (std::is_same_v<Event, master::Event>) {
        for (std::size_t i = 0; options_.checks && i < bench.batch.size(); ++i)
            checker_.master_hears(bench.batch[i], now_);
    }
    const Batch<Event> batch{now_, wall_now(), {bench.batch}};
    if (log != nullptr) log->writer->begin_step(batch);
    const Instant wake = node.machine->step(batch, bench.effects);
    if (log != nullptr) log->writer->end_step(bench.effects, wake, log->bytes);
    if (options_.fingerprints) {
        scratch_.clear();
        record::encode_effects(bench.effects, scratch_);
        fingerprint_.add(record::kinds_of(bench.effects).count);
        fingerprint_.add(wake.ns);
        fingerprint_.add(std::string_view{scratch_});
    }
    // A wake that is overdue would turn the world's clock back.
    if (wake != Instant::never()) request_step(node, kind, index, std::max(wake, now_), false);
    return true;
}

void World::fingerprint_batch(MachineKind kind, std::uint32_t index) {
    fingerprint_.add(static_cast<std::uint64_t>(kind));
    fingerprint_.add(index);
    fingerprint_.add(now_.ns);
    fingerprint_.add(std::string_view{scratch_});
}

void World::step(const Item& item) {
    const std::uint32_t index = item.machine;
    switch (item.kind) {
        case MachineKind::master:
            if (item.generation != master_.generation) return;
            if (!step(master_, item.kind, 0, item.at)) return;
            if (options_.checks && ++master_steps_ >= invariants_at_) check_master();
            perform_master();
            return bench_of(master_).end_step();
        case MachineKind::agent: {
            AgentMachine& node = agents_[index].agent;
            if (item.generation != node.generation) return;
            if (!step(node, item.kind, index, item.at)) return;
            perform_agent(index);
            return bench_of(node).end_step();
        }
        case MachineKind::executor: {
            ExecutorMachine& node = agents_[index].executor;
            if (item.generation != node.generation) return;
            if (!step(node, item.kind, index, item.at)) return;
            perform_executor(index);
            return bench_of(node).end_step();
        }
        case MachineKind::framework: {
            FrameworkMachine& node = frameworks_[index].machine;
            if (item.generation != node.generation) return;
            if (!step(node, item.kind, index, item.at)) return;
            perform_framework(index);
            return bench_of(node).end_step();
        }
    }
}

void World::check_master() {
    master_.machine->check_invariants();
    const master::State& state = master_.machine->state();
    const std::uint64_t size = state.agents.size() + state.tasks.size();
    invariants_at_ = master_steps_ + std::max(steps_between_invariants, size);
}

// --- authors ---

void World::call_author(std::uint32_t index, const framework::Deliver& delivery) {
    FrameworkHost& host = frameworks_[index];
    if (options_.checks) checker_.look_at_delivery(host.options.id, delivery, now_);
    Item item = make_item(What::arrival, MachineKind::framework, index,
                          now_ + options_.author.draw(author_rng_));
    item.slot = bench_of(host.machine).under_way.put(host.author->deliver(delivery));
    item.generation = host.machine.generation;
    item.counts = true;
    queue_.push(item);
    arm_author(index);
}

void World::arm_author(std::uint32_t index) {
    FrameworkHost& host = frameworks_[index];
    const Instant wake = host.author->next_wake();
    if (wake == host.author_wake) return;
    host.author_wake = wake;
    if (wake == Instant::never()) return;
    Item item = make_item(What::author, MachineKind::framework, index, std::max(wake, now_));
    item.generation = host.machine.generation;
    queue_.push(item);
}

void World::wake_author(const Item& item) {
    FrameworkHost& host = frameworks_[item.machine];
    if (host.machine.generation != item.generation || host.ended) return;
    if (host.author_wake > now_) return;  // It has changed its mind.
    host.author_wake = Instant::never();
    framework::AuthorAsked asked = host.author->wake(now_);
    if (!asked.offers.empty() || !asked.requests.empty())
        ask_author(item.machine, std::move(asked));
    arm_author(item.machine);
}

void World::ask_author(std::uint32_t framework, framework::AuthorAsked asked) {
    FrameworkHost& host = frameworks_[framework];
    if (!host.machine.machine) return;
    push_now(MachineKind::framework, framework, framework::Event{std::move(asked)});
}

// Nobody answers while there is no master.
void World::ask_operator(protocol::OperatorCall call, std::string principal) {
    if (!master_.machine) return;
    push_now(MachineKind::master, 0,
             master::OperatorAsked{++operator_requests_, std::move(principal), std::move(call)});
}

// --- looking ---

const agent::Agent* World::find_agent(std::uint32_t index) const {
    return agents_[index].agent.machine.get();
}

const framework::Framework* World::find_framework(std::uint32_t index) const {
    return frameworks_[index].machine.machine.get();
}

bool World::has_ended(std::uint32_t framework) const { return frameworks_[framework].ended; }

const std::optional<Refusal>& World::ended_why(std::uint32_t framework) const {
    return frameworks_[framework].why;
}

std::size_t World::processes_running() const {
    std::size_t running = 0;
    for (const AgentHost& host : agents_) {
        running += static_cast<std::size_t>(std::ranges::count_if(
            host.processes, [](const auto& entry) { return entry.second.running; }));
    }
    return running;
}

const std::vector<std::string>& World::check() {
    if (master_.machine) master_.machine->check_invariants();
    for (const AgentHost& host : agents_) {
        if (host.agent.machine) host.agent.machine->check_invariants();
        if (host.executor.machine) host.executor.machine->check_invariants();
    }
    return checker_.violations();
}

}  // namespace offerkit::sim
