// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Frames: how a stream of bytes is cut into messages, and how one connection carries the channels
/// of many peers. Nine bytes (payload length, channel, kind; little-endian), then the payload.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit::wire {

using Bytes = std::string;

/// What a payload is. `hello`, `welcome`: the message of that name. `refused`, `close`: a Refusal.
/// `data`: one message, whose type follows from the channel's peer kind and direction.
enum class FrameKind : std::uint8_t { hello = 1, welcome, refused, data, close };

inline constexpr std::size_t frame_header_bytes = 9;

struct Frame {
    FrameKind kind = FrameKind::data;
    std::uint32_t channel = 0;
    std::string_view payload;
    friend bool operator==(const Frame&, const Frame&) = default;
};

/// Complexity: linear in the payload. Pre: `payload.size() <= limits::frame_max`.
inline void append_frame(Bytes& out, FrameKind kind, std::uint32_t channel,
                         std::string_view payload) {
    OFFERKIT_ASSERT(payload.size() <= limits::frame_max);
    const auto append_number = [&out](std::uint32_t number) {
        for (int shift = 0; shift < 32; shift += 8) {
            out += static_cast<char>(static_cast<unsigned char>(number >> shift));
        }
    };
    append_number(static_cast<std::uint32_t>(payload.size()));
    append_number(channel);
    out += static_cast<char>(kind);
    out += payload;
}

/// Cuts what arrives into frames. Holds at most one frame and what was fed last.
class FrameReader {
public:
    /// Takes bytes as they arrive; frames may begin and end anywhere in them. Payloads that `next`
    /// returned before are gone.
    void feed(std::string_view bytes) {
        compact();
        buffer_ += bytes;
    }

    /// The next whole frame, or nothing until more bytes are fed. The payload is valid until the
    /// next `feed`. Refuses: `too_large` beyond `limits::frame_max`, as soon as the length is
    /// there; `malformed` for a kind that does not exist. After a refusal there are no more frames:
    /// the stream has no known boundaries any more, so the connection is to be closed.
    [[nodiscard]] Result<std::optional<Frame>> next() {
        const std::string_view rest = std::string_view(buffer_).substr(begin_);
        if (rest.size() < frame_header_bytes) return std::optional<Frame>{};
        const std::size_t length = number_at(rest, 0);
        if (length > limits::frame_max) return refuse_length(length);
        const auto kind = static_cast<std::uint8_t>(rest[8]);
        if (kind < static_cast<std::uint8_t>(FrameKind::hello) ||
            kind > static_cast<std::uint8_t>(FrameKind::close)) {
            return Refusal{RefusalCode::malformed, "connection", "read a frame",
                           "its kind is " + std::to_string(kind) + ", there are 1 to 5",
                           "speak OfferKit's frames on this port"};
        }
        if (rest.size() - frame_header_bytes < length) return std::optional<Frame>{};
        begin_ += frame_header_bytes + length;
        return std::optional<Frame>{Frame{static_cast<FrameKind>(kind), number_at(rest, 4),
                                          rest.substr(frame_header_bytes, length)}};
    }

    /// Bytes that are held for frames to come.
    [[nodiscard]] std::size_t pending_bytes() const { return buffer_.size() - begin_; }

private:
    // A connection that once carried a large frame must not keep its memory for ever.
    static constexpr std::size_t kept_capacity_max = 256 * 1024;

    static std::uint32_t number_at(std::string_view bytes, std::size_t at) {
        std::uint32_t number = 0;
        for (std::size_t i = 4; i-- > 0;) {
            number = number << 8 | static_cast<unsigned char>(bytes[at + i]);
        }
        return number;
    }

    static Refusal refuse_length(std::size_t length) {
        return {RefusalCode::too_large, "connection", "read a frame",
                "it has " + std::to_string(length) + " bytes, the most is " +
                    std::to_string(limits::frame_max),
                "send less at once, and only OfferKit's frames on this port"};
    }

    /// Moves what is left to the front, once that is less than what was used up: each byte is moved
    /// at most once per byte that was read.
    void compact() {
        if (begin_ == buffer_.size()) {
            if (buffer_.capacity() > kept_capacity_max) buffer_ = Bytes{};
            buffer_.clear();
        } else if (begin_ <= buffer_.size() - begin_) {
            return;
        } else {
            buffer_.erase(0, begin_);
        }
        begin_ = 0;
    }

    Bytes buffer_;
    std::size_t begin_ = 0;
};

}  // namespace offerkit::wire
