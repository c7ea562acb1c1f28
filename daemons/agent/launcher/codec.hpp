// SPDX-License-Identifier: Apache-2.0
#pragma once

// Bytes of the launcher protocol. Little endian, no padding: header {u16 version, u16 type,
// u32 body length}, then the body; a text is {u32 length, bytes, NUL}, so that the launcher passes
// paths and arguments to the kernel where they lie. Decoders are pure, bounded and never allocate:
// what they return points into the packet. Encoders append to a vector and refuse what the decoder
// would refuse, leaving the vector as it was.

#include "bytes.hpp"
#include "protocol.hpp"

namespace offerkit::launcher {

/// One message as it lies in a packet.
struct Message {
    MessageType type{};
    std::span<const std::byte> body;
};

/// Splits the first message off `packet`. Pre: `packet` is not empty.
[[nodiscard]] DecodeError next_message(std::span<const std::byte>& packet, Message& out);

/// A launch request as it lies in a packet; every text is NUL-terminated.
struct LaunchView {
    std::string_view key;
    std::string_view sandbox;
    TextList arguments;
    TextList environment;
    std::string_view directory;
    std::string_view stdout_name;
    std::string_view stderr_name;
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    std::uint32_t umask = 0;
    std::uint32_t leftover_grace_ms = 0;
    std::uint32_t group_count = 0;
    const std::byte* groups = nullptr;
    std::uint32_t limit_count = 0;
    const std::byte* limits = nullptr;

    [[nodiscard]] std::uint32_t group(std::uint32_t index) const;
    [[nodiscard]] ResourceLimit limit(std::uint32_t index) const;
};

// Requests: body of a message to struct. Refuse: every limit of protocol.hpp, and trailing bytes.
[[nodiscard]] DecodeError decode(std::span<const std::byte> body, Hello& out);
[[nodiscard]] DecodeError decode(std::span<const std::byte> body, LaunchView& out);
[[nodiscard]] DecodeError decode(std::span<const std::byte> body, KillRequest& out);
[[nodiscard]] DecodeError decode(std::span<const std::byte> body, ForgetRequest& out);
[[nodiscard]] DecodeError decode(std::span<const std::byte> body, ListRequest& out);
[[nodiscard]] DecodeError decode(std::span<const std::byte> body, ShutdownRequest& out);

/// Any report. Refuses messages that are requests.
[[nodiscard]] DecodeError decode(const Message& message, Report& out);

// Requests: struct to the end of `out`. Returns why not, with `out` unchanged.
[[nodiscard]] DecodeError encode(const Hello& request, Bytes& out);
[[nodiscard]] DecodeError encode(const LaunchRequest& request, Bytes& out);
[[nodiscard]] DecodeError encode(const KillRequest& request, Bytes& out);
[[nodiscard]] DecodeError encode(const ForgetRequest& request, Bytes& out);
[[nodiscard]] DecodeError encode(const ListRequest& request, Bytes& out);
[[nodiscard]] DecodeError encode(const ShutdownRequest& request, Bytes& out);

/// Writes a report into fixed memory. Returns the bytes written, 0 if there is no room.
[[nodiscard]] std::size_t encode(const Report& report, std::span<std::byte> out);

}  // namespace offerkit::launcher

#include "codec.ipp"
#include "codec_reports.ipp"
