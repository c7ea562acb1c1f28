// SPDX-License-Identifier: Apache-2.0
#include <offerkit/protocol/hello.hpp>

#include <catch2/catch.hpp>
#include <string>

namespace offerkit::protocol {

namespace {

Gate gate() { return {.cluster = "c", .epoch = 7, .token = "secret"}; }

Hello hello() {
    Hello hello;
    hello.kind = PeerKind::agent;
    hello.cluster = "c";
    hello.epoch_seen = 7;
    hello.principal = "me";
    hello.token = "secret";
    return hello;
}

void check_refused(const Hello& hello, const Gate& gate, RefusalCode code, std::string_view why) {
    const auto answer = answer_hello(hello, gate);
    REQUIRE_FALSE(answer.has_value());
    INFO(format_refusal(answer.error()));
    CHECK(format_refusal_code(answer.error().code) == format_refusal_code(code));
    CHECK(answer.error().why.find(why) != std::string::npos);
    CHECK(answer.error().who == format_peer_kind(hello.kind));
    CHECK_FALSE(answer.error().todo.empty());
}

}  // namespace

TEST_CASE("a hello that meets all demands is answered with cluster, epoch and version") {
    const auto answer = answer_hello(hello(), gate());
    REQUIRE(answer.has_value());
    CHECK(answer.value() == Welcome{version_major, version_minor, "c", 7});
}

TEST_CASE("a peer may leave open which cluster it means and have seen no epoch") {
    Hello peer = hello();
    peer.cluster.clear();
    peer.epoch_seen = 0;
    CHECK(answer_hello(peer, gate()).has_value());
}

TEST_CASE("another minor version is let in, another major version is not") {
    Hello peer = hello();
    peer.minor = version_minor + 1;
    CHECK(answer_hello(peer, gate()).has_value());
    for (const std::uint32_t major : {version_major - 1, version_major + 1}) {
        peer.major = major;
        check_refused(peer, gate(), RefusalCode::unsupported, "speaks protocol");
    }
}

TEST_CASE("the version is looked at before the token") {
    Hello peer = hello();
    peer.major = version_major + 1;
    peer.token.clear();
    check_refused(peer, gate(), RefusalCode::unsupported, "speaks protocol");
}

TEST_CASE("texts of a hello have limits") {
    for (std::string Hello::* field : {&Hello::principal, &Hello::token, &Hello::cluster}) {
        const std::size_t most = field == &Hello::token ? limits::token_max : limits::principal_max;
        Hello peer = hello();
        Gate door = gate();
        peer.*field = std::string(most, 'x');
        if (field == &Hello::token) door.token = peer.token;
        if (field == &Hello::cluster) door.cluster = peer.cluster;
        CHECK(answer_hello(peer, door).has_value());
        peer.*field += 'x';
        check_refused(peer, door, RefusalCode::too_large, "too long");
    }
}

TEST_CASE("a missing or wrong token is refused, and the refusal does not repeat it") {
    Hello peer = hello();
    peer.token.clear();
    check_refused(peer, gate(), RefusalCode::unauthenticated, "gave no token");
    for (const char* wrong : {"secre", "secret!", "Secret", "secres", "s"}) {
        peer.token = wrong;
        check_refused(peer, gate(), RefusalCode::unauthenticated, "gave a wrong token");
        Hello other = hello();
        other.token = "quite another";
        CHECK(answer_hello(peer, gate()).error() == answer_hello(other, gate()).error());
    }
}

TEST_CASE("no token is asked for where there is none") {
    Gate open = gate();
    open.token.clear();
    Hello peer = hello();
    CHECK(answer_hello(peer, open).has_value());
    peer.token.clear();
    CHECK(answer_hello(peer, open).has_value());
}

TEST_CASE("a wrong token is not told what cluster this is") {
    Hello peer = hello();
    peer.token = "wrong";
    peer.cluster = "other";
    check_refused(peer, gate(), RefusalCode::unauthenticated, "wrong token");
}

TEST_CASE("a peer of another cluster is refused") {
    Hello peer = hello();
    peer.cluster = "other";
    check_refused(peer, gate(), RefusalCode::wrong_cluster, "belongs to cluster other, this is c");
}

TEST_CASE("a master that has been replaced lets in nobody who knows better") {
    Hello peer = hello();
    peer.epoch_seen = 8;
    check_refused(peer, gate(), RefusalCode::stale_epoch, "has followed epoch 8");
    peer.epoch_seen = 6;
    CHECK(answer_hello(peer, gate()).has_value());
}

TEST_CASE("texts are compared whole, whatever their lengths") {
    CHECK(equals_in_constant_time("", ""));
    CHECK(equals_in_constant_time("abc", "abc"));
    CHECK_FALSE(equals_in_constant_time("abc", "abd"));
    CHECK_FALSE(equals_in_constant_time("abc", "abcabc"));
    CHECK_FALSE(equals_in_constant_time("abcabc", "abc"));
    CHECK_FALSE(equals_in_constant_time("abc", ""));
    CHECK_FALSE(equals_in_constant_time("", "abc"));
}

TEST_CASE("kinds of peers have names") {
    CHECK(format_peer_kind(PeerKind::framework) == "framework");
    CHECK(format_peer_kind(PeerKind::agent) == "agent");
    CHECK(format_peer_kind(PeerKind::executor) == "executor");
}

}  // namespace offerkit::protocol
