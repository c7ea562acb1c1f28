// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/detail/connection.hpp>

#include <asio/buffer.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace offerkit::runtime::detail {

namespace {

/// How long a peer that was told to go may take to read that.
constexpr Duration linger = std::chrono::seconds{1};
/// Reads of one connection before others get their turn.
constexpr int reads_per_turn = 4;
/// A buffer that a burst has blown up is given back above this size.
constexpr std::size_t buffer_kept_max = 256 * 1024;

std::string name_of(const asio::ip::tcp::socket& socket) {
    asio::error_code error;
    const auto endpoint = socket.remote_endpoint(error);
    if (error) return "peer";
    return endpoint.address().to_string() + ":" + std::to_string(endpoint.port());
}

}  // namespace

Connection::Connection(asio::ip::tcp::socket socket, ConnectionOwner& owner,
                       std::vector<char>& scratch, OutboundLimits limits)
    : socket_(std::move(socket)),
      timer_(socket_.get_executor()),
      owner_(owner),
      scratch_(scratch),
      limits_(limits) {}

void Connection::start() {
    asio::error_code ignored;
    socket_.set_option(asio::ip::tcp::no_delay{true}, ignored);
    socket_.non_blocking(true, ignored);
    peer_name_ = name_of(socket_);
    started_ = true;
    wait_read();
    flush();
}

Channel* Connection::find_channel(std::uint32_t number) {
    const auto found = channels_.find(number);
    return found == channels_.end() ? nullptr : &found->second;
}

Refusal Connection::lost(const std::string& why) const {
    return {RefusalCode::unavailable, "connection " + peer_name_, "stay connected", why,
            "connect again"};
}

// --- reading ---

void Connection::wait_read() {
    if (!started_ || reading_ || closed_) return;
    if (!finishing_ && !owner_.may_read()) return;
    reading_ = true;
    socket_.async_wait(asio::ip::tcp::socket::wait_read,
                       [self = shared_from_this()](const asio::error_code& error) {
                           self->reading_ = false;
                           if (self->closed_) return;
                           if (!error) return self->on_readable();
                           self->on_read_error(error);
                           self->owner_.on_read_end();
                       });
}

void Connection::on_readable() {
    for (int i = 0; i < reads_per_turn && !closed_; ++i) {
        asio::error_code error;
        const std::size_t count = socket_.read_some(asio::buffer(scratch_), error);
        if (error == asio::error::would_block || error == asio::error::try_again) break;
        if (error) {
            on_read_error(error);
            break;
        }
        bytes_in_ += count;
        if (!finishing_) on_bytes({scratch_.data(), count});
        if (count < scratch_.size() || !owner_.may_read()) break;
    }
    owner_.on_read_end();
    wait_read();
}

void Connection::on_bytes(std::string_view bytes) {
    reader_.feed(bytes);
    while (!closed_ && !finishing_) {
        auto frame = reader_.next();
        if (!frame) return finish(frame.error());
        if (!frame->has_value()) break;
        const auto taken = owner_.on_frame(*this, **frame);
        if (!taken) return finish(taken.error());
    }
    if (!greeted && bytes_in_ > limits::hello_max + wire::frame_header_bytes) {
        finish({RefusalCode::too_large, "connection " + peer_name_, "say hello",
                "more bytes came than a hello has", "say hello first"});
    }
}

void Connection::on_read_error(const asio::error_code& error) {
    if (finishing_) return abort(finish_reason_);
    abort(lost(error == asio::error::eof ? "the other side closed it" : error.message()));
}

// --- writing ---

void Connection::append(wire::FrameKind kind, std::uint32_t channel, std::string_view payload) {
    if (closed_ || finishing_) return;
    const std::size_t before = pending_.size();
    wire::append_frame(pending_, kind, channel, payload);
    note_waiting(channel, pending_.size() - before);
    if (!is_over(channel)) return;
    flush();  // The kernel may take it: only what it does not is over.
    if (closed_ || !is_over(channel)) return;
    abort({RefusalCode::too_large, "connection " + peer_name_, "send",
           "it does not read: " + std::to_string(waiting_) + " bytes wait for it",
           "read faster, or ask for less"});
}

bool Connection::is_over(std::uint32_t number) {
    const Channel* const channel = find_channel(number);
    return waiting_ > limits_.connection ||
           (channel != nullptr && channel->waiting > limits_.channel);
}

void Connection::note_waiting(std::uint32_t channel, std::size_t bytes) {
    waiting_ += bytes;
    if (!segments_.empty() && segments_.back().channel == channel) {
        segments_.back().bytes += bytes;
    } else {
        segments_.push_back({channel, bytes});
    }
    Channel* const found = find_channel(channel);
    if (found != nullptr) {
        found->waiting += bytes;
        const bool slow = found->waiting > limits_.channel / 2 || waiting_ > limits_.connection / 2;
        if (slow && found->open && !found->slow) {
            found->slow = true;
            slow_channels_.push_back(channel);
            owner_.on_slow(found->peer, true);
        }
    }
}

void Connection::flush() {
    while (started_ && !closed_ && !write_blocked_ && !half_closed_) {
        if (written_ == writing_.size()) {
            writing_.clear();
            written_ = 0;
            if (pending_.empty()) break;
            writing_.swap(pending_);
        }
        asio::error_code error;
        const std::size_t count = socket_.write_some(
            asio::buffer(writing_.data() + written_, writing_.size() - written_), error);
        if (error == asio::error::would_block || error == asio::error::try_again) {
            write_blocked_ = true;
            socket_.async_wait(asio::ip::tcp::socket::wait_write,
                               [self = shared_from_this()](const asio::error_code&) {
                                   self->write_blocked_ = false;
                                   self->flush();
                                   self->owner_.on_read_end();
                               });
            break;
        }
        if (error) return abort(lost(error.message()));
        written_ += count;
        note_written(count);
    }
    if (closed_) return;
    if (writing_.capacity() > buffer_kept_max && writing_.empty()) writing_ = {};
    if (finishing_ && waiting_ == 0) half_close();
}

void Connection::note_written(std::size_t bytes) {
    waiting_ -= bytes;
    while (bytes > 0) {
        Segment& first = segments_.front();
        const std::size_t part = std::min(bytes, first.bytes);
        if (Channel* const channel = find_channel(first.channel)) {
            // A channel that was closed and opened again does not answer for the older one.
            channel->waiting -= std::min(channel->waiting, part);
        }
        first.bytes -= part;
        bytes -= part;
        if (first.bytes == 0) segments_.pop_front();
    }
    if (!slow_channels_.empty()) recover_slow();
}

void Connection::recover_slow() {
    // At a quarter, not at the half where it became slow: one verdict per change of mind.
    if (waiting_ > limits_.connection / 4) return;
    std::erase_if(slow_channels_, [this](std::uint32_t number) {
        Channel* const channel = find_channel(number);
        if (channel == nullptr || !channel->slow) return true;
        if (channel->waiting > limits_.channel / 4) return false;
        channel->slow = false;
        owner_.on_slow(channel->peer, false);
        return true;
    });
}

// --- ending ---

void Connection::finish(Refusal why) {
    if (closed_ || finishing_) return;
    if (!started_) return abort(why);
    finishing_ = true;
    finish_reason_ = std::move(why);
    arm(linger, finish_reason_);
    flush();
}

void Connection::half_close() {
    if (half_closed_) return;
    half_closed_ = true;
    // Closing with unread bytes would reset the connection and destroy our last words on the way:
    // so only our direction ends, and what still comes in is read and dropped.
    asio::error_code ignored;
    socket_.shutdown(asio::ip::tcp::socket::shutdown_send, ignored);
    wait_read();
}

void Connection::abort(const Refusal& why) {
    if (closed_) return;
    closed_ = true;
    asio::error_code ignored;
    socket_.close(ignored);
    disarm();
    const auto self = shared_from_this();  // The owner lets go of us now.
    const Refusal reason = why;            // It may be one of ours.
    owner_.on_closed(*this, reason);
}

void Connection::drop() {
    closed_ = true;
    asio::error_code ignored;
    socket_.close(ignored);
}

void Connection::arm(Duration after, Refusal why) {
    const std::uint64_t arming = ++armed_;
    timer_.expires_after(after);
    timer_.async_wait(
        [self = shared_from_this(), arming, why = std::move(why)](const asio::error_code& error) {
            if (error || self->closed_ || self->armed_ != arming) return;
            self->abort(why);
            self->owner_.on_read_end();
        });
}

void Connection::disarm() {
    ++armed_;
    timer_.cancel();
}

}  // namespace offerkit::runtime::detail
