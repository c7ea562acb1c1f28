// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("a task is killed on demand", "[agent][kill]") {
    Driver driver;
    driver.register_agent();
    const auto kill = [&](std::optional<Duration> grace = std::nullopt) {
        driver.step({said(protocol::KillTask{framework_1, TaskId{"t1"}, grace})});
        return driver.told<protocol::KillTaskNow>();
    };

    GIVEN("a running task with a grace of twenty seconds") {
        TaskInfo task = make_task("t1");
        task.kill_policy.grace = 20s;
        driver.run(task);

        THEN("a kill uses the task's own grace") {
            CHECK(kill() == std::vector<protocol::KillTaskNow>{{framework_1, TaskId{"t1"}, 20s}});
        }
        THEN("a kill may bring its own") { CHECK(kill(7s).at(0).grace == 7s); }

        WHEN("it has been asked once") {
            REQUIRE(kill(10s).size() == 1);

            THEN("the same again is absorbed") { CHECK(kill(10s).empty()); }
            THEN("a longer grace is absorbed") { CHECK(kill().empty()); }
            THEN("a shorter grace is passed on") { CHECK(kill(2s).at(0).grace == 2s); }
            THEN("a shorter grace that would end later is absorbed") {
                driver.step({}, 9s);
                CHECK(kill(2s).empty());
            }
        }
        WHEN("it has ended by itself meanwhile") {
            driver.step({report("t1", TaskState::finished)});

            THEN("the kill is absorbed") {
                CHECK(kill().empty());
                CHECK(driver.updates().empty());
            }
        }
    }
    GIVEN("a task that is still being written") {
        driver.step({said(run_tasks({make_task("t1")}))});
        CHECK(kill().empty());

        WHEN("it is durable") {
            driver.store_all();

            THEN("it never starts and its end is told") {
                CHECK(driver.told<protocol::LaunchTask>().empty());
                const TaskStatus status = driver.update();
                CHECK(status.state == TaskState::killed);
                CHECK(status.reason == StatusReason::kill_requested);
                CHECK(status.source == StatusSource::agent);
            }
        }
    }
    GIVEN("no such task") {
        CHECK(kill().empty());
        CHECK(driver.update().state == TaskState::unknown);
        CHECK(driver.update().reason == StatusReason::task_unknown);
        CHECK(driver.update().id.is_none());
    }
}

SCENARIO("a task that runs too long is killed", "[agent][kill]") {
    Driver driver;
    driver.register_agent();
    TaskInfo task = make_task("t1");
    task.run_time_max = 5s;
    driver.step({said(run_tasks({task}))});
    driver.store_all();
    driver.step({}, 7s);  // It is not running yet, so its time has not begun.
    CHECK(driver.told<protocol::KillTaskNow>().empty());
    driver.step({report("t1", TaskState::running)});
    driver.store_all();
    driver.acknowledge(driver.updates());

    THEN("not a moment early and with the reason") {
        driver.step({}, 5s - 1ns);
        CHECK(driver.told<protocol::KillTaskNow>().empty());
        driver.step({}, 1ns);
        CHECK(driver.told<protocol::KillTaskNow>() ==
              std::vector<protocol::KillTaskNow>{
                  {framework_1, TaskId{"t1"}, 3s, StatusReason::run_time_exceeded}});
    }
    THEN("a second running status does not prolong its time") {
        driver.step({}, 2s);
        driver.step({report("t1", TaskState::running)});
        driver.step({}, 3s);
        CHECK(driver.told<protocol::KillTaskNow>().size() == 1);
    }
    THEN("one that ends in time is left alone") {
        driver.step({report("t1", TaskState::finished)});
        driver.store_all();
        driver.step({}, 5s);
        CHECK(driver.told<protocol::KillTaskNow>().empty());
    }
}

SCENARIO("a long time limit is kept exactly and costs no lasting memory", "[agent][kill]") {
    Driver driver;
    driver.register_agent();
    TaskInfo task = make_task("t1");
    task.run_time_max = 10min + 1s;
    driver.run(task);
    const Instant begin = driver.now();
    for (int looks = 0; driver.told<protocol::KillTaskNow>().empty(); ++looks) {
        REQUIRE(looks < 1000);
        REQUIRE(driver.state().deadlines.size() <= 2);
        driver.wake();
        if (driver.state().link.stage != LinkStage::registered) continue;
        if (!driver.told<protocol::KillTaskNow>().empty()) break;
        driver.step({said(protocol::MasterToAgentBeat{})});
    }
    CHECK(driver.now() - begin == 10min + 1s);
}

SCENARIO("the end of a framework ends its tasks and no others", "[agent][kill]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    driver.step({said(run_tasks({make_task("t1"), make_task("t2")}, framework_2))});
    driver.store_all();
    driver.step({said(run_tasks({make_task("t3")}))});

    driver.step({said(protocol::EndFramework{framework_1})});
    CHECK(driver.told<protocol::KillTaskNow>() ==
          std::vector<protocol::KillTaskNow>{
              {framework_1, TaskId{"t1"}, 3s, StatusReason::framework_removed}});
    driver.store_all();
    CHECK(driver.update().task == TaskId{"t3"});
    CHECK(driver.update().state == TaskState::killed);
    CHECK(driver.told<protocol::LaunchTask>().empty());

    driver.step({said(protocol::EndFramework{framework_1})});
    CHECK(driver.is_silent());
    driver.step({said(protocol::EndFramework{FrameworkId{1, 9}})});
    CHECK(driver.is_silent());
}

SCENARIO("an agent answers for the tasks that it does not know", "[agent][kill]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    protocol::ReconcileTasks question;
    question.tasks = {
        {framework_1, TaskId{"t1"}}, {framework_1, TaskId{"t2"}}, {framework_2, TaskId{"t1"}}};
    driver.step({said(question)});
    const auto updates = driver.updates();
    REQUIRE(updates.size() == 2);
    CHECK(updates[0].framework == framework_1);
    CHECK(updates[0].status.task == TaskId{"t2"});
    CHECK(updates[0].status.state == TaskState::dropped);
    CHECK(updates[0].status.reason == StatusReason::reconciliation);
    CHECK(updates[0].status.id.is_none());
    CHECK(updates[1].framework == framework_2);
}
