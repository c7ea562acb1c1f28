// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A hub and links on loopback, and listeners that remember what they hear, for the tests of the
/// runtime. Waiting is bounded; nothing is concluded from how long something took.

#include <offerkit/runtime/hub.hpp>
#include <offerkit/runtime/link.hpp>
#include <offerkit/wire/codec.hpp>

#include <catch2/catch.hpp>

#include <sys/socket.h>
#include <sys/time.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::runtime::test {

/// A hang ends a test; nothing else depends on it.
inline constexpr auto patience = std::chrono::seconds{60};

/// Facts under one lock, and a way to wait for them.
class Watch {
public:
    template <class Change>
    void change(Change&& change_facts) {
        {
            const std::lock_guard lock{mutex_};
            change_facts();
        }
        changed_.notify_all();
    }

    template <class Condition>
    [[nodiscard]] bool wait(Condition&& condition) {
        std::unique_lock lock{mutex_};
        return changed_.wait_for(lock, patience, std::forward<Condition>(condition));
    }

    template <class Read>
    [[nodiscard]] auto read(Read&& read_facts) {
        const std::lock_guard lock{mutex_};
        return read_facts();
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
};

/// What was said since the last flush. As the real listeners, ours pass nothing on before that: a
/// flush that is missing shows as a test that hears nothing.
class Unflushed {
public:
    explicit Unflushed(Watch& watch) : watch_(watch) {}

    template <class Change>
    void add(Change&& change) {
        changes_.emplace_back(std::forward<Change>(change));
    }
    void flush() {
        if (changes_.empty()) return;
        watch_.change([&] {
            for (const auto& change : changes_)
                change();
        });
        changes_.clear();
    }

private:
    Watch& watch_;
    std::vector<std::function<void()>> changes_;
};

/// What a hub's listener has heard.
struct Heard {
    Watch watch;
    std::vector<std::pair<PeerId, protocol::Hello>> opened;
    std::vector<std::pair<PeerId, Refusal>> closed;
    std::vector<std::pair<PeerId, bool>> slow;
    std::vector<PeerId> messages;
    std::vector<protocol::SchedulerCall> calls;
    std::atomic<bool> full = false;
};

class Remember final : public HubListener {
public:
    explicit Remember(Heard& heard) : heard_(heard), said_(heard.watch) {}

    void on_open(PeerId peer, const protocol::Hello& hello) override {
        said_.add([=, this] { heard_.opened.emplace_back(peer, hello); });
    }
    Result<void> on_message(PeerId peer, protocol::PeerKind, std::string_view bytes) override {
        auto call = wire::decode<protocol::SchedulerCall>(bytes);
        if (!call) return std::move(call).error();
        said_.add([this, peer, call = std::move(call).value()] {
            heard_.messages.push_back(peer);
            heard_.calls.push_back(call);
        });
        return {};
    }
    void on_slow(PeerId peer, bool slow) override {
        said_.add([=, this] { heard_.slow.emplace_back(peer, slow); });
    }
    void on_close(PeerId peer, const Refusal& why) override {
        said_.add([=, this] { heard_.closed.emplace_back(peer, why); });
    }
    void flush() override { said_.flush(); }
    [[nodiscard]] bool is_full() const override { return heard_.full.load(); }

private:
    Heard& heard_;
    Unflushed said_;
};

/// What a listener of links has heard.
struct LinksHeard {
    Watch watch;
    std::vector<std::pair<PeerId, protocol::Welcome>> opened;
    std::vector<std::pair<PeerId, Refusal>> closed;
    std::vector<std::pair<PeerId, protocol::SchedulerEvent>> events;
};

class RememberLinks final : public LinkListener {
public:
    explicit RememberLinks(LinksHeard& heard) : heard_(heard), said_(heard.watch) {}

    void on_open(PeerId link, const protocol::Welcome& welcome) override {
        said_.add([=, this] { heard_.opened.emplace_back(link, welcome); });
    }
    Result<void> on_message(PeerId link, std::string_view bytes) override {
        auto event = wire::decode<protocol::SchedulerEvent>(bytes);
        if (!event) return std::move(event).error();
        said_.add([this, link, event = std::move(event).value()] {
            heard_.events.emplace_back(link, event);
        });
        return {};
    }
    void on_close(PeerId link, const Refusal& why) override {
        said_.add([=, this] { heard_.closed.emplace_back(link, why); });
    }
    void flush() override { said_.flush(); }
    [[nodiscard]] bool is_full() const override { return false; }

private:
    LinksHeard& heard_;
    Unflushed said_;
};

inline HubOptions hub_options() {
    HubOptions options;
    options.gate = {"test", 7, "secret"};
    options.hello_wait = patience;  // This machine may be busy.
    return options;
}

/// A hub that remembers. Listens on a port that the kernel has chosen.
struct TestHub {
    explicit TestHub(HubOptions options = hub_options())
        : hub(std::move(Hub::listen(std::move(options)).value())) {
        hub->start([this] { return std::make_unique<Remember>(heard); });
    }

    void send(PeerId to, protocol::SchedulerEvent event) {
        std::vector<ToPeer> messages;
        messages.push_back({to, std::move(event)});
        hub->send(messages);
    }

    [[nodiscard]] PeerId wait_for_peer() {
        REQUIRE(heard.watch.wait([&] { return !heard.opened.empty(); }));
        return heard.watch.read([&] { return heard.opened.back().first; });
    }

    /// The reason with which the first peer was closed.
    [[nodiscard]] Refusal wait_for_close() {
        REQUIRE(heard.watch.wait([&] { return !heard.closed.empty(); }));
        return heard.watch.read([&] { return heard.closed.front().second; });
    }

    Heard heard;
    std::unique_ptr<Hub> hub;
};

inline protocol::Hello good_hello() {
    protocol::Hello hello;
    hello.principal = "tester";
    hello.token = "secret";
    return hello;
}

/// Links that remember.
struct TestLinks {
    TestLinks() { links.start(std::make_unique<RememberLinks>(heard)); }

    PeerId open(std::uint16_t port, protocol::Hello hello = good_hello(), std::uint32_t group = 0) {
        const PeerId link = links.make_link();
        order(link, OpenLink{{"127.0.0.1", port}, group, std::move(hello)});
        return link;
    }

    template <class What>
    void order(PeerId link, What what) {
        std::vector<ToLink> orders;
        orders.push_back({link, std::move(what)});
        links.send(orders);
    }

    [[nodiscard]] Refusal wait_for_close() {
        REQUIRE(heard.watch.wait([&] { return !heard.closed.empty(); }));
        return heard.watch.read([&] { return heard.closed.front().second; });
    }

    LinksHeard heard;
    Links links{{.hello_wait = patience, .log = {}}};
};

/// A socket that says what it likes, to be rude with.
class RawPeer {
public:
    explicit RawPeer(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
        sockaddr_in address = {};
        address.sin_family = AF_INET;
        address.sin_port = htons(port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        timeval limit = {60, 0};
        ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    }
    RawPeer(const RawPeer&) = delete;
    RawPeer& operator=(const RawPeer&) = delete;
    ~RawPeer() { ::close(socket_); }

    void say(std::string_view bytes) const {
        while (!bytes.empty()) {
            const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            bytes.remove_prefix(static_cast<std::size_t>(sent));
        }
    }

    template <class Message>
    void say_frame(wire::FrameKind kind, std::uint32_t channel, const Message& message) const {
        std::string payload;
        wire::encode(message, payload);
        std::string frame;
        wire::append_frame(frame, kind, channel, payload);
        say(frame);
    }

    /// Frames until the other side hangs up, or `count` of them, each as kind and payload.
    [[nodiscard]] std::vector<std::pair<wire::FrameKind, std::string>> hear(
        std::size_t count = 1000) {
        std::vector<std::pair<wire::FrameKind, std::string>> frames;
        while (frames.size() < count) {
            auto frame = reader_.next();
            REQUIRE(frame.has_value());
            if (frame->has_value()) {
                frames.emplace_back((*frame)->kind, std::string((*frame)->payload));
                continue;
            }
            char bytes[4096];
            const ssize_t length = ::recv(socket_, bytes, sizeof bytes, 0);
            if (length <= 0) {
                hung_up_ = length == 0;
                return frames;
            }
            reader_.feed({bytes, static_cast<std::size_t>(length)});
        }
        return frames;
    }

    [[nodiscard]] bool hung_up() const { return hung_up_; }

private:
    int socket_;
    wire::FrameReader reader_;
    bool hung_up_ = false;
};

}  // namespace offerkit::runtime::test
