// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("a task reaches the executor once it is durable", "[agent][launch]") {
    Driver driver;
    driver.register_agent();

    WHEN("the master wants a task to run") {
        auto message = run_tasks({make_task("t1")});
        message.user = "alice";
        driver.step({said(message)});

        THEN("it is written, and the executor does not know of it") {
            const auto writes = driver.wrote<checkpoint::PutTask>();
            REQUIRE(writes.size() == 1);
            CHECK(writes[0].task.info == make_task("t1"));
            CHECK(writes[0].task.sandbox == "frameworks/f1-1/tasks/t1/1-1");
            CHECK(driver.told<protocol::LaunchTask>().empty());
            CHECK(driver.updates().empty());
            CHECK(driver.deltas<TaskPut>().size() == 1);
        }
        THEN("an older entry does not launch it") {
            driver.step({Stored{driver.entry() - 1}});
            CHECK(driver.told<protocol::LaunchTask>().empty());
        }
        THEN("its entry launches it, and only once") {
            driver.store_all();
            const auto launches = driver.told<protocol::LaunchTask>();
            REQUIRE(launches.size() == 1);
            CHECK(launches[0].framework == framework_1);
            CHECK(launches[0].framework_name == "batch");
            CHECK(launches[0].user == "alice");
            CHECK(launches[0].task == make_task("t1"));
            CHECK(launches[0].sandbox == "frameworks/f1-1/tasks/t1/1-1");
            driver.store_all();
            CHECK(driver.is_silent());
        }
    }
    WHEN("a command names its own user") {
        TaskInfo task = make_task("t1");
        task.command.user = "bob";
        auto message = run_tasks({task});
        message.user = "alice";
        driver.step({said(message)});
        driver.store_all();

        THEN("that one counts") { CHECK(driver.told<protocol::LaunchTask>().at(0).user == "bob"); }
    }
    WHEN("one message has several tasks") {
        driver.step({said(run_tasks({make_task("t1"), make_task("t2")}))});
        driver.store_all();

        THEN("each has a sandbox of its own") {
            const auto launches = driver.told<protocol::LaunchTask>();
            REQUIRE(launches.size() == 2);
            CHECK(launches[0].sandbox == "frameworks/f1-1/tasks/t1/1-1");
            CHECK(launches[1].sandbox == "frameworks/f1-1/tasks/t2/1-2");
        }
    }
}

SCENARIO("a task is never run twice", "[agent][launch]") {
    Driver driver;
    driver.register_agent();
    driver.step({said(run_tasks({make_task("t1")}))});

    GIVEN("a repeat while it is being written") {
        driver.step({said(run_tasks({make_task("t1")}))});
        CHECK(driver.all<Store>().empty());
        CHECK(driver.update().state == TaskState::staging);
        CHECK(driver.update().id.is_none());
        driver.store_all();
        CHECK(driver.told<protocol::LaunchTask>().size() == 1);
    }
    GIVEN("a repeat while it runs and its status is not acknowledged") {
        driver.store_all();
        driver.step({report("t1", TaskState::running)});
        driver.store_all();
        const TaskStatus first = driver.update();
        driver.step({said(run_tasks({make_task("t1")}))});
        CHECK(driver.update() == first);
        CHECK(driver.all<Store>().empty());
    }
    GIVEN("a repeat after it has ended") {
        driver.store_all();
        driver.step({report("t1", TaskState::finished)});
        driver.store_all();
        driver.step({said(run_tasks({make_task("t1")}))});
        CHECK(driver.update().state == TaskState::finished);
        CHECK_FALSE(driver.update().id.is_none());
    }
    GIVEN("the same id in one message twice") {
        driver.step({said(run_tasks({make_task("t2"), make_task("t2")}))});
        CHECK(driver.wrote<checkpoint::PutTask>().size() == 1);
        driver.store_all();
        CHECK(driver.told<protocol::LaunchTask>().size() == 2);  // t1 and one t2.
    }
    GIVEN("the same id of another framework") {
        driver.step({said(run_tasks({make_task("t1")}, framework_2))});
        driver.store_all();
        CHECK(driver.told<protocol::LaunchTask>().size() == 2);
    }
}

SCENARIO("a task that the agent can never run is an error", "[agent][launch]") {
    Driver driver;
    driver.register_agent();
    TaskInfo task = make_task("t1");
    std::string part;

    SECTION("a custom executor") {
        task.executor = ExecutorInfo{};
        task.executor->id = ExecutorId{"e1"};
        part = "runs command tasks only";
    }
    SECTION("a health check") {
        task.health_check = Check{};
        part = "makes none";
    }
    SECTION("a ready check") {
        task.ready_check = Check{};
        part = "makes none";
    }
    SECTION("no command") {
        task.command.shell.clear();
        part = "either a shell command or an argument vector";
    }
    SECTION("two commands") {
        task.command.argv = {"true"};
        part = "either a shell command or an argument vector";
    }
    SECTION("an id that climbs") {
        task.id = TaskId{".."};
        part = "cannot be the name of a folder";
    }
    SECTION("an id with a slash") {
        task.id = TaskId{"a/b"};
        part = "cannot be the name of a folder";
    }
    SECTION("an id with a control character") {
        task.id = TaskId{"a\nb"};
        part = "cannot be the name of a folder";
    }
    SECTION("an id that is too long") {
        task.id = TaskId{std::string(256, 'x')};
        part = "cannot be the name of a folder";
    }
    driver.step({said(run_tasks({task}))});
    const TaskStatus status = driver.update();
    CHECK(status.task == task.id);
    CHECK(status.state == TaskState::error);
    CHECK(status.reason == StatusReason::task_invalid);
    CHECK(status.source == StatusSource::agent);
    CHECK(status.agent == agent_1);
    CHECK_FALSE(status.id.is_none());
    CHECK_THAT(status.message, Catch::Contains(part));
    CHECK(driver.all<Store>().empty());

    // The status is kept and told until somebody has taken note of it.
    driver.step({closed()});
    driver.wake();
    driver.step({opened()});
    driver.step({said(registered())});
    CHECK(driver.update() == status);
    driver.acknowledge(driver.updates());
    CHECK(driver.state().tasks.empty());
}

SCENARIO("a group is refused task by task", "[agent][launch]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    protocol::RunGroup group;
    group.framework = framework_1;
    group.tasks = {make_task("t1"), make_task("t2"), make_task("t3")};
    driver.step({said(group)});

    const auto updates = driver.updates();
    REQUIRE(updates.size() == 3);
    CHECK(driver.states() == std::vector{TaskState::running, TaskState::error, TaskState::error});
    CHECK(updates[1].status.reason == StatusReason::task_invalid);
    CHECK_THAT(updates[1].status.message, Catch::Contains("no task groups"));
    CHECK(driver.told<protocol::LaunchTask>().empty());
}

SCENARIO("an agent never gives out more than it has", "[agent][launch]") {
    Driver driver;
    driver.register_agent();

    GIVEN("a task that takes everything") {
        driver.step({said(run_tasks({make_task("t1", 4_cpus + 1024_MiB)}))});
        CHECK(driver.state().available.is_empty());

        WHEN("another wants a thousandth of a cpu") {
            driver.step({said(run_tasks({make_task("t2", 0.001_cpus)}))});

            THEN("it is refused with what it needs and what is left") {
                const TaskStatus status = driver.update();
                CHECK(status.state == TaskState::dropped);
                CHECK(status.reason == StatusReason::resources_insufficient);
                CHECK_THAT(status.message, Catch::Contains("needs cpus:0.001"));
            }
        }
        WHEN("the first has ended") {
            driver.store_all();
            driver.step({report("t1", TaskState::finished)});

            THEN("there is room again") {
                CHECK(driver.state().available == make_options().info.resources);
                driver.step({said(run_tasks({make_task("t2", 4_cpus)}))});
                CHECK(driver.wrote<checkpoint::PutTask>().size() == 1);
            }
        }
    }
    GIVEN("a port that is taken") {
        Options options = make_options();
        Ranges ports;
        ports.add({31000, 31009});
        options.info.resources = options.info.resources.with_ports(ports);
        Driver other{options};
        other.register_agent();
        Ranges one;
        one.add({31003, 31003});
        other.step({said(run_tasks({make_task("t1", Resources{1_cpus}.with_ports(one))}))});
        other.step({said(run_tasks({make_task("t2", Resources{1_cpus}.with_ports(one))}))});
        CHECK(other.update().reason == StatusReason::resources_insufficient);
    }
}

SCENARIO("an agent runs as many tasks as its limit and not one more", "[agent][launch]") {
    Options options = make_options();
    options.tasks_max = 2;
    Driver driver{options};
    driver.register_agent();
    const auto small = [](const std::string& id) { return make_task(id, 0.1_cpus); };
    driver.step({said(run_tasks({small("t1"), small("t2"), small("t3")}))});

    CHECK(driver.wrote<checkpoint::PutTask>().size() == 2);
    CHECK(driver.update().state == TaskState::dropped);
    CHECK(driver.update().reason == StatusReason::limit_exceeded);

    WHEN("nobody acknowledges and the master goes on and on") {
        for (int i = 0; i < 10; ++i) {
            driver.step({said(run_tasks({small("more" + std::to_string(i))}))});
            CHECK(driver.update().state == TaskState::dropped);
        }
        THEN("what is kept stays bounded") {
            CHECK(driver.state().tasks.size() == 4);
            CHECK(driver.update().id.is_none());
        }
    }
}
