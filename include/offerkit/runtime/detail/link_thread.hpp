// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The I/O thread of the connecting side.

#include <offerkit/runtime/detail/connection.hpp>
#include <offerkit/runtime/detail/io_thread.hpp>
#include <offerkit/runtime/detail/outbox.hpp>
#include <offerkit/runtime/link.hpp>

#include <asio/ip/tcp.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace offerkit::runtime::detail {

class LinkThread final : private ConnectionOwner {
public:
    explicit LinkThread(LinkOptions options);
    ~LinkThread();

    void start(std::unique_ptr<LinkListener> listener);
    void send(std::vector<ToLink>& orders);
    void resume_reading();
    void drain(Duration at_most);
    void stop();

private:
    using Key = std::pair<Address, std::uint32_t>;
    struct Place {
        Connection* connection = nullptr;
        std::uint32_t channel = 0;
    };

    Result<void> on_frame(Connection& connection, const wire::Frame& frame) override;
    bool may_read() override { return !listener_->is_full(); }
    void on_read_end() override;
    void on_slow(PeerId, bool) override {}  // Only what the other side does counts here.
    void on_closed(Connection& connection, const Refusal& why) override;

    Result<void> on_welcome(Connection& connection, Channel& channel, std::string_view payload);
    void on_told_to_go(Connection& connection, std::uint32_t number, std::string_view payload);
    void perform_all();
    void perform(ToLink& order);
    void open(PeerId link, OpenLink& order);
    std::shared_ptr<Connection> connect(const Key& key);
    void connect_to(const std::shared_ptr<Connection>& connection,
                    std::vector<asio::ip::tcp::endpoint> endpoints);
    void close(PeerId link);
    void forget_channel(Connection& connection, std::uint32_t number, const Refusal& why);
    void mark(Connection& connection);
    void flush_marked();

    LinkOptions options_;
    std::unique_ptr<LinkListener> listener_;
    std::vector<char> scratch_;
    std::unordered_set<std::shared_ptr<Connection>> connections_;
    std::map<Key, std::shared_ptr<Connection>> by_key_;
    std::unordered_map<std::uint64_t, Place> links_;
    Outbox<ToLink> outbox_;
    std::vector<ToLink> taken_;
    std::vector<std::shared_ptr<Connection>> marked_;
    std::string payload_;
    std::uint32_t channels_made_ = 0;
    IoThread io_;
    asio::ip::tcp::resolver resolver_;
};

}  // namespace offerkit::runtime::detail
