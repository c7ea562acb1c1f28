// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

SCENARIO("an accepted offer becomes tasks, and what is left is offered again", "[master][offer]") {
    GIVEN("one agent whose resources are on offer to one framework") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework();
        REQUIRE(driver.offers(framework).size() == 1);
        const Offer offer = driver.offers(framework).front();
        CHECK(offer.resources == 4_cpus + 1024_MiB);
        CHECK(offer.agent == driver.agent_id(agent));

        WHEN("a task of one cpu is launched") {
            driver.forget();
            driver.accept(framework, offer.id, {make_task("t1")});

            THEN("the agent is told to run it, and the rest is a new offer") {
                const auto runs = driver.heard<protocol::RunTasks>(agent);
                REQUIRE(runs.size() == 1);
                REQUIRE(runs[0].tasks.size() == 1);
                CHECK(runs[0].tasks[0].id == TaskId{"t1"});
                REQUIRE(driver.offers(framework).size() == 1);
                CHECK(driver.offers(framework)[0].resources == 3_cpus + 1024_MiB);
                CHECK(driver.offers(framework)[0].id != offer.id);
            }
            THEN("its statuses reach the framework, and their receipts the agent") {
                const FrameworkId id{1, 1};
                driver.report(agent, id, "t1", TaskState::running, 1);
                driver.report(agent, id, "t1", TaskState::finished, 2);
                REQUIRE(driver.statuses(framework).size() == 2);
                CHECK(driver.statuses(framework)[1].state == TaskState::finished);
                driver.say(framework,
                           protocol::Acknowledge{{{offer.agent, TaskId{"t1"}, StatusId{1, 1}},
                                                  {offer.agent, TaskId{"t1"}, StatusId{1, 2}}}});
                const auto receipts = driver.heard<protocol::AcknowledgeStatuses>(agent);
                REQUIRE(receipts.size() == 1);
                CHECK(receipts[0].receipts.size() == 2);
                CHECK(driver.master().state().tasks.size() == 0);
            }
            THEN("a terminal status frees what it used at once, before any receipt") {
                driver.forget();
                driver.report(agent, FrameworkId{1, 1}, "t1", TaskState::failed, 1);
                REQUIRE(driver.offers(framework).size() == 1);
                CHECK(driver.offers(framework)[0].resources == 1_cpus);
            }
        }
    }
}

SCENARIO("every wrong accept has one outcome, and its resources stay whole", "[master][offer]") {
    GIVEN("two frameworks, one of which holds the only offer") {
        Driver driver;
        driver.add_agent();
        const PeerId owner = driver.add_framework();
        const PeerId other = driver.add_framework();
        REQUIRE(driver.offers(owner).size() == 1);
        const OfferId offer = driver.offers(owner)[0].id;
        driver.forget();

        WHEN("a task asks for more than was offered") {
            driver.accept(owner, offer, {make_task("big", 5_cpus), make_task("small")});

            THEN("it gets an error that says how much there was, and the others run") {
                REQUIRE(driver.statuses(owner).size() == 1);
                const TaskStatus status = driver.statuses(owner)[0];
                CHECK(status.task == TaskId{"big"});
                CHECK(status.state == TaskState::error);
                CHECK(status.reason == StatusReason::resources_insufficient);
                CHECK(status.message.find("cpus:5") != std::string::npos);
                CHECK(status.message.find("cpus:4") != std::string::npos);
                CHECK(driver.master().state().tasks.size() == 1);
            }
        }
        WHEN("two tasks together ask for more than was offered") {
            driver.accept(owner, offer, {make_task("a", 3_cpus), make_task("b", 3_cpus)});

            THEN("the first runs and the second is refused") {
                REQUIRE(driver.statuses(owner).size() == 1);
                CHECK(driver.statuses(owner)[0].task == TaskId{"b"});
            }
        }
        WHEN("the offer is accepted twice") {
            driver.accept(owner, offer, {make_task("t1")});
            driver.accept(owner, offer, {make_task("t2")});

            THEN("the tasks of the second are dropped, with the reason") {
                REQUIRE(driver.statuses(owner).size() == 1);
                CHECK(driver.statuses(owner)[0].task == TaskId{"t2"});
                CHECK(driver.statuses(owner)[0].state == TaskState::dropped);
                CHECK(driver.statuses(owner)[0].reason == StatusReason::offer_unavailable);
                CHECK(driver.master().state().tasks.size() == 1);
            }
        }
        WHEN("another framework accepts it") {
            driver.accept(other, offer, {make_task("theirs")});

            THEN("its task is dropped and the offer stays with its owner") {
                REQUIRE(driver.statuses(other).size() == 1);
                CHECK(driver.statuses(other)[0].state == TaskState::dropped);
                CHECK(driver.statuses(other)[0].message.find("another framework") !=
                      std::string::npos);
                CHECK(driver.master().state().offers.contains(offer));
            }
        }
        WHEN("it is accepted after it has expired") {
            driver.advance(30s);
            REQUIRE(driver.heard<protocol::Rescind>(owner).size() == 1);
            driver.forget();
            driver.accept(owner, offer, {make_task("late")});

            THEN("the task is dropped") {
                REQUIRE(driver.statuses(owner).size() == 1);
                CHECK(driver.statuses(owner)[0].state == TaskState::dropped);
            }
        }
        WHEN("an accept names one good and one unknown offer") {
            driver.say(owner, protocol::Accept{{offer, OfferId{1, 999}},
                                               {{{}, Launch{{make_task("t")}}}},
                                               Duration{0}});
            THEN("none is taken: the good one stays open") {
                CHECK(driver.master().state().offers.contains(offer));
                REQUIRE(driver.statuses(owner).size() == 1);
                CHECK(driver.statuses(owner)[0].state == TaskState::dropped);
            }
        }
        WHEN("an accept names no offer and launches nothing") {
            driver.say(owner, protocol::Accept{});
            THEN("the call is refused") {
                REQUIRE(driver.heard<protocol::CallRefused>(owner).size() == 1);
                CHECK(driver.heard<protocol::CallRefused>(owner)[0].refusal.code ==
                      RefusalCode::invalid);
            }
        }
        WHEN("an accept names the offer twice") {
            driver.say(owner, protocol::Accept{{offer, offer}, {}, Duration{0}});
            THEN("the call is refused and the offer stays open") {
                REQUIRE(driver.heard<protocol::CallRefused>(owner).size() == 1);
                CHECK(driver.master().state().offers.contains(offer));
            }
        }
        WHEN("a task id is in use") {
            driver.accept(owner, offer, {make_task("t1")});
            const OfferId rest = driver.offers(driver.offers(owner).empty() ? other : owner)[0].id;
            const PeerId holder = driver.offers(owner).empty() ? other : owner;
            driver.forget();
            if (holder == owner) driver.accept(owner, rest, {make_task("t1")});
            if (holder == other) {
                driver.say(other, protocol::Decline{{rest}, 1h, DeclineReason::no_work, {}});
                driver.accept(owner, driver.offers(owner)[0].id, {make_task("t1")});
            }
            THEN("the call is refused, and no status is sent that looks like the running task's") {
                REQUIRE(driver.heard<protocol::CallRefused>(owner).size() == 1);
                CHECK(driver.heard<protocol::CallRefused>(owner)[0].refusal.code ==
                      RefusalCode::already_exists);
                CHECK(driver.statuses(owner).empty());
            }
        }
        WHEN("a task asks for nothing") {
            driver.accept(owner, offer, {make_task("empty", Resources{})});
            THEN("it gets an error") {
                REQUIRE(driver.statuses(owner).size() == 1);
                CHECK(driver.statuses(owner)[0].reason == StatusReason::task_invalid);
            }
        }
        WHEN("a task names a kind that no agent has") {
            driver.accept(owner, offer,
                          {make_task("odd", parse_resources("cpus:1;licenses:1").value())});
            THEN("it gets an error, and the kind takes no slot") {
                REQUIRE(driver.statuses(owner).size() == 1);
                CHECK(driver.statuses(owner)[0].reason == StatusReason::resources_insufficient);
                CHECK(driver.master().state().kinds.save().empty());
            }
        }
    }
}

SCENARIO("kinds that an operator names reach the framework by name", "[master][kinds]") {
    Driver driver;
    const PeerId agent = driver.add_agent("cpus:2;licenses:3;ports:[31000-31009]");
    const PeerId framework = driver.add_framework();
    REQUIRE(driver.offers(framework).size() == 1);
    const Offer offer = driver.offers(framework)[0];
    CHECK(format_resources(offer.resources) == "cpus:2;licenses:3;ports:[31000-31009]");
    driver.accept(
        framework, offer.id,
        {make_task("t", parse_resources("cpus:1;licenses:2;ports:[31000-31001]").value())});
    REQUIRE(driver.offers(framework).size() == 2);
    CHECK(format_resources(driver.offers(framework)[1].resources) ==
          "cpus:1;licenses:1;ports:[31002-31009]");
    driver.close(agent);
    driver.advance(60s);
    driver.say(framework, protocol::Beat{});
    driver.advance(15s);
    REQUIRE(driver.statuses(framework).size() == 1);
    CHECK(driver.statuses(framework)[0].state == TaskState::unreachable);
}

SCENARIO("a limit on a kind that an operator names is held", "[master][kinds]") {
    Driver driver;
    protocol::ConfigureRole call;
    call.config.role = Role::parse("eng").value();
    call.config.quota.limits = {{"licenses", 2000}};
    driver.step(OperatorAsked{1, "op", call});
    driver.add_agent("cpus:2;licenses:3");
    const PeerId framework = driver.add_framework(1h, "eng");
    REQUIRE(driver.offers(framework).size() == 1);
    CHECK(driver.offers(framework)[0].resources.named_units("licenses") == 2000);
}
