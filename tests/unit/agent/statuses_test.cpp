// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("a status is durable before it is seen", "[agent][status]") {
    Driver driver;
    driver.register_agent();
    driver.step({said(run_tasks({make_task("t1")}))});
    driver.store_all();

    WHEN("the executor says that the task runs") {
        driver.step({report("t1", TaskState::running)});

        THEN("it is written and not sent") {
            const auto writes = driver.wrote<checkpoint::PutStatus>();
            REQUIRE(writes.size() == 1);
            CHECK(writes[0].update.framework == framework_1);
            CHECK(driver.updates().empty());
            CHECK(driver.deltas<TaskPut>().empty());
        }
        THEN("once durable it is sent with all that the agent adds") {
            driver.store_all();
            const TaskStatus status = driver.update();
            CHECK(status.task == TaskId{"t1"});
            CHECK(status.state == TaskState::running);
            CHECK(status.id == StatusId{1, 1});
            CHECK(status.agent == agent_1);
            CHECK(status.source == StatusSource::executor);
            CHECK(status.sandbox == "/var/sandbox/t1");
            CHECK(driver.deltas<TaskPut>() ==
                  std::vector<TaskPut>{{framework_1, TaskId{"t1"}, TaskState::running,
                                        "/var/sandbox/t1", WallTime{driver.now().ns}}});
        }
    }
    WHEN("the task ends before its first status is durable") {
        driver.step({report("t1", TaskState::running)});
        driver.step({report("t1", TaskState::finished)});
        driver.store_all();

        THEN("both go out in order in one message") {
            CHECK(driver.sent<protocol::UpdateStatuses>().size() == 1);
            CHECK(driver.states() == std::vector{TaskState::running, TaskState::finished});
        }
        THEN("the executor may forget it") {
            CHECK(driver.told<protocol::StatusesNoted>() ==
                  std::vector<protocol::StatusesNoted>{{{{framework_1, TaskId{"t1"}}}}});
        }
    }
    WHEN("many tasks have news in one step") {
        driver.step({said(run_tasks({make_task("t2"), make_task("t3")}))});
        driver.store_all();
        driver.step({report("t3", TaskState::running), report("t1", TaskState::running),
                     report("t2", TaskState::running)});
        driver.store_all();

        THEN("one message has them all") {
            CHECK(driver.sent<protocol::UpdateStatuses>().size() == 1);
            CHECK(driver.updates().size() == 3);
        }
    }
    WHEN("the last run of the agent made statuses too") {
        Options options = make_options();
        options.run = 2;
        Driver later{options};
        later.register_agent();
        later.step({said(run_tasks({make_task("t1")}))});
        later.store_all();
        later.step({report("t1", TaskState::running)});
        later.store_all();

        THEN("no id comes twice") { CHECK(later.update().id == StatusId{2, 1}); }
    }
    WHEN("a message is longer than a status may carry") {
        TaskStatus status;
        status.task = TaskId{"t1"};
        status.state = TaskState::failed;
        status.message = std::string(limits::message_text_max - 1, 'x') + "\u00e9 and more";
        driver.step({ExecutorSaid{PeerId{}, protocol::ReportStatuses{{{framework_1, status}}}}});
        driver.store_all();

        THEN("it is cut before the character that does not fit") {
            CHECK(driver.update().message == std::string(limits::message_text_max - 1, 'x'));
        }
    }
}

SCENARIO("a status is told again until it is acknowledged", "[agent][status]") {
    GIVEN("a running task whose status is not acknowledged") {
        Driver driver;
        driver.register_agent();
        driver.step({said(run_tasks({make_task("t1")}))});
        driver.store_all();
        driver.step({report("t1", TaskState::running)});
        driver.store_all();
        const auto first = driver.updates();

        THEN("it comes again after ten seconds and then ever more slowly") {
            const auto silence = [&](Duration length) {
                // The master answers beats all the time, or the link would be given up.
                for (Duration left = length; left > 0s; left -= 5s) {
                    driver.step({said(protocol::MasterToAgentBeat{})},
                                std::min<Duration>(left, 5s) - 1ns);
                    CHECK(driver.updates().empty());
                    driver.step({}, 1ns);
                    if (left > 5s) CHECK(driver.updates().empty());
                }
                CHECK(driver.updates() == first);
            };
            silence(10s);
            silence(20s);
            silence(40s);
            silence(80s);
        }
        THEN("an acknowledgement ends that") {
            driver.acknowledge(first);
            CHECK(driver.wrote<checkpoint::RemoveStatus>() ==
                  std::vector<checkpoint::RemoveStatus>{
                      {framework_1, TaskId{"t1"}, first[0].status.id}});
            driver.step({said(protocol::MasterToAgentBeat{})}, 10min);
            CHECK(driver.updates().empty());
        }
        THEN("receipts for what is unknown are absorbed") {
            protocol::AcknowledgeStatuses message;
            message.receipts = {{framework_2, TaskId{"t1"}, first[0].status.id},
                                {framework_1, TaskId{"t9"}, first[0].status.id},
                                {framework_1, TaskId{"t1"}, StatusId{1, 99}},
                                {framework_1, TaskId{"t1"}, StatusId{}}};
            driver.step({said(message)});
            CHECK(driver.is_silent());
        }
        THEN("a receipt that comes twice is absorbed") {
            driver.acknowledge(first);
            driver.acknowledge(first);
            CHECK(driver.is_silent());
        }
    }
    GIVEN("a task whose statuses the link may have lost") {
        Driver driver;
        driver.register_agent();
        driver.step({said(run_tasks({make_task("t1")}))});
        driver.store_all();
        driver.step({report("t1", TaskState::running)});
        driver.store_all();
        driver.step({closed()});
        driver.step({report("t1", TaskState::finished)});
        driver.store_all();
        CHECK(driver.updates().empty());

        WHEN("the agent is registered again") {
            driver.wake();
            driver.step({opened()});
            driver.step({said(registered())});

            THEN("all of them come again in order") {
                CHECK(driver.states() == std::vector{TaskState::running, TaskState::finished});
            }
            THEN("the time of the retry begins anew") {
                driver.step({}, 10s - 1ns);
                CHECK(driver.updates().empty());
                driver.step({}, 1ns);
                CHECK(driver.updates().size() == 2);
            }
        }
    }
    GIVEN("a slow retry that a new link overtakes") {
        Driver driver;
        driver.register_agent();
        driver.step({said(run_tasks({make_task("t1")}))});
        driver.store_all();
        driver.step({report("t1", TaskState::running)});
        driver.store_all();
        for (const auto wait : {10s, 20s, 40s}) {
            driver.step({said(protocol::MasterToAgentBeat{})}, wait);
            REQUIRE(driver.updates().size() == 1);
        }
        driver.step({closed()});
        driver.wake();
        driver.step({opened()});
        driver.step({said(registered())});
        REQUIRE(driver.updates().size() == 1);

        THEN("it is retried after ten seconds and not after eighty") {
            driver.step({}, 10s);
            CHECK(driver.updates().size() == 1);
        }
    }
}

SCENARIO("the acknowledgement of its end makes an agent forget a task", "[agent][status]") {
    Driver driver;
    driver.register_agent();
    driver.step({said(run_tasks({make_task("t1")}))});
    driver.store_all();
    driver.step({report("t1", TaskState::running)});
    driver.step({report("t1", TaskState::failed)});

    WHEN("the receipt comes before the status was ever sent") {
        protocol::AcknowledgeStatuses message;
        message.receipts = {{framework_1, TaskId{"t1"}, StatusId{1, 2}}};
        driver.step({said(message)});

        THEN("it cannot be genuine and is absorbed") { CHECK(driver.is_silent()); }
    }
    WHEN("both statuses are acknowledged") {
        driver.store_all();
        driver.acknowledge(driver.updates());

        THEN("the task is gone from everywhere") {
            CHECK(
                driver.wrote<checkpoint::RemoveTask>() ==
                std::vector<checkpoint::RemoveTask>{{framework_1, TaskId{"t1"}, {StatusId{1, 2}}}});
            CHECK(driver.deltas<TaskRemoved>() ==
                  std::vector<TaskRemoved>{{framework_1, TaskId{"t1"}}});
            CHECK(driver.state().tasks.empty());
            driver.step({said(protocol::MasterToAgentBeat{})}, 1h);
            CHECK(driver.updates().empty());
        }
    }
    WHEN("only the last one is") {
        driver.store_all();
        driver.acknowledge({driver.updates().back()});

        THEN("it covers the one before") { CHECK(driver.state().tasks.empty()); }
    }
    WHEN("only the first one is") {
        driver.store_all();
        driver.acknowledge({driver.updates().front()});

        THEN("the last one is still told again") {
            CHECK(driver.state().tasks.size() == 1);
            driver.step({}, 10s);
            CHECK(driver.states() == std::vector{TaskState::failed});
        }
    }
}

SCENARIO("the first terminal status of a task is its last", "[agent][status]") {
    Driver driver;
    driver.register_agent();
    driver.step({said(run_tasks({make_task("t1")}))});
    driver.step({report("t1", TaskState::running)});
    CHECK(driver.is_silent());  // Not launched yet: the executor cannot know of it.
    driver.store_all();
    driver.step({report("t9", TaskState::running)});
    CHECK(driver.is_silent());
    driver.step({report("t1", TaskState::finished)});
    driver.step({report("t1", TaskState::failed), report("t1", TaskState::running)});
    CHECK(driver.is_silent());
    driver.store_all();
    CHECK(driver.states() == std::vector{TaskState::finished});
}

SCENARIO("no message has more statuses than a message may", "[agent][status]") {
    Options options = make_options();
    Driver driver{options};
    driver.register_agent();
    protocol::ReconcileTasks question;
    const std::size_t count = limits::statuses_per_message_max + 1;
    for (std::size_t i = 0; i < count; ++i) {
        question.tasks.push_back({framework_1, TaskId{"t" + std::to_string(i)}});
    }
    driver.step({said(question)});
    const auto messages = driver.sent<protocol::UpdateStatuses>();
    REQUIRE(messages.size() == 2);
    CHECK(messages[0].updates.size() == limits::statuses_per_message_max);
    CHECK(messages[1].updates.size() == 1);
}
