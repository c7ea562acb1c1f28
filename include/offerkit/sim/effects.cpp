// SPDX-License-Identifier: Apache-2.0
/// What the world does when a machine asks for something.
#include <offerkit/core/overloaded.hpp>
#include <offerkit/sim/timeline.hpp>
#include <offerkit/sim/world.hpp>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace offerkit::sim {

void World::push_now(MachineKind kind, std::uint32_t index, master::Event event) {
    master_.inbox.push_back(std::move(event));
    request_step(master_, kind, index, now_, true);
}

void World::push_now(MachineKind kind, std::uint32_t index, agent::Event event) {
    agents_[index].agent.inbox.push_back(std::move(event));
    request_step(agents_[index].agent, kind, index, now_, true);
}

void World::push_now(MachineKind kind, std::uint32_t index, executor::Event event) {
    agents_[index].executor.inbox.push_back(std::move(event));
    request_step(agents_[index].executor, kind, index, now_, true);
}

void World::push_now(MachineKind kind, std::uint32_t index, framework::Event event) {
    frameworks_[index].machine.inbox.push_back(std::move(event));
    request_step(frameworks_[index].machine, kind, index, now_, true);
}

/// Schedules the completion, or the failure, of the writes that one step has asked for.
template <class Event>
void World::complete_writes(StoreModel& store, MachineKind kind, std::uint32_t index,
                            std::uint32_t generation, std::uint64_t first, std::uint64_t last,
                            Slab<Event>& slab) {
    if (last == 0) return;
    using Stored =
        std::conditional_t<std::is_same_v<Event, master::Event>, master::Stored, agent::Stored>;
    using Failed = std::conditional_t<std::is_same_v<Event, master::Event>, master::StoreFailed,
                                      agent::StoreFailed>;
    if (store.failing) return;  // The failure under way covers these too.
    store.failing = options_.store_failures != 0 && kind == MachineKind::master &&
                    store_rng_.chance(options_.store_failures, 1000);
    Item item;
    item.what = What::arrival;
    item.kind = kind;
    item.machine = index;
    item.generation = generation;
    item.at = std::max(store.last, now_ + options_.store.draw(store_rng_));
    store.last = item.at;
    item.slot =
        store.failing ? slab.put(Failed{first, "the disk is full"}) : slab.put(Stored{last});
    item.counts = true;
    queue_.push(item);
}

// --- the master ---

template <class Event>
void World::send_to_client(PeerId peer, Event event, Slab<Event>& slab) {
    const std::uint64_t number = Connections::number_of(peer);
    Connection* const connection = connections_.find(number);
    if (connection == nullptr || !connection->master_open || connection->broken) return;
    const Passage passage =
        draw_passage(options_.network, network_rng_, now_, connection->last_to_client);
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
        queue_.push(item);
    }
    if (passage.dropped) return;
    item.at = passage.arrives;
    item.slot = slab.put(std::move(event));
    queue_.push(item);
}

void World::perform_master() {
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (options_.timeline) {
        for (const master::Effect& effect : master_.effects.list) {
            remark("master", describe(effect));
        }
    }
    for (master::Effect& effect : master_.effects.list) {
        std::visit(Overloaded{
                       [&](master::SendScheduler& e) {
                           send_to_client(
                               e.to, framework::Event{framework::MasterSaid{std::move(e.event)}},
                               framework_events_);
                       },
                       [&](master::SendAgent& e) {
                           send_to_client(e.to,
                                          agent::Event{agent::MasterSaid{std::move(e.message)}},
                                          agent_events_);
                       },
                       [&](master::ClosePeer& e) { close_at_master(e.peer, std::move(e.why)); },
                       [&](const master::Store& e) {
                           if (first == 0) first = e.entry;
                           last = e.entry;
                       },
                       [&](master::AnswerOperator& e) { answers_.push_back(std::move(e)); },
                   },
                   effect);
    }
    complete_writes(master_store_, MachineKind::master, 0, master_.generation, first, last,
                    master_events_);
}

// --- agents and their executors ---

void World::perform_agent(std::uint32_t index) {
    AgentHost& host = agents_[index];
    const Link link = agent_link(index);
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    if (options_.timeline) {
        for (const agent::Effect& effect : host.agent.effects.list) {
            remark("agent " + std::to_string(index), describe(effect));
        }
    }
    for (agent::Effect& effect : host.agent.effects.list) {
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
                    if (const auto* launch = std::get_if<protocol::LaunchTask>(&e.event)) {
                        host.launched.insert_or_assign(
                            executor::ProcessKey{launch->framework, launch->task.id},
                            launch->task.resources);
                    }
                    push_now(MachineKind::executor, index,
                             executor::Event{executor::AgentSaid{std::move(e.event)}});
                },
                [&](agent::RecoverExecutor& e) {
                    push_now(MachineKind::executor, index,
                             executor::Event{executor::Recovered{std::move(e.tasks)}});
                },
                [](const agent::CloseExecutor&) {},
                [&](const agent::Store& e) {
                    if (first == 0) first = e.entry;
                    last = e.entry;
                    if (const auto* put = std::get_if<agent::checkpoint::PutIdentity>(&e.write)) {
                        host.options.id = put->agent;
                        host.options.epoch_seen = put->epoch;
                    }
                },
                [&](const agent::Stopped&) { host.stopped = true; },
            },
            effect);
    }
    complete_writes(host.store, MachineKind::agent, index, host.agent.generation, first, last,
                    agent_events_);
    if (host.stopped) disconnect(link, "the agent has stopped");
}

void World::perform_executor(std::uint32_t index) {
    for (executor::Effect& effect : agents_[index].executor.effects.list) {
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
}

void World::start_process(std::uint32_t index, executor::StartProcess& start) {
    AgentHost& host = agents_[index];
    const auto launched = host.launched.find(start.key);
    if (options_.checks) {
        checker_.process_started(index, start.key,
                                 launched == host.launched.end() ? Resources{} : launched->second,
                                 host.options.info.resources, now_);
    }
    Process process;
    process.plan = draw_plan(options_.processes, process_rng_, start.argv);
    process.number = ++processes_made_;
    process.started_at = now_ + options_.processes.start.draw(process_rng_);
    process.started_wall = {wall_offset_ + process.started_at.ns};
    process.running = process.plan.starts;
    Item item;
    item.what = What::arrival;
    item.kind = MachineKind::executor;
    item.machine = index;
    item.generation = host.executor.generation;
    item.at = process.started_at;
    item.counts = true;
    if (!process.plan.starts) {
        checker_.process_ended(index, start.key);
        item.slot = executor_events_.put(
            executor::ProcessNotStarted{std::move(start.key), "exec: no such file"});
        queue_.push(item);
        return;
    }
    item.slot = executor_events_.put(
        executor::ProcessStarted{start.key, static_cast<std::int64_t>(process.number),
                                 "/var/lib/offerkit/" + start.sandbox});
    queue_.push(item);
    process.exit.code = process.plan.code;
    process.ends_at = process.plan.run_time == Duration::max()
                          ? Instant::never()
                          : process.started_at + process.plan.run_time;
    arm_end(index, start.key, process);
    host.processes.insert_or_assign(std::move(start.key), std::move(process));
}

void World::arm_end(std::uint32_t index, const executor::ProcessKey& key, const Process& process) {
    if (process.ends_at == Instant::never()) return;
    Item item;
    item.what = What::process_ended;
    item.machine = index;
    item.generation = agents_[index].boots;
    item.connection = process.number;
    item.at = process.ends_at;
    item.slot = ending_.put(key);
    item.counts = true;
    queue_.push(item);
}

void World::kill_process(std::uint32_t index, const executor::KillProcess& kill) {
    const auto found = agents_[index].processes.find(kill.key);
    if (found == agents_[index].processes.end() || !found->second.running) return;
    Process& process = found->second;
    const Duration after_term = options_.processes.end_after_term.draw(process_rng_);
    const bool obeys = !process.plan.ignores_term && after_term <= kill.grace;
    const Instant asked_at = std::max(now_, process.started_at);
    const Instant ends_at = asked_at + (obeys ? after_term : kill.grace);
    if (ends_at >= process.ends_at) return;  // It ends by itself before that.
    process.ends_at = ends_at;
    process.exit = {0, obeys ? 15 : 9};
    arm_end(index, found->first, process);
}

void World::end_process(const Item& item) {
    const executor::ProcessKey key = ending_.take(item.slot);
    AgentHost& host = agents_[item.machine];
    const auto found = host.processes.find(key);
    if (item.generation != host.boots || found == host.processes.end()) return;
    Process& process = found->second;
    // A kill has overtaken this end, or this is a repeat of it.
    if (!process.running || process.number != item.connection || process.ends_at != now_) return;
    process.running = false;
    if (options_.checks) checker_.process_ended(item.machine, key);
    executor::ProcessExited exited;
    exited.key = key;
    exited.exit = process.exit;
    exited.started_at = process.started_wall;
    exited.ended_at = wall_now();
    if (host.executor.machine) {
        push_now(MachineKind::executor, item.machine, executor::Event{std::move(exited)});
    }
}

void World::forget_process(std::uint32_t index, const executor::ForgetProcess& forget) {
    AgentHost& host = agents_[index];
    host.launched.erase(forget.key);
    const auto found = host.processes.find(forget.key);
    if (found == host.processes.end()) return;
    if (found->second.running) {
        checker_.violate(now_, "task " + forget.key.task.text() + " was forgotten while it runs");
    }
    host.processes.erase(found);
}

void World::list_processes(std::uint32_t index) {
    for (const auto& [key, process] : agents_[index].processes) {
        executor::ProcessStarted started{key, static_cast<std::int64_t>(process.number), {}};
        started.age = std::max(Duration{0}, now_ - process.started_at);
        started.listed = true;
        executor::ProcessExited exited;
        exited.key = key;
        exited.exit = process.exit;
        exited.started_at = process.started_wall;
        exited.ended_at = wall_now();
        exited.listed = true;
        push_now(MachineKind::executor, index,
                 process.running ? executor::Event{std::move(started)}
                                 : executor::Event{std::move(exited)});
    }
    push_now(MachineKind::executor, index, executor::Event{executor::ListEnded{}});
}

// --- frameworks ---

void World::perform_framework(std::uint32_t index) {
    FrameworkHost& host = frameworks_[index];
    const Link link = framework_link(index);
    if (options_.timeline) {
        for (const framework::Effect& effect : host.machine.effects.list) {
            remark("framework " + std::to_string(index), describe(effect));
        }
    }
    for (framework::Effect& effect : host.machine.effects.list) {
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
    if (host.ended) disconnect(link, "the framework has ended");
}

}  // namespace offerkit::sim
