// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"
#include "script.hpp"

#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/overloaded.hpp>
#include <offerkit/master/master.hpp>

namespace offerkit::test {
namespace {

class MasterScript : public MachineScript {
public:
    explicit MasterScript(master::Options options)
        : machine_(std::move(options), std::move(*make_allocator("drf"))) {}

    void command(const std::string& verb, Words& words) override {
        if (verb == "open") {
            const auto peer = words.id<PeerId>("peer");
            const auto kind =
                words.take("agent") ? protocol::PeerKind::agent : protocol::PeerKind::framework;
            if (kind == protocol::PeerKind::framework && !words.take("framework")) {
                words.fail("expected agent or framework");
            }
            add(master::PeerOpened{peer, kind, "ada"});
        } else if (verb == "close") {
            const auto peer = words.id<PeerId>("peer");
            add(master::PeerClosed{peer, words.rest()});
        } else if (verb == "slow" || verb == "reads-again") {
            add(master::PeerSlow{words.id<PeerId>("peer"), verb == "slow"});
        } else if (verb == "recovered") {
            add(master::Recovered{contents(words)});
        } else if (verb == "stored") {
            if (last_entry_ != 0) add(master::Stored{last_entry_});
            stored_ = last_entry_;
        } else if (verb == "store-failed") {
            // All that is under way.
            const std::string why = words.rest();
            if (stored_ != last_entry_) add(master::StoreFailed{stored_ + 1, why});
            stored_ = last_entry_;
        } else if (verb == "operator") {
            ask(words);
        } else if (verb == "agent") {
            const auto peer = words.id<PeerId>("peer");
            add(master::AgentSaid{peer, agent_message(words)});
        } else if (verb == "scheduler") {
            const auto peer = words.id<PeerId>("peer");
            add(master::SchedulerSaid{peer, scheduler_call(words)});
        } else {
            words.fail("is no command of a master");
        }
    }

    std::vector<std::string> step(Instant now) override {
        master::Effects effects;
        std::vector<master::Event> events = std::exchange(events_, {});
        const Instant wake = machine_.step({now, wall_of(now), {events}}, effects);
        machine_.check_invariants();
        std::vector<std::string> lines;
        for (const master::Effect& effect : effects.list) {
            lines.push_back(print(effect));
            if (const auto* store = std::get_if<master::Store>(&effect)) last_entry_ = store->entry;
            if (fails_now()) fail(effect);
        }
        for (const master::Delta& delta : effects.deltas)
            lines.push_back(print(delta));
        print_wake(wake, lines);
        return lines;
    }

private:
    void add(master::Event event) { events_.push_back(std::move(event)); }

    void fail(const master::Effect& effect) {
        std::visit(
            Overloaded{
                [this](const master::SendScheduler& e) { add(master::PeerClosed{e.to, "failed"}); },
                [this](const master::SendAgent& e) { add(master::PeerClosed{e.to, "failed"}); },
                [this](const master::ClosePeer& e) { add(master::PeerClosed{e.peer, "failed"}); },
                [this](const master::Store& e) { add(master::StoreFailed{e.entry, "failed"}); },
                [](const master::AnswerOperator&) {},
            },
            effect);
    }

    // What a registry held, entry by entry.
    static master::registry::Contents contents(Words& words) {
        namespace registry = master::registry;
        registry::Contents contents;
        while (!words.is_empty()) {
            if (words.take("agent")) {
                registry::AdmitAgent w{words.id<AgentId>("agent"), {}};
                w.info.hostname = words.next("hostname");
                w.info.resources = words.resources();
                registry::apply(contents, w);
            } else if (words.take("unreachable")) {
                registry::apply(contents,
                                registry::MarkUnreachable{words.id<AgentId>("agent"), {}});
            } else if (words.take("gone")) {
                registry::apply(contents, registry::MarkGone{words.id<AgentId>("agent"), {}});
            } else if (words.take("draining")) {
                const auto agent = words.id<AgentId>("agent");
                const WallTime deadline = wall_of(Instant{} + words.duration("deadline"));
                registry::apply(contents, registry::SetAgentMode{
                                              agent, registry::AgentMode::draining, deadline});
            } else if (words.take("framework")) {
                registry::PutFramework w{words.id<FrameworkId>("framework"), {}};
                w.info.name = words.next("name");
                w.info.principal = "ada";
                w.info.failover_timeout = words.duration("failover timeout");
                registry::apply(contents, w);
            } else if (words.take("role")) {
                registry::PutRole w;
                w.config.role = words.role();
                w.config.weight = static_cast<std::int64_t>(words.number("weight"));
                registry::apply(contents, w);
            } else {
                words.fail("expected agent, unreachable, gone, draining, framework or role");
            }
        }
        return contents;
    }

    static protocol::AgentMessage agent_message(Words& words) {
        if (words.take("register")) return registration(words);
        if (words.take("more-tasks")) return protocol::ReportTasks{tasks(words), true};
        if (words.take("last-tasks")) return protocol::ReportTasks{tasks(words), false};
        if (words.take("statuses")) {
            protocol::UpdateStatuses m;
            while (!words.is_empty()) {
                const auto framework = words.id<FrameworkId>("framework");
                m.updates.push_back({framework, words.status()});
            }
            return m;
        }
        if (words.take("operations")) {
            protocol::UpdateOperations m;
            m.updates.push_back({words.id<FrameworkId>("framework"), {}});
            return m;
        }
        if (words.take("data")) {
            const auto framework = words.id<FrameworkId>("framework");
            const ExecutorId executor{words.next("executor")};
            return protocol::ExecutorData{framework, executor, words.rest()};
        }
        if (words.take("executor-ended")) {
            const auto framework = words.id<FrameworkId>("framework");
            const ExecutorId executor{words.next("executor")};
            return protocol::ExecutorEnded{framework, executor, words.rest()};
        }
        if (words.take("beat")) return protocol::AgentBeat{};
        if (words.take("unregister")) return protocol::Unregister{};
        words.fail("is no message of an agent");
    }

    static protocol::RegisterAgent registration(Words& words) {
        protocol::RegisterAgent m;
        m.info.hostname = words.next("hostname");
        m.info.resources = words.resources();
        if (words.take("as")) m.id = words.id<AgentId>("agent id");
        if (words.take("run")) m.run.number = words.number("run");
        if (words.take("nonce")) m.run.nonce = words.number("nonce");
        m.tasks_follow = words.take("tasks-follow");
        m.tasks = tasks(words);
        return m;
    }

    static std::vector<protocol::AgentTask> tasks(Words& words) {
        std::vector<protocol::AgentTask> tasks;
        while (words.take("task")) {
            protocol::AgentTask task;
            task.framework = words.id<FrameworkId>("framework");
            task.role = words.role();
            task.info.id = words.task_id();
            task.info.resources = words.resources();
            task.state = words.task_state();
            tasks.push_back(std::move(task));
        }
        return tasks;
    }

    static protocol::SchedulerCall scheduler_call(Words& words) {
        if (words.take("subscribe")) return subscription(words);
        if (words.take("accept")) return acceptance(words);
        if (words.take("decline")) return decline(words);
        if (words.take("revive")) return protocol::Revive{roles(words)};
        if (words.take("suppress")) return protocol::Suppress{roles(words)};
        if (words.take("demand")) {
            const Role role = words.role();
            DemandShape shape;
            shape.resources = words.resources();
            shape.count = static_cast<std::uint32_t>(words.number("count"));
            return protocol::StateDemand{{{role, {shape}}}};
        }
        if (words.take("kill")) {
            protocol::Kill c{words.task_id(), std::nullopt};
            if (words.take("grace")) c.grace = words.duration("grace");
            return c;
        }
        if (words.take("acknowledge")) {
            const auto agent = words.id<AgentId>("agent");
            const TaskId task = words.task_id();
            return protocol::Acknowledge{{{agent, task, words.id<StatusId>("status")}}};
        }
        if (words.take("reconcile")) {
            protocol::Reconcile c;
            while (!words.is_empty()) {
                protocol::Reconcile::Question question{words.task_id(), {}};
                if (words.take("on")) question.agent = words.id<AgentId>("agent");
                c.tasks.push_back(std::move(question));
            }
            return c;
        }
        if (words.take("to-executor")) {
            const auto agent = words.id<AgentId>("agent");
            const ExecutorId executor{words.next("executor")};
            return protocol::ToExecutor{agent, executor, words.rest()};
        }
        if (words.take("teardown")) return protocol::Teardown{};
        if (words.take("beat")) return protocol::Beat{};
        words.fail("is no call of a scheduler");
    }

    static protocol::Subscribe subscription(Words& words) {
        protocol::Subscribe c;
        c.info.name = words.next("name");
        while (!words.is_empty()) {
            if (words.take("roles")) {
                c.info.roles.clear();
                while (!words.is_empty() && !words.take("and")) {
                    c.info.roles.push_back(words.role());
                }
            } else if (words.take("as")) {
                c.id = words.id<FrameworkId>("framework id");
            } else if (words.take("take-over")) {
                c.take_over = true;
            } else if (words.take("failover")) {
                c.info.failover_timeout = words.duration("failover timeout");
            } else if (words.take("suppressed")) {
                c.suppressed.push_back(words.role());
            } else if (words.take("filter")) {
                const Role role = words.role();
                const auto agent = words.id<AgentId>("agent");
                const Resources refused = words.resources();
                c.filters.push_back({role, agent, refused, words.duration("remaining")});
            } else {
                words.fail("expected roles, as, take-over, failover, suppressed or filter");
            }
        }
        return c;
    }

    static std::vector<Role> roles(Words& words) {
        std::vector<Role> roles;
        while (!words.is_empty())
            roles.push_back(words.role());
        return roles;
    }

    static protocol::Accept acceptance(Words& words) {
        protocol::Accept c;
        c.offers.push_back(words.id<OfferId>("offer"));
        while (words.take("with"))
            c.offers.push_back(words.id<OfferId>("offer"));
        if (words.take("refuse")) c.refuse_for = words.duration("refuse time");
        Launch launch;
        while (words.take("launch")) {
            while (!words.is_empty())
                launch.tasks.push_back(words.task());
        }
        if (!launch.tasks.empty()) c.operations.push_back({{}, std::move(launch)});
        if (words.take("group")) {
            LaunchGroup group;
            group.executor.id = ExecutorId{words.next("executor")};
            while (!words.is_empty())
                group.tasks.push_back(words.task());
            c.operations.push_back({{}, std::move(group)});
        }
        if (words.take("reserve")) c.operations.push_back({{}, Reserve{{}, words.resources()}});
        return c;
    }

    static protocol::Decline decline(Words& words) {
        protocol::Decline c;
        c.offers.push_back(words.id<OfferId>("offer"));
        if (words.take("refuse")) c.refuse_for = words.duration("refuse time");
        if (words.take("reason")) c.reason = words.decline_reason();
        return c;
    }

    void ask(Words& words) {
        master::OperatorAsked asked;
        asked.request = words.number("request");
        asked.principal = "operator";
        if (words.take("weight")) {
            protocol::ConfigureRole call;
            call.config.role = words.role();
            call.config.weight = static_cast<std::int64_t>(words.number("weight"));
            asked.call = call;
        } else if (words.take("teardown")) {
            asked.call = protocol::TeardownFramework{words.id<FrameworkId>("framework")};
        } else if (words.take("kill")) {
            auto [framework, task] = words.task_of();
            asked.call = protocol::KillTaskOf{framework, std::move(task)};
        } else if (words.take("deactivate")) {
            asked.call = protocol::DeactivateAgent{words.id<AgentId>("agent")};
        } else if (words.take("activate")) {
            asked.call = protocol::ActivateAgent{words.id<AgentId>("agent")};
        } else if (words.take("drain")) {
            const auto agent = words.id<AgentId>("agent");
            asked.call = protocol::DrainAgent{agent, words.duration("deadline")};
        } else if (words.take("gone")) {
            asked.call = protocol::MarkAgentGone{words.id<AgentId>("agent")};
        } else {
            words.fail("is no call of an operator");
        }
        add(std::move(asked));
    }

    master::Master machine_;
    std::vector<master::Event> events_;
    std::uint64_t last_entry_ = 0;  // That it has asked to store.
    std::uint64_t stored_ = 0;      // Up to this one, the world has answered.
};

}  // namespace

std::unique_ptr<MachineScript> make_master_script(Words& words) {
    master::Options options;
    while (!words.is_empty()) {
        if (words.take("epoch")) {
            options.epoch = words.number("epoch");
        } else if (words.take("offer-timeout")) {
            options.offer_timeout = words.duration("offer timeout");
        } else {
            words.fail("expected epoch or offer-timeout");
        }
    }
    return std::make_unique<MasterScript>(std::move(options));
}

}  // namespace offerkit::test
