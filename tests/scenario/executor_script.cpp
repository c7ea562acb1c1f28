// SPDX-License-Identifier: Apache-2.0
#include "print.hpp"
#include "script.hpp"

#include <offerkit/executor/executor.hpp>

namespace offerkit::test {
namespace {

class ExecutorScript : public MachineScript {
public:
    void command(const std::string& verb, Words& words) override {
        if (verb == "agent") {
            add(executor::AgentSaid{executor_event(words)});
        } else if (verb == "started") {
            add(executor::ProcessStarted{key(words), 4711, "/srv/agent/sandbox"});
        } else if (verb == "not-started") {
            executor::ProcessNotStarted event{key(words), {}};
            event.why = words.rest();
            add(std::move(event));
        } else if (verb == "exited") {
            executor::ProcessExited event;
            event.key = key(words);
            if (words.take("lost")) {
                event.lost = true;
            } else if (words.take("signal")) {
                event.exit.signal = static_cast<std::int32_t>(words.number("signal"));
            } else {
                event.exit.code = static_cast<std::int32_t>(words.number("exit code"));
            }
            add(std::move(event));
        } else {
            words.fail("is no command of an executor");
        }
    }

    std::vector<std::string> step(Instant now) override {
        executor::Effects effects;
        std::vector<executor::Event> events = std::exchange(events_, {});
        const Instant wake = machine_.step({now, wall_of(now), {events}}, effects);
        machine_.check_invariants();
        std::vector<std::string> lines;
        for (const executor::Effect& effect : effects.list) {
            lines.push_back(print(effect));
            if (!fails_now()) continue;
            if (const auto* start = std::get_if<executor::StartProcess>(&effect)) {
                add(executor::ProcessNotStarted{start->key, "failed"});
            } else if (const auto* kill = std::get_if<executor::KillProcess>(&effect)) {
                executor::ProcessExited lost;
                lost.key = kill->key;
                lost.lost = true;
                add(std::move(lost));
            }
        }
        print_wake(wake, lines);
        return lines;
    }

private:
    void add(executor::Event event) { events_.push_back(std::move(event)); }

    static executor::ProcessKey key(Words& words) {
        auto [framework, task] = words.task_of();
        return {framework, std::move(task)};
    }

    static protocol::ExecutorEvent executor_event(Words& words) {
        if (words.take("launch")) {
            protocol::LaunchTask m;
            m.framework = words.id<FrameworkId>("framework");
            m.framework_name = "batch";
            m.user = "ada";
            m.task = words.task();
            m.sandbox = "f/" + m.task.id.text();
            return m;
        }
        if (words.take("kill")) {
            auto [framework, task] = words.task_of();
            return protocol::KillTaskNow{framework, std::move(task), words.duration("grace"),
                                         StatusReason::kill_requested};
        }
        if (words.take("noted")) {
            auto [framework, task] = words.task_of();
            return protocol::StatusesNoted{{{framework, std::move(task)}}};
        }
        if (words.take("subscribed")) return protocol::ExecutorSubscribed{};
        if (words.take("refused")) return protocol::ExecutorRefused{words.refusal()};
        if (words.take("data")) return protocol::DataToExecutor{words.rest()};
        if (words.take("shut-down")) return protocol::ShutDownExecutor{};
        words.fail("is nothing that an agent says");
    }

    executor::Executor machine_;
    std::vector<executor::Event> events_;
};

}  // namespace

std::unique_ptr<MachineScript> make_executor_script(Words& words) {
    words.expect_end();
    return std::make_unique<ExecutorScript>();
}

}  // namespace offerkit::test
