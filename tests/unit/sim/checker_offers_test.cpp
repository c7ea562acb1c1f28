// SPDX-License-Identifier: Apache-2.0
#include "watched_checker.hpp"

#include <catch2/catch.hpp>

using namespace offerkit;
using namespace offerkit::literals;
using namespace offerkit::testing;
using namespace std::chrono_literals;

TEST_CASE("the checker notices offers that should be over", "[sim][checker]") {
    Watched w;
    const Instant deadline = Instant{2} + Offer{}.expires_in;
    SECTION("one that has outlived its time") {
        w.offers(1, 1_cpus);
        w.checker.master_tells({}, deadline);
        CHECK(w.complaint() == "none");
        w.checker.master_tells({}, deadline + 1ns);
        CHECK_THAT(w.complaint(), Catch::Contains("offer o1-1 has outlived its time"));
    }
    SECTION("one that was answered is over") {
        w.offers(1, 1_cpus);
        w.declines(1, 0s);
        w.checker.master_tells({}, deadline + 1ns);
        CHECK(w.complaint() == "none");
    }
    SECTION("one of an agent whose connection is gone") {
        w.offers(1, 1_cpus);
        w.hears(master::PeerClosed{agent_peer, "it was cut"});
        w.checker.master_tells({}, Instant{3});
        CHECK_THAT(w.complaint(), Catch::Contains("is not connected any more, and 1 offers"));
    }
    SECTION("one that is rescinded when the connection goes") {
        w.offers(1, 1_cpus);
        w.hears(master::PeerClosed{agent_peer, "it was cut"});
        w.does(master::SendScheduler{scheduler_peer, protocol::Rescind{{OfferId{1, 1}}, {}}});
        w.checker.master_tells({}, Instant{3});
        CHECK(w.complaint() == "none");
    }
    SECTION("one that is made after the connection has gone") {
        w.does(master::ClosePeer{agent_peer, {}});
        w.checker.master_tells({}, Instant{3});
        CHECK(w.complaint() == "none");
        w.offers(1, 1_cpus);
        CHECK_THAT(w.complaint(), Catch::Contains("is of an agent that is not connected"));
    }
    SECTION("when something was offered last") {
        CHECK_FALSE(w.checker.last_offered(owner, member));
        w.offers(1, 1_cpus);
        CHECK(w.checker.last_offered(owner, member) == Instant{2});
        CHECK_FALSE(w.checker.last_offered({1, 7}, member));
    }
}
