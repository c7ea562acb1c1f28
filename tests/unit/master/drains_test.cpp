// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

namespace {

AnswerOperator ask(Driver& driver, protocol::OperatorCall call) {
    static std::uint64_t requests = 0;
    driver.step(OperatorAsked{++requests, "operator", std::move(call)});
    REQUIRE(!driver.answers().empty());
    return driver.answers().back();
}

registry::AgentMode mode_of(const Driver& driver, AgentId id) {
    const State& state = driver.master().state();
    return state.agents[state.agent_by_id.at(id)].mode;
}

}  // namespace

SCENARIO("a drain empties an agent by its deadline", "[master][drain]") {
    GIVEN("an agent with a running task and an offer, which is being drained") {
        Driver driver;
        const PeerId agent = driver.add_agent();
        const PeerId framework = driver.add_framework();
        const FrameworkId id = driver.framework_id(framework);
        const AgentId agent_id = driver.agent_id(agent);
        driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
        driver.report(agent, id, "t", TaskState::running, 1);
        driver.forget();
        CHECK(ask(driver, protocol::DrainAgent{agent_id, 30s}).accepted);

        THEN("its offer is rescinded, its framework is asked, nothing is killed yet") {
            REQUIRE(driver.heard<protocol::Rescind>(framework).size() == 1);
            CHECK(driver.heard<protocol::Rescind>(framework)[0].reason ==
                  protocol::RescindReason::agent_draining);
            REQUIRE(driver.heard<protocol::InverseOffers>(framework).size() == 1);
            const InverseOffer asked =
                driver.heard<protocol::InverseOffers>(framework)[0].offers.at(0);
            CHECK(asked.agent == agent_id);
            CHECK(asked.resources == 1_cpus);
            CHECK(driver.heard<protocol::KillTask>(agent).empty());
            CHECK(driver.offers(framework).empty());
        }
        WHEN("the task ends before the deadline") {
            driver.report(agent, id, "t", TaskState::finished, 2);
            CHECK(mode_of(driver, agent_id) == registry::AgentMode::draining);
            driver.say(framework, protocol::Acknowledge{{{agent_id, TaskId{"t"}, StatusId{1, 2}}}});
            THEN("the agent is drained once that is acknowledged and durable") {
                CHECK(mode_of(driver, agent_id) == registry::AgentMode::drained);
                CHECK(driver.offers(framework).empty());
                CHECK(driver.heard<protocol::KillTask>(agent).empty());
            }
            THEN("it is offered again once it is active") {
                CHECK(ask(driver, protocol::ActivateAgent{agent_id}).accepted);
                CHECK(driver.offers(framework).size() == 1);
            }
        }
        WHEN("the deadline comes") {
            driver.advance(30s);
            THEN("what still runs is killed, with its own grace and the reason") {
                REQUIRE(driver.heard<protocol::KillTask>(agent).size() == 1);
                const auto kill = driver.heard<protocol::KillTask>(agent)[0];
                CHECK(kill.reason == StatusReason::agent_draining);
                CHECK_FALSE(kill.grace.has_value());
            }
        }
        WHEN("the agent is away at the deadline and comes back") {
            driver.close(agent);
            driver.advance(40s);
            const PeerId again = driver.open(protocol::PeerKind::agent);
            protocol::RegisterAgent message;
            message.info.hostname = "host";
            message.info.resources = parse_resources("cpus:4;mem:1024").value();
            message.id = agent_id;
            message.tasks.push_back({id, Role{}, make_task("t"), TaskState::running});
            driver.say(again, message);
            THEN("it is asked to kill then") {
                REQUIRE(driver.heard<protocol::KillTask>(again).size() == 1);
            }
        }
        WHEN("it is made active before the deadline") {
            CHECK(ask(driver, protocol::ActivateAgent{agent_id}).accepted);
            driver.advance(30s);
            THEN("nothing is killed, and it is offered") {
                CHECK(driver.heard<protocol::KillTask>(agent).empty());
                CHECK(driver.offers(framework).size() == 1);
            }
        }
        WHEN("its scheduler comes back meanwhile") {
            driver.close(framework);
            const PeerId again = driver.open(protocol::PeerKind::framework);
            protocol::Subscribe call;
            call.info.failover_timeout = 1h;
            call.id = id;
            driver.say(again, call);
            THEN("it is asked too") {
                CHECK(driver.heard<protocol::InverseOffers>(again).size() == 1);
            }
        }
    }
}

SCENARIO("a drain outlives the master", "[master][drain]") {
    registry::Contents kept;
    const AgentId id{1, 1};
    AgentInfo info;
    info.hostname = "host";
    info.resources = 4_cpus + 1024_MiB;
    registry::apply(kept, registry::AdmitAgent{id, info});
    Options options;
    options.epoch = 2;
    Driver driver{options};
    const WallTime deadline{(driver.now() + 60s).ns};
    registry::apply(kept, registry::SetAgentMode{id, registry::AgentMode::draining, deadline});
    registry::PutFramework framework{FrameworkId{1, 1}, {}};
    framework.info.failover_timeout = 1h;
    registry::apply(kept, framework);
    driver.step(Recovered{std::move(kept)});
    CHECK(mode_of(driver, id) == registry::AgentMode::draining);

    protocol::RegisterAgent message;
    message.info = info;
    message.id = id;
    SECTION("a task that it reports is killed at the same deadline") {
        message.tasks.push_back({FrameworkId{1, 1}, Role{}, make_task("t"), TaskState::running});
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, message);
        CHECK(driver.heard<protocol::KillTask>(agent).empty());
        driver.advance(60s);
        CHECK(driver.heard<protocol::KillTask>(agent).size() == 1);
    }
    SECTION("nobody calls it drained before it has said what it runs") {
        driver.advance(60s);
        CHECK(mode_of(driver, id) == registry::AgentMode::draining);
        const PeerId agent = driver.open(protocol::PeerKind::agent);
        driver.say(agent, message);
        CHECK(mode_of(driver, id) == registry::AgentMode::drained);
    }
}

SCENARIO("operators' wishes for agents are durable before they are answered", "[master][drain]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const AgentId id = driver.agent_id(agent);
    const PeerId framework = driver.add_framework();
    driver.forget();
    driver.holds_stores = true;
    driver.step(OperatorAsked{1, "operator", protocol::DeactivateAgent{id}});
    CHECK(driver.answers().empty());
    CHECK(driver.heard<protocol::Rescind>(framework).empty());
    const std::uint64_t entry = driver.master().state().entries_made;

    SECTION("stored") {
        driver.step(Stored{entry});
        REQUIRE(driver.answers().size() == 1);
        CHECK(driver.answers()[0].accepted);
        CHECK(driver.heard<protocol::Rescind>(framework).size() == 1);
    }
    SECTION("the store fails") {
        driver.step(StoreFailed{entry, "disk full"});
        REQUIRE(driver.answers().size() == 1);
        CHECK(driver.answers()[0].refusal.code == RefusalCode::unavailable);
        CHECK(mode_of(driver, id) == registry::AgentMode::active);
    }
}

SCENARIO("an agent that is drained is only so if nobody has said otherwise", "[master][drain]") {
    Driver driver;
    const AgentId id = driver.agent_id(driver.add_agent());
    driver.holds_stores = true;
    driver.step(OperatorAsked{1, "operator", protocol::DrainAgent{id, 1h}});
    driver.step(Stored{2});
    driver.step(OperatorAsked{2, "operator", protocol::DrainAgent{id, 2h}});
    // The first drain finds it empty: entry 3 says so. The second, entry 4, comes after it.
    driver.step(Stored{3});
    CHECK(mode_of(driver, id) == registry::AgentMode::drained);
    driver.step(Stored{4});
    CHECK(mode_of(driver, id) == registry::AgentMode::draining);
    driver.step(Stored{5});
    CHECK(mode_of(driver, id) == registry::AgentMode::drained);
}

SCENARIO("an agent that is marked as gone never comes back", "[master][drain]") {
    Driver driver;
    const PeerId agent = driver.add_agent();
    const AgentId id = driver.agent_id(agent);
    const PeerId framework = driver.add_framework();
    driver.accept(framework, driver.offers(framework)[0].id, {make_task("t")});
    driver.forget();
    CHECK(ask(driver, protocol::MarkAgentGone{id}).accepted);
    REQUIRE(driver.statuses(framework).size() == 1);
    CHECK(driver.statuses(framework)[0].state == TaskState::gone_by_operator);
    CHECK(driver.heard<protocol::ShutDownAgent>(agent).size() == 1);
    CHECK(driver.master().state().agents.size() == 0);
    const PeerId again = driver.add_agent("cpus:4;mem:1024", id);
    REQUIRE(driver.heard<protocol::AgentRefused>(again).size() == 1);
    CHECK(driver.heard<protocol::AgentRefused>(again)[0].refusal.code == RefusalCode::not_found);

    driver.say(framework, protocol::Reconcile{{{TaskId{"t"}, id}}});
    CHECK(driver.statuses(framework).back().state == TaskState::gone_by_operator);
}

SCENARIO("wrong wishes of operators are refused", "[master][drain]") {
    Driver driver;
    const AgentId id = driver.agent_id(driver.add_agent());
    SECTION("an agent that is not there") {
        for (const protocol::OperatorCall& call :
             {protocol::OperatorCall{protocol::DrainAgent{AgentId{9, 9}, 1s}},
              protocol::OperatorCall{protocol::ActivateAgent{AgentId{9, 9}}},
              protocol::OperatorCall{protocol::MarkAgentGone{AgentId{9, 9}}}}) {
            CHECK(ask(driver, call).refusal.code == RefusalCode::not_found);
        }
    }
    SECTION("a deadline at its limit, one past it, and before now") {
        CHECK(ask(driver, protocol::DrainAgent{id, limits::drain_within_max}).accepted);
        CHECK(ask(driver, protocol::DrainAgent{id, limits::drain_within_max + 1ns}).refusal.code ==
              RefusalCode::invalid);
        CHECK(ask(driver, protocol::DrainAgent{id, Duration{-1}}).refusal.code ==
              RefusalCode::invalid);
    }
}
