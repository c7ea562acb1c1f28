// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("an agent that is asked to stop ends its tasks first", "[agent][stop]") {
    GIVEN("an agent that runs nothing") {
        Driver driver;
        driver.register_agent();
        driver.step({StopAsked{10s}});

        THEN("it takes its leave at once, and its id with it") {
            CHECK(driver.sent<protocol::Unregister>().size() == 1);
            CHECK(driver.all<Disconnect>().size() == 1);
            CHECK(driver.wrote<checkpoint::PutIdentity>() ==
                  std::vector<checkpoint::PutIdentity>{{AgentId{}, 1}});
            CHECK(driver.all<Stopped>().empty());
            driver.store_all();
            CHECK(driver.all<Stopped>() == std::vector<Stopped>{{"the operator asked"}});
            CHECK(driver.next() == Instant::never());
        }
        THEN("whatever comes later is absorbed") {
            driver.store_all();
            driver.step({said(run_tasks({make_task("t1")})), closed(), opened(), StopAsked{0s},
                         report("t1", TaskState::running)},
                        1h);
            CHECK(driver.is_silent());
            CHECK(driver.next() == Instant::never());
        }
    }
    GIVEN("an agent with a running task") {
        Driver driver;
        driver.register_agent();
        driver.run("t1");
        driver.step({StopAsked{10s}});
        CHECK(driver.told<protocol::KillTaskNow>() ==
              std::vector<protocol::KillTaskNow>{
                  {framework_1, TaskId{"t1"}, 10s, StatusReason::agent_removed}});
        CHECK(driver.all<Stopped>().empty());

        THEN("it waits for the end and for its acknowledgement") {
            driver.step({report("t1", TaskState::killed)});
            driver.store_all();
            CHECK(driver.states() == std::vector{TaskState::killed});
            CHECK(driver.all<Stopped>().empty());
            driver.acknowledge(driver.updates());
            CHECK(driver.sent<protocol::Unregister>().size() == 1);
            driver.store_all();
            CHECK(driver.all<Stopped>().size() == 1);
        }
        THEN("it does not wait for longer than the grace and five seconds") {
            driver.step({}, 15s - 1ns);
            CHECK(driver.all<Stopped>().empty());
            driver.step({}, 1ns);
            CHECK(driver.sent<protocol::Unregister>().size() == 1);
            driver.step({}, 5s);  // Nor for the disk.
            CHECK(driver.all<Stopped>().size() == 1);
        }
        THEN("new tasks are dropped") {
            driver.step({said(run_tasks({make_task("t2")}))});
            CHECK(driver.update().state == TaskState::dropped);
            CHECK(driver.update().reason == StatusReason::agent_removed);
        }
        THEN("a second request with a shorter grace is passed on") {
            driver.step({StopAsked{1s}});
            CHECK(driver.told<protocol::KillTaskNow>().at(0).grace == 1s);
            driver.step({}, 6s);
            driver.store_all();
            CHECK(driver.all<Stopped>().size() == 1);
        }
        THEN("a second request with a longer grace is absorbed") {
            driver.step({StopAsked{1min}});
            CHECK(driver.is_silent());
            driver.step({}, 15s);
            driver.store_all();
            CHECK(driver.all<Stopped>().size() == 1);
        }
        THEN("without a link it goes when the end is durable") {
            driver.step({closed()});
            driver.step({report("t1", TaskState::killed)});
            CHECK(driver.all<Stopped>().empty());
            driver.store_all();
            CHECK(driver.all<Stopped>().size() == 1);
            CHECK(driver.sent<protocol::Unregister>().empty());
            CHECK(driver.all<Disconnect>().empty());
        }
        THEN("without a link it does not connect again") {
            driver.step({closed()});
            driver.step({}, 14s);
            CHECK(driver.is_silent());
            driver.step({}, 1s);
            CHECK(driver.all<Connect>().empty());
            CHECK(driver.all<Stopped>().size() == 1);
        }
    }
    GIVEN("an agent that is still connecting") {
        Driver driver;
        driver.step();
        driver.step({StopAsked{10s}});
        CHECK(driver.all<Disconnect>().size() == 1);
        CHECK(driver.all<Stopped>().size() == 1);
    }
}

SCENARIO("the master can shut an agent down", "[agent][stop]") {
    Driver driver;
    driver.register_agent();
    TaskInfo slow = make_task("t1");
    slow.kill_policy.grace = 30s;
    driver.run(slow);
    driver.run("t2");
    driver.step({said(protocol::ShutDownAgent{"decommissioned"})});

    const auto kills = driver.told<protocol::KillTaskNow>();
    REQUIRE(kills.size() == 2);
    CHECK(kills[0].grace == 30s);
    CHECK(kills[1].grace == 3s);
    driver.step({report("t1", TaskState::killed), report("t2", TaskState::killed)});
    driver.store_all();
    driver.acknowledge(driver.updates());
    driver.store_all();
    CHECK(driver.all<Stopped>() == std::vector<Stopped>{{"the master asked: decommissioned"}});
}

SCENARIO("an agent that the cluster does not want ends its tasks", "[agent][stop]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    driver.step({closed()});
    driver.wake();
    driver.step({opened()});
    driver.step({said(protocol::AgentRefused{
        {RefusalCode::not_found, "agent a1-1", "register", "was removed", "start it anew"}})});
    CHECK(driver.told<protocol::KillTaskNow>().size() == 1);
    CHECK(driver.all<Stopped>().empty());
    driver.step({report("t1", TaskState::killed)});
    driver.store_all();
    CHECK(driver.all<Stopped>() ==
          std::vector<Stopped>{{"agent a1-1: register: was removed; start it anew", true}});
}

SCENARIO("an agent can be stopped so that its tasks go on", "[agent][stop]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    driver.step({said(run_tasks({make_task("t2")}))});
    driver.step({StopAsked{0s, true}});

    THEN("it ends no task and waits for its checkpoint") {
        CHECK(driver.told<protocol::KillTaskNow>().empty());
        CHECK(driver.all<Stopped>().empty());
        driver.store_all();
        CHECK(driver.all<Disconnect>().size() == 1);
        CHECK(driver.sent<protocol::Unregister>().empty());
        CHECK(driver.wrote<checkpoint::PutIdentity>().empty());
        CHECK(driver.all<Stopped>() == std::vector<Stopped>{{"the operator asked", false, true}});
    }
    THEN("it does not wait for a disk that does not answer") {
        driver.step({}, 5s);
        CHECK(driver.all<Stopped>().size() == 1);
    }
    THEN("a second request may end the tasks after all") {
        driver.step({StopAsked{1s}});
        CHECK(driver.told<protocol::KillTaskNow>().size() == 1);
        CHECK(driver.all<Stopped>().empty());
    }
}

SCENARIO("an agent that another has taken the place of leaves its tasks alone", "[agent][stop]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    driver.step({closed()});
    driver.wake();
    driver.step({opened()});
    driver.step({said(protocol::AgentRefused{
        {RefusalCode::conflict, "agent a1-1", "register again", "differs", "start as before"}})});
    CHECK(driver.told<protocol::KillTaskNow>().empty());
    driver.store_all();
    CHECK(
        driver.all<Stopped>() ==
        std::vector<Stopped>{{"agent a1-1: register again: differs; start as before", true, true}});
}
