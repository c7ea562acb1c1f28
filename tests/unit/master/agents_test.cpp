// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

namespace {

protocol::RegisterAgent registration(AgentId id = {}) {
    protocol::RegisterAgent message;
    message.info.hostname = "host";
    message.info.resources = 4_cpus + 1024_MiB;
    message.id = id;
    return message;
}

protocol::AgentTask agent_task(FrameworkId framework, const std::string& id,
                               TaskState state = TaskState::running) {
    return {framework, Role{}, make_task(id), state};
}

}  // namespace

SCENARIO("nothing of an agent is announced before the registry holds it", "[master][agent]") {
    Driver driver;
    driver.holds_stores = true;
    const PeerId framework = driver.add_framework();
    driver.step(Stored{1});
    const PeerId agent = driver.add_agent();
    CHECK(driver.heard<protocol::AgentRegistered>(agent).empty());
    CHECK(driver.offers(framework).empty());

    SECTION("stored: registered and offered") {
        driver.step(Stored{2});
        CHECK(driver.heard<protocol::AgentRegistered>(agent).size() == 1);
        CHECK(driver.offers(framework).size() == 1);
    }
    SECTION("a completion told twice changes nothing") {
        driver.step(std::vector<Event>{Stored{2}, Stored{2}});
        CHECK(driver.heard<protocol::AgentRegistered>(agent).size() == 1);
    }
    SECTION("the store fails: the agent is told to come again") {
        driver.step(StoreFailed{2, "disk full"});
        REQUIRE(driver.heard<protocol::AgentRefused>(agent).size() == 1);
        CHECK(driver.heard<protocol::AgentRefused>(agent)[0].refusal.code ==
              RefusalCode::unavailable);
        CHECK(driver.find_close(agent) != nullptr);
        CHECK(driver.master().state().agents.size() == 0);
    }
    SECTION("it goes away meanwhile: admitted without a peer, offered when it is back") {
        driver.close(agent);
        driver.step(Stored{2});
        CHECK(driver.offers(framework).empty());
        const PeerId again = driver.open(protocol::PeerKind::agent);
        driver.say(again, registration(AgentId{1, 1}));
        CHECK(driver.heard<protocol::AgentRegistered>(again).size() == 1);
        CHECK(driver.offers(framework).size() == 1);
    }
}

SCENARIO("an agent that comes back is reconciled with what the master knows", "[master][agent]") {
    GIVEN("an agent with two running tasks whose connection breaks") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework();
        const FrameworkId id = driver.framework_id(framework);
        driver.accept(framework, driver.offers(framework)[0].id,
                      {make_task("kept"), make_task("lost")});
        driver.report(agent, id, "kept", TaskState::running, 1);
        const AgentId agent_id = driver.agent_id(agent);
        driver.close(agent);
        CHECK(driver.master().state().offers.empty());
        driver.forget();
        const PeerId again = driver.open(protocol::PeerKind::agent);

        WHEN("it reports only one of them") {
            auto message = registration(agent_id);
            message.tasks.push_back(agent_task(id, "kept"));
            driver.say(again, message);

            THEN("the other was lost on its way: dropped, and its resources are free") {
                REQUIRE(driver.statuses(framework).size() == 1);
                CHECK(driver.statuses(framework)[0].task == TaskId{"lost"});
                CHECK(driver.statuses(framework)[0].state == TaskState::dropped);
                REQUIRE(driver.offers(framework).size() == 1);
                CHECK(driver.offers(framework)[0].resources == 3_cpus + 1024_MiB);
            }
        }
        WHEN("it reports a task that the master does not know") {
            auto message = registration(agent_id);
            for (const char* const task : {"kept", "lost", "surprise"}) {
                message.tasks.push_back(agent_task(id, task));
            }
            driver.say(again, message);
            THEN("it is taken into account") {
                REQUIRE(driver.offers(framework).size() == 1);
                CHECK(driver.offers(framework)[0].resources == 1_cpus + 1024_MiB);
                CHECK(driver.statuses(framework).empty());
            }
        }
        WHEN("what it reports stands in the place of what was lost on its way") {
            auto message = registration(agent_id);
            for (const char* const task : {"kept", "one", "two", "three"})
                message.tasks.push_back(agent_task(id, task));
            driver.say(again, message);
            THEN("all of it is taken into account") {
                CHECK(driver.heard<protocol::KillTask>(again).empty());
                CHECK(driver.master().state().tasks.size() == 4);
            }
        }
        WHEN("it reports a task of a framework that was never there") {
            auto message = registration(agent_id);
            message.tasks = {agent_task(id, "kept"), agent_task(id, "lost"),
                             agent_task(FrameworkId{1, 77}, "orphan")};
            driver.say(again, message);
            THEN("it is told to end that framework") {
                REQUIRE(driver.heard<protocol::EndFramework>(again).size() == 1);
                CHECK(driver.heard<protocol::EndFramework>(again)[0].framework ==
                      FrameworkId{1, 77});
            }
        }
        WHEN("it reports more than it has room for") {
            auto message = registration(agent_id);
            message.tasks = {agent_task(id, "kept"), agent_task(id, "lost"),
                             agent_task(id, "huge")};
            message.tasks[2].info.resources = 40_cpus;
            driver.say(again, message);
            THEN("that task is killed, and the account stays whole") {
                REQUIRE(driver.heard<protocol::KillTask>(again).size() == 1);
                CHECK(driver.heard<protocol::KillTask>(again)[0].task == TaskId{"huge"});
            }
        }
        WHEN("it comes back with other resources") {
            auto message = registration(agent_id);
            message.info.resources = 8_cpus;
            driver.say(again, message);
            THEN("it is refused: a cloned disk, or a changed machine") {
                REQUIRE(driver.heard<protocol::AgentRefused>(again).size() == 1);
                CHECK(driver.heard<protocol::AgentRefused>(again)[0].refusal.code ==
                      RefusalCode::conflict);
            }
        }
    }
}

SCENARIO("only the latest process of an agent may register", "[master][agent]") {
    GIVEN("an agent whose second process runs a task") {
        Driver driver;
        const PeerId first = driver.open(protocol::PeerKind::agent);
        auto message = registration({});
        message.run = {2, 77};
        driver.say(first, message);
        const PeerId framework = driver.add_framework();
        const FrameworkId id = driver.framework_id(framework);
        driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
        driver.report(first, id, "t", TaskState::running, 1);
        message.id = driver.agent_id(first);
        driver.forget();
        const PeerId second = driver.open(protocol::PeerKind::agent);
        const auto is_refused = [&] {
            const auto refused = driver.heard<protocol::AgentRefused>(second);
            return refused.size() == 1 && refused[0].refusal.code == RefusalCode::conflict;
        };

        WHEN("what its first process had said arrives, without the task") {
            message.run = {1, 5};
            driver.say(second, message);
            THEN("it is refused, and nothing changes for the second") {
                CHECK(is_refused());
                CHECK(driver.statuses(framework).empty());
                CHECK(driver.master().state().peers.contains(first));
            }
        }
        WHEN("another process with the same number registers") {
            message.run = {2, 78};
            driver.say(second, message);
            THEN("one of two work folders is a copy: it is refused, and the first stays") {
                CHECK(is_refused());
                CHECK(driver.statuses(framework).empty());
                CHECK(driver.master().state().peers.contains(first));
            }
        }
        WHEN("the same process registers again on a new connection") {
            message.tasks.push_back(agent_task(id, "t"));
            driver.say(second, message);
            THEN("it goes on there") {
                CHECK(driver.heard<protocol::AgentRegistered>(second).size() == 1);
                CHECK_FALSE(driver.master().state().peers.contains(first));
            }
        }
        WHEN("its third process registers") {
            message.run = {3, 9};
            message.tasks.push_back(agent_task(id, "t"));
            driver.say(second, message);
            THEN("it takes the place of the second") {
                CHECK(driver.heard<protocol::AgentRegistered>(second).size() == 1);
                CHECK_FALSE(driver.master().state().peers.contains(first));
            }
        }
    }
}

SCENARIO("a silent agent becomes unreachable, and its return is told", "[master][agent]") {
    GIVEN("an agent that runs a task") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework();
        const FrameworkId id = driver.framework_id(framework);
        driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
        driver.report(agent, id, "t", TaskState::running, 1);
        driver.forget();

        WHEN("it beats in time") {
            for (int i = 0; i < 20; ++i) {
                driver.advance(15s);
                driver.say(agent, protocol::AgentBeat{});
            }
            THEN("it stays, and each beat is answered") {
                CHECK(driver.heard<protocol::MasterToAgentBeat>(agent).size() == 20);
                CHECK(driver.statuses(framework).empty());
            }
        }
        WHEN("it says nothing for the timeout") {
            for (int i = 0; i < 4; ++i) {
                driver.advance(15s);
                driver.say(framework, protocol::Beat{});
            }
            CHECK(driver.statuses(framework).empty());
            driver.advance(15s);
            THEN("its task is unreachable, its peer closed, its resources not given away") {
                REQUIRE(driver.statuses(framework).size() == 1);
                CHECK(driver.statuses(framework)[0].state == TaskState::unreachable);
                CHECK(driver.heard<protocol::AgentLost>(framework).size() == 1);
                CHECK(driver.find_close(agent) != nullptr);
                CHECK(driver.master().state().offers.empty());
            }
            THEN("when it returns, the task is running again") {
                const PeerId again = driver.open(protocol::PeerKind::agent);
                auto message = registration(driver.agent_id(agent));
                message.tasks.push_back(agent_task(id, "t"));
                driver.say(again, message);
                const auto& tasks = driver.master().state().tasks;
                CHECK(tasks[TaskIndex{0}].state == TaskState::running);
            }
        }
    }
}

SCENARIO("beats that waited while the master was held up still count", "[master][agent]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const AgentId id = driver.agent_id(agent);
    driver.pause(10min);
    driver.say(agent, protocol::AgentBeat{});
    CHECK_FALSE(
        driver.master().state().agents[driver.master().state().agent_by_id.at(id)].unreachable);
}

SCENARIO("an agent that unregisters takes nothing with it", "[master][agent]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const PeerId framework = driver.add_framework();
    driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
    driver.forget();
    driver.say(agent, protocol::Unregister{});
    REQUIRE(driver.statuses(framework).size() == 1);
    CHECK(driver.statuses(framework)[0].state == TaskState::gone);
    CHECK(driver.master().state().agents.size() == 0);
    CHECK(driver.master().state().tasks.size() == 0);
    CHECK(driver.heard<protocol::Rescind>(framework).size() == 1);
}

SCENARIO("peers that speak out of turn are sent away", "[master][peer]") {
    Driver driver;
    SECTION("an agent that reports before it registers") {
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, protocol::UpdateStatuses{});
        REQUIRE(driver.find_close(agent) != nullptr);
        CHECK(driver.find_close(agent)->why.code == RefusalCode::conflict);
    }
    SECTION("an agent that speaks as a scheduler") {
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, protocol::Revive{});
        CHECK(driver.find_close(agent) != nullptr);
    }
    SECTION("a scheduler that speaks as an agent") {
        const PeerId framework = driver.open(protocol::PeerKind::framework);
        driver.say(framework, protocol::AgentMessage{protocol::AgentBeat{}});
        CHECK(driver.find_close(framework) != nullptr);
    }
    SECTION("a peer that was closed and speaks on is not heard") {
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.close(agent);
        driver.say(agent, registration());
        CHECK(driver.master().state().agents.size() == 0);
    }
    SECTION("an agent with an id that this master never made") {
        const PeerId agent = driver.add_agent("cpus:1", AgentId{1, 99});
        REQUIRE(driver.find_close(agent) != nullptr);
        CHECK(driver.find_close(agent)->why.code == RefusalCode::not_found);
    }
}
