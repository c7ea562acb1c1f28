// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/executor/executor.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace offerkit::executor;
using namespace std::chrono_literals;

namespace {

constexpr FrameworkId owner{1, 1};
const ProcessKey t1{owner, TaskId{"t1"}};

/// One step after another; what it says is kept until the next.
struct Script {
    Executor machine;
    Instant now;
    Effects out;

    void step(std::vector<Event> events) {
        out.clear();
        (void)machine.step({now, {}, events}, out);
        machine.check_invariants();
    }

    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const Effect& effect : out.list) {
            if (const auto* each = std::get_if<T>(&effect)) found.push_back(*each);
        }
        return found;
    }

    [[nodiscard]] std::vector<TaskStatus> reports() const {
        std::vector<TaskStatus> found;
        for (const SendAgent& each : all<SendAgent>()) {
            for (const auto& report : std::get<protocol::ReportStatuses>(each.call).reports)
                found.push_back(report.status);
        }
        return found;
    }

    [[nodiscard]] TaskStatus report() const {
        const auto found = reports();
        REQUIRE(found.size() == 1);
        return found.front();
    }
};

protocol::LaunchTask make_launch() {
    protocol::LaunchTask launch;
    launch.framework = owner;
    launch.task.id = t1.task;
    launch.task.command.shell = "true";
    launch.task.kill_policy.grace = 4s;
    launch.sandbox = "frameworks/f1-1/tasks/t1/1-1";
    return launch;
}

Script recover(TaskState state, StatusReason reason = StatusReason::none, bool rebooted = false) {
    Script script;
    script.step({Recovered{{{{make_launch(), state, reason, rebooted}}}}});
    CHECK(script.all<ListProcesses>() ==
          std::vector<ListProcesses>{{{{t1, "frameworks/f1-1/tasks/t1/1-1"}}}});
    CHECK(script.out.list.size() == 1);
    return script;
}

ProcessExited make_exit(int code) {
    ProcessExited exited;
    exited.key = t1;
    exited.exit.code = code;
    exited.listed = true;
    return exited;
}

}  // namespace

SCENARIO("a recovered task that runs goes on", "[executor][recover]") {
    GIVEN("one that was known to run") {
        Script script = recover(TaskState::running);
        script.step({ProcessStarted{t1, 7, "/w/s", 9s, true}, ListEnded{}});
        CHECK(script.reports().empty());
        CHECK(script.all<StartProcess>().empty());
        CHECK(script.all<TellFound>() == std::vector<TellFound>{{t1, 9s}});
        THEN("its end is told as ever") {
            script.step({make_exit(3)});
            CHECK(script.report().state == TaskState::failed);
            CHECK(script.report().exit->code == 3);
            CHECK(script.report().sandbox == "/w/s");
        }
    }
    GIVEN("one that was not") {
        Script script = recover(TaskState::staging);
        script.step({ProcessStarted{t1, 7, "/w/s", 9s, true}, ListEnded{}});
        THEN("it is news that it runs") { CHECK(script.report().state == TaskState::running); }
    }
    GIVEN("one that is about to start") {
        Script script = recover(TaskState::staging);
        script.step({ProcessStarting{t1}, ListEnded{}});
        CHECK(script.out.list.empty());
        script.step({ProcessStarted{t1, 7, "/w/s"}});
        THEN("it is waited for") { CHECK(script.report().state == TaskState::running); }
    }
}

SCENARIO("a recovered task that ended meanwhile has its real end told", "[executor][recover]") {
    Script script = recover(TaskState::running);
    ProcessExited exited = make_exit(0);
    WHEN("it ended by itself") {
        exited.sandbox = "/w/s";
        script.step({exited, ListEnded{}});
        CHECK(script.report().state == TaskState::finished);
        CHECK(script.report().exit.has_value());
        CHECK(script.report().sandbox == "/w/s");
    }
    WHEN("the agent before had killed it") {
        exited.killed = true;
        exited.exit = {0, 15};
        script.step({exited, ListEnded{}});
        CHECK(script.report().state == TaskState::killed);
        CHECK(script.report().reason == StatusReason::kill_requested);
    }
    WHEN("nobody saw how") {
        exited.lost = true;
        script.step({exited, ListEnded{}});
        CHECK(script.report().state == TaskState::failed);
        CHECK(script.report().reason == StatusReason::launcher_lost);
    }
    WHEN("it could not be started") {
        script.step({ProcessNotStarted{t1, "no such file", true}, ListEnded{}});
        CHECK(script.report().reason == StatusReason::command_not_started);
    }
    AND_THEN("the launcher may forget it once that is durable") {
        script.step({make_exit(0)});
        script.step({AgentSaid{protocol::StatusesNoted{{{owner, t1.task}}}}});
        CHECK(script.all<ForgetProcess>() == std::vector<ForgetProcess>{{t1}});
    }
}

SCENARIO("what the launcher does not know is settled once", "[executor][recover]") {
    WHEN("the task was never seen to run") {
        Script script = recover(TaskState::staging);
        script.step({ListEnded{}});
        THEN("it was never launched, and is now") {
            REQUIRE(script.all<StartProcess>().size() == 1);
            CHECK(script.all<StartProcess>()[0].sandbox == make_launch().sandbox);
            CHECK(script.reports().empty());
        }
    }
    WHEN("it was seen to run") {
        Script script = recover(TaskState::running);
        script.step({ListEnded{}});
        THEN("it is lost and not launched again") {
            CHECK(script.report().reason == StatusReason::launcher_lost);
            CHECK(script.all<StartProcess>().empty());
        }
    }
    WHEN("a kill came before the list did") {
        Script script = recover(TaskState::staging);
        script.step(
            {AgentSaid{protocol::KillTaskNow{owner, t1.task, 1s, StatusReason::preempted}}});
        CHECK(script.out.list.empty());
        script.step({ListEnded{}});
        THEN("it ends unrun") {
            CHECK(script.report().state == TaskState::killed);
            CHECK(script.report().reason == StatusReason::preempted);
            CHECK(script.all<StartProcess>().empty());
        }
    }
    WHEN("the machine was booted since") {
        for (const TaskState state : {TaskState::staging, TaskState::running}) {
            Script script = recover(state, StatusReason::none, true);
            script.step({ListEnded{}});
            CHECK(script.report().state == TaskState::failed);
            CHECK(script.report().reason == StatusReason::agent_restarted);
            CHECK(script.all<StartProcess>().empty());
        }
    }
}

SCENARIO("after a boot the launcher's records still count", "[executor][recover]") {
    Script script = recover(TaskState::running, StatusReason::none, true);
    ProcessExited exited = make_exit(5);
    WHEN("the task had ended before") {
        script.step({exited, ListEnded{}});
        CHECK(script.report().exit->code == 5);
    }
    WHEN("it was running") {
        exited.lost = true;
        script.step({exited, ListEnded{}});
        CHECK(script.report().reason == StatusReason::agent_restarted);
        CHECK_FALSE(script.report().exit.has_value());
    }
}

SCENARIO("a kill that may have been lost is asked for again", "[executor][recover]") {
    GIVEN("a task that an agent before was killing") {
        Script script = recover(TaskState::killing, StatusReason::run_time_exceeded);
        script.step({ProcessStarted{t1, 7, "/w/s", 9s, true}});
        CHECK(script.all<KillProcess>() == std::vector<KillProcess>{{t1, 4s}});
        CHECK(script.reports().empty());
        ProcessExited exited = make_exit(0);
        exited.exit = {0, 9};
        script.step({exited});
        CHECK(script.report().state == TaskState::killed);
        CHECK(script.report().reason == StatusReason::run_time_exceeded);
    }
    GIVEN("a task that we were killing when the launcher died") {
        Script script;
        script.step({AgentSaid{make_launch()}});
        script.step({ProcessStarted{t1, 7, "/w/s"}});
        script.step({AgentSaid{protocol::KillTaskNow{owner, t1.task, 4s}}});
        script.now = script.now + 3s;
        script.step({ProcessStarted{t1, 7, "/w/s", 9s, true}, ListEnded{}});
        THEN("what is left of its grace counts") {
            CHECK(script.all<KillProcess>() == std::vector<KillProcess>{{t1, 1s}});
            CHECK(script.reports().empty());
        }
    }
}

SCENARIO("a launcher that died is asked again", "[executor][recover]") {
    Script script;
    script.step({AgentSaid{make_launch()}});
    WHEN("it had not accepted the task") {
        script.step({ListEnded{}});
        CHECK(script.all<StartProcess>().size() == 1);
    }
    WHEN("it had") {
        script.step({ProcessStarting{t1}, ListEnded{}});
        CHECK(script.out.list.empty());
    }
    WHEN("a kill had come, its request may still be on its way") {
        script.step({AgentSaid{protocol::KillTaskNow{owner, t1.task, 4s}}});
        script.step({ListEnded{}});
        CHECK(script.reports().empty());
        CHECK(script.all<StartProcess>().size() == 1);
    }
    WHEN("it has lost its memory") {
        script.step({ProcessStarted{t1, 7, "/w/s"}});
        script.step({ListEnded{}});
        CHECK(script.report().reason == StatusReason::launcher_lost);
        script.step({ListEnded{}});
        CHECK(script.out.list.empty());
    }
    WHEN("each list is told anew") {
        script.step({ProcessStarted{t1, 7, "/w/s"}});
        script.step({ProcessStarted{t1, 7, "/w/s", 1s, true}, ListEnded{}});
        CHECK(script.out.list.empty());
        script.step({ListEnded{}});
        CHECK(script.report().reason == StatusReason::launcher_lost);
    }
}

SCENARIO("processes that nobody knows are ended and forgotten", "[executor][recover]") {
    Script script;
    const ProcessKey other{FrameworkId{}, TaskId{"f9-9/1-1"}};
    script.step({Recovered{}});
    script.step({ProcessStarting{other}});
    CHECK(script.out.list.empty());
    script.step({ProcessStarted{other, 7, "", 9s, true}, ListEnded{}});
    CHECK(script.all<KillProcess>().size() == 1);
    CHECK(script.all<Note>().size() == 1);
    ProcessExited exited = make_exit(0);
    exited.key = other;
    script.step({exited});
    CHECK(script.all<ForgetProcess>() == std::vector<ForgetProcess>{{other}});
    script.step({ProcessNotStarted{other, "no such file", true}});
    CHECK(script.all<ForgetProcess>() == std::vector<ForgetProcess>{{other}});
    CHECK(script.reports().empty());
}
