// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("custom executors are turned away", "[agent][executor]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    const PeerId peer{1, 5};

    WHEN("one opens a channel") {
        driver.step({ExecutorOpened{peer, "alice"}});

        THEN("the channel is closed with a reason") {
            const auto closes = driver.all<CloseExecutor>();
            REQUIRE(closes.size() == 1);
            CHECK(closes[0].peer == peer);
            CHECK(closes[0].why.code == RefusalCode::unsupported);
            CHECK_FALSE(closes[0].why.todo.empty());
        }
    }
    WHEN("one speaks all the same") {
        TaskStatus status;
        status.task = TaskId{"t1"};
        status.state = TaskState::finished;
        driver.step({ExecutorSaid{peer, protocol::ReportStatuses{{{framework_1, status}}}},
                     ExecutorSaid{peer, protocol::SubscribeExecutor{}},
                     ExecutorSaid{peer, protocol::DataToScheduler{}}});

        THEN("it cannot end a task that is not its own") { CHECK(driver.is_silent()); }
    }
    WHEN("one leaves") {
        driver.step({ExecutorClosed{peer, "eof"}});
        CHECK(driver.is_silent());
    }
}

SCENARIO("what this agent cannot do is answered or absorbed", "[agent][executor]") {
    Driver driver;
    driver.register_agent();

    GIVEN("an operation on resources") {
        protocol::ApplyOperation message;
        message.id = OperationId{1, 3};
        message.framework = framework_1;
        message.operation.feedback_id = "op-1";
        message.operation.action = Reserve{};
        driver.step({said(message)});
        const auto answers = driver.sent<protocol::UpdateOperations>();
        REQUIRE(answers.size() == 1);
        REQUIRE(answers[0].updates.size() == 1);
        CHECK(answers[0].updates[0].framework == framework_1);
        CHECK(answers[0].updates[0].status.id == OperationId{1, 3});
        CHECK(answers[0].updates[0].status.feedback_id == "op-1");
        CHECK(answers[0].updates[0].status.state == OperationState::error);
    }
    GIVEN("data for an executor") {
        driver.step({said(protocol::DataForExecutor{framework_1, ExecutorId{"e1"}, "x"})});
        CHECK(driver.is_silent());
    }
    GIVEN("words of its own executor that need no answer") {
        driver.step({ExecutorOpened{PeerId{}, ""},
                     ExecutorSaid{PeerId{}, protocol::SubscribeExecutor{}},
                     ExecutorSaid{PeerId{}, protocol::DataToScheduler{}}});
        CHECK(driver.is_silent());
    }
}
