// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The listening side: lets peers in, decodes what they say on its I/O threads, and sends them what
/// a machine asks for. A peer is one channel; a connection may carry many.

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/executor_message.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_event.hpp>
#include <offerkit/runtime/log.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace offerkit::runtime {

/// Hears of the peers of one I/O thread, on that thread. It collects, and hands over in `flush`.
class HubListener {
public:
    HubListener() = default;
    HubListener(const HubListener&) = delete;
    HubListener& operator=(const HubListener&) = delete;
    virtual ~HubListener() = default;

    virtual void on_open(PeerId peer, const protocol::Hello& hello) = 0;
    /// Decodes one message. A refusal closes the peer's channel.
    virtual Result<void> on_message(PeerId peer, protocol::PeerKind kind,
                                    std::string_view bytes) = 0;
    virtual void on_slow(PeerId peer, bool slow) = 0;
    /// The last that is heard of this peer. Not called for a peer that `CloseChannel` has closed.
    virtual void on_close(PeerId peer, const Refusal& why) = 0;
    virtual void flush() = 0;
    /// True: what was handed over waits to be handled, read no more for now.
    [[nodiscard]] virtual bool is_full() const = 0;
};

/// Closes the peer's channel after what was sent to it before.
struct CloseChannel {
    Refusal why;
};

struct ToPeer {
    PeerId to;
    std::variant<protocol::SchedulerEvent, protocol::MasterMessage, protocol::ExecutorEvent,
                 CloseChannel>
        what;
};

struct HubOptions {
    std::string address = "127.0.0.1";  // An IP address, as text.
    std::uint16_t port = 0;             // 0: the kernel chooses.
    protocol::Gate gate;
    std::vector<protocol::PeerKind> kinds = {protocol::PeerKind::framework,
                                             protocol::PeerKind::agent};
    std::size_t io_threads = 1;
    Duration hello_wait = limits::hello_wait;
    std::size_t connections_without_channel_max = limits::connections_without_channel_max;
    std::size_t outbound_bytes_per_channel_max = limits::outbound_bytes_per_channel_max;
    std::size_t outbound_bytes_per_connection_max = limits::outbound_bytes_per_connection_max;
    Log log;
};

namespace detail {
class HubBody;
}

class Hub {
public:
    /// Binds and listens; nothing is accepted before `start`. Refuses: `invalid` address,
    /// `unavailable` port.
    static Result<std::unique_ptr<Hub>> listen(HubOptions options);
    Hub(const Hub&) = delete;
    Hub& operator=(const Hub&) = delete;
    ~Hub();

    /// Lets peers in. `make_listener` is called once per I/O thread, before this returns.
    void start(const std::function<std::unique_ptr<HubListener>()>& make_listener);

    [[nodiscard]] std::uint16_t port() const;

    /// Sends all, in order, and leaves `messages` empty. Messages to peers that are gone are
    /// dropped. Blocks while the I/O threads are far behind. One thread only.
    void send(std::vector<ToPeer>& messages);

    /// Any thread: a listener that was full is not any more.
    void resume_reading();

    /// Closes everything at once. The listeners hear nothing of it.
    void stop();

private:
    explicit Hub(std::unique_ptr<detail::HubBody> body);
    std::unique_ptr<detail::HubBody> body_;
};

}  // namespace offerkit::runtime
