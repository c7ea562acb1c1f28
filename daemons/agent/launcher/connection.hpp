// SPDX-License-Identifier: Apache-2.0
#pragma once

// One accepted connection: a packet coming in, taken apart message by message, and a packet going
// out. Bounded: while the peer does not read, nothing more is read from it.

#include "codec.hpp"

#include <sys/types.h>

namespace offerkit::launcher {

class Connection {
public:
    [[nodiscard]] bool is_open() const { return fd_ >= 0; }
    [[nodiscard]] int fd() const { return fd_; }
    /// It said hello and is in control.
    bool has_control = false;
    /// The next slot to look at for an answer to `list`, or `list_idle`.
    static constexpr std::uint32_t list_idle = UINT32_MAX;
    std::uint32_t list_at = list_idle;
    std::uint32_t list_count = 0;

    /// `packet` is memory for the packet coming in, of packet_bytes_max bytes.
    void open(int fd, std::byte* packet);
    void close();

    /// Reads one packet if the last one is used up. False: closed by the peer.
    [[nodiscard]] bool receive(bool& too_long);
    /// What is left of the packet; `next_message` shortens it.
    std::span<const std::byte> pending;

    /// False: no room, try again after `flush`.
    [[nodiscard]] bool add(const Report& report);
    [[nodiscard]] bool has_output() const { return out_used_ != 0; }
    /// There is room for any answer to one request.
    [[nodiscard]] bool has_room() const { return out_used_ + answer_bytes_max <= sizeof out_; }
    /// False: the peer is gone. `is_blocked` tells if it takes no more for now.
    [[nodiscard]] bool flush();
    [[nodiscard]] bool is_blocked() const { return is_blocked_; }

private:
    static constexpr std::size_t answer_bytes_max = 2048;

    int fd_ = -1;
    bool is_blocked_ = false;
    std::size_t out_used_ = 0;
    std::byte* in_ = nullptr;
    std::byte out_[packet_bytes_max];
};

}  // namespace offerkit::launcher
