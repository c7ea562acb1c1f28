// SPDX-License-Identifier: Apache-2.0
#include "driver.hpp"

using namespace offerkit;
using namespace offerkit::master;
using namespace offerkit::master::testing;

SCENARIO("a refused agent is offered again when its refuse filter expires", "[master][offer]") {
    GIVEN("a master whose only agent is on offer to the only framework") {
        Driver driver;
        driver.add_agent();
        const PeerId framework = driver.add_framework();
        const OfferId offer = driver.offers(framework)[0].id;
        driver.forget();

        WHEN("the framework declines and refuses for five seconds") {
            driver.say(framework, protocol::Decline{{offer}, 5s, DeclineReason::too_small, {}});

            THEN("nothing is offered a millisecond early, and all of it on time") {
                CHECK(driver.wake() <= driver.now() + 5s);
                driver.advance(5s - 1ms);
                CHECK(driver.offers(framework).empty());
                driver.advance(1ms);
                REQUIRE(driver.offers(framework).size() == 1);
                CHECK(driver.offers(framework)[0].resources == 4_cpus + 1024_MiB);
            }
            THEN("a revive brings it back at once") {
                driver.say(framework, protocol::Revive{});
                CHECK(driver.offers(framework).size() == 1);
            }
        }
        WHEN("it declines until a revive") {
            driver.say(framework,
                       protocol::Decline{{offer}, Duration::max(), DeclineReason::no_work, {}});
            THEN("a year later it is still not offered") {
                driver.advance(24h * 365);
                CHECK(driver.offers(framework).empty());
            }
        }
        WHEN("it declines an offer that is gone") {
            driver.advance(30s);
            driver.forget();
            driver.say(framework, protocol::Decline{{offer}, 5s, DeclineReason::no_work, {}});
            THEN("that is absorbed") {
                CHECK(driver.heard<protocol::CallRefused>(framework).empty());
            }
        }
    }
}

SCENARIO("an offer that nobody answers goes to somebody else", "[master][offer]") {
    Driver driver;
    driver.add_agent();
    const PeerId hoarder = driver.add_framework();
    const PeerId other = driver.add_framework();
    REQUIRE(driver.offers(hoarder).size() == 1);
    CHECK(driver.offers(other).empty());
    driver.advance(30s);
    REQUIRE(driver.heard<protocol::Rescind>(hoarder).size() == 1);
    CHECK(driver.heard<protocol::Rescind>(hoarder)[0].reason == protocol::RescindReason::expired);
    CHECK(driver.offers(other).size() == 1);
}

SCENARIO("a decline of somebody else's offer is refused", "[master][offer]") {
    Driver driver;
    driver.add_agent();
    const PeerId owner = driver.add_framework();
    const PeerId other = driver.add_framework();
    const OfferId offer = driver.offers(owner)[0].id;
    driver.say(other, protocol::Decline{{offer}, 5s, DeclineReason::no_work, {}});
    REQUIRE(driver.heard<protocol::CallRefused>(other).size() == 1);
    CHECK(driver.heard<protocol::CallRefused>(other)[0].refusal.code == RefusalCode::not_owner);
    CHECK(driver.master().state().offers.contains(offer));
}

SCENARIO("suppress stops offers until a revive", "[master][offer]") {
    Driver driver;
    const PeerId framework = driver.add_framework();
    driver.say(framework, protocol::Suppress{});
    driver.add_agent();
    CHECK(driver.offers(framework).empty());
    driver.say(framework, protocol::Revive{});
    CHECK(driver.offers(framework).size() == 1);
}

SCENARIO("a peer that does not read gets no offers until it does", "[master][peer]") {
    Driver driver;
    const PeerId framework = driver.add_framework();
    driver.step(PeerSlow{framework, true});
    driver.add_agent();
    CHECK(driver.offers(framework).empty());
    driver.step(PeerSlow{framework, false});
    CHECK(driver.offers(framework).size() == 1);
}

SCENARIO("readers are told why offers were not made", "[master][reasons]") {
    Driver driver;
    driver.add_agent();
    const PeerId framework = driver.add_framework();
    driver.say(framework, protocol::Decline{
                              {driver.offers(framework)[0].id}, 1h, DeclineReason::constraint, {}});
    driver.forget();
    driver.advance(1s);
    bool told = false;
    for (const Delta& delta : driver.deltas()) {
        const auto* reasons = std::get_if<ReasonsPut>(&delta);
        if (reasons == nullptr) continue;
        told = true;
        CHECK(reasons->declined[static_cast<std::size_t>(DeclineReason::constraint)] == 1);
        CHECK(reasons->not_offered[static_cast<std::size_t>(NoOfferReason::filtered)] >= 1);
    }
    CHECK(told);
}

SCENARIO("an idle master asks for no wake", "[master][idle]") {
    Driver driver;
    driver.advance(1s);
    CHECK(driver.wake() == Instant::never());
}
