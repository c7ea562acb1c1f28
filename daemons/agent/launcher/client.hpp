// SPDX-License-Identifier: Apache-2.0
#pragma once

// A blocking client of the launcher, for tests and small tools. The agent's runtime uses codec.hpp
// with its own socket instead.

#include "codec.hpp"

#include <chrono>
#include <deque>

namespace offerkit::launcher {

/// A report that owns its texts: the views point into `text`.
struct OwnedReport {
    Bytes text;
    Report report;
};

class Client {
public:
    Client() = default;
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    /// Connects to `work_dir`/launcher.sock, trying until `patience` is over. Empty, or why not.
    [[nodiscard]] std::string connect(const std::string& work_dir,
                                      std::chrono::milliseconds patience);
    void close();

    /// Collects a request for the next packet, sending the packet first if it is full. Empty, or
    /// why the request is refused here already.
    template <typename Request>
    [[nodiscard]] std::string add(const Request& request) {
        Bytes message;
        if (const auto error = encode(request, message)) return describe_error(error);
        if (packet_.size() + message.size() > packet_bytes_max) {
            if (auto failure = flush(); !failure.empty()) return failure;
        }
        packet_.insert(packet_.end(), message.begin(), message.end());
        return {};
    }

    /// Sends what was collected as one packet. Empty, or what failed.
    [[nodiscard]] std::string flush();
    /// Sends any bytes as one packet; for tests of malformed ones.
    [[nodiscard]] std::string send_packet(std::span<const std::byte> packet);

    /// The next report, or nothing if none came in time or the launcher closed the connection
    /// (`is_closed`). Sends what was collected first.
    [[nodiscard]] std::optional<OwnedReport> next(std::chrono::milliseconds patience);
    [[nodiscard]] bool is_closed() const { return fd_ < 0; }

private:
    [[nodiscard]] static std::string describe_error(const DecodeError& error);
    void take_packet(const Bytes& packet);

    int fd_ = -1;
    Bytes packet_;
    std::deque<OwnedReport> reports_;
};

}  // namespace offerkit::launcher
