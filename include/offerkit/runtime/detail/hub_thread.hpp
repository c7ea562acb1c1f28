// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One I/O thread of a hub: its connections, its peers, and the way out to them.

#include <offerkit/runtime/detail/connection.hpp>
#include <offerkit/runtime/detail/io_thread.hpp>
#include <offerkit/runtime/detail/outbox.hpp>
#include <offerkit/runtime/hub.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace offerkit::runtime::detail {

/// What the threads of one hub share.
struct HubShared {
    HubOptions options;
    std::atomic<std::size_t> connections_without_channel = 0;
};

class HubThread final : private ConnectionOwner {
public:
    /// Peers of thread `index` have counters that are `index + 1` modulo the number of threads.
    HubThread(HubShared& shared, std::size_t index);
    ~HubThread();

    void start(std::unique_ptr<HubListener> listener);
    void stop();
    [[nodiscard]] asio::io_context& context() { return io_.context(); }

    /// On this thread: takes over an accepted socket.
    void adopt(asio::ip::tcp::socket socket);

    /// The sending thread.
    void send(std::vector<ToPeer>& messages);
    /// Any thread.
    void resume_reading();

private:
    struct Place {
        Connection* connection = nullptr;
        std::uint32_t channel = 0;
    };

    Result<void> on_frame(Connection& connection, const wire::Frame& frame) override;
    bool may_read() override { return !listener_->is_full(); }
    void on_read_end() override;
    void on_slow(PeerId peer, bool slow) override { listener_->on_slow(peer, slow); }
    void on_closed(Connection& connection, const Refusal& why) override;

    Result<void> on_hello(Connection& connection, const wire::Frame& frame);
    Result<void> on_data(Connection& connection, const wire::Frame& frame);
    Result<void> on_close_frame(Connection& connection, const wire::Frame& frame);
    [[nodiscard]] Result<protocol::Welcome> answer(Connection& connection,
                                                   const protocol::Hello& hello) const;
    void refuse(Connection& connection, std::uint32_t channel, const Refusal& why);
    void close_channel(Connection& connection, std::uint32_t channel, const Refusal& why);
    void forget_channel(Connection& connection, std::uint32_t channel);
    void wait_for_hello(Connection& connection);
    void send_all();
    void send_one(ToPeer& message);
    void mark(Connection& connection);
    void flush_marked();
    [[nodiscard]] PeerId next_peer();

    HubShared& shared_;
    const std::uint64_t index_;
    std::uint64_t peers_made_ = 0;
    std::unique_ptr<HubListener> listener_;
    std::vector<char> scratch_;
    std::unordered_set<std::shared_ptr<Connection>> connections_;
    std::unordered_map<std::uint64_t, Place> peers_;
    Outbox<ToPeer> outbox_;
    std::vector<ToPeer> taken_;
    std::vector<std::shared_ptr<Connection>> marked_;
    std::string payload_;
    IoThread io_;  // Last: ends before what its handlers touch.
};

}  // namespace offerkit::runtime::detail
