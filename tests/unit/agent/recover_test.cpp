// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

namespace {

constexpr StatusId running_id{3, 7};

Options make_booted(const std::string& boot_id = "boot-1") {
    Options options = make_options();
    options.info.boot_id = boot_id;
    return options;
}

checkpoint::Task make_kept(const std::string& id, TaskState state = TaskState::running) {
    checkpoint::Task task;
    task.framework = framework_1;
    task.framework_name = "batch";
    task.user = "ada";
    task.info = make_task(id);
    task.sandbox = "frameworks/f1-1/tasks/" + id + "/3-1";
    task.boot_id = "boot-1";
    task.state = state;
    return task;
}

TaskStatus make_status(const std::string& id, TaskState state, StatusId status_id) {
    TaskStatus status;
    status.task = TaskId{id};
    status.state = state;
    status.id = status_id;
    status.agent = agent_1;
    status.source = StatusSource::executor;
    return status;
}

checkpoint::Contents make_contents() {
    checkpoint::Contents contents;
    contents.agent = agent_1;
    contents.epoch = 2;
    contents.run = 3;
    contents.info = make_booted().info;
    return contents;
}

/// The refusal with which an agent does not start that was kept as `then` and is now `options`.
std::string refusal_of(const Options& options, const AgentInfo& then) {
    checkpoint::Contents contents = make_contents();
    contents.info = then;
    contents.tasks = {make_kept("t1")};
    Driver driver{options};
    driver.step({Recovered{contents}});
    const auto stopped = driver.all<Stopped>();
    if (stopped.empty()) return {};
    CHECK(driver.all<Store>().empty());
    CHECK(driver.all<RecoverExecutor>().empty());
    CHECK(stopped[0].failed);
    CHECK(stopped[0].tasks_go_on);
    return stopped[0].why;
}

}  // namespace

SCENARIO("a new agent writes down that it begins before it says a word", "[agent][recover]") {
    Driver driver{make_booted()};
    driver.step({Recovered{}});
    CHECK(driver.all<Connect>().empty());
    CHECK(driver.wrote<checkpoint::PutStart>() ==
          std::vector<checkpoint::PutStart>{{1, make_booted().info}});
    CHECK(driver.all<RecoverExecutor>() == std::vector<RecoverExecutor>{{}});
    driver.step({}, 1h);
    CHECK(driver.all<Connect>().empty());
    driver.store_all();
    CHECK(driver.all<Connect>() == std::vector<Connect>{{0}});
}

SCENARIO("an agent comes back as what it was", "[agent][recover]") {
    GIVEN("a checkpoint with a task that runs and a status that nobody has acknowledged") {
        checkpoint::Contents contents = make_contents();
        contents.tasks = {make_kept("t1")};
        contents.statuses = {{framework_1, make_status("t1", TaskState::running, running_id)}};
        Driver driver{make_booted()};
        driver.step({Recovered{contents}});

        THEN("the executor is told of the task") {
            const auto recovered = driver.all<RecoverExecutor>();
            REQUIRE(recovered.size() == 1);
            REQUIRE(recovered[0].tasks.tasks.size() == 1);
            const auto& task = recovered[0].tasks.tasks[0];
            CHECK(task.launch.task == make_task("t1"));
            CHECK(task.launch.framework_name == "batch");
            CHECK(task.launch.user == "ada");
            CHECK(task.launch.sandbox == "frameworks/f1-1/tasks/t1/3-1");
            CHECK(task.state == TaskState::running);
            CHECK_FALSE(task.rebooted);
        }
        THEN("what the task holds is not given out again") {
            CHECK(driver.state().available == 3_cpus + 1024_MiB);
            CHECK(driver.state().tasks_live == 1);
        }
        THEN("the run after the last is written") {
            CHECK(driver.wrote<checkpoint::PutStart>().at(0).run == 4);
        }
        WHEN("it registers again") {
            driver.store_all();
            CHECK(driver.all<Connect>() == std::vector<Connect>{{2}});
            driver.step({opened(3)});
            const auto sent = driver.sent<protocol::RegisterAgent>();
            REQUIRE(sent.size() == 1);
            CHECK(sent[0].id == agent_1);
            REQUIRE(sent[0].tasks.size() == 1);
            CHECK(sent[0].tasks[0].state == TaskState::running);
            // The new epoch is durable from now on, whatever becomes of the registration.
            CHECK(driver.wrote<checkpoint::PutIdentity>() ==
                  std::vector<checkpoint::PutIdentity>{{agent_1, 3}});
            driver.step({said(registered(3))});

            THEN("the status is told again, and new ones have ids of their own") {
                CHECK(driver.update().id == running_id);
                driver.step({report("t1", TaskState::finished)});
                driver.store_all();
                CHECK(driver.update().id == StatusId{4, 1});
                driver.acknowledge(driver.updates());
                CHECK(driver.wrote<checkpoint::RemoveTask>() ==
                      std::vector<checkpoint::RemoveTask>{
                          {framework_1, TaskId{"t1"}, {running_id, StatusId{4, 1}}}});
                CHECK(driver.state().tasks.empty());
            }
            THEN("a repeated launch starts nothing") {
                driver.step({said(run_tasks({make_task("t1")}))});
                CHECK(driver.told<protocol::LaunchTask>().empty());
                CHECK(driver.wrote<checkpoint::PutTask>().empty());
            }
            THEN("the task can be killed") {
                driver.step({said(protocol::KillTask{framework_1, TaskId{"t1"}, 1s})});
                CHECK(driver.told<protocol::KillTaskNow>().size() == 1);
            }
        }
        WHEN("a master of an older epoch answers") {
            driver.store_all();
            driver.step({opened(1)});
            THEN("it is left") {
                CHECK(driver.sent<protocol::RegisterAgent>().empty());
                CHECK(driver.all<Disconnect>().size() == 1);
            }
        }
    }
    GIVEN("a task that has ended, whose last status awaits its receipt") {
        checkpoint::Contents contents = make_contents();
        contents.tasks = {make_kept("t1", TaskState::finished)};
        contents.statuses = {{framework_1, make_status("t1", TaskState::finished, running_id)}};
        Driver driver{make_booted()};
        driver.step({Recovered{contents}});

        THEN("the executor need not know it, and nothing is held") {
            CHECK(driver.all<RecoverExecutor>() == std::vector<RecoverExecutor>{{}});
            CHECK(driver.state().available == make_options().info.resources);
        }
        THEN("it is told and then gone") {
            driver.store_all();
            driver.step({opened(2)});
            driver.step({said(registered(2))});
            CHECK(driver.update().state == TaskState::finished);
            driver.acknowledge(driver.updates());
            CHECK(driver.state().tasks.empty());
            CHECK(driver.told<protocol::StatusesNoted>().empty());
        }
    }
    GIVEN("a machine that was booted since") {
        checkpoint::Contents contents = make_contents();
        contents.tasks = {make_kept("t1")};
        Driver driver{make_booted("boot-2")};
        driver.step({Recovered{contents}});
        THEN("the executor is told that the task cannot run") {
            CHECK(driver.all<RecoverExecutor>().at(0).tasks.tasks.at(0).rebooted);
        }
    }
    GIVEN("a task with a time limit") {
        checkpoint::Contents contents = make_contents();
        contents.tasks = {make_kept("t1")};
        contents.tasks[0].info.run_time_max = 100s;
        Driver driver{make_booted()};
        driver.step({Recovered{contents}});
        driver.step({TaskFound{framework_1, TaskId{"t1"}, 70s}});
        THEN("it counts from the task's own start") {
            driver.step({}, 30s - 1ns);
            CHECK(driver.told<protocol::KillTaskNow>().empty());
            driver.step({}, 1ns);
            REQUIRE(driver.told<protocol::KillTaskNow>().size() == 1);
            CHECK(driver.told<protocol::KillTaskNow>()[0].reason ==
                  StatusReason::run_time_exceeded);
        }
    }
}

SCENARIO("an agent that has changed says how", "[agent][recover]") {
    const AgentInfo then = make_booted().info;
    Options options = make_booted();

    SECTION("what does not matter may change") {
        options.info.port = 4711;
        options.info.version = "9.9";
        options.info.boot_id = "boot-9";
        options.info.hostname = "other";
        CHECK(refusal_of(options, then).empty());
    }
    SECTION("resources") {
        options.info.resources = 8_cpus + 1024_MiB;
        const std::string why = refusal_of(options, then);
        CHECK_THAT(why, Catch::Contains("cpus:4;") && Catch::Contains("cpus:8;"));
        CHECK_THAT(why, Catch::Contains("--reconfiguration-policy additive"));
        options.changes = ChangePolicy::additive;
        CHECK(refusal_of(options, then).empty());
        options.info.resources = 8_cpus + 512_MiB;
        CHECK_THAT(refusal_of(options, then), Catch::Contains("mem:512"));
    }
    SECTION("attributes") {
        AgentInfo had = then;
        had.attributes = {{"rack", "r1"}};
        CHECK_THAT(refusal_of(options, had), Catch::Contains("attribute rack"));
        options.info.attributes = {{"rack", "r1"}, {"ssd", "yes"}};
        CHECK_THAT(refusal_of(options, had), Catch::Contains("attribute ssd is new"));
        options.changes = ChangePolicy::additive;
        CHECK(refusal_of(options, had).empty());
        options.info.attributes = {{"rack", "r2"}};
        CHECK_THAT(refusal_of(options, had), Catch::Contains("attribute rack"));
    }
    SECTION("where it stands") {
        options.info.domain = {"eu", "a"};
        CHECK_THAT(refusal_of(options, then), Catch::Contains("eu/a"));
        options.changes = ChangePolicy::additive;
        CHECK(refusal_of(options, then).empty());
    }
    SECTION("more resources are offered when that is allowed") {
        options.info.resources = 8_cpus + 2048_MiB;
        options.changes = ChangePolicy::additive;
        checkpoint::Contents contents = make_contents();
        contents.tasks = {make_kept("t1")};
        Driver driver{options};
        driver.step({Recovered{contents}});
        CHECK(driver.state().available == 7_cpus + 2048_MiB);
    }
}

SCENARIO("a checkpoint that cannot be written holds a new start back", "[agent][recover]") {
    Driver driver{make_booted()};
    driver.step({Recovered{make_contents()}});
    driver.step({StoreFailed{1, "no space left on device"}});
    driver.step({}, 1s);
    CHECK(driver.all<Connect>().empty());
    driver.step({}, 4s);
    CHECK(driver.wrote<checkpoint::PutStart>().size() == 1);
    driver.store_all();
    CHECK(driver.all<Connect>().size() == 1);
}

SCENARIO("a wrong token is no reason to end the tasks", "[agent][recover]") {
    checkpoint::Contents contents = make_contents();
    contents.tasks = {make_kept("t1")};
    Driver driver{make_booted()};
    driver.step({Recovered{contents}});
    driver.store_all();
    driver.step({closed(RefusalCode::unauthenticated)});
    CHECK(driver.told<protocol::KillTaskNow>().empty());
    const auto stopped = driver.all<Stopped>();
    REQUIRE(stopped.size() == 1);
    CHECK(stopped[0].failed);
    CHECK(stopped[0].tasks_go_on);
}

TEST_CASE("a checkpoint's contents change as its writes say", "[agent][checkpoint]") {
    using namespace checkpoint;
    Contents contents;
    apply(contents, PutIdentity{agent_1, 2});
    apply(contents, PutStart{5, make_options().info});
    apply(contents, PutTask{make_kept("b", TaskState::staging)});
    apply(contents, PutTask{make_kept("a", TaskState::staging)});
    REQUIRE(contents.tasks.size() == 2);
    CHECK(contents.tasks[0].info.id == TaskId{"a"});
    const TaskStatus status = make_status("b", TaskState::running, running_id);
    apply(contents, PutStatus{{framework_1, status}});
    apply(contents, PutStatus{{framework_1, status}});
    CHECK(contents.statuses.size() == 1);
    CHECK(contents.tasks[1].state == TaskState::running);
    apply(contents, RemoveStatus{framework_1, TaskId{"b"}, running_id});
    CHECK(contents.statuses.empty());
    CHECK(contents.tasks[1].state == TaskState::running);
    apply(contents, PutStatus{{framework_1, status}});
    apply(contents, RemoveTask{framework_1, TaskId{"b"}, {running_id}});
    apply(contents, RemoveTask{framework_1, TaskId{"b"}, {running_id}});
    CHECK(contents.statuses.empty());
    CHECK(contents.tasks.size() == 1);
    CHECK(contents.run == 5);
    CHECK(contents.agent == agent_1);
    CHECK(contents.epoch == 2);
}
