// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/runtime/detail/hub_thread.hpp>
#include <offerkit/wire/codec.hpp>

#include <algorithm>
#include <utility>
#include <variant>

namespace offerkit::runtime::detail {

namespace {

constexpr std::uint64_t peer_epoch = 1;

Refusal confused(const Connection& connection, const std::string& what, const std::string& why) {
    return {RefusalCode::malformed, "connection " + connection.peer_name(), what, why,
            "use a client of the same protocol version"};
}

/// Counts against the bound of those that nobody has vouched for.
bool is_without_channel(Connection& connection) { return connection.channels().empty(); }

}  // namespace

HubThread::HubThread(HubShared& shared, std::size_t index)
    : shared_(shared), index_(index), scratch_(read_bytes) {}

HubThread::~HubThread() { stop(); }

void HubThread::start(std::unique_ptr<HubListener> listener) {
    listener_ = std::move(listener);
    io_.start();
}

void HubThread::stop() {
    outbox_.close();
    io_.stop();
    // Handlers that will not run any more hold connections too, so these are closed here; and
    // sockets must not outlive their io_context.
    for (const auto& connection : connections_) connection->drop();
    marked_.clear();
    connections_.clear();
}

PeerId HubThread::next_peer() {
    return PeerId{peer_epoch, peers_made_++ * shared_.options.io_threads + index_ + 1};
}

// --- connections ---

void HubThread::adopt(asio::ip::tcp::socket socket) {
    const OutboundLimits limits{shared_.options.outbound_bytes_per_channel_max,
                                shared_.options.outbound_bytes_per_connection_max};
    const auto connection = std::make_shared<Connection>(
        std::move(socket), static_cast<ConnectionOwner&>(*this), scratch_, limits);
    connections_.insert(connection);
    wait_for_hello(*connection);
    connection->start();
}

void HubThread::wait_for_hello(Connection& connection) {
    connection.arm(
        shared_.options.hello_wait,
        {RefusalCode::unauthenticated, "connection " + connection.peer_name(),
         "keep a connection without a channel", "no hello came in time", "say hello at once"});
}

void HubThread::on_closed(Connection& connection, const Refusal& why) {
    if (is_without_channel(connection)) {
        shared_.connections_without_channel.fetch_sub(1, std::memory_order_relaxed);
    }
    for (const auto& [number, channel] : connection.channels()) {
        peers_.erase(channel.peer.value());
        listener_->on_close(channel.peer, why);
    }
    const bool expected = why.code == RefusalCode::unavailable;
    write_log(shared_.options.log, expected ? LogLevel::debug : LogLevel::warning,
              "connection " + connection.peer_name() + " closed: " + format_refusal(why));
    connection.channels().clear();
    connections_.erase(connection.shared_from_this());
}

void HubThread::on_read_end() {
    flush_marked();
    listener_->flush();
}

void HubThread::resume_reading() {
    io_.post([this] {
        for (const auto& connection : connections_)
            connection->resume();
    });
}

// --- frames in ---

Result<void> HubThread::on_frame(Connection& connection, const wire::Frame& frame) {
    switch (frame.kind) {
        case wire::FrameKind::hello:
            return on_hello(connection, frame);
        case wire::FrameKind::data:
            return on_data(connection, frame);
        case wire::FrameKind::close:
            return on_close_frame(connection, frame);
        case wire::FrameKind::welcome:
        case wire::FrameKind::refused:
            break;
    }
    return confused(connection, "read frame", "only this side answers hellos");
}

Result<protocol::Welcome> HubThread::answer(Connection& connection,
                                            const protocol::Hello& hello) const {
    auto welcome = protocol::answer_hello(hello, shared_.options.gate);
    if (!welcome) return welcome;
    const std::string who{protocol::format_peer_kind(hello.kind)};
    if (std::ranges::find(shared_.options.kinds, hello.kind) == shared_.options.kinds.end()) {
        return Refusal{RefusalCode::unsupported, who, "open a channel",
                       "this side serves no peers of that kind", "connect to the right daemon"};
    }
    if (connection.channels().size() >= limits::channels_per_connection_max) {
        return Refusal{RefusalCode::too_large, who, "open a channel",
                       "its connection has " + std::to_string(limits::channels_per_connection_max) +
                           " already",
                       "open another connection"};
    }
    return welcome;
}

Result<void> HubThread::on_hello(Connection& connection, const wire::Frame& frame) {
    if (connection.find_channel(frame.channel) != nullptr) {
        return confused(connection, "read hello", "its channel is open already");
    }
    if (frame.payload.size() > limits::hello_max) {
        return confused(connection, "read hello", "it is too large");
    }
    const auto hello = wire::decode<protocol::Hello>(frame.payload);
    if (!hello) return hello.error();
    const auto welcome = answer(connection, *hello);
    if (!welcome) {
        refuse(connection, frame.channel, welcome.error());
        return {};
    }
    if (is_without_channel(connection)) {
        shared_.connections_without_channel.fetch_sub(1, std::memory_order_relaxed);
        connection.disarm();
        connection.greeted = true;
    }
    const PeerId peer = next_peer();
    connection.channels().emplace(frame.channel, Channel{peer, hello->kind, true, false, 0});
    peers_.emplace(peer.value(), Place{&connection, frame.channel});
    payload_.clear();
    wire::encode(*welcome, payload_);
    connection.append(wire::FrameKind::welcome, frame.channel, payload_);
    mark(connection);
    listener_->on_open(peer, *hello);
    return {};
}

Result<void> HubThread::on_data(Connection& connection, const wire::Frame& frame) {
    const Channel* const channel = connection.find_channel(frame.channel);
    if (channel == nullptr) {
        // It may have been under way when this side closed the channel; before any hello it is
        // nobody we know.
        if (connection.greeted) return {};
        return confused(connection, "read frame", "data came before a hello");
    }
    const auto taken = listener_->on_message(channel->peer, channel->kind, frame.payload);
    if (taken) return {};
    write_log(shared_.options.log, LogLevel::warning,
              "peer " + format_id(channel->peer) + ": " + format_refusal(taken.error()));
    listener_->on_close(channel->peer, taken.error());
    close_channel(connection, frame.channel, taken.error());
    return {};
}

Result<void> HubThread::on_close_frame(Connection& connection, const wire::Frame& frame) {
    const Channel* const channel = connection.find_channel(frame.channel);
    if (channel == nullptr) return {};
    listener_->on_close(channel->peer, wire::decode_refusal(frame.payload));
    forget_channel(connection, frame.channel);
    return {};
}

// --- channels out ---

void HubThread::refuse(Connection& connection, std::uint32_t channel, const Refusal& why) {
    payload_.clear();
    wire::encode(why, payload_);
    connection.append(wire::FrameKind::refused, channel, payload_);
    mark(connection);
    // Its end says why, in the log too.
    if (is_without_channel(connection)) return connection.finish(why);
    write_log(shared_.options.log, LogLevel::warning,
              "connection " + connection.peer_name() + ": " + format_refusal(why));
}

void HubThread::close_channel(Connection& connection, std::uint32_t channel, const Refusal& why) {
    payload_.clear();
    wire::encode(why, payload_);
    connection.append(wire::FrameKind::close, channel, payload_);
    mark(connection);
    forget_channel(connection, channel);
}

void HubThread::forget_channel(Connection& connection, std::uint32_t channel) {
    const auto found = connection.channels().find(channel);
    if (found == connection.channels().end()) return;
    peers_.erase(found->second.peer.value());
    connection.channels().erase(found);
    if (!is_without_channel(connection) || connection.is_closed()) return;
    shared_.connections_without_channel.fetch_add(1, std::memory_order_relaxed);
    wait_for_hello(connection);
}

void HubThread::send(std::vector<ToPeer>& messages) {
    if (outbox_.push(messages)) io_.post([this] { send_all(); });
}

void HubThread::send_all() {
    taken_.clear();
    outbox_.take(taken_);
    for (ToPeer& message : taken_)
        send_one(message);
    flush_marked();
    listener_->flush();
}

void HubThread::send_one(ToPeer& message) {
    const auto found = peers_.find(message.to.value());
    if (found == peers_.end()) return;
    const Place place = found->second;
    const auto send = [&](const auto& words) {
        payload_.clear();
        wire::encode(words, payload_);
        if (payload_.size() <= limits::frame_max) {
            place.connection->append(wire::FrameKind::data, place.channel, payload_);
            return mark(*place.connection);
        }
        const Refusal why{
            RefusalCode::too_large, "peer " + format_id(message.to), "send",
            "a message of " + std::to_string(payload_.size()) + " bytes does not fit a frame",
            "ask for less at a time"};
        listener_->on_close(message.to, why);
        close_channel(*place.connection, place.channel, why);
    };
    std::visit(Overloaded{[&](const CloseChannel& close) {
                              close_channel(*place.connection, place.channel, close.why);
                          },
                          send},
               message.what);
}

void HubThread::mark(Connection& connection) {
    if (connection.marked || connection.is_closed()) return;
    connection.marked = true;
    marked_.push_back(connection.shared_from_this());
}

void HubThread::flush_marked() {
    for (std::size_t i = 0; i < marked_.size(); ++i) {
        marked_[i]->marked = false;
        marked_[i]->flush();
    }
    marked_.clear();
}

}  // namespace offerkit::runtime::detail
