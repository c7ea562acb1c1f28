// SPDX-License-Identifier: Apache-2.0
#pragma once

// Taking values off bytes and putting them on, for codec.hpp: bounded, without heap in the reader.

#include "protocol.hpp"

#include <bit>
#include <cstring>
#include <span>
#include <type_traits>

namespace offerkit::launcher {

using Bytes = std::vector<std::byte>;

inline constexpr std::size_t header_bytes = 8;

enum class DecodeFault : std::uint8_t {
    none,
    truncated,
    unsupported_version,
    unknown_type,
    too_long,
    too_many,
    holds_nul,
    bad_value,
    trailing_bytes,
};

/// Why bytes were not understood, and at which field. Converts to true if there is a fault.
struct DecodeError {
    DecodeFault fault = DecodeFault::none;
    const char* field = "";
    explicit operator bool() const { return fault != DecodeFault::none; }
};

[[nodiscard]] constexpr const char* describe(DecodeFault fault) {
    switch (fault) {
        case DecodeFault::none:
            return "no fault";
        case DecodeFault::truncated:
            return "ends too early";
        case DecodeFault::unsupported_version:
            return "is not supported, this side speaks version 1";
        case DecodeFault::unknown_type:
            return "is unknown";
        case DecodeFault::too_long:
            return "is longer than its limit";
        case DecodeFault::too_many:
            return "has more items than its limit";
        case DecodeFault::holds_nul:
            return "holds a NUL byte or is not ended by one";
        case DecodeFault::bad_value:
            return "has a value that is not allowed";
        case DecodeFault::trailing_bytes:
            return "is followed by bytes that nobody asked for";
    }
    return "unknown fault";
}

/// A list of NUL-terminated texts that was checked when it was decoded.
class TextList {
public:
    TextList() = default;
    TextList(const std::byte* first, std::uint32_t count) : first_(first), count_(count) {}

    [[nodiscard]] std::uint32_t size() const { return count_; }

    /// Calls `each(const char*, std::size_t)` in order.
    template <typename Each>
    void for_each(Each each) const {
        const std::byte* at = first_;
        for (std::uint32_t i = 0; i < count_; ++i) {
            std::uint32_t length = 0;
            std::memcpy(&length, at, sizeof length);
            at += sizeof length;
            each(reinterpret_cast<const char*>(at), std::size_t{length});
            at += length + 1;
        }
    }

private:
    const std::byte* first_ = nullptr;
    std::uint32_t count_ = 0;
};

namespace detail {

static_assert(std::endian::native == std::endian::little, "the launcher protocol is little endian");

/// Takes values off a body; after the first fault every further value is empty.
class Reader {
public:
    explicit Reader(std::span<const std::byte> body) : rest_(body) {}

    [[nodiscard]] const DecodeError& error() const { return error_; }
    [[nodiscard]] const std::byte* position() const { return rest_.data(); }

    void fail(DecodeFault fault, const char* field) {
        if (!error_) error_ = {fault, field};
        rest_ = {};
    }

    template <typename Number>
    [[nodiscard]] Number number(const char* field) {
        Number value{};
        if (rest_.size() < sizeof value) {
            fail(DecodeFault::truncated, field);
            return value;
        }
        std::memcpy(&value, rest_.data(), sizeof value);
        rest_ = rest_.subspan(sizeof value);
        return value;
    }

    /// A number that must lie between two bounds, both included.
    [[nodiscard]] std::uint32_t bounded(const char* field, std::uint32_t low, std::uint32_t high) {
        const auto value = number<std::uint32_t>(field);
        if (!error_ && (value < low || value > high)) fail(DecodeFault::bad_value, field);
        return error_ ? low : value;
    }

    [[nodiscard]] bool flag(const char* field) {
        const auto value = number<std::uint8_t>(field);
        if (value > 1) fail(DecodeFault::bad_value, field);
        return value == 1;
    }

    /// Bytes that may hold anything.
    [[nodiscard]] std::string_view bytes(const char* field, std::size_t length_max) {
        const auto length = number<std::uint32_t>(field);
        if (length > length_max) fail(DecodeFault::too_long, field);
        if (error_) return {};
        if (rest_.size() < std::size_t{length} + 1) {
            fail(DecodeFault::truncated, field);
            return {};
        }
        const std::string_view value(reinterpret_cast<const char*>(rest_.data()), length);
        if (rest_[length] != std::byte{0}) fail(DecodeFault::holds_nul, field);
        rest_ = error_ ? rest_ : rest_.subspan(std::size_t{length} + 1);
        return value;
    }

    /// A text for the kernel: no NUL inside, one behind.
    [[nodiscard]] std::string_view text(const char* field, std::size_t length_max) {
        const auto value = bytes(field, length_max);
        if (value.find('\0') != std::string_view::npos) fail(DecodeFault::holds_nul, field);
        return error_ ? std::string_view{} : value;
    }

    [[nodiscard]] std::string_view key() {
        const auto value = bytes("key", key_bytes_max);
        if (!error_ && value.empty()) fail(DecodeFault::bad_value, "key");
        return value;
    }

    template <typename Check>
    [[nodiscard]] TextList texts(const char* field, std::size_t count_max, Check is_valid) {
        const auto count = number<std::uint32_t>(field);
        if (count > count_max) fail(DecodeFault::too_many, field);
        const std::byte* const first = rest_.data();
        for (std::uint32_t i = 0; i < count && !error_; ++i) {
            const auto value = text(field, packet_bytes_max);
            if (!error_ && !is_valid(value)) fail(DecodeFault::bad_value, field);
        }
        return error_ ? TextList{} : TextList{first, count};
    }

    [[nodiscard]] const std::byte* block(const char* field, std::size_t length) {
        const std::byte* const first = rest_.data();
        if (rest_.size() < length) {
            fail(DecodeFault::truncated, field);
            return nullptr;
        }
        rest_ = rest_.subspan(length);
        return first;
    }

    [[nodiscard]] DecodeError finish() {
        if (!error_ && !rest_.empty()) fail(DecodeFault::trailing_bytes, "message");
        return error_;
    }

private:
    std::span<const std::byte> rest_;
    DecodeError error_;
};

/// Appends to a vector.
struct VectorSink {
    Bytes& out;
    void append(const void* data, std::size_t length) {
        const auto* const first = static_cast<const std::byte*>(data);
        out.insert(out.end(), first, first + length);
    }
};

/// Fills fixed memory; what does not fit is counted but not written.
struct SpanSink {
    std::span<std::byte> out;
    std::size_t used = 0;
    void append(const void* data, std::size_t length) {
        if (length != 0 && used + length <= out.size()) {
            std::memcpy(out.data() + used, data, length);
        }
        used += length;
    }
};

template <typename Sink>
struct Writer {
    Sink& sink;

    template <typename Number>
    void number(Number value) {
        static_assert(std::is_integral_v<Number> || std::is_enum_v<Number>);
        sink.append(&value, sizeof value);
    }
    void flag(bool value) { number(static_cast<std::uint8_t>(value ? 1 : 0)); }
    void text(std::string_view value) {
        number(static_cast<std::uint32_t>(value.size()));
        sink.append(value.data(), value.size());
        number(std::uint8_t{0});
    }
    void texts(const std::vector<std::string>& values) {
        number(static_cast<std::uint32_t>(values.size()));
        for (const auto& value : values)
            text(value);
    }
};

}  // namespace detail
}  // namespace offerkit::launcher
