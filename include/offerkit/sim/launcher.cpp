// SPDX-License-Identifier: Apache-2.0
/// The launcher of each machine: it starts, kills and remembers processes, whoever asks, and goes
/// on when the agent's process dies.
#include <offerkit/sim/world.hpp>

#include <algorithm>
#include <iterator>
#include <utility>

namespace offerkit::sim {

// Asking again for what it has already taken changes nothing.
void World::start_process(std::uint32_t index, executor::StartProcess& start) {
    AgentHost& host = agents_[index];
    if (host.processes.contains(start.key)) return;
    Process process;
    process.plan = draw_plan(options_.processes, process_rng_, start.argv);
    process.number = ++processes_made_;
    process.started_at = now_ + options_.processes.start.draw(process_rng_);
    process.exit.code = process.plan.code;
    process.ends_at = process.plan.run_time == Duration::max()
                          ? Instant::never()
                          : process.started_at + process.plan.run_time;
    Item item;
    item.what = What::process_started;
    item.machine = index;
    item.generation = host.boots;
    item.connection = process.number;
    item.at = process.started_at;
    item.slot = ending_.put(start.key);
    item.counts = true;
    queue_.push(item);
    host.processes.insert_or_assign(std::move(start.key), process);
}

void World::begin_process(const Item& item) {
    const executor::ProcessKey key = ending_.take(item.slot);
    AgentHost& host = agents_[item.machine];
    const auto found = host.processes.find(key);
    if (item.generation != host.boots || found == host.processes.end()) return;
    Process& process = found->second;
    if (process.number != item.connection) return;
    process.started = true;
    process.running = process.plan.starts;
    process.started_wall = wall_now();
    if (process.running) {
        if (options_.checks) {
            checker_.process_started(item.machine, key, host.options.info.resources, now_);
        }
        arm_end(item.machine, key, process);
    }
    tell_process(item.machine, key, process, false);
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
    if (options_.checks) checker_.kill_asked(kill.key);
    const auto found = agents_[index].processes.find(kill.key);
    if (found == agents_[index].processes.end() || !found->second.running) return;
    Process& process = found->second;
    process.killed = true;
    const Duration after_term = options_.processes.end_after_term.draw(process_rng_);
    const bool obeys = !process.plan.ignores_term && after_term <= kill.grace;
    const Instant ends_at = now_ + (obeys ? after_term : kill.grace);
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
    process.ended_wall = wall_now();
    if (options_.checks) checker_.process_ended(item.machine, key, process.exit, true);
    tell_process(item.machine, key, process, false);
}

/// Tells the executor, if there is one that has asked, how a process stands.
void World::tell_process(std::uint32_t index, const executor::ProcessKey& key,
                         const Process& process, bool listed) {
    if (!agents_[index].executor.machine || !agents_[index].listing) return;
    const std::string sandbox = "/var/lib/offerkit/" + key.task.text();
    const auto tell = [&](executor::Event event) {
        push_now(MachineKind::executor, index, std::move(event));
    };
    if (!process.started) {
        if (!process.lost) return tell(executor::ProcessStarting{key});
    } else if (!process.plan.starts) {
        return tell(executor::ProcessNotStarted{key, "exec: no such file", listed});
    } else if (process.running) {
        return tell(executor::ProcessStarted{key, static_cast<std::int64_t>(process.number),
                                             sandbox, now_ - process.started_at, listed});
    }
    executor::ProcessExited exited;
    exited.key = key;
    exited.exit = process.exit;
    exited.lost = process.lost;
    exited.started_at = process.started_wall;
    exited.ended_at = process.ended_wall;
    exited.killed = process.killed;
    exited.sandbox = sandbox;
    exited.listed = listed;
    tell(std::move(exited));
}

void World::list_processes(std::uint32_t index) {
    agents_[index].listing = true;
    for (const auto& [key, process] : agents_[index].processes)
        tell_process(index, key, process, true);
    push_now(MachineKind::executor, index, executor::Event{executor::ListEnded{}});
}

void World::forget_process(std::uint32_t index, const executor::ForgetProcess& forget) {
    AgentHost& host = agents_[index];
    const auto found = host.processes.find(forget.key);
    if (found == host.processes.end()) return;
    if (found->second.running) {
        checker_.violate(now_, "task " + forget.key.task.text() + " was forgotten while it runs");
    }
    host.processes.erase(found);
}

void World::restart_launcher(std::uint32_t agent, bool supervisors_too) {
    AgentHost& host = agents_[agent];
    remark("world", "the launcher of agent " + std::to_string(agent) + " is started again");
    reached_.count(Fault::launcher_crashed);
    std::erase_if(host.processes, [&](const auto& entry) {
        const Process& process = entry.second;
        return !process.started && !process.lost && process_rng_.chance(1, 2);
    });
    if (supervisors_too) lose_supervisors(agent);
    if (host.executor.machine && host.listing) list_processes(agent);
}

/// Of some, what was written of them is lost too. Only of those whose start the agent has on its
/// disk: any other could not be told from one that never started.
void World::lose_supervisors(std::uint32_t index) {
    reached_.count(Fault::supervisors_crashed);
    AgentHost& host = agents_[index];
    const auto is_known_to_run = [&](const executor::ProcessKey& key) {
        return std::ranges::any_of(host.store.durable().tasks, [&](const auto& task) {
            return task.framework == key.framework && task.info.id == key.task &&
                   task.state == TaskState::running;
        });
    };
    for (auto at = host.processes.begin(); at != host.processes.end();) {
        const auto& key = at->first;
        Process& process = at->second;
        const bool dies = process.running && process_rng_.chance(1, 2);
        if (dies) {
            if (options_.checks) checker_.process_ended(index, key, {0, 9}, false);
            process.running = false;
            process.lost = true;
            process.ended_wall = wall_now();
        }
        const bool vanishes = dies && process_rng_.chance(1, 4) && is_known_to_run(key);
        at = vanishes ? host.processes.erase(at) : std::next(at);
    }
}

/// The machine has crashed: what ran is over. Of what its launcher has written down last, some is
/// lost with it; of the rest the next launcher says that nobody knows how it ended.
void World::lose_processes(std::uint32_t index) {
    Processes& processes = agents_[index].processes;
    for (auto at = processes.begin(); at != processes.end();) {
        Process& process = at->second;
        if (process.running && options_.checks) {
            checker_.process_ended(index, at->first, {0, 9}, false);
        }
        if (process.running || !process.started) {
            process.lost = true;
            process.running = false;
            process.ended_wall = wall_now();
        }
        if (process_rng_.chance(1, 2)) {
            at = processes.erase(at);
        } else {
            ++at;
        }
    }
}

}  // namespace offerkit::sim
