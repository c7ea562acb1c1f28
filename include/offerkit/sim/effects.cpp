// SPDX-License-Identifier: Apache-2.0
/// What the world does when a machine asks for something. Effects are performed one by one, and
/// between any two of them the process may die.
#include <offerkit/core/overloaded.hpp>
#include <offerkit/sim/timeline.hpp>
#include <offerkit/sim/world.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace offerkit::sim {

void World::push_now(MachineKind kind, std::uint32_t index, master::Event event) {
    tell(master_, kind, index, std::move(event));
}

void World::push_now(MachineKind kind, std::uint32_t index, agent::Event event) {
    tell(agents_[index].agent, kind, index, std::move(event));
}

void World::push_now(MachineKind kind, std::uint32_t index, executor::Event event) {
    tell(agents_[index].executor, kind, index, std::move(event));
}

void World::push_now(MachineKind kind, std::uint32_t index, framework::Event event) {
    tell(frameworks_[index].machine, kind, index, std::move(event));
}

/// Returns false if the process has died on the way.
template <class N, class Perform, class Crash>
bool World::perform_each(N& node, MachineKind kind, Perform perform, Crash crash) {
    Reached::Cases& reached = reached_.effects[static_cast<std::size_t>(kind)];
    const auto die = [&] {
        reached_.count(Fault::crashed_between_effects);
        crash();
        return false;
    };
    for (auto& effect : bench_of(node).effects.list) {
        if (node.performed >= node.crash_at) return die();
        ++node.performed;
        ++reached[effect.index()];
        perform(effect);
    }
    return node.performed >= node.crash_at ? die() : true;
}

// --- disks ---

/// Schedules the completion, or the failure, of the writes that one step has asked for.
template <class Store>
void World::commit(Store& store, MachineKind kind, std::uint32_t index, std::uint32_t generation,
                   std::uint64_t first, std::uint64_t last, PerMille failures) {
    if (last == 0 || store.is_failing()) return;  // The failure under way covers these too.
    const bool fails = store.full || (failures != 0 && store_rng_.chance(failures, 1000));
    if (fails) store.begin_failure(first);
    Item item;
    item.what = What::stored;
    item.kind = kind;
    item.machine = index;
    item.generation = generation;
    item.at = std::max(store.last, now_ + options_.store.draw(store_rng_) + store.lag);
    store.last = item.at;
    item.connection = fails ? first : last;
    item.slot = fails ? 1 : 0;
    item.counts = true;
    queue_.push(item);
}

template <class Stored, class Failed, class Node, class Store>
void World::tell_stored(const Item& item, Node& node, Store& store) {
    if (node.generation != item.generation || !node.machine) return;
    if (item.slot == 0) {
        store.complete(item.connection);
        return push_now(item.kind, item.machine, Stored{item.connection});
    }
    reached_.count(Fault::store_failed);
    const std::uint64_t upto = store.end_failure();
    Failed failed;
    failed.from = item.connection;
    failed.why = "the disk is full";
    if constexpr (requires { failed.upto; }) failed.upto = upto;
    push_now(item.kind, item.machine, std::move(failed));
}

void World::on_stored(const Item& item) {
    if (item.kind == MachineKind::master) {
        return tell_stored<master::Stored, master::StoreFailed>(item, master_, master_store_);
    }
    AgentHost& host = agents_[item.machine];
    tell_stored<agent::Stored, agent::StoreFailed>(item, host.agent, host.store);
}

namespace {

/// The first and the last entry that a list of effects wants stored; zero: none.
template <class Store, class List>
std::pair<std::uint64_t, std::uint64_t> find_entries(const List& list) {
    std::pair<std::uint64_t, std::uint64_t> entries{0, 0};
    for (const auto& effect : list) {
        const auto* const store = std::get_if<Store>(&effect);
        if (store == nullptr) continue;
        if (entries.first == 0) entries.first = store->entry;
        entries.second = store->entry;
    }
    return entries;
}

}  // namespace

// --- the master ---

template <class Event>
void World::send_to_client(PeerId peer, Event event, Slab<Event>& slab) {
    const std::uint64_t number = Connections::number_of(peer);
    Connection* const connection = connections_.find(number);
    if (connection == nullptr || !connection->master_open || connection->broken) return;
    const Passage passage = draw_way(client_of(connection->link), connection->last_to_client);
    if (passage.breaks) return break_connection(number, "the connection broke");
    Item item;
    item.what = What::arrival;
    item.kind = machine_of(connection->link);
    item.machine = connection->link.index;
    item.generation = connection->generation;
    item.connection = number;
    item.counts = true;
    if (passage.repeated) {
        item.at = passage.arrives_again;
        item.slot = slab.put(event);
        item.again = true;
        queue_.push(item);
        item.again = false;
    }
    if (passage.dropped) return;
    item.at = passage.arrives;
    item.slot = slab.put(std::move(event));
    queue_.push(item);
}

void World::perform_master() {
    const auto [first, last] = find_entries<master::Store>(bench_of(master_).effects.list);
    const bool lives = perform_each(
        master_, MachineKind::master, [this](master::Effect& effect) { perform(effect); },
        [this] { crash_master(); });
    if (!lives) return;
    commit(master_store_, MachineKind::master, 0, master_.generation, first, last,
           options_.store_failures);
    if (options_.checks) checker_.master_tells(bench_of(master_).effects.deltas, now_);
}

void World::perform(master::Effect& effect) {
    if (options_.timeline) remark("master", describe(effect));
    if (options_.checks) checker_.master_does(effect, master_store_.durable(), now_);
    std::visit(Overloaded{
                   [&](master::SendScheduler& e) {
                       send_to_client(e.to,
                                      framework::Event{framework::MasterSaid{std::move(e.event)}},
                                      std::get<FrameworkMachine::Bench>(benches_).under_way);
                   },
                   [&](master::SendAgent& e) {
                       send_to_client(e.to, agent::Event{agent::MasterSaid{std::move(e.message)}},
                                      std::get<AgentMachine::Bench>(benches_).under_way);
                   },
                   [&](master::ClosePeer& e) { close_at_master(e.peer, std::move(e.why)); },
                   [&](master::Store& e) { master_store_.ask(e.entry, std::move(e.write)); },
                   [&](master::AnswerOperator& e) { answers_.push_back(std::move(e)); },
               },
               effect);
}

// --- agents and their executors ---

void World::perform_agent(std::uint32_t index) {
    AgentHost& host = agents_[index];
    const auto [first, last] = find_entries<agent::Store>(bench_of(host.agent).effects.list);
    const bool lives = perform_each(
        host.agent, MachineKind::agent, [&](agent::Effect& effect) { perform(index, effect); },
        [&] { crash_part_way(index); });
    if (!lives) return;
    commit(host.store, MachineKind::agent, index, host.agent.generation, first, last,
           options_.agent_store_failures);
    if (host.stopped || host.left) disconnect(agent_link(index), "the agent has stopped");
    if (!host.left) return;
    host.store.finish();
    end_agent(host);
}

void World::perform(std::uint32_t index, agent::Effect& effect) {
    AgentHost& host = agents_[index];
    const Link link = agent_link(index);
    if (options_.timeline) remark("agent " + std::to_string(index), describe(effect));
    if (options_.checks) {
        checker_.agent_does(index, effect, host.store.durable(), host.store.works(), now_);
    }
    std::visit(
        Overloaded{
            [&](const agent::Connect& e) { connect(link, e.epoch_seen); },
            [&](const agent::Disconnect&) { disconnect(link, "the agent has disconnected"); },
            [&](agent::SendMaster& e) {
                const PeerId peer = Connections::peer_of(host.client.connection);
                send_to_master(link, master::AgentSaid{peer, std::move(e.message)});
            },
            [&](agent::SendExecutor& e) {
                if (!e.to.is_none()) return;  // No world of ours has custom executors yet.
                push_now(MachineKind::executor, index,
                         executor::Event{executor::AgentSaid{std::move(e.event)}});
            },
            [&](agent::RecoverExecutor& e) {
                push_now(MachineKind::executor, index,
                         executor::Event{executor::Recovered{std::move(e.tasks)}});
            },
            [](const agent::CloseExecutor&) {},
            [&](agent::Store& e) { host.store.ask(e.entry, std::move(e.write)); },
            [&](const agent::Stopped& e) {
                const auto& stop = host.agent.machine->state().stop;
                const bool leaves = stop && stop->keep_tasks && !e.failed;
                (leaves ? host.left : host.stopped) = true;
            },
        },
        effect);
}

void World::perform_executor(std::uint32_t index) {
    (void)perform_each(
        agents_[index].executor, MachineKind::executor,
        [&](executor::Effect& effect) { perform(index, effect); }, [&] { crash_part_way(index); });
}

void World::perform(std::uint32_t index, executor::Effect& effect) {
    std::visit(Overloaded{
                   [&](executor::SendAgent& e) {
                       push_now(MachineKind::agent, index,
                                agent::Event{agent::ExecutorSaid{PeerId{}, std::move(e.call)}});
                   },
                   [&](executor::StartProcess& e) { start_process(index, e); },
                   [&](const executor::KillProcess& e) { kill_process(index, e); },
                   [&](const executor::ForgetProcess& e) { forget_process(index, e); },
                   [&](const executor::ListProcesses&) { list_processes(index); },
                   [&](executor::TellFound& e) {
                       push_now(MachineKind::agent, index,
                                agent::Event{agent::TaskFound{e.key.framework,
                                                              std::move(e.key.task), e.age}});
                   },
                   [](const executor::Note&) {},
               },
               effect);
}

// --- frameworks ---

void World::perform_framework(std::uint32_t index) {
    FrameworkHost& host = frameworks_[index];
    const bool lives = perform_each(
        host.machine, MachineKind::framework,
        [&](framework::Effect& effect) { perform(index, effect); }, [&] { kill_framework(index); });
    if (lives && host.ended) disconnect(framework_link(index), "the framework has ended");
}

void World::perform(std::uint32_t index, framework::Effect& effect) {
    FrameworkHost& host = frameworks_[index];
    const Link link = framework_link(index);
    if (options_.timeline) remark("framework " + std::to_string(index), describe(effect));
    if (options_.checks) checker_.framework_does(host.options.id, effect);
    std::visit(Overloaded{
                   [&](const framework::Connect& e) { connect(link, e.epoch_seen); },
                   [&](const framework::Disconnect&) {
                       disconnect(link, "the framework has disconnected");
                   },
                   [&](framework::SendMaster& e) {
                       const PeerId peer = Connections::peer_of(host.client.connection);
                       send_to_master(link, master::SchedulerSaid{peer, std::move(e.call)});
                   },
                   [&](const framework::Deliver& e) {
                       if (e.subscribed) host.options.id = *e.subscribed;
                       call_author(index, e);
                   },
                   [](const framework::Warn&) {},
                   [&](framework::Ended& e) {
                       host.ended = true;
                       host.why = std::move(e.why);
                   },
               },
               effect);
}

}  // namespace offerkit::sim
