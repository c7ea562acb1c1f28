// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/detail/hub_thread.hpp>
#include <offerkit/runtime/hub.hpp>

#include <asio/ip/address.hpp>
#include <asio/steady_timer.hpp>

#include <chrono>
#include <utility>

namespace offerkit::runtime {

namespace detail {

namespace {
/// After a failed accept (no file descriptors left, most likely) the next try waits so long.
constexpr auto accept_pause = std::chrono::milliseconds{100};
}  // namespace

/// The acceptor lives on the first thread.
class HubBody {
public:
    explicit HubBody(HubOptions options) : shared_{std::move(options)} {
        outgoing_.resize(threads_.size());
    }

    Result<void> listen() {
        const HubOptions& options = shared_.options;
        const auto refuse = [&](RefusalCode code, const std::string& why, const char* todo) {
            return Refusal{code, "address " + options.address + ":" + std::to_string(options.port),
                           "listen", why, todo};
        };
        asio::error_code error;
        const auto address = asio::ip::make_address(options.address, error);
        if (error) return refuse(RefusalCode::invalid, error.message(), "give an IP address");
        const asio::ip::tcp::endpoint endpoint{address, options.port};
        acceptor_.open(endpoint.protocol(), error);
        if (!error) acceptor_.set_option(asio::socket_base::reuse_address{true}, error);
        if (!error) acceptor_.bind(endpoint, error);
        if (!error) acceptor_.listen(asio::socket_base::max_listen_connections, error);
        if (error) {
            return refuse(RefusalCode::unavailable, error.message(),
                          "choose another address or port, or end what uses it");
        }
        port_ = acceptor_.local_endpoint(error).port();
        return {};
    }

    void start(const std::function<std::unique_ptr<HubListener>()>& make_listener) {
        accept();
        for (const auto& thread : threads_)
            thread->start(make_listener());
    }

    void stop() {
        for (const auto& thread : threads_)
            thread->stop();
    }

    [[nodiscard]] std::uint16_t port() const { return port_; }

    void send(std::vector<ToPeer>& messages) {
        if (threads_.size() == 1) return threads_.front()->send(messages);
        for (ToPeer& message : messages) {
            outgoing_[(message.to.counter() - 1) % threads_.size()].push_back(std::move(message));
        }
        messages.clear();
        for (std::size_t i = 0; i < threads_.size(); ++i) {
            if (!outgoing_[i].empty()) threads_[i]->send(outgoing_[i]);
        }
    }

    void resume_reading() {
        for (const auto& thread : threads_)
            thread->resume_reading();
    }

private:
    [[nodiscard]] static std::vector<std::unique_ptr<HubThread>> make_threads(HubShared& shared) {
        std::vector<std::unique_ptr<HubThread>> threads;
        for (std::size_t i = 0; i < shared.options.io_threads; ++i) {
            threads.push_back(std::make_unique<HubThread>(shared, i));
        }
        return threads;
    }

    void accept() {
        HubThread& thread = *threads_[accepted_ % threads_.size()];
        acceptor_.async_accept(thread.context(), [this, &thread](const asio::error_code& error,
                                                                 asio::ip::tcp::socket socket) {
            if (error == asio::error::operation_aborted) return;
            if (error) return accept_later(error);
            ++accepted_;
            if (!admit()) {
                write_log(shared_.options.log, LogLevel::warning,
                          "a connection was turned away: too many others have not said hello");
            } else {
                asio::post(thread.context(), [&thread, socket = std::move(socket)]() mutable {
                    thread.adopt(std::move(socket));
                });
            }
            accept();
        });
    }

    /// Counts one more connection without a channel, unless there are enough of them.
    bool admit() {
        auto& count = shared_.connections_without_channel;
        if (count.fetch_add(1, std::memory_order_relaxed) <
            shared_.options.connections_without_channel_max) {
            return true;
        }
        count.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }

    void accept_later(const asio::error_code& error) {
        write_log(shared_.options.log, LogLevel::error, "accept: " + error.message());
        pause_.expires_after(accept_pause);
        pause_.async_wait([this](const asio::error_code& aborted) {
            if (!aborted) accept();
        });
    }

    HubShared shared_;
    std::vector<std::unique_ptr<HubThread>> threads_ = make_threads(shared_);
    asio::ip::tcp::acceptor acceptor_{threads_.front()->context()};
    asio::steady_timer pause_{threads_.front()->context()};
    std::vector<std::vector<ToPeer>> outgoing_;
    std::size_t accepted_ = 0;
    std::uint16_t port_ = 0;
};

}  // namespace detail

Hub::Hub(std::unique_ptr<detail::HubBody> body) : body_(std::move(body)) {}
Hub::~Hub() { stop(); }

Result<std::unique_ptr<Hub>> Hub::listen(HubOptions options) {
    if (options.io_threads == 0) options.io_threads = 1;
    auto body = std::make_unique<detail::HubBody>(std::move(options));
    if (auto listening = body->listen(); !listening) return std::move(listening).error();
    return std::unique_ptr<Hub>{new Hub{std::move(body)}};
}

void Hub::start(const std::function<std::unique_ptr<HubListener>()>& make_listener) {
    body_->start(make_listener);
}

std::uint16_t Hub::port() const { return body_->port(); }
void Hub::send(std::vector<ToPeer>& messages) { body_->send(messages); }
void Hub::resume_reading() { body_->resume_reading(); }
void Hub::stop() { body_->stop(); }

}  // namespace offerkit::runtime
