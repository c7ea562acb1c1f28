// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("an agent whose checkpoint fails takes no more for now, and loses nothing",
         "[agent][store]") {
    Driver driver;
    driver.register_agent();
    driver.step({said(run_tasks({make_task("t1")}))});
    driver.store_all();

    GIVEN("a launch and a status that are being written") {
        driver.step({report("t1", TaskState::running)});
        driver.step({said(run_tasks({make_task("t2")}))});
        driver.step({StoreFailed{driver.entry() - 1, "no space left on device"}});

        THEN("the status is told from memory and the launch is dropped with the reason") {
            CHECK(driver.states() == std::vector{TaskState::running, TaskState::dropped});
            const TaskStatus dropped = driver.updates()[1].status;
            CHECK(dropped.reason == StatusReason::limit_exceeded);
            CHECK_THAT(dropped.message, Catch::Contains("no space left on device"));
            CHECK(driver.told<protocol::LaunchTask>().empty());
            CHECK(driver.deltas<Noted>().size() == 1);
        }
        THEN("news of the writes that failed is absorbed") {
            driver.step({StoreFailed{driver.entry(), "again"}});
            CHECK(driver.is_silent());
            driver.step({Stored{driver.entry()}});
            CHECK(driver.is_silent());
        }
        THEN("new tasks are dropped") {
            driver.step({said(run_tasks({make_task("t3")}))});
            CHECK(driver.update().state == TaskState::dropped);
            CHECK(driver.update().reason == StatusReason::limit_exceeded);
            CHECK(driver.all<Store>().empty());
        }
        THEN("what runs is told to its end from memory") {
            driver.acknowledge(driver.updates());
            driver.step({report("t1", TaskState::finished)});
            CHECK(driver.states() == std::vector{TaskState::finished});
            CHECK(driver.all<Store>().empty());
            CHECK(driver.told<protocol::StatusesNoted>().empty());
            const auto last = driver.updates();

            // The launcher's record is the only one of its end: it stays until ours is gone too.
            driver.acknowledge(last);
            CHECK(driver.told<protocol::StatusesNoted>().empty());
            CHECK(driver.all<Store>().empty());
            CHECK(driver.state().tasks.empty());

            driver.step({}, 5s);
            CHECK(driver.wrote<checkpoint::PutTask>().empty());
            CHECK(driver.wrote<checkpoint::PutStatus>().size() == 2);
            CHECK(driver.wrote<checkpoint::RemoveTask>() ==
                  std::vector<checkpoint::RemoveTask>{
                      {framework_1, TaskId{"t2"}, {}},
                      {framework_1, TaskId{"t1"}, {last[0].status.id}}});
            driver.store_all();
            CHECK(driver.told<protocol::StatusesNoted>() ==
                  std::vector<protocol::StatusesNoted>{{{{framework_1, TaskId{"t1"}}}}});
        }
        THEN("writing is tried again, and new tasks are taken once it works") {
            CHECK(driver.next() <= driver.now() + 5s);
            driver.step({}, 5s);
            CHECK(driver.all<Store>().size() == 2);  // The status, and that t2 is not there.
            driver.step({StoreFailed{driver.entry(), "no space left on device"}});
            CHECK(driver.is_silent());
            driver.step({}, 5s);
            driver.store_all();
            CHECK(driver.deltas<Noted>().size() == 1);
            driver.step({said(run_tasks({make_task("t3")}))});
            driver.store_all();
            CHECK(driver.told<protocol::LaunchTask>().size() == 1);
        }
    }
    GIVEN("a task that was killed while it was being written") {
        driver.step({said(run_tasks({make_task("t2")}))});
        driver.step({said(protocol::KillTask{framework_1, TaskId{"t2"}, std::nullopt})});
        driver.step({StoreFailed{driver.entry() - 1, "no space left on device"}});

        THEN("it was killed once and not dropped as well") {
            CHECK(driver.states() == std::vector{TaskState::killed});
        }
    }
}
