// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include <set>
#include <thread>

using namespace offerkit;
using namespace offerkit::runtime;
using namespace offerkit::runtime::test;
using protocol::Hello;
using wire::FrameKind;

namespace {

/// What a raw peer is told after its hello was refused, once the other side has hung up.
Refusal refusal_of(std::uint16_t port, const Hello& hello) {
    RawPeer peer{port};
    peer.say_frame(FrameKind::hello, 3, hello);
    const auto frames = peer.hear();
    REQUIRE(frames.size() == 1);
    REQUIRE(frames.front().first == FrameKind::refused);
    REQUIRE(peer.hung_up());
    return wire::decode_refusal(frames.front().second);
}

/// True if the hub hangs up after these bytes, without a word.
bool is_hung_up_on(std::uint16_t port, const std::string& bytes) {
    RawPeer peer{port};
    peer.say(bytes);
    return peer.hear().empty() && peer.hung_up();
}

std::string frame(FrameKind kind, std::uint32_t channel, std::string_view payload) {
    std::string bytes;
    wire::append_frame(bytes, kind, channel, payload);
    return bytes;
}

}  // namespace

TEST_CASE("a peer with a good hello is welcomed, heard and answered") {
    TestHub hub;
    TestLinks links;
    const PeerId link = links.open(hub.hub->port());
    const PeerId peer = hub.wait_for_peer();
    REQUIRE(links.heard.watch.wait([&] { return !links.heard.opened.empty(); }));
    CHECK(links.heard.opened.front() == std::pair{link, protocol::Welcome{1, 0, "test", 7}});
    CHECK(hub.heard.opened.front().second.principal == "tester");

    links.order(link, protocol::SchedulerCall{protocol::Kill{TaskId{"t1"}, {}}});
    REQUIRE(hub.heard.watch.wait([&] { return !hub.heard.calls.empty(); }));
    CHECK(hub.heard.calls.front() == protocol::SchedulerCall{protocol::Kill{TaskId{"t1"}, {}}});

    hub.send(peer, protocol::AgentLost{AgentId{7, 1}});
    REQUIRE(links.heard.watch.wait([&] { return !links.heard.events.empty(); }));
    CHECK(links.heard.events.front() ==
          std::pair{link, protocol::SchedulerEvent{protocol::AgentLost{AgentId{7, 1}}}});
}

TEST_CASE("hellos that are not good enough are refused with the reason") {
    TestHub hub;
    const std::uint16_t port = hub.hub->port();
    Hello hello = good_hello();

    SECTION("wrong token") {
        hello.token = "guess";
        CHECK(refusal_of(port, hello).code == RefusalCode::unauthenticated);
    }
    SECTION("no token") {
        hello.token.clear();
        CHECK(refusal_of(port, hello).code == RefusalCode::unauthenticated);
    }
    SECTION("unknown version") {
        hello.major = 2;
        CHECK(refusal_of(port, hello).code == RefusalCode::unsupported);
    }
    SECTION("another cluster") {
        hello.cluster = "other";
        CHECK(refusal_of(port, hello).code == RefusalCode::wrong_cluster);
    }
    SECTION("a newer master has been seen") {
        hello.epoch_seen = 8;
        CHECK(refusal_of(port, hello).code == RefusalCode::stale_epoch);
    }
    SECTION("a kind of peer that is not served here") {
        hello.kind = protocol::PeerKind::executor;
        CHECK(refusal_of(port, hello).code == RefusalCode::unsupported);
    }
    CHECK(hub.heard.watch.read([&] { return hub.heard.opened.empty(); }));
}

TEST_CASE("bytes that are no frames, or frames out of place, end the connection") {
    TestHub hub;
    const std::uint16_t port = hub.hub->port();
    CHECK(is_hung_up_on(port, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    CHECK(is_hung_up_on(port, std::string("\xff\xff\xff\xff\0\0\0\0\4", 9)));  // Four gigabytes.
    CHECK(is_hung_up_on(port, frame(FrameKind::data, 1, "too early")));
    CHECK(is_hung_up_on(port, frame(FrameKind::welcome, 1, "")));
    CHECK(is_hung_up_on(port, frame(FrameKind::hello, 1, "\xff\xff\xff")));
    CHECK(is_hung_up_on(port, frame(FrameKind::hello, 1, std::string(limits::hello_max + 1, 'x'))));
    CHECK(hub.heard.watch.read([&] { return hub.heard.opened.empty(); }));
}

TEST_CASE("a message that cannot be read closes its channel, and no other") {
    TestHub hub;
    RawPeer peer{hub.hub->port()};
    peer.say_frame(FrameKind::hello, 1, good_hello());
    peer.say_frame(FrameKind::hello, 2, good_hello());
    CHECK(peer.hear(2).size() == 2);
    peer.say(frame(FrameKind::data, 1, "\xff\xff\xff"));
    const auto frames = peer.hear(1);
    REQUIRE(frames.size() == 1);
    CHECK(frames.front().first == FrameKind::close);
    CHECK(wire::decode_refusal(frames.front().second).code == RefusalCode::malformed);
    CHECK(hub.wait_for_close().code == RefusalCode::malformed);

    peer.say_frame(FrameKind::data, 2, protocol::SchedulerCall{protocol::Beat{}});
    REQUIRE(hub.heard.watch.wait([&] { return !hub.heard.calls.empty(); }));
    CHECK(hub.heard.messages.front() == hub.heard.opened.back().first);
}

TEST_CASE("a hello on a channel that is open ends the connection") {
    TestHub hub;
    RawPeer peer{hub.hub->port()};
    peer.say_frame(FrameKind::hello, 1, good_hello());
    peer.say_frame(FrameKind::hello, 1, good_hello());
    CHECK(peer.hear().size() == 1);
    CHECK(peer.hung_up());
    CHECK(hub.wait_for_close().code == RefusalCode::malformed);
}

TEST_CASE("a connection without a hello is closed") {
    HubOptions options = hub_options();
    options.hello_wait = std::chrono::milliseconds{20};
    TestHub hub{std::move(options)};
    RawPeer silent{hub.hub->port()};
    CHECK(silent.hear().empty());
    RawPeer half{hub.hub->port()};
    half.say(frame(FrameKind::hello, 1, "half of it").substr(0, 12));
    CHECK(half.hear().empty());
    CHECK(half.hung_up());
}

TEST_CASE("connections that nobody has vouched for are bounded in number") {
    HubOptions options = hub_options();
    options.connections_without_channel_max = 2;
    TestHub hub{std::move(options)};
    RawPeer first{hub.hub->port()};
    RawPeer second{hub.hub->port()};
    RawPeer third{hub.hub->port()};
    CHECK(third.hear().empty());  // Hangs up at once, or after a while: never serves it.

    first.say_frame(FrameKind::hello, 1, good_hello());
    CHECK(first.hear(1).size() == 1);
    RawPeer fourth{hub.hub->port()};
    fourth.say_frame(FrameKind::hello, 1, good_hello());
    CHECK(fourth.hear(1).size() == 1);
}

TEST_CASE("a peer that does not read is told of as slow, then its connection is closed") {
    HubOptions options = hub_options();
    options.outbound_bytes_per_channel_max = 64 * 1024;
    TestHub hub{std::move(options)};
    RawPeer peer{hub.hub->port()};
    peer.say_frame(FrameKind::hello, 1, good_hello());
    const PeerId id = hub.wait_for_peer();
    protocol::FromExecutor words{AgentId{1, 1}, ExecutorId{"e"}, std::string(16 * 1024, 'x')};
    // The kernel takes some megabytes before anything waits here.
    for (int i = 0; i < 4000; ++i) {
        if (hub.heard.watch.read([&] { return !hub.heard.closed.empty(); })) break;
        hub.send(id, words);
    }
    CHECK(hub.wait_for_close().code == RefusalCode::too_large);
    REQUIRE(hub.heard.watch.read([&] { return !hub.heard.slow.empty(); }));
    CHECK(hub.heard.slow.back() == std::pair{id, true});
}

TEST_CASE("a slow peer that reads again is told of as recovered") {
    HubOptions options = hub_options();
    options.outbound_bytes_per_channel_max = 64 * 1024 * 1024;
    TestHub hub{std::move(options)};
    RawPeer peer{hub.hub->port()};
    peer.say_frame(FrameKind::hello, 1, good_hello());
    const PeerId id = hub.wait_for_peer();
    protocol::FromExecutor words{AgentId{1, 1}, ExecutorId{"e"}, std::string(64 * 1024, 'x')};
    // More than half of the bound beside what the kernel takes, and less than all of it.
    constexpr std::size_t sent = 900;
    for (std::size_t i = 0; i < sent; ++i)
        hub.send(id, words);
    REQUIRE(hub.heard.watch.wait([&] { return !hub.heard.slow.empty(); }));
    CHECK(peer.hear(sent + 1).size() == sent + 1);
    REQUIRE(hub.heard.watch.wait([&] { return hub.heard.slow.back() == std::pair{id, false}; }));
    CHECK(hub.heard.watch.read([&] { return hub.heard.closed.empty(); }));
}

TEST_CASE("a hundred channels share a connection") {
    HubOptions options = hub_options();
    options.io_threads = 2;
    TestHub hub{std::move(options)};
    TestLinks links;
    std::vector<PeerId> opened;
    for (int i = 0; i < 100; ++i)
        opened.push_back(links.open(hub.hub->port(), good_hello()));
    REQUIRE(hub.heard.watch.wait([&] { return hub.heard.opened.size() == 100; }));
    std::vector<ToPeer> messages;
    std::set<PeerId> peers;
    for (const auto& [peer, hello] : hub.heard.watch.read([&] { return hub.heard.opened; })) {
        peers.insert(peer);
        messages.push_back({peer, protocol::SchedulerEvent{protocol::MasterBeat{}}});
    }
    CHECK(peers.size() == 100);
    hub.hub->send(messages);
    REQUIRE(links.heard.watch.wait([&] { return links.heard.events.size() == 100; }));
    std::set<PeerId> answered;
    for (const auto& [link, event] : links.heard.events)
        answered.insert(link);
    CHECK(answered == std::set<PeerId>(opened.begin(), opened.end()));

    links.order(opened.front(), CloseLink{});
    CHECK(hub.wait_for_close().code == RefusalCode::cancelled);
    CHECK(hub.heard.watch.read([&] { return hub.heard.closed.size(); }) == 1);
}

TEST_CASE("more channels than a connection may have are refused one by one") {
    TestHub hub;
    TestLinks links;
    const std::size_t most = limits::channels_per_connection_max;
    for (std::size_t i = 0; i <= most; ++i)
        (void)links.open(hub.hub->port());
    CHECK(links.wait_for_close().code == RefusalCode::too_large);
    REQUIRE(links.heard.watch.wait([&] { return links.heard.opened.size() == most; }));
}

TEST_CASE("a full queue stops reading until it has drained") {
    TestHub hub;
    RawPeer peer{hub.hub->port()};
    peer.say_frame(FrameKind::hello, 1, good_hello());
    (void)hub.wait_for_peer();
    hub.heard.full = true;
    // What is read after that is at most one more turn; far less than what is said.
    std::string beats;
    std::string payload;
    wire::encode(protocol::SchedulerCall{protocol::Beat{}}, payload);
    constexpr std::size_t count = 20'000;
    for (std::size_t i = 0; i < count; ++i)
        wire::append_frame(beats, FrameKind::data, 1, payload);
    std::thread talker{[&] { peer.say(beats); }};
    // A second connection is accepted, but not listened to either.
    RawPeer other{hub.hub->port()};
    other.say_frame(FrameKind::hello, 1, good_hello());
    CHECK(hub.heard.watch.read([&] { return hub.heard.calls.size(); }) < count);
    CHECK(hub.heard.watch.read([&] { return hub.heard.opened.size(); }) == 1);
    hub.heard.full = false;
    hub.hub->resume_reading();
    REQUIRE(hub.heard.watch.wait([&] { return hub.heard.calls.size() == count; }));
    talker.join();
    CHECK(other.hear(1).size() == 1);
}

TEST_CASE("a channel that the machine closes is told why, after all that was sent before") {
    TestHub hub;
    RawPeer peer{hub.hub->port()};
    peer.say_frame(FrameKind::hello, 5, good_hello());
    const PeerId id = hub.wait_for_peer();
    std::vector<ToPeer> messages;
    messages.push_back({id, protocol::SchedulerEvent{protocol::MasterBeat{}}});
    messages.push_back({id, CloseChannel{{RefusalCode::not_owner, "a", "b", "c", "d"}}});
    messages.push_back({id, protocol::SchedulerEvent{protocol::MasterBeat{}}});
    hub.hub->send(messages);
    const auto frames = peer.hear(3);
    REQUIRE(frames.size() == 3);
    CHECK(frames[1].first == FrameKind::data);
    CHECK(frames[2].first == FrameKind::close);
    CHECK(wire::decode_refusal(frames[2].second).code == RefusalCode::not_owner);
    CHECK(hub.heard.watch.read([&] { return hub.heard.closed.empty(); }));
}

TEST_CASE("a peer whose connection breaks is closed once") {
    TestHub hub;
    {
        RawPeer peer{hub.hub->port()};
        peer.say_frame(FrameKind::hello, 1, good_hello());
        (void)hub.wait_for_peer();
    }
    CHECK(hub.wait_for_close().code == RefusalCode::unavailable);
}

TEST_CASE("addresses that cannot be listened on are refused") {
    HubOptions options = hub_options();
    options.address = "not an address";
    const auto bad = Hub::listen(options);
    REQUIRE_FALSE(bad.has_value());
    CHECK(bad.error().code == RefusalCode::invalid);

    TestHub hub;
    options.address = "127.0.0.1";
    options.port = hub.hub->port();
    const auto taken = Hub::listen(options);
    REQUIRE_FALSE(taken.has_value());
    CHECK(taken.error().code == RefusalCode::unavailable);
}
