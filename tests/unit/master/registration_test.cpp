// SPDX-License-Identifier: Apache-2.0
#include "restarted.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

SCENARIO("a registration may come in several messages", "[master][agent]") {
    Driver driver = restarted(contents(1));
    const PeerId agent = driver.open(protocol::PeerKind::agent);
    auto message = registration(AgentId{1, 1}, {"a"});
    message.tasks_follow = true;
    driver.say(agent, message);
    driver.say(agent, protocol::ReportTasks{registration({}, {"b"}).tasks, true});
    CHECK(driver.heard<protocol::AgentRegistered>(agent).empty());

    SECTION("it counts with the last of them") {
        driver.say(agent, protocol::ReportTasks{registration({}, {"c"}).tasks, false});
        CHECK(driver.heard<protocol::AgentRegistered>(agent).size() == 1);
        CHECK(driver.master().state().tasks.size() == 3);
    }
    SECTION("more tasks than an agent may have are refused") {
        protocol::ReportTasks many;
        many.tasks.resize(limits::tasks_per_agent_max - 2, registration({}, {"x"}).tasks[0]);
        SECTION("at the limit") {
            driver.say(agent, many);
            CHECK(driver.find_close(agent) == nullptr);
        }
        SECTION("one past it") {
            many.tasks.push_back(many.tasks[0]);
            driver.say(agent, many);
            REQUIRE(driver.find_close(agent) != nullptr);
            CHECK(driver.find_close(agent)->why.code == RefusalCode::too_large);
        }
    }
    SECTION("a part that belongs to no registration is out of turn") {
        const PeerId other = driver.open(protocol::PeerKind::agent);
        driver.say(other, protocol::ReportTasks{});
        REQUIRE(driver.find_close(other) != nullptr);
        CHECK(driver.find_close(other)->why.code == RefusalCode::conflict);
    }
}

SCENARIO("who neither registers nor subscribes is not waited for", "[master]") {
    Driver driver;
    const PeerId agent = driver.open(protocol::PeerKind::agent);
    const PeerId framework = driver.open(protocol::PeerKind::framework);
    driver.advance(74s);
    CHECK(driver.find_close(agent) == nullptr);
    driver.advance(1s);
    for (const PeerId peer : {agent, framework}) {
        REQUIRE(driver.find_close(peer) != nullptr);
        CHECK(driver.find_close(peer)->why.code == RefusalCode::unavailable);
    }
    CHECK(driver.master().state().peers.empty());
}

SCENARIO("an agent may come back with more, not with less", "[master][agent]") {
    Driver driver = restarted(contents(1));
    const PeerId framework = subscribe(driver);
    auto message = registration(AgentId{1, 1});
    const PeerId agent = driver.open(protocol::PeerKind::agent);
    SECTION("more: stored first, then offered whole") {
        message.info.resources = 8_cpus + 1024_MiB;
        driver.say(agent, message);
        REQUIRE(driver.offers(framework).size() == 1);
        CHECK(driver.offers(framework)[0].resources == 8_cpus + 1024_MiB);
    }
    SECTION("less") {
        message.info.resources = 2_cpus + 1024_MiB;
        driver.say(agent, message);
        REQUIRE(driver.heard<protocol::AgentRefused>(agent).size() == 1);
        CHECK(driver.heard<protocol::AgentRefused>(agent)[0].refusal.code == RefusalCode::conflict);
    }
    SECTION("the registry takes no writes: refused for now, and still known") {
        message.info.version = "2";
        driver.holds_stores = true;
        driver.say(agent, message);
        driver.step(StoreFailed{driver.master().state().entries_made, "disk full"});
        REQUIRE(driver.heard<protocol::AgentRefused>(agent).size() == 1);
        CHECK(driver.heard<protocol::AgentRefused>(agent)[0].refusal.code ==
              RefusalCode::unavailable);
        CHECK(driver.master().state().agents.size() == 1);
    }
}

SCENARIO("a framework ends once the registry has forgotten it", "[master][framework]") {
    GIVEN("a framework with a running task that tears itself down") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework();
        driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
        driver.forget();
        driver.holds_stores = true;
        driver.say(framework, protocol::Teardown{});
        CHECK(driver.heard<protocol::SubscriptionEnded>(framework).empty());
        CHECK(driver.heard<protocol::Rescind>(framework).size() == 1);
        CHECK(driver.heard<protocol::EndFramework>(agent).empty());
        const std::uint64_t entry = driver.master().state().entries_made;

        WHEN("that is durable") {
            driver.step(Stored{entry});
            THEN("it and the agent are told") {
                CHECK(driver.heard<protocol::SubscriptionEnded>(framework).size() == 1);
                CHECK(driver.heard<protocol::EndFramework>(agent).size() == 1);
            }
        }
        WHEN("the store fails") {
            driver.step(StoreFailed{entry, "disk full"});
            THEN("it is refused, lives on, and may ask again") {
                REQUIRE(driver.heard<protocol::CallRefused>(framework).size() == 1);
                CHECK(driver.heard<protocol::CallRefused>(framework)[0].refusal.code ==
                      RefusalCode::unavailable);
                CHECK(driver.offers(framework).size() == 1);
                driver.holds_stores = false;
                driver.say(framework, protocol::Teardown{});
                CHECK(driver.heard<protocol::SubscriptionEnded>(framework).size() == 1);
            }
        }
    }
}

TEST_CASE("the contents are what the writes have left", "[master][registry]") {
    using namespace registry;
    Contents kept;
    const AgentId a{1, 1};
    const AgentId b{1, 2};
    apply(kept, AdmitAgent{b, host()});
    apply(kept, AdmitAgent{a, host()});
    REQUIRE(kept.agents.size() == 2);
    CHECK(kept.agents[0].agent == a);  // In the order of the ids.
    apply(kept, MarkUnreachable{a, {}});
    apply(kept, SetAgentMode{a, AgentMode::draining, WallTime{5}});
    CHECK(kept.unreachable.size() == 1);

    SECTION("an admission takes the mark away, and leaves the mode") {
        apply(kept, AdmitAgent{a, host(1_cpus)});
        CHECK(kept.unreachable.empty());
        CHECK(kept.agents[0].info.resources == 1_cpus);
        CHECK(kept.modes.size() == 1);
    }
    SECTION("an active agent has no mode") {
        apply(kept, SetAgentMode{a, AgentMode::active, {}});
        CHECK(kept.modes.empty());
    }
    SECTION("one that is gone is no member, and keeps only that mark") {
        apply(kept, MarkGone{a, {}});
        CHECK(kept.agents.size() == 1);
        CHECK(kept.unreachable.empty());
        CHECK(kept.modes.empty());
        CHECK(kept.gone.size() == 1);
        apply(kept, RemoveAgent{a});
        CHECK(kept.gone.empty());
    }
    SECTION("marks of those who are no members change nothing") {
        const Contents before = kept;
        apply(kept, MarkUnreachable{AgentId{1, 9}, {}});
        apply(kept, SetAgentMode{AgentId{1, 9}, AgentMode::drained, {}});
        CHECK(kept == before);
    }
    SECTION("frameworks and roles are put, replaced and removed") {
        FrameworkInfo info;
        info.name = "one";
        apply(kept, PutFramework{batch, info});
        info.name = "two";
        apply(kept, PutFramework{batch, info});
        REQUIRE(kept.frameworks.size() == 1);
        CHECK(kept.frameworks[0].info.name == "two");
        apply(kept, RemoveFramework{batch});
        CHECK(kept.frameworks.empty());
        apply(kept, PutRole{{Role{}, 2000, {}}});
        apply(kept, PutRole{{Role{}, 3000, {}}});
        REQUIRE(kept.roles.size() == 1);
        CHECK(kept.roles[0].config.weight == 3000);
    }
}
