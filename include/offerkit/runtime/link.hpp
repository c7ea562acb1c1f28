// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The connecting side: opens channels to a master, many on one connection if asked to. A link is
/// one attempt; it is never repaired. Who tries again, and when, is decided by the machines.

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/executor_message.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_call.hpp>
#include <offerkit/runtime/log.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace offerkit::runtime {

struct Address {
    std::string host;
    std::uint16_t port = 0;
    friend auto operator<=>(const Address&, const Address&) = default;
};

/// Reads "HOST:PORT", "[IPV6]:PORT". Refuses: `malformed`.
[[nodiscard]] Result<Address> parse_address(std::string_view text);
[[nodiscard]] std::string format_address(const Address& address);
/// True for a numeric loopback address and for "localhost".
[[nodiscard]] bool is_loopback(const std::string& host);

/// Hears of the links, on their I/O thread. It collects, and hands over in `flush`.
class LinkListener {
public:
    LinkListener() = default;
    LinkListener(const LinkListener&) = delete;
    LinkListener& operator=(const LinkListener&) = delete;
    virtual ~LinkListener() = default;

    virtual void on_open(PeerId link, const protocol::Welcome& welcome) = 0;
    /// Decodes one message. A refusal closes the link.
    virtual Result<void> on_message(PeerId link, std::string_view bytes) = 0;
    /// The last that is heard of this link. Not called for one that `CloseLink` has closed.
    virtual void on_close(PeerId link, const Refusal& why) = 0;
    virtual void flush() = 0;
    [[nodiscard]] virtual bool is_full() const = 0;
};

/// Connects, says hello. Links of one address and group share a connection.
struct OpenLink {
    Address address;
    std::uint32_t group = 0;
    protocol::Hello hello;
};

/// Closes the link after what was sent on it before.
struct CloseLink {};

struct ToLink {
    PeerId link;
    std::variant<OpenLink, protocol::SchedulerCall, protocol::AgentMessage, protocol::ExecutorCall,
                 CloseLink>
        what;
};

struct LinkOptions {
    Duration hello_wait = limits::hello_wait;  // Until the answer to the hello.
    std::size_t outbound_bytes_max = limits::outbound_bytes_per_connection_max;
    Log log{};
};

namespace detail {
class LinkThread;
}

class Links {
public:
    explicit Links(LinkOptions options = {});
    Links(const Links&) = delete;
    Links& operator=(const Links&) = delete;
    ~Links();

    void start(std::unique_ptr<LinkListener> listener);

    /// A new name for a link that is about to be opened. One thread only.
    [[nodiscard]] PeerId make_link() { return PeerId{1, ++links_made_}; }

    /// Performs all, in order, and leaves `orders` empty. Orders to links that are gone are
    /// dropped. Blocks while the I/O thread is far behind. One thread only.
    void send(std::vector<ToLink>& orders);

    /// Any thread: the listener was full and is not any more.
    void resume_reading();

    /// Waits until what was sent is with the kernel, at most this long, then closes everything.
    void drain(Duration at_most);
    /// Closes everything at once. The listener hears nothing of it.
    void stop();

private:
    std::uint64_t links_made_ = 0;
    std::unique_ptr<detail::LinkThread> thread_;
};

}  // namespace offerkit::runtime
