// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

namespace {

protocol::Subscribe subscription(FrameworkId id, bool take_over = false, Duration failover = 1h) {
    protocol::Subscribe call;
    call.info.name = "batch";
    call.info.failover_timeout = failover;
    call.id = id;
    call.take_over = take_over;
    return call;
}

}  // namespace

SCENARIO("a second scheduler with the same id is refused, unless it takes over",
         "[master][framework]") {
    GIVEN("a subscribed framework with a running task") {
        Driver driver;
        const Duration failover = GENERATE(Duration{0}, Duration{1h});
        driver.add_agent();
        const PeerId first = driver.add_framework(failover);
        const FrameworkId id = driver.framework_id(first);
        driver.accept(first, driver.offers(first)[0].id, {make_task("t")});
        driver.forget();
        const PeerId second = driver.open(protocol::PeerKind::framework);

        WHEN("the second only subscribes") {
            driver.say(second, subscription(id, false, failover));
            THEN("it is told so and closed, and the first goes on") {
                REQUIRE(driver.heard<protocol::SubscriptionEnded>(second).size() == 1);
                CHECK(driver.heard<protocol::SubscriptionEnded>(second)[0].refusal.code ==
                      RefusalCode::already_exists);
                CHECK(driver.find_close(second) != nullptr);
                CHECK(driver.find_close(first) == nullptr);
            }
        }
        WHEN("the second takes over") {
            driver.say(second, subscription(id, true, failover));
            THEN("the old stream is told and closed, the tasks go on, offers come again") {
                CHECK(driver.heard<protocol::SubscriptionEnded>(first).size() == 1);
                CHECK(driver.find_close(first) != nullptr);
                REQUIRE(driver.heard<protocol::Subscribed>(second).size() == 1);
                CHECK(driver.framework_id(second) == id);
                CHECK(driver.master().state().tasks.size() == 1);
                CHECK(driver.offers(second).size() == 1);
            }
        }
        WHEN("somebody else's principal takes over") {
            const PeerId thief = driver.open(protocol::PeerKind::framework, "thief");
            driver.say(thief, subscription(id, true, failover));
            THEN("it is forbidden") {
                REQUIRE(driver.heard<protocol::SubscriptionEnded>(thief).size() == 1);
                CHECK(driver.heard<protocol::SubscriptionEnded>(thief)[0].refusal.code ==
                      RefusalCode::forbidden);
            }
        }
    }
}

SCENARIO("a framework without its scheduler lives for its failover timeout",
         "[master][framework]") {
    GIVEN("a framework with a running task whose connection breaks") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework(60s);
        const FrameworkId id = driver.framework_id(framework);
        driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
        driver.close(framework);
        driver.forget();
        driver.say(agent, protocol::AgentBeat{});

        WHEN("it comes back in time") {
            driver.advance(59s);
            const PeerId again = driver.open(protocol::PeerKind::framework);
            driver.say(again, subscription(id));
            THEN("it has its task") {
                REQUIRE(driver.heard<protocol::Subscribed>(again).size() == 1);
                CHECK(driver.heard<protocol::EndFramework>(agent).empty());
                driver.say(again, protocol::Reconcile{});
                REQUIRE(driver.statuses(again).size() == 1);
                CHECK(driver.statuses(again)[0].task == TaskId{"t"});
                CHECK(driver.statuses(again)[0].reason == StatusReason::reconciliation);
            }
        }
        WHEN("it does not") {
            driver.advance(60s);
            THEN("its tasks are ended, and stay allocated until the agent says that they have") {
                REQUIRE(driver.heard<protocol::EndFramework>(agent).size() == 1);
                CHECK(driver.master().state().frameworks.size() == 1);
                driver.report(agent, id, "t", TaskState::killed, 1);
                CHECK(driver.heard<protocol::AcknowledgeStatuses>(agent).size() == 1);
                CHECK(driver.master().state().frameworks.size() == 0);
            }
            THEN("its id is never used again") {
                driver.report(agent, id, "t", TaskState::killed, 1);
                const PeerId again = driver.open(protocol::PeerKind::framework);
                driver.say(again, subscription(id));
                REQUIRE(driver.heard<protocol::SubscriptionEnded>(again).size() == 1);
                CHECK(driver.heard<protocol::SubscriptionEnded>(again)[0].refusal.code ==
                      RefusalCode::not_found);
            }
        }
    }
}

SCENARIO("no status overtakes one that found no scheduler", "[master][task]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const PeerId framework = driver.add_framework();
    const FrameworkId id = driver.framework_id(framework);
    driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
    driver.close(framework);
    driver.report(agent, id, "t", TaskState::running, 1);  // Nobody is there to hear it.
    const PeerId again = driver.open(protocol::PeerKind::framework);
    driver.say(again, subscription(id));
    driver.forget();
    driver.report(agent, id, "t", TaskState::finished, 2);
    CHECK(driver.statuses(again).empty());
    driver.report(agent, id, "t", TaskState::running, 1);
    driver.report(agent, id, "t", TaskState::finished, 2);
    REQUIRE(driver.statuses(again).size() == 2);
    CHECK(driver.statuses(again)[0].state == TaskState::running);
    CHECK(driver.statuses(again)[1].state == TaskState::finished);
}

SCENARIO("a registry that is out of order costs a returning framework nothing but time",
         "[master][framework]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const PeerId first = driver.add_framework();
    const FrameworkId id = driver.framework_id(first);
    driver.accept(first, driver.offers(first)[0].id, {make_task("t")});
    driver.close(first);
    driver.holds_stores = true;
    const PeerId second = driver.open(protocol::PeerKind::framework);
    driver.say(second, subscription(id));
    driver.step(StoreFailed{driver.master().state().entries_made, "disk full"});

    REQUIRE(driver.heard<protocol::SubscriptionEnded>(second).size() == 1);
    CHECK(driver.heard<protocol::SubscriptionEnded>(second)[0].refusal.code ==
          RefusalCode::unavailable);
    CHECK(driver.find_close(second) != nullptr);
    CHECK(driver.heard<protocol::EndFramework>(agent).empty());

    driver.holds_stores = false;
    const PeerId third = driver.open(protocol::PeerKind::framework);
    driver.say(third, subscription(id));
    CHECK(driver.heard<protocol::Subscribed>(third).size() == 1);
    CHECK(driver.master().state().tasks.size() == 1);
}

SCENARIO("what a framework says last is announced only when that is durable",
         "[master][framework]") {
    Driver driver;
    driver.holds_stores = true;
    const PeerId first = driver.add_framework();
    driver.close(first);
    const PeerId second = driver.open(protocol::PeerKind::framework);
    driver.say(second, subscription(FrameworkId{1, 1}));
    driver.step(Stored{1});
    CHECK(driver.heard<protocol::Subscribed>(second).empty());
    driver.step(Stored{2});
    CHECK(driver.heard<protocol::Subscribed>(second).size() == 1);
}

SCENARIO("a scheduler that is silent for too long counts as gone", "[master][framework]") {
    Driver driver;
    const PeerId framework = driver.add_framework(0s);
    driver.advance(74s);
    CHECK(driver.find_close(framework) == nullptr);
    driver.say(framework, protocol::Beat{});
    CHECK(driver.heard<protocol::MasterBeat>(framework).size() == 1);
    driver.advance(74s);
    CHECK(driver.find_close(framework) == nullptr);
    driver.advance(1s);
    REQUIRE(driver.find_close(framework) != nullptr);
    CHECK(driver.master().state().frameworks.size() == 0);
}

SCENARIO("a teardown ends the framework and answers it", "[master][framework]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const PeerId framework = driver.add_framework();
    driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
    driver.say(framework, protocol::Teardown{});
    CHECK(driver.heard<protocol::SubscriptionEnded>(framework).size() == 1);
    CHECK(driver.heard<protocol::EndFramework>(agent).size() == 1);
    CHECK(driver.master().state().offers.empty());
}

SCENARIO("a call before the subscription is refused", "[master][framework]") {
    Driver driver;
    const PeerId framework = driver.open(protocol::PeerKind::framework);
    driver.say(framework, protocol::Revive{});
    REQUIRE(driver.heard<protocol::CallRefused>(framework).size() == 1);
    CHECK(driver.heard<protocol::CallRefused>(framework)[0].refusal.todo == "subscribe first");
}

SCENARIO("kills and questions about tasks are answered truly", "[master][task]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const PeerId framework = driver.add_framework();
    driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
    driver.forget();
    SECTION("a kill reaches the agent, with its grace") {
        driver.say(framework, protocol::Kill{TaskId{"t"}, Duration{7s}});
        REQUIRE(driver.heard<protocol::KillTask>(agent).size() == 1);
        CHECK(driver.heard<protocol::KillTask>(agent)[0].grace == Duration{7s});
    }
    SECTION("a kill of an unknown task is answered") {
        driver.say(framework, protocol::Kill{TaskId{"no"}, std::nullopt});
        REQUIRE(driver.statuses(framework).size() == 1);
        CHECK(driver.statuses(framework)[0].state == TaskState::unknown);
        CHECK(driver.statuses(framework)[0].reason == StatusReason::task_unknown);
    }
    SECTION("explicit reconciliation names each task that was asked for") {
        driver.say(framework, protocol::Reconcile{{{TaskId{"t"}, {}}, {TaskId{"no"}, {}}}});
        REQUIRE(driver.statuses(framework).size() == 2);
        CHECK(driver.statuses(framework)[0].state == TaskState::staging);
        CHECK(driver.statuses(framework)[1].state == TaskState::unknown);
    }
    SECTION("a status sent again is passed on again, and frees nothing twice") {
        const FrameworkId id{1, 1};
        driver.report(agent, id, "t", TaskState::finished, 1);
        driver.report(agent, id, "t", TaskState::finished, 1);
        CHECK(driver.statuses(framework).size() == 2);
    }
}

SCENARIO("operators configure, deactivate and tear down", "[master][operator]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const PeerId framework = driver.add_framework();
    const auto ask = [&](protocol::OperatorCall call) {
        driver.forget();
        driver.step(OperatorAsked{7, "op", std::move(call)});
        REQUIRE(driver.answers().size() == 1);
        CHECK(driver.answers()[0].request == 7);
        return driver.answers()[0];
    };
    SECTION("a deactivated agent is rescinded and not offered, until it is active again") {
        CHECK(ask(protocol::DeactivateAgent{driver.agent_id(agent)}).accepted);
        CHECK(driver.heard<protocol::Rescind>(framework).size() == 1);
        driver.advance(60s);
        CHECK(driver.offers(framework).empty());
        CHECK(ask(protocol::ActivateAgent{driver.agent_id(agent)}).accepted);
        CHECK(driver.offers(framework).size() == 1);
    }
    SECTION("what does not exist is refused") {
        CHECK(ask(protocol::DeactivateAgent{AgentId{1, 9}}).refusal.code == RefusalCode::not_found);
        CHECK(ask(protocol::TeardownFramework{FrameworkId{1, 9}}).refusal.code ==
              RefusalCode::not_found);
        CHECK(
            ask(protocol::KillTaskOf{driver.framework_id(framework), TaskId{"no"}}).refusal.code ==
            RefusalCode::not_found);
    }
    SECTION("a limit is answered once it is durable, and then held") {
        protocol::ConfigureRole call;
        call.config.quota.limits = {{"cpus", 0}};
        driver.holds_stores = true;
        driver.forget();
        driver.step(OperatorAsked{8, "op", call});
        CHECK(driver.answers().empty());
        driver.step(Stored{3});
        REQUIRE(driver.answers().size() == 1);
        CHECK(driver.answers()[0].accepted);
    }
    SECTION("a teardown by an operator tells the scheduler") {
        CHECK(ask(protocol::TeardownFramework{driver.framework_id(framework)}).accepted);
        CHECK(driver.heard<protocol::SubscriptionEnded>(framework).size() == 1);
    }
}
