// SPDX-License-Identifier: Apache-2.0
#include <unit/agent/driver.hpp>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

SCENARIO("an agent connects and registers by itself", "[agent][link]") {
    GIVEN("an agent that has never followed a master") {
        Driver driver;

        WHEN("it takes its first step without any event") {
            driver.step();

            THEN("it connects and says that it has seen no epoch") {
                REQUIRE(driver.all<Connect>() == std::vector<Connect>{{0}});
                CHECK(driver.next() == Instant{} + 30s);
            }
            THEN("the open link makes it register as new") {
                driver.step({opened(3)});
                const auto messages = driver.sent<protocol::RegisterAgent>();
                REQUIRE(messages.size() == 1);
                CHECK(messages[0].id.is_none());
                CHECK(messages[0].info == make_options().info);
                CHECK(messages[0].tasks.empty());
                CHECK(messages[0].frameworks.empty());
            }
        }
        WHEN("the master has registered it") {
            driver.step();
            driver.step({opened(3)});
            driver.step({said(registered(3, AgentId{3, 9}))});

            THEN("the identity and the epoch are written and told") {
                CHECK(driver.wrote<checkpoint::PutIdentity>() ==
                      std::vector<checkpoint::PutIdentity>{{AgentId{3, 9}, 3}});
                CHECK(driver.deltas<Identified>() == std::vector<Identified>{{AgentId{3, 9}}});
            }
            THEN("the same registration again changes nothing") {
                driver.step({said(registered(3, AgentId{3, 9}))});
                CHECK(driver.is_silent());
            }
            THEN("a late refusal changes nothing") {
                driver.step({said(protocol::AgentRefused{})});
                CHECK(driver.is_silent());
            }
            THEN("a second welcome changes nothing") {
                driver.step({opened(9)});
                CHECK(driver.is_silent());
                CHECK(driver.state().epoch_seen == 3);
            }
        }
    }
    GIVEN("an agent that comes back with an identity") {
        Options options = make_options();
        options.id = AgentId{2, 5};
        options.epoch_seen = 4;
        Driver driver{options};
        driver.step();
        CHECK(driver.all<Connect>() == std::vector<Connect>{{4}});

        WHEN("a master of the same epoch takes it back") {
            driver.step({opened(4)});
            CHECK(driver.sent<protocol::RegisterAgent>().at(0).id == AgentId{2, 5});
            driver.step({said(registered(4, AgentId{2, 5}))});

            THEN("there is nothing new to write") {
                CHECK(driver.all<Store>().empty());
                CHECK(driver.deltas<Identified>().size() == 1);
            }
        }
        WHEN("an older master welcomes it") {
            driver.step({opened(3)});

            THEN("it leaves and tries again later") {
                CHECK(driver.all<Disconnect>().size() == 1);
                CHECK(driver.sent<protocol::RegisterAgent>().empty());
                driver.wake();
                CHECK(driver.all<Connect>() == std::vector<Connect>{{4}});
            }
        }
    }
}

SCENARIO("an agent that finds no master tries again ever more slowly", "[agent][link]") {
    Driver driver;
    driver.step();
    std::vector<Duration> waits;
    for (int attempt = 0; attempt < 12; ++attempt) {
        driver.step({closed()});
        CHECK(driver.all<Disconnect>().empty());
        waits.push_back(driver.next() - driver.now());
        driver.wake();
        REQUIRE(driver.all<Connect>().size() == 1);
    }
    Duration most = 100ms;
    for (const Duration wait : waits) {
        CHECK(wait >= most / 2);
        CHECK(wait <= most);
        most = std::min<Duration>(2 * most, 10s);
    }
    WHEN("it has registered at last") {
        driver.step({opened()});
        driver.step({said(registered())});

        THEN("the next loss begins with a short wait") {
            driver.step({closed()});
            CHECK(driver.next() - driver.now() <= 100ms);
        }
    }
}

SCENARIO("two agents do not come back at the same moment", "[agent][link]") {
    Options other = make_options();
    other.seed = 8;
    Driver one;
    Driver two{other};
    for (Driver* driver : {&one, &two}) {
        driver->step();
        driver->step({closed()});
    }
    CHECK(one.next() != two.next());
}

SCENARIO("an agent beats and listens for the master", "[agent][link]") {
    GIVEN("a registered agent with a heartbeat of fifteen seconds") {
        Driver driver;
        driver.register_agent();

        THEN("it beats every fifteen seconds") {
            for (int beat = 0; beat < 3; ++beat) {
                CHECK(driver.next() - driver.now() == 15s);
                driver.wake();
                CHECK(driver.sent<protocol::AgentBeat>().size() == 1);
            }
        }
        WHEN("the master answers each beat") {
            for (int beat = 0; beat < 20; ++beat) {
                driver.wake();
                driver.step({said(protocol::MasterToAgentBeat{})});
                CHECK(driver.is_silent());
            }
            THEN("the link stays") { CHECK(driver.state().link.stage == LinkStage::registered); }
        }
        WHEN("the master says nothing for five intervals") {
            for (int beat = 0; beat < 4; ++beat)
                driver.wake();
            CHECK(driver.all<Disconnect>().empty());
            driver.wake();

            THEN("the agent leaves and connects again") {
                CHECK(driver.all<Disconnect>().size() == 1);
                driver.wake();
                CHECK(driver.all<Connect>().size() == 1);
            }
            THEN("words of the link that it left are absorbed") {
                driver.step({said(run_tasks({make_task("t1")}))});
                CHECK(driver.all<Store>().empty());
                CHECK(driver.state().tasks.empty());
            }
        }
        WHEN("the process was held up and a word of the master came in time") {
            driver.step({said(protocol::MasterToAgentBeat{})}, 10min);

            THEN("the word counts") { CHECK(driver.all<Disconnect>().empty()); }
        }
    }
    GIVEN("an agent that is told a shorter patience") {
        Options options = make_options();
        options.heartbeat_timeout = 4s;
        Driver driver{options};
        driver.register_agent();

        THEN("it leaves after that") {
            driver.step({}, 4s - 1ns);
            CHECK(driver.all<Disconnect>().empty());
            driver.step({}, 1ns);
            CHECK(driver.all<Disconnect>().size() == 1);
        }
    }
}

SCENARIO("an agent does not wait for ever to be registered", "[agent][link]") {
    Driver driver;
    driver.step();
    GIVEN("a connection that neither opens nor fails") {
        driver.wake();
        CHECK(driver.now() == Instant{} + 30s);
        CHECK(driver.all<Disconnect>().size() == 1);
        driver.wake();
        CHECK(driver.all<Connect>().size() == 1);
    }
    GIVEN("a master that does not answer") {
        driver.step({opened()});
        driver.step({said(protocol::MasterToAgentBeat{})}, 29s);
        CHECK(driver.all<Disconnect>().empty());
        driver.step({}, 1s);
        CHECK(driver.all<Disconnect>().size() == 1);
    }
}

SCENARIO("a registration that makes no sense ends the link", "[agent][link]") {
    Options options = make_options();
    options.epoch_seen = 2;
    Driver driver{options};
    driver.step();
    driver.step({opened(2)});

    auto message = registered(2);
    SECTION("no agent id") { message.agent = AgentId{}; }
    SECTION("no heartbeat interval") { message.heartbeat_interval = 0s; }
    SECTION("a negative heartbeat interval") { message.heartbeat_interval = -1s; }
    SECTION("an old epoch") { message.epoch = 1; }
    driver.step({said(message)});
    CHECK(driver.all<Disconnect>().size() == 1);
    CHECK(driver.all<Store>().empty());
    CHECK(driver.deltas<Noted>().size() == 1);
    driver.wake();
    CHECK(driver.all<Connect>().size() == 1);
}

SCENARIO("a refused agent stops if asking again cannot help", "[agent][link]") {
    Driver driver;
    driver.step();
    driver.step({opened()});

    GIVEN("a refusal that may pass") {
        const auto code =
            GENERATE(RefusalCode::unavailable, RefusalCode::too_large, RefusalCode::stale_epoch,
                     RefusalCode::quota_exceeded, RefusalCode::no_longer_available,
                     RefusalCode::insufficient, RefusalCode::cancelled);
        driver.step({said(protocol::AgentRefused{{code, "agent", "register", "not now", ""}})});
        CHECK(driver.all<Stopped>().empty());
        CHECK(driver.all<Disconnect>().size() == 1);
        driver.wake();
        CHECK(driver.all<Connect>().size() == 1);
    }
    GIVEN("a refusal that lasts") {
        const auto code =
            GENERATE(RefusalCode::unauthenticated, RefusalCode::forbidden, RefusalCode::not_found,
                     RefusalCode::unsupported, RefusalCode::wrong_cluster, RefusalCode::invalid,
                     RefusalCode::malformed, RefusalCode::already_exists, RefusalCode::not_owner,
                     RefusalCode::conflict);
        driver.step({said(protocol::AgentRefused{{code, "agent", "register", "gone", "go"}})});
        CHECK(driver.all<Stopped>() == std::vector<Stopped>{{"agent: register: gone; go", true}});
        CHECK(driver.next() == Instant::never());
        driver.step({opened(), said(registered())});
        CHECK(driver.is_silent());
    }
}

SCENARIO("a wrong token stops an agent only before its first registration", "[agent][link]") {
    Driver driver;
    GIVEN("an agent that has never registered") {
        driver.step();
        driver.step({closed(RefusalCode::unauthenticated)});
        CHECK(driver.all<Stopped>().size() == 1);
    }
    GIVEN("an agent that was registered") {
        driver.register_agent();
        driver.step({closed()});
        driver.wake();
        driver.step({closed(RefusalCode::unauthenticated)});
        CHECK(driver.all<Stopped>().empty());
        CHECK(driver.next() != Instant::never());
    }
}

SCENARIO("orders before the registration is answered are absorbed", "[agent][link]") {
    Driver driver;
    driver.step();
    driver.step({said(run_tasks({make_task("t1")}))});
    CHECK(driver.is_silent());
    driver.step({opened()});
    driver.step({said(run_tasks({make_task("t1")}))});
    CHECK(driver.is_silent());
    driver.step({said(protocol::ShutDownAgent{"no"})});
    CHECK(driver.is_silent());
    CHECK(driver.state().tasks.empty());
}

SCENARIO("an agent that comes back tells what it runs", "[agent][link]") {
    Driver driver;
    driver.register_agent();
    driver.run("t1");
    driver.step({said(run_tasks({make_task("t2")}, framework_2))});
    driver.step({closed()});
    driver.wake();
    driver.step({opened()});

    const auto message = driver.sent<protocol::RegisterAgent>().at(0);
    REQUIRE(message.tasks.size() == 2);
    CHECK(message.tasks[0].info == make_task("t1"));
    CHECK(message.tasks[0].state == TaskState::running);
    CHECK(message.tasks[1].framework == framework_2);
    CHECK(message.tasks[1].state == TaskState::staging);
    CHECK(message.frameworks == std::vector{framework_1, framework_2});
    CHECK(message.run.number == driver.state().run);
    CHECK(message.run.nonce == driver.state().nonce);

    WHEN("a new master gives it another id") {
        driver.step({report("t1", TaskState::finished)});
        driver.store_all();
        driver.step({said(registered(1, AgentId{1, 77}))});

        THEN("its statuses carry that id") {
            CHECK(driver.wrote<checkpoint::PutIdentity>().size() == 1);
            CHECK(driver.update().agent == AgentId{1, 77});
        }
    }
}
