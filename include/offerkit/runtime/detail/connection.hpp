// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One TCP connection that carries channels: frames in, coalesced frames out, and an account of the
/// bytes that wait for each channel's reader. It lives on one I/O thread and knows nothing of what
/// the frames mean.

#include <offerkit/core/id.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/wire/frame.hpp>

#include <asio/ip/tcp.hpp>
#include <asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace offerkit::runtime::detail {

/// What one read takes at most.
inline constexpr std::size_t read_bytes = 64 * 1024;

/// How many bytes may wait for a peer that does not read. At half the peer is slow, at the bound
/// its connection is closed.
struct OutboundLimits {
    std::size_t channel = limits::outbound_bytes_per_channel_max;
    std::size_t connection = limits::outbound_bytes_per_connection_max;
};

struct Channel {
    PeerId peer;
    protocol::PeerKind kind = protocol::PeerKind::framework;
    bool open = false;  // The hello has been answered with a welcome.
    bool slow = false;
    std::size_t waiting = 0;  // Bytes not yet taken by the kernel.
};

class Connection;

/// Whom a connection tells. All calls come from the connection's thread.
class ConnectionOwner {
public:
    ConnectionOwner() = default;
    ConnectionOwner(const ConnectionOwner&) = delete;
    ConnectionOwner& operator=(const ConnectionOwner&) = delete;

    /// A refusal closes the connection, with it as the reason.
    virtual Result<void> on_frame(Connection& connection, const wire::Frame& frame) = 0;
    /// Asked before each read. False: `Connection::resume` will be called.
    virtual bool may_read() = 0;
    /// All frames of one read have been told.
    virtual void on_read_end() = 0;
    virtual void on_slow(PeerId peer, bool slow) = 0;
    /// The last call about this connection.
    virtual void on_closed(Connection& connection, const Refusal& why) = 0;

protected:
    ~ConnectionOwner() = default;
};

class Connection : public std::enable_shared_from_this<Connection> {
public:
    Connection(asio::ip::tcp::socket socket, ConnectionOwner& owner, std::vector<char>& scratch,
               OutboundLimits limits);

    /// The socket is connected: begins to read, and writes what already waits.
    void start();
    /// Reads again after `may_read` was false.
    void resume() { wait_read(); }

    /// Adds a frame to what waits; `flush` writes it. Many frames become one write.
    void append(wire::FrameKind kind, std::uint32_t channel, std::string_view payload);
    void flush();

    /// Closes once everything that waits is out, and the peer has had the chance to read it. The
    /// owner hears `on_closed` then; frames that still come in are dropped.
    void finish(Refusal why);
    /// Closes now.
    void abort(const Refusal& why);
    /// Closes now, and tells nobody.
    void drop();
    /// Aborts with this reason unless `disarm` or another `arm` comes first.
    void arm(Duration after, Refusal why);
    void disarm();

    [[nodiscard]] bool is_closed() const { return closed_; }
    [[nodiscard]] bool is_finishing() const { return finishing_; }
    [[nodiscard]] std::unordered_map<std::uint32_t, Channel>& channels() { return channels_; }
    [[nodiscard]] Channel* find_channel(std::uint32_t number);
    [[nodiscard]] asio::ip::tcp::socket& socket() { return socket_; }
    [[nodiscard]] const std::string& peer_name() const { return peer_name_; }

    /// For the owner: is this connection already on its list of those to flush?
    bool marked = false;
    /// For the owner: a hello has once been accepted. Until then only that much may come in.
    bool greeted = false;

private:
    /// Bytes of one channel, in the order in which they were appended.
    struct Segment {
        std::uint32_t channel = 0;
        std::size_t bytes = 0;
    };

    void wait_read();
    void on_readable();
    void on_bytes(std::string_view bytes);
    void on_read_error(const asio::error_code& error);
    void note_written(std::size_t bytes);
    void note_waiting(std::uint32_t channel, std::size_t bytes);
    void recover_slow();
    [[nodiscard]] bool is_over(std::uint32_t channel);
    void half_close();
    [[nodiscard]] Refusal lost(const std::string& why) const;

    asio::ip::tcp::socket socket_;
    asio::steady_timer timer_;
    ConnectionOwner& owner_;
    std::vector<char>& scratch_;  // Shared by all connections of the thread.
    OutboundLimits limits_;
    wire::FrameReader reader_;
    std::unordered_map<std::uint32_t, Channel> channels_;
    std::string peer_name_ = "peer";
    std::string pending_;  // Appended, not yet in a write.
    std::string writing_;  // Being written, from `written_` on.
    std::size_t written_ = 0;
    std::size_t waiting_ = 0;  // Of all channels.
    std::deque<Segment> segments_;
    std::vector<std::uint32_t> slow_channels_;
    std::size_t bytes_in_ = 0;
    std::uint64_t armed_ = 0;  // Which arming of the timer counts.
    Refusal finish_reason_;
    bool started_ = false;
    bool reading_ = false;
    bool write_blocked_ = false;
    bool finishing_ = false;
    bool half_closed_ = false;
    bool closed_ = false;
};

}  // namespace offerkit::runtime::detail
