// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

using namespace offerkit;
using namespace offerkit::runtime;
using namespace offerkit::runtime::test;

TEST_CASE("a link that is refused hears why, once") {
    TestHub hub;
    TestLinks links;
    protocol::Hello hello = good_hello();
    hello.token = "guess";
    (void)links.open(hub.hub->port(), hello);
    CHECK(links.wait_for_close().code == RefusalCode::unauthenticated);
    CHECK(links.heard.watch.read([&] { return links.heard.opened.empty(); }));
}

TEST_CASE("a link to a port where nobody listens is unavailable") {
    std::uint16_t port = 0;
    {
        TestHub hub;
        port = hub.hub->port();
    }
    TestLinks links;
    (void)links.open(port);
    CHECK(links.wait_for_close().code == RefusalCode::unavailable);
}

TEST_CASE("a link to somebody who says nothing is given up") {
    HubOptions mute = hub_options();
    const auto hub = Hub::listen(mute);  // Never started: the kernel accepts, nobody answers.
    REQUIRE(hub.has_value());
    LinksHeard heard;
    Links links{{.hello_wait = std::chrono::milliseconds{20}, .log = {}}};
    links.start(std::make_unique<RememberLinks>(heard));
    std::vector<ToLink> orders;
    orders.push_back({links.make_link(), OpenLink{{"127.0.0.1", (*hub)->port()}, 0, good_hello()}});
    links.send(orders);
    REQUIRE(heard.watch.wait([&] { return !heard.closed.empty(); }));
    CHECK(heard.closed.front().second.code == RefusalCode::unavailable);
}

TEST_CASE("what was sent before the end arrives") {
    TestHub hub;
    TestLinks links;
    const PeerId link = links.open(hub.hub->port());
    std::vector<ToLink> orders;
    for (int i = 0; i < 1000; ++i) {
        orders.push_back({link, protocol::SchedulerCall{protocol::Beat{}}});
    }
    orders.push_back({link, protocol::SchedulerCall{protocol::Teardown{}}});
    orders.push_back({link, CloseLink{}});
    REQUIRE(links.heard.watch.wait([&] { return !links.heard.opened.empty(); }));
    links.links.send(orders);
    links.links.drain(std::chrono::seconds{30});
    CHECK(hub.wait_for_close().code == RefusalCode::cancelled);
    CHECK(hub.heard.calls.size() == 1001);
    CHECK(hub.heard.calls.back() == protocol::SchedulerCall{protocol::Teardown{}});
    CHECK(links.heard.closed.empty());
}

TEST_CASE("links of different groups use different connections") {
    TestHub hub;
    TestLinks links;
    (void)links.open(hub.hub->port(), good_hello(), 1);
    (void)links.open(hub.hub->port(), good_hello(), 2);
    REQUIRE(links.heard.watch.wait([&] { return links.heard.opened.size() == 2; }));
    hub.hub->stop();
    REQUIRE(links.heard.watch.wait([&] { return links.heard.closed.size() == 2; }));
}

TEST_CASE("addresses are read strictly and written back") {
    for (const char* text : {"127.0.0.1:5050", "localhost:1", "[::1]:65535", "a.example:80"}) {
        const auto address = parse_address(text);
        REQUIRE(address.has_value());
        CHECK(format_address(*address) == text);
    }
    for (const char* text : {"", ":", "host", "host:", ":80", "host:0", "host:65536", "host:-1",
                             "host:8x", "::1:80", "[::1:80", "[]:80", "host: 80"}) {
        INFO(text);
        const auto address = parse_address(text);
        REQUIRE_FALSE(address.has_value());
        CHECK(address.error().code == RefusalCode::malformed);
    }
    CHECK(is_loopback("127.0.0.1"));
    CHECK(is_loopback("127.9.9.9"));
    CHECK(is_loopback("::1"));
    CHECK(is_loopback("localhost"));
    CHECK_FALSE(is_loopback("0.0.0.0"));
    CHECK_FALSE(is_loopback("::"));
    CHECK_FALSE(is_loopback("192.0.2.1"));
    CHECK_FALSE(is_loopback("localhost.example"));
}
