// SPDX-License-Identifier: Apache-2.0
#include "restarted.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

SCENARIO("a restarted master offers what is back, and nothing else", "[master][recovery]") {
    GIVEN("a master that two agents and a framework are known to") {
        Driver driver = restarted(contents(2));
        CHECK(driver.master().state().agents.size() == 2);
        CHECK(agent_of(driver, 1).recovering);
        const PeerId framework = subscribe(driver);
        REQUIRE(driver.heard<protocol::Subscribed>(framework).size() == 1);
        CHECK(driver.framework_id(framework) == batch);
        CHECK(driver.offers(framework).empty());

        WHEN("one agent comes back with a task") {
            const PeerId agent = come_back(driver, 1, {"t"});
            THEN("the rest of it is offered at once, and the task's state is told") {
                REQUIRE(driver.heard<protocol::AgentRegistered>(agent).size() == 1);
                REQUIRE(driver.offers(framework).size() == 1);
                CHECK(driver.offers(framework)[0].agent == AgentId{1, 1});
                CHECK(driver.offers(framework)[0].resources == 3_cpus + 1024_MiB);
                CHECK(driver.offers(framework)[0].id.epoch() == 2);
                REQUIRE(driver.statuses(framework).size() == 1);
                CHECK(driver.statuses(framework)[0].state == TaskState::running);
                CHECK(driver.statuses(framework)[0].reason == StatusReason::reconciliation);
            }
            THEN("nothing was written: the registry knows it as it is") {
                for (const Effect& effect : driver.all()) {
                    const auto* store = std::get_if<Store>(&effect);
                    if (store == nullptr) continue;
                    CHECK(std::holds_alternative<registry::PutFramework>(store->write));
                }
            }
        }
        WHEN("a new agent registers") {
            const PeerId agent = driver.add_agent();
            THEN("its id is of the new epoch, and was never used") {
                CHECK(driver.agent_id(agent) == AgentId{2, 1});
            }
        }
        WHEN("the other does not come back in time") {
            come_back(driver, 1);
            pass(driver, 9min, framework);
            CHECK_FALSE(agent_of(driver, 2).unreachable);
            pass(driver, 2min, framework);
            THEN("it is unreachable, once the registry holds that") {
                CHECK(agent_of(driver, 2).unreachable);
            }
        }
    }
}

SCENARIO("what the registry does not hold is refused", "[master][recovery]") {
    registry::Contents kept = contents(1);
    registry::apply(kept, registry::MarkGone{AgentId{1, 7}, {}});
    Driver driver = restarted(std::move(kept));

    SECTION("an agent that was removed") {
        const PeerId agent = come_back(driver, 5);
        REQUIRE(driver.heard<protocol::AgentRefused>(agent).size() == 1);
        const Refusal why = driver.heard<protocol::AgentRefused>(agent)[0].refusal;
        CHECK(why.code == RefusalCode::not_found);
        CHECK(why.todo == "start the agent with an empty work folder: it becomes a new one");
    }
    SECTION("an agent that an operator has marked as gone is told so") {
        const PeerId agent = come_back(driver, 7);
        REQUIRE(driver.heard<protocol::AgentRefused>(agent).size() == 1);
        CHECK(driver.heard<protocol::AgentRefused>(agent)[0].refusal.why ==
              "an operator has marked it as gone");
    }
    SECTION("a framework that has ended") {
        const PeerId framework = subscribe(driver, FrameworkId{1, 9});
        REQUIRE(driver.heard<protocol::SubscriptionEnded>(framework).size() == 1);
        CHECK(driver.heard<protocol::SubscriptionEnded>(framework)[0].refusal.code ==
              RefusalCode::not_found);
    }
    SECTION("a framework's id with another principal") {
        const PeerId thief = subscribe(driver, batch, "thief");
        REQUIRE(driver.heard<protocol::SubscriptionEnded>(thief).size() == 1);
        CHECK(driver.heard<protocol::SubscriptionEnded>(thief)[0].refusal.code ==
              RefusalCode::forbidden);
    }
    SECTION("the tasks of a framework that has ended: the agent is told to end them") {
        auto message = registration(AgentId{1, 1}, {"orphan"});
        message.tasks[0].framework = FrameworkId{1, 9};
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, message);
        REQUIRE(driver.heard<protocol::EndFramework>(agent).size() == 1);
        CHECK(driver.master().state().tasks.size() == 0);
    }
}

SCENARIO("a framework's failover timer starts with the master", "[master][recovery]") {
    Driver driver = restarted(contents(1, 2min));
    const PeerId agent = come_back(driver, 1, {"t"});
    for (int i = 0; i < 7; ++i) {
        driver.advance(15s);
        driver.say(agent, protocol::AgentBeat{});
    }
    CHECK(driver.heard<protocol::EndFramework>(agent).empty());
    SECTION("it comes back in time, with its task") {
        const PeerId framework = subscribe(driver);
        CHECK(driver.heard<protocol::Subscribed>(framework).size() == 1);
        CHECK(driver.master().state().tasks.size() == 1);
    }
    SECTION("it does not: its tasks are ended") {
        driver.advance(30s);
        CHECK(driver.heard<protocol::EndFramework>(agent).size() == 1);
    }
}

SCENARIO("no task is called unknown while its agent may still come back", "[master][recovery]") {
    GIVEN("a restarted master, and a framework that asks for two tasks of an agent that is away") {
        Driver driver = restarted(contents(2));
        const PeerId framework = subscribe(driver);
        driver.say(framework, protocol::Reconcile{{{TaskId{"runs"}, AgentId{1, 1}},
                                                   {TaskId{"lost"}, AgentId{1, 1}},
                                                   {TaskId{"somewhere"}, AgentId{}}}});
        CHECK(driver.statuses(framework).empty());

        WHEN("the agent comes back with one of them") {
            come_back(driver, 1, {"runs"});
            THEN("that one runs, the other is unknown, and a third may be elsewhere") {
                REQUIRE(driver.statuses(framework).size() == 2);
                CHECK(driver.statuses(framework)[0].task == TaskId{"runs"});
                CHECK(driver.statuses(framework)[0].state == TaskState::running);
                CHECK(driver.statuses(framework)[1].task == TaskId{"lost"});
                CHECK(driver.statuses(framework)[1].state == TaskState::unknown);
            }
            come_back(driver, 2);
            THEN("with the last agent all is known") {
                REQUIRE(driver.statuses(framework).size() == 3);
                CHECK(driver.statuses(framework)[2].task == TaskId{"somewhere"});
                CHECK(driver.statuses(framework)[2].state == TaskState::unknown);
            }
        }
        WHEN("the agent stays away for too long") {
            come_back(driver, 2);
            pass(driver, 11min, framework);
            THEN("its tasks are unreachable, not unknown") {
                const auto statuses = driver.statuses(framework);
                REQUIRE(statuses.size() == 3);
                CHECK(statuses[0].state == TaskState::unreachable);
                CHECK(statuses[1].state == TaskState::unreachable);
                CHECK(statuses[2].state == TaskState::unknown);
            }
        }
        WHEN("it asks to kill one meanwhile") {
            driver.say(framework, protocol::Kill{TaskId{"runs"}, std::nullopt});
            THEN("it is not told that there is no such task") {
                CHECK(driver.statuses(framework).empty());
            }
        }
    }
}

SCENARIO("unreachable is durable before it is told", "[master][recovery]") {
    GIVEN("an agent with a task that falls silent") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework();
        const FrameworkId id = driver.framework_id(framework);
        driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
        driver.report(agent, id, "t", TaskState::running, 1);
        driver.close(agent);
        driver.advance(60s);
        driver.say(framework, protocol::Beat{});
        driver.forget();
        driver.holds_stores = true;
        driver.advance(15s);
        REQUIRE(driver.all().size() == 1);
        const auto* store = std::get_if<Store>(&driver.all()[0]);
        REQUIRE(store != nullptr);
        CHECK(std::holds_alternative<registry::MarkUnreachable>(store->write));
        auto back = registration(AgentId{1, 1});
        back.tasks.push_back({id, Role{}, make_task("t"), TaskState::running});

        WHEN("the mark is stored") {
            driver.step(Stored{store->entry});
            THEN("the task is told to be unreachable, and to run when its agent is back") {
                REQUIRE(driver.statuses(framework).size() == 1);
                CHECK(driver.statuses(framework)[0].state == TaskState::unreachable);
                driver.forget();
                driver.holds_stores = false;
                const PeerId again = driver.open(protocol::PeerKind::agent);
                driver.say(again, back);
                CHECK(driver.heard<protocol::AgentRegistered>(again).size() == 1);
                REQUIRE(driver.statuses(framework).size() == 1);
                CHECK(driver.statuses(framework)[0].state == TaskState::running);
                CHECK_FALSE(agent_of(driver, 1).unreachable);
                // And it is watched again.
                driver.close(again);
                pass(driver, 90s, framework);
                CHECK(agent_of(driver, 1).unreachable);
            }
        }
        WHEN("the store fails") {
            driver.step(StoreFailed{store->entry, "disk full"});
            THEN("nothing is told, and it is tried again") {
                CHECK(driver.statuses(framework).empty());
                driver.holds_stores = false;
                driver.advance(5s);
                CHECK(driver.statuses(framework).size() == 1);
            }
        }
        WHEN("it comes back before the mark is stored") {
            const PeerId again = driver.open(protocol::PeerKind::agent);
            driver.say(again, back);
            driver.step(Stored{store->entry});
            THEN("the task was never unreachable, and the mark is taken back first") {
                CHECK(driver.statuses(framework).empty());
                CHECK(driver.heard<protocol::AgentRegistered>(again).empty());
                driver.step(Stored{store->entry + 1});
                CHECK(driver.heard<protocol::AgentRegistered>(again).size() == 1);
                CHECK(driver.statuses(framework).empty());
            }
        }
    }
}

SCENARIO("a task that has ended while there was no master is not unknown", "[master][recovery]") {
    GIVEN("a scheduler that asks for it before its agent is back") {
        Driver driver = restarted(contents(1));
        const PeerId framework = subscribe(driver);
        const protocol::Reconcile question{{{TaskId{"t"}, AgentId{1, 1}}}};
        driver.say(framework, question);
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, registration(AgentId{1, 1}, {"t"}, TaskState::finished));
        CHECK(driver.heard<protocol::AgentRegistered>(agent).size() == 1);
        CHECK(driver.statuses(framework).empty());
        REQUIRE(driver.offers(framework).size() == 1);
        CHECK(driver.offers(framework)[0].resources == 4_cpus + 1024_MiB);

        WHEN("it asks again before the last status has come") {
            driver.say(framework, question);
            THEN("its agent is asked to say it again, since it alone knows how it has ended") {
                CHECK(driver.statuses(framework).empty());
                CHECK(driver.heard<protocol::ReconcileTasks>(agent).size() == 1);
            }
        }
        WHEN("the last status comes and is acknowledged") {
            driver.report(agent, batch, "t", TaskState::finished, 1);
            REQUIRE(driver.statuses(framework).size() == 1);
            CHECK(driver.statuses(framework)[0].state == TaskState::finished);
            CHECK(driver.master().state().tasks.size() == 1);
            driver.say(framework,
                       protocol::Acknowledge{{{AgentId{1, 1}, TaskId{"t"}, StatusId{1, 1}}}});
            THEN("it is forgotten, and the agent is told") {
                CHECK(driver.master().state().tasks.size() == 0);
                CHECK(driver.heard<protocol::AcknowledgeStatuses>(agent).size() == 1);
            }
        }
    }
}

SCENARIO("a question about a task that has come back is answered once", "[master][recovery]") {
    GIVEN("a scheduler that asks twice, without knowing where, while two agents are away") {
        Driver driver = restarted(contents(2));
        const PeerId framework = subscribe(driver);
        const protocol::Reconcile question{{{TaskId{"t"}, AgentId{}}}};
        driver.say(framework, question);
        driver.say(framework, question);
        CHECK(driver.master().state().questions_open == 1);
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, registration(AgentId{1, 1}, {"t"}, TaskState::finished));
        CHECK(driver.master().state().questions_open == 0);

        WHEN("the task is over before the other agent is back") {
            driver.report(agent, batch, "t", TaskState::finished, 1);
            driver.say(framework,
                       protocol::Acknowledge{{{AgentId{1, 1}, TaskId{"t"}, StatusId{1, 1}}}});
            REQUIRE(driver.master().state().tasks.size() == 0);
            come_back(driver, 2);
            THEN("nobody calls it unknown") {
                REQUIRE(driver.statuses(framework).size() == 1);
                CHECK(driver.statuses(framework)[0].state == TaskState::finished);
            }
        }
    }
}

SCENARIO("no status overtakes one whose scheduler died before its receipt", "[master][recovery]") {
    GIVEN("a task that runs, of which nobody has acknowledged that it does") {
        Driver driver = restarted(contents(1));
        const PeerId first = subscribe(driver);
        const PeerId agent = come_back(driver, 1, {"t"});
        driver.report(agent, batch, "t", TaskState::running, 1);
        const bool is_taken_over = GENERATE(false, true);
        INFO("another takes over while the connection is open: " << is_taken_over);
        if (!is_taken_over) driver.close(first);
        const PeerId second = subscribe(driver);
        driver.forget();

        WHEN("its end comes before the agent has repeated anything") {
            driver.report(agent, batch, "t", TaskState::finished, 2);
            THEN("it waits, and the agent is asked to repeat") {
                CHECK(driver.statuses(second).empty());
                CHECK(driver.heard<protocol::ReconcileTasks>(agent).size() == 1);
                driver.report(agent, batch, "t", TaskState::running, 1);
                driver.report(agent, batch, "t", TaskState::finished, 2);
                CHECK(driver.statuses(second).size() == 2);
            }
            THEN("what comes a second time is a repetition, and waits no longer") {
                driver.report(agent, batch, "t", TaskState::finished, 2);
                CHECK(driver.statuses(second).size() == 1);
            }
        }
        WHEN("a receipt comes on the new connection") {
            driver.say(second,
                       protocol::Acknowledge{{{AgentId{1, 1}, TaskId{"t"}, StatusId{1, 1}}}});
            driver.report(agent, batch, "t", TaskState::finished, 2);
            THEN("nothing is in the way of the next") {
                CHECK(driver.statuses(second).size() == 1);
            }
        }
    }
}

SCENARIO("a kill that an agent has not read is said again when it is back", "[master][recovery]") {
    GIVEN("a task whose scheduler wants it ended while its agent is away") {
        Driver driver = restarted(contents(1));
        const PeerId framework = subscribe(driver);
        driver.close(come_back(driver, 1, {"t"}));
        driver.say(framework, protocol::Kill{TaskId{"t"}, 2s});

        THEN("the agent hears of it each time it comes back, until it has begun") {
            const PeerId agent = come_back(driver, 1, {"t"});
            REQUIRE(driver.heard<protocol::KillTask>(agent).size() == 1);
            CHECK(driver.heard<protocol::KillTask>(agent)[0].grace == 2s);
            driver.close(agent);
            const PeerId killing = driver.open(protocol::PeerKind::agent);
            driver.say(killing, registration(AgentId{1, 1}, {"t"}, TaskState::killing));
            CHECK(driver.heard<protocol::KillTask>(killing).empty());
        }
    }
}

SCENARIO("marking stops at a share of the cluster", "[master][recovery]") {
    GIVEN("twenty agents of which nobody comes back") {
        Driver driver = restarted(contents(20));
        const PeerId framework = subscribe(driver);
        pass(driver, 10min, framework);
        for (int i = 0; i < 100; ++i)
            driver.advance(100ms);
        THEN("one after the other is marked, until a fifth of them is") {
            CHECK(driver.master().state().agents_unreachable == 4);
            CHECK(driver.master().state().marking_stopped);
            const auto told = notes(driver);
            CHECK(std::ranges::any_of(told, [](const std::string& text) {
                return text.starts_with("4 of 20 agents are unreachable and more are silent");
            }));
        }
        WHEN("most of them come back") {
            for (std::uint64_t i = 1; i <= 18; ++i)
                come_back(driver, i);
            CHECK_FALSE(driver.master().state().marking_stopped);
            driver.advance(15s);
            driver.advance(1s);
            THEN("the two others are marked") {
                CHECK(agent_of(driver, 19).unreachable);
                CHECK(agent_of(driver, 20).unreachable);
                CHECK(driver.master().state().agents_unreachable == 2);
            }
        }
    }
}
