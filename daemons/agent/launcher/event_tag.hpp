// SPDX-License-Identifier: Apache-2.0
#pragma once

// What an epoll event is about: a kind, and a connection's or a slot's number.

#include <cstdint>

namespace offerkit::launcher {

enum class EventKind : std::uint32_t { listener, signals, doorbell, parent, connection, pidfd };

[[nodiscard]] constexpr std::uint64_t make_tag(EventKind kind, std::uint32_t number = 0) {
    return (static_cast<std::uint64_t>(kind) << 32) | number;
}
[[nodiscard]] constexpr EventKind kind_of(std::uint64_t tag) {
    return static_cast<EventKind>(tag >> 32);
}
[[nodiscard]] constexpr std::uint32_t number_of(std::uint64_t tag) {
    return static_cast<std::uint32_t>(tag);
}

}  // namespace offerkit::launcher
