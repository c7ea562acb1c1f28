// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/executor/executor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace offerkit::executor;
using namespace offerkit::literals;
using namespace std::chrono_literals;

namespace {

constexpr FrameworkId owner{1, 1};

/// Drives an executor by hand, beside a twin that must say the same.
class Driver {
public:
    void step(std::vector<Event> events, Duration after = 0ns) {
        now_ = now_ + after;
        std::vector<Event> copy = events;
        out_.clear();
        Effects other;
        const WallTime wall{1'000 + now_.ns};
        REQUIRE(executor_.step({now_, wall, events}, out_) == Instant::never());
        REQUIRE(twin_.step({now_, wall, copy}, other) == Instant::never());
        REQUIRE(out_.list == other.list);
        REQUIRE(executor_.state() == twin_.state());
        executor_.check_invariants();
    }

    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const Effect& effect : out_.list) {
            if (const auto* each = std::get_if<T>(&effect)) found.push_back(*each);
        }
        return found;
    }

    [[nodiscard]] std::vector<TaskStatus> reports() const {
        std::vector<TaskStatus> found;
        for (const SendAgent& each : all<SendAgent>()) {
            for (const auto& report : std::get<protocol::ReportStatuses>(each.call).reports) {
                CHECK(report.framework == owner);
                found.push_back(report.status);
            }
        }
        return found;
    }

    [[nodiscard]] TaskStatus report() const {
        const auto found = reports();
        REQUIRE(found.size() == 1);
        return found.front();
    }

    [[nodiscard]] bool is_silent() const { return out_.list.empty(); }
    [[nodiscard]] const State& state() const { return executor_.state(); }

private:
    Executor executor_;
    Executor twin_;
    Instant now_;
    Effects out_;
};

[[nodiscard]] ProcessKey key(const std::string& id = "t1") { return {owner, TaskId{id}}; }

[[nodiscard]] protocol::LaunchTask launch(const std::string& id = "t1") {
    protocol::LaunchTask event;
    event.framework = owner;
    event.task.id = TaskId{id};
    event.task.resources = 1.5_cpus + 256_MiB;
    event.task.command.shell = "sleep 1";
    event.sandbox = "frameworks/f1-1/tasks/" + id + "/1-1";
    return event;
}

[[nodiscard]] Event said(protocol::ExecutorEvent event) { return AgentSaid{std::move(event)}; }

[[nodiscard]] Event kill(Duration grace, StatusReason reason = StatusReason::kill_requested) {
    return said(protocol::KillTaskNow{owner, TaskId{"t1"}, grace, reason});
}

[[nodiscard]] Event started(const std::string& id = "t1") {
    return ProcessStarted{key(id), 4711, "/var/sandbox/" + id};
}

[[nodiscard]] ProcessExited exited(std::int32_t code, std::int32_t signal = 0) {
    ProcessExited event;
    event.key = key();
    event.exit = {code, signal};
    event.ended_at = WallTime{77};
    return event;
}

[[nodiscard]] Event noted(const std::string& id = "t1") {
    return said(protocol::StatusesNoted{{{owner, TaskId{id}}}});
}

[[nodiscard]] std::string value_of(const StartProcess& start, const std::string& name) {
    std::string value = "(unset)";
    int times = 0;
    for (const auto& [known, its_value] : start.environment) {
        if (known != name) continue;
        value = its_value;
        ++times;
    }
    CHECK(times <= 1);
    return value;
}

}  // namespace

SCENARIO("a launch becomes a process", "[executor]") {
    Driver driver;

    GIVEN("a shell command") {
        driver.step({said(launch())});
        const auto starts = driver.all<StartProcess>();
        REQUIRE(starts.size() == 1);
        CHECK(starts[0].key == key());
        CHECK(starts[0].argv == std::vector<std::string>{"/bin/sh", "-c", "sleep 1"});
        CHECK(starts[0].sandbox == "frameworks/f1-1/tasks/t1/1-1");
        CHECK(value_of(starts[0], "OFFERKIT_FRAMEWORK_ID") == "f1-1");
        CHECK(value_of(starts[0], "OFFERKIT_TASK_ID") == "t1");
        CHECK(value_of(starts[0], "OFFERKIT_CPUS") == "1.5");
        CHECK(value_of(starts[0], "OFFERKIT_MEM_MIB") == "256");
        CHECK_THAT(value_of(starts[0], "PATH"), Catch::Contains("/usr/bin"));
        CHECK(driver.reports().empty());

        WHEN("it comes again at any time") {
            driver.step({said(launch())});
            CHECK(driver.is_silent());
            driver.step({started()});
            driver.step({said(launch())});
            CHECK(driver.is_silent());
            driver.step({exited(0)});
            driver.step({said(launch())});
            CHECK(driver.is_silent());
        }
    }
    GIVEN("an argument vector with its own surroundings") {
        auto event = launch();
        event.task.command.shell.clear();
        event.task.command.argv = {"echo", "a b"};
        event.task.command.environment = {{"PATH", "/opt/bin"}, {"X", "1"}, {"X", "2"}};
        event.task.command.working_directory = "sub";
        event.user = "alice";
        driver.step({said(event)});
        const auto start = driver.all<StartProcess>().at(0);
        CHECK(start.argv == std::vector<std::string>{"echo", "a b"});
        CHECK(value_of(start, "PATH") == "/opt/bin");
        CHECK(value_of(start, "X") == "2");
        CHECK(start.working_directory == "sub");
        CHECK(start.user == "alice");
    }
}

SCENARIO("what becomes of a process is reported", "[executor]") {
    Driver driver;
    driver.step({said(launch())});

    WHEN("it has started") {
        driver.step({started()});

        THEN("it runs and has a sandbox") {
            CHECK(driver.report().state == TaskState::running);
            CHECK(driver.report().task == TaskId{"t1"});
            CHECK(driver.report().source == StatusSource::executor);
            CHECK(driver.report().sandbox == "/var/sandbox/t1");
            CHECK(driver.report().at == WallTime{1'000});
        }
        THEN("the same again is absorbed") {
            driver.step({started()});
            CHECK(driver.is_silent());
            driver.step({ProcessNotStarted{key(), "late"}});
            CHECK(driver.is_silent());
        }
    }
    WHEN("its start was some time ago") {
        auto event = std::get<ProcessStarted>(started());
        event.age = Duration{700};
        driver.step({event});
        THEN("it runs since then") { CHECK(driver.report().at == WallTime{300}); }
    }
    WHEN("it could not start") {
        driver.step({ProcessNotStarted{key(), "exec: no such file"}});
        CHECK(driver.report().state == TaskState::failed);
        CHECK(driver.report().reason == StatusReason::command_not_started);
        CHECK(driver.report().message == "exec: no such file");
        CHECK_FALSE(driver.report().exit.has_value());
    }
    WHEN("its end is told before its start") {
        driver.step({exited(0)});
        CHECK(driver.report().state == TaskState::finished);
        driver.step({started()});
        CHECK(driver.is_silent());
    }
    WHEN("nobody knows how it ended") {
        driver.step({started()});
        ProcessExited event = exited(0);
        event.lost = true;
        driver.step({event});
        CHECK(driver.report().state == TaskState::failed);
        CHECK(driver.report().reason == StatusReason::launcher_lost);
        CHECK_FALSE(driver.report().exit.has_value());
    }
}

TEST_CASE("the way a process ends decides the state of its task", "[executor]") {
    using Row = std::tuple<std::string, ExitStatus, bool, TaskState, StatusReason, std::string>;
    const auto [what, exit, killed, state, reason, message] =
        GENERATE(table<std::string, ExitStatus, bool, TaskState, StatusReason, std::string>({
            Row{"exit 0",
                {0, 0},
                false,
                TaskState::finished,
                StatusReason::command_exited,
                "command exited with code 0"},
            Row{"exit 3",
                {3, 0},
                false,
                TaskState::failed,
                StatusReason::command_exited,
                "command exited with code 3"},
            Row{"a signal of somebody else",
                {0, 9},
                false,
                TaskState::failed,
                StatusReason::command_signalled,
                "command ended by signal 9"},
            Row{"our signal",
                {0, 15},
                true,
                TaskState::killed,
                StatusReason::preempted,
                "command ended by signal 15"},
            Row{"exit 0 after our signal",
                {0, 0},
                true,
                TaskState::killed,
                StatusReason::preempted,
                "command exited with code 0"},
        }));
    INFO(what);
    Driver driver;
    driver.step({said(launch())});
    driver.step({started()});
    if (killed) driver.step({kill(1s, StatusReason::preempted)});
    driver.step({exited(exit.code, exit.signal)});
    CHECK(driver.report().state == state);
    CHECK(driver.report().reason == reason);
    CHECK(driver.report().message == message);
    CHECK(driver.report().exit == exit);
    CHECK(driver.report().at == WallTime{77});
    CHECK(driver.report().sandbox == "/var/sandbox/t1");
}

SCENARIO("a kill reaches the process", "[executor]") {
    Driver driver;
    driver.step({said(launch())});

    GIVEN("a running process") {
        driver.step({started()});

        WHEN("it is to be killed") {
            driver.step({kill(10s, StatusReason::run_time_exceeded)});

            THEN("the launcher is asked and the agent told") {
                CHECK(driver.all<KillProcess>() == std::vector<KillProcess>{{key(), 10s}});
                CHECK(driver.report().state == TaskState::killing);
                CHECK(driver.report().reason == StatusReason::run_time_exceeded);
            }
            THEN("the same again is absorbed") {
                driver.step({kill(10s)});
                CHECK(driver.is_silent());
            }
            THEN("a shorter grace is passed on without a second status") {
                driver.step({kill(1s)});
                CHECK(driver.all<KillProcess>() == std::vector<KillProcess>{{key(), 1s}});
                CHECK(driver.reports().empty());
                driver.step({exited(0, 9)});
                CHECK(driver.report().reason == StatusReason::run_time_exceeded);
            }
            THEN("a shorter grace that would end later is absorbed") {
                driver.step({kill(2s)}, 9s);
                CHECK(driver.is_silent());
            }
        }
        WHEN("it has ended already") {
            driver.step({exited(0)});
            driver.step({kill(1s)});
            CHECK(driver.is_silent());
        }
    }
    GIVEN("a process that has not started") {
        driver.step({kill(10s)});
        CHECK(driver.is_silent());
        driver.step({kill(2s)});
        CHECK(driver.is_silent());

        WHEN("it starts") {
            driver.step({started()});

            THEN("it is killed at once with the shorter grace") {
                CHECK(driver.all<KillProcess>() == std::vector<KillProcess>{{key(), 2s}});
                REQUIRE(driver.reports().size() == 2);
                CHECK(driver.reports()[0].state == TaskState::running);
                CHECK(driver.reports()[1].state == TaskState::killing);
            }
        }
        WHEN("it cannot start") {
            driver.step({ProcessNotStarted{key(), "no such user"}});
            CHECK(driver.report().state == TaskState::failed);
        }
    }
    GIVEN("a task that is unknown") {
        driver.step({said(protocol::KillTaskNow{owner, TaskId{"t9"}, 1s})});
        CHECK(driver.is_silent());
    }
    GIVEN("the end of the executor") {
        driver.step({started()});
        driver.step({said(launch("t2"))});
        driver.step({said(protocol::ShutDownExecutor{})});
        CHECK(driver.all<KillProcess>() == std::vector<KillProcess>{{key(), 3s}});
        driver.step({started("t2")});
        CHECK(driver.all<KillProcess>() == std::vector<KillProcess>{{key("t2"), 3s}});
    }
}

SCENARIO("an end is forgotten once the agent has noted it", "[executor]") {
    Driver driver;
    driver.step({said(launch())});
    driver.step({started()});

    WHEN("the agent notes something while the process runs") {
        driver.step({noted()});
        CHECK(driver.is_silent());
        CHECK(driver.state().processes.size() == 1);
    }
    WHEN("the process has ended and the agent has noted it") {
        driver.step({exited(0)});
        CHECK(driver.all<ForgetProcess>().empty());
        driver.step({exited(0)});
        CHECK(driver.is_silent());
        driver.step({noted()});

        THEN("the launcher may forget it and nothing is kept") {
            CHECK(driver.all<ForgetProcess>() == std::vector<ForgetProcess>{{key()}});
            CHECK(driver.state().processes.empty());
        }
        THEN("the same note again is absorbed") {
            driver.step({noted()});
            CHECK(driver.is_silent());
        }
        THEN("an end that is told again is forgotten again") {
            driver.step({exited(0)});
            CHECK(driver.all<ForgetProcess>() == std::vector<ForgetProcess>{{key()}});
            CHECK(driver.reports().empty());
        }
    }
}

SCENARIO("reports of one step go out together and within the limit", "[executor]") {
    Driver driver;
    const std::size_t count = limits::statuses_per_message_max + 1;
    std::vector<Event> launches;
    std::vector<Event> starts;
    for (std::size_t i = 0; i < count; ++i) {
        launches.push_back(said(launch("t" + std::to_string(i))));
        starts.push_back(started("t" + std::to_string(i)));
    }
    driver.step(std::move(launches));
    driver.step(std::move(starts));
    CHECK(driver.all<SendAgent>().size() == 2);
    CHECK(driver.reports().size() == count);
}

SCENARIO("words that mean nothing to command tasks are absorbed", "[executor]") {
    Driver driver;
    driver.step({said(protocol::ExecutorSubscribed{}), said(protocol::DataToExecutor{"x"}),
                 said(protocol::ExecutorRefused{}), said(protocol::ShutDownExecutor{}),
                 noted("t9")});
    CHECK(driver.is_silent());
    CHECK(driver.state().processes.empty());
}
