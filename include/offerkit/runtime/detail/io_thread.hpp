// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One thread and its io_context. Everything that lives on it is touched by it alone.

#include <asio/executor_work_guard.hpp>
#include <asio/io_context.hpp>
#include <asio/post.hpp>

#include <thread>
#include <utility>

namespace offerkit::runtime::detail {

class IoThread {
public:
    IoThread() : work_(asio::make_work_guard(context_)) {}
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;
    ~IoThread() { stop(); }

    [[nodiscard]] asio::io_context& context() { return context_; }

    void start() {
        thread_ = std::thread([this] { context_.run(); });
    }

    template <class Call>
    void post(Call&& call) {
        asio::post(context_, std::forward<Call>(call));
    }

    /// Not from the thread itself. After this nothing runs on it any more.
    void stop() {
        if (!thread_.joinable()) return;
        work_.reset();
        context_.stop();
        thread_.join();
    }

private:
    asio::io_context context_{1};
    asio::executor_work_guard<asio::io_context::executor_type> work_;
    std::thread thread_;
};

}  // namespace offerkit::runtime::detail
