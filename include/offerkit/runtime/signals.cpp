// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/detail/io_thread.hpp>
#include <offerkit/runtime/signals.hpp>

#include <asio/signal_set.hpp>

#include <csignal>
#include <utility>

namespace offerkit::runtime {

struct Signals::Body {
    explicit Body(std::function<void(int)> call) : on_signal(std::move(call)) {}

    void wait() {
        signals.async_wait([this](const asio::error_code& error, int number) {
            if (error) return;
            on_signal(number);
            wait();
        });
    }

    std::function<void(int)> on_signal;
    detail::IoThread thread;
    asio::signal_set signals{thread.context(), SIGINT, SIGTERM};
};

Signals::Signals(std::function<void(int)> on_signal)
    : body_(std::make_unique<Body>(std::move(on_signal))) {
    body_->wait();
    body_->thread.start();
}

Signals::~Signals() { body_->thread.stop(); }

}  // namespace offerkit::runtime
