// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/overloaded.hpp>
#include <offerkit/runtime/detail/link_thread.hpp>
#include <offerkit/wire/codec.hpp>

#include <asio/connect.hpp>
#include <asio/ip/address.hpp>

#include <future>
#include <utility>
#include <variant>

namespace offerkit::runtime::detail {

namespace {

Refusal unreachable(const Address& address, const std::string& why) {
    return {RefusalCode::unavailable, "address " + format_address(address), "connect", why,
            "start a master there, or give the address of one"};
}

Refusal asked_to_close() {
    return {RefusalCode::cancelled, "this side", "close the channel", "it is done with it", ""};
}

}  // namespace

LinkThread::LinkThread(LinkOptions options)
    : options_(std::move(options)), scratch_(read_bytes), resolver_(io_.context()) {}

LinkThread::~LinkThread() { stop(); }

void LinkThread::start(std::unique_ptr<LinkListener> listener) {
    listener_ = std::move(listener);
    io_.start();
}

void LinkThread::stop() {
    outbox_.close();
    io_.stop();
    // Handlers that will not run any more hold connections too, so these are closed here; and
    // sockets must not outlive their io_context.
    for (const auto& connection : connections_) connection->drop();
    marked_.clear();
    by_key_.clear();
    connections_.clear();
}

void LinkThread::drain(Duration at_most) {
    // Closing links flushes what waits for them: done when the last connection has gone.
    std::promise<void> gone;
    auto is_gone = gone.get_future();
    auto timer = std::make_shared<asio::steady_timer>(io_.context());
    const auto until = std::chrono::steady_clock::now() + at_most;
    const auto look = [this, timer, until, &gone](const auto& again) -> void {
        if (connections_.empty() || std::chrono::steady_clock::now() >= until) {
            return gone.set_value();
        }
        timer->expires_after(std::chrono::milliseconds{2});
        timer->async_wait([again](const asio::error_code&) { again(again); });
    };
    io_.post([this, look] {
        for (const auto& connection : connections_)
            connection->finish(asked_to_close());
        look(look);
    });
    is_gone.wait();
    stop();
}

void LinkThread::send(std::vector<ToLink>& orders) {
    if (outbox_.push(orders)) io_.post([this] { perform_all(); });
}

void LinkThread::resume_reading() {
    io_.post([this] {
        for (const auto& connection : connections_)
            connection->resume();
    });
}

// --- orders ---

void LinkThread::perform_all() {
    taken_.clear();
    outbox_.take(taken_);
    for (ToLink& order : taken_)
        perform(order);
    flush_marked();
    listener_->flush();
}

void LinkThread::perform(ToLink& order) {
    const auto say = [&](const auto& words) {
        const auto found = links_.find(order.link.value());
        if (found == links_.end()) return;
        const Place place = found->second;
        payload_.clear();
        wire::encode(words, payload_);
        if (payload_.size() <= limits::frame_max) {
            place.connection->append(wire::FrameKind::data, place.channel, payload_);
            return mark(*place.connection);
        }
        const Refusal why{
            RefusalCode::too_large, "this side", "send",
            "a message of " + std::to_string(payload_.size()) + " bytes does not fit a frame",
            "say less at a time"};
        listener_->on_close(order.link, why);
        forget_channel(*place.connection, place.channel, why);
    };
    std::visit(Overloaded{[&](OpenLink& open_link) { open(order.link, open_link); },
                          [&](CloseLink&) { close(order.link); }, say},
               order.what);
}

void LinkThread::open(PeerId link, OpenLink& order) {
    const Key key{order.address, order.group};
    const auto found = by_key_.find(key);
    const bool usable = found != by_key_.end() && !found->second->is_finishing();
    const std::shared_ptr<Connection> connection = usable ? found->second : connect(key);
    const std::uint32_t number = ++channels_made_;
    connection->channels().emplace(number, Channel{link, order.hello.kind, false, false, 0});
    links_[link.value()] = Place{connection.get(), number};
    payload_.clear();
    wire::encode(order.hello, payload_);
    connection->append(wire::FrameKind::hello, number, payload_);
    mark(*connection);
}

std::shared_ptr<Connection> LinkThread::connect(const Key& key) {
    const OutboundLimits limits{options_.outbound_bytes_max, options_.outbound_bytes_max};
    const auto connection =
        std::make_shared<Connection>(asio::ip::tcp::socket{io_.context()},
                                     static_cast<ConnectionOwner&>(*this), scratch_, limits);
    connection->greeted = true;  // We chose whom to call.
    connections_.insert(connection);
    by_key_[key] = connection;
    const Address& address = key.first;
    connection->arm(options_.hello_wait,
                    unreachable(address, "no answer to the hello came in time"));
    asio::error_code error;
    const auto numeric = asio::ip::make_address(address.host, error);
    if (!error) {
        connect_to(connection, {asio::ip::tcp::endpoint{numeric, address.port}});
        return connection;
    }
    resolver_.async_resolve(
        address.host, std::to_string(address.port), asio::ip::tcp::resolver::numeric_service,
        [this, connection, address](const asio::error_code& failed,
                                    const asio::ip::tcp::resolver::results_type& results) {
            if (connection->is_closed()) return;
            if (failed) {
                connection->abort(unreachable(address, failed.message()));
                return listener_->flush();
            }
            std::vector<asio::ip::tcp::endpoint> endpoints;
            for (const auto& result : results)
                endpoints.push_back(result.endpoint());
            connect_to(connection, std::move(endpoints));
        });
    return connection;
}

void LinkThread::connect_to(const std::shared_ptr<Connection>& connection,
                            std::vector<asio::ip::tcp::endpoint> endpoints) {
    const auto kept = std::make_shared<std::vector<asio::ip::tcp::endpoint>>(std::move(endpoints));
    asio::async_connect(connection->socket(), *kept,
                        [this, connection, kept](const asio::error_code& error,
                                                 const asio::ip::tcp::endpoint& endpoint) {
                            if (connection->is_closed()) return;
                            if (!error) return connection->start();
                            const auto& tried = kept->empty() ? endpoint : kept->front();
                            connection->abort(unreachable(
                                {tried.address().to_string(), tried.port()}, error.message()));
                            listener_->flush();
                        });
}

void LinkThread::close(PeerId link) {
    const auto found = links_.find(link.value());
    if (found == links_.end()) return;
    forget_channel(*found->second.connection, found->second.channel, asked_to_close());
}

/// Tells the other side, and forgets. The connection ends with its last channel.
void LinkThread::forget_channel(Connection& connection, std::uint32_t number, const Refusal& why) {
    const auto found = connection.channels().find(number);
    if (found == connection.channels().end()) return;
    payload_.clear();
    wire::encode(why, payload_);
    connection.append(wire::FrameKind::close, number, payload_);
    mark(connection);
    links_.erase(found->second.peer.value());
    connection.channels().erase(number);
    if (connection.channels().empty()) connection.finish(why);
}

// --- frames in ---

Result<void> LinkThread::on_frame(Connection& connection, const wire::Frame& frame) {
    Channel* const channel = connection.find_channel(frame.channel);
    if (channel == nullptr) return {};  // Under way when this side closed the link.
    switch (frame.kind) {
        case wire::FrameKind::welcome:
            return on_welcome(connection, *channel, frame.payload);
        case wire::FrameKind::refused:
        case wire::FrameKind::close:
            on_told_to_go(connection, frame.channel, frame.payload);
            return {};
        case wire::FrameKind::data: {
            const PeerId link = channel->peer;
            const auto taken = listener_->on_message(link, frame.payload);
            if (taken) return {};
            listener_->on_close(link, taken.error());
            forget_channel(connection, frame.channel, taken.error());
            return {};
        }
        case wire::FrameKind::hello:
            break;
    }
    return Refusal{RefusalCode::malformed, "connection " + connection.peer_name(), "read frame",
                   "a listening side does not say hello", "connect to a master"};
}

Result<void> LinkThread::on_welcome(Connection& connection, Channel& channel,
                                    std::string_view payload) {
    const auto welcome = wire::decode<protocol::Welcome>(payload);
    if (!welcome) return welcome.error();
    channel.open = true;
    connection.disarm();
    listener_->on_open(channel.peer, *welcome);
    return {};
}

void LinkThread::on_told_to_go(Connection& connection, std::uint32_t number,
                               std::string_view payload) {
    const Refusal reason = wire::decode_refusal(payload);
    const auto found = connection.channels().find(number);
    const PeerId link = found->second.peer;
    links_.erase(link.value());
    connection.channels().erase(found);
    listener_->on_close(link, reason);
    if (connection.channels().empty()) connection.finish(reason);
}

void LinkThread::on_read_end() {
    flush_marked();
    listener_->flush();
}

void LinkThread::on_closed(Connection& connection, const Refusal& why) {
    for (const auto& [number, channel] : connection.channels()) {
        links_.erase(channel.peer.value());
        listener_->on_close(channel.peer, why);
    }
    connection.channels().clear();
    std::erase_if(by_key_, [&](const auto& entry) { return entry.second.get() == &connection; });
    connections_.erase(connection.shared_from_this());
}

void LinkThread::mark(Connection& connection) {
    if (connection.marked || connection.is_closed()) return;
    connection.marked = true;
    marked_.push_back(connection.shared_from_this());
}

void LinkThread::flush_marked() {
    for (std::size_t i = 0; i < marked_.size(); ++i) {
        marked_[i]->marked = false;
        marked_[i]->flush();
    }
    marked_.clear();
}

}  // namespace offerkit::runtime::detail
