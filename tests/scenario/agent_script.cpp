// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"
#include "script.hpp"

#include <offerkit/agent/agent.hpp>

namespace offerkit::test {
namespace {

class AgentScript : public MachineScript {
public:
    explicit AgentScript(agent::Options options) : machine_(std::move(options)) {}

    void command(const std::string& verb, Words& words) override {
        if (verb == "opened") {
            protocol::Welcome welcome;
            welcome.epoch = words.number("epoch");
            add(agent::LinkOpened{welcome});
        } else if (verb == "closed") {
            add(agent::LinkClosed{words.refusal()});
        } else if (verb == "master") {
            add(agent::MasterSaid{master_message(words)});
        } else if (verb == "executor-opened") {
            add(agent::ExecutorOpened{words.id<PeerId>("peer"), "ada"});
        } else if (verb == "executor-closed") {
            const auto peer = words.id<PeerId>("peer");
            add(agent::ExecutorClosed{peer, words.rest()});
        } else if (verb == "executor") {
            const auto peer = words.id<PeerId>("peer");
            add(agent::ExecutorSaid{peer, executor_call(words)});
        } else if (verb == "stored") {
            if (last_entry_ != 0) add(agent::Stored{last_entry_});
            stored_ = last_entry_;
        } else if (verb == "store-failed") {
            // All that is under way.
            const std::string why = words.rest();
            if (stored_ != last_entry_) add(agent::StoreFailed{stored_ + 1, why});
            stored_ = last_entry_;
        } else if (verb == "stop") {
            add(agent::StopAsked{words.duration("grace")});
        } else {
            words.fail("is no command of an agent");
        }
    }

    std::vector<std::string> step(Instant now) override {
        agent::Effects effects;
        std::vector<agent::Event> events = std::exchange(events_, {});
        const Instant wake = machine_.step({now, wall_of(now), {events}}, effects);
        machine_.check_invariants();
        std::vector<std::string> lines;
        for (const agent::Effect& effect : effects.list) {
            lines.push_back(print(effect));
            if (const auto* store = std::get_if<agent::Store>(&effect)) last_entry_ = store->entry;
            if (!fails_now()) continue;
            if (const auto* store = std::get_if<agent::Store>(&effect)) {
                add(agent::StoreFailed{store->entry, "failed"});
            } else {
                add(agent::LinkClosed{
                    {RefusalCode::unavailable, "link", "carry", "failed", "try again"}});
            }
        }
        for (const agent::Delta& delta : effects.deltas)
            lines.push_back(print(delta));
        print_wake(wake, lines);
        return lines;
    }

private:
    void add(agent::Event event) { events_.push_back(std::move(event)); }

    static protocol::MasterMessage master_message(Words& words) {
        if (words.take("registered")) {
            protocol::AgentRegistered m;
            m.agent = words.id<AgentId>("agent");
            m.epoch = m.agent.epoch();
            m.heartbeat_interval = words.duration("heartbeat interval");
            return m;
        }
        if (words.take("refused")) return protocol::AgentRefused{words.refusal()};
        if (words.take("run")) {
            protocol::RunTasks m;
            m.framework = words.id<FrameworkId>("framework");
            m.framework_name = "batch";
            m.user = "ada";
            while (!words.is_empty())
                m.tasks.push_back(words.task());
            return m;
        }
        if (words.take("run-group")) {
            protocol::RunGroup m;
            m.framework = words.id<FrameworkId>("framework");
            m.executor.id = ExecutorId{words.next("executor")};
            while (!words.is_empty())
                m.tasks.push_back(words.task());
            return m;
        }
        if (words.take("kill")) {
            auto [framework, task] = words.task_of();
            protocol::KillTask m{framework, std::move(task), std::nullopt};
            if (words.take("grace")) m.grace = words.duration("grace");
            return m;
        }
        if (words.take("acknowledge")) {
            auto [framework, task] = words.task_of();
            return protocol::AcknowledgeStatuses{
                {{framework, std::move(task), words.id<StatusId>("status")}}};
        }
        if (words.take("apply")) {
            protocol::ApplyOperation m;
            m.id = words.id<OperationId>("operation");
            m.framework = words.id<FrameworkId>("framework");
            m.operation.action = Reserve{};
            return m;
        }
        if (words.take("data")) {
            const auto framework = words.id<FrameworkId>("framework");
            const ExecutorId executor{words.next("executor")};
            return protocol::DataForExecutor{framework, executor, words.rest()};
        }
        if (words.take("end-framework")) {
            return protocol::EndFramework{words.id<FrameworkId>("framework")};
        }
        if (words.take("reconcile")) {
            auto [framework, task] = words.task_of();
            return protocol::ReconcileTasks{{{framework, std::move(task)}}};
        }
        if (words.take("shut-down")) return protocol::ShutDownAgent{words.rest()};
        if (words.take("beat")) return protocol::MasterToAgentBeat{};
        words.fail("is nothing that a master says");
    }

    static protocol::ExecutorCall executor_call(Words& words) {
        if (words.take("report")) {
            protocol::ReportStatuses call;
            while (!words.is_empty()) {
                const auto framework = words.id<FrameworkId>("framework");
                call.reports.push_back({framework, words.status()});
            }
            return call;
        }
        if (words.take("subscribe")) {
            const auto framework = words.id<FrameworkId>("framework");
            return protocol::SubscribeExecutor{framework, ExecutorId{words.next("executor")}, {}};
        }
        if (words.take("data")) {
            const auto framework = words.id<FrameworkId>("framework");
            return protocol::DataToScheduler{framework, words.rest()};
        }
        words.fail("is no call of an executor");
    }

    agent::Agent machine_;
    std::vector<agent::Event> events_;
    std::uint64_t last_entry_ = 0;  // That it has asked to store.
    std::uint64_t stored_ = 0;      // Up to this one, the world has answered.
};

}  // namespace

std::unique_ptr<MachineScript> make_agent_script(Words& words) {
    agent::Options options;
    options.info.hostname = "host";
    options.info.resources = words.resources();
    while (!words.is_empty()) {
        if (words.take("as")) {
            options.id = words.id<AgentId>("agent id");
        } else if (words.take("epoch-seen")) {
            options.epoch_seen = words.number("epoch");
        } else {
            words.fail("expected as or epoch-seen");
        }
    }
    return std::make_unique<AgentScript>(std::move(options));
}

}  // namespace offerkit::test
