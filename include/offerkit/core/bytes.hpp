// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The bytes under every record: numbers in as few bytes as they need, texts with their length in
/// front. One value has one encoding, and reading never goes past the end, whatever the bytes are.
/// Down here because an allocation policy writes its own state so (`allocation/policy.hpp`).

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace offerkit {

using Bytes = std::string;

/// Numbers below this are one byte; others are a byte that says how many follow, lowest first.
inline constexpr std::uint64_t numbers_of_one_byte = 0xf8;
inline constexpr std::size_t number_bytes_max = 9;

/// Writes `value` to a place with room for `number_bytes_max`, and returns how many bytes it took.
/// Without a loop: this is most of what there is to a record.
template <class Byte>
    requires(sizeof(Byte) == 1)
std::size_t write_number(std::uint64_t value, Byte* at) {
    if (value < numbers_of_one_byte) {
        *at = static_cast<Byte>(value);
        return 1;
    }
    const auto size = static_cast<std::size_t>(71 - std::countl_zero(value)) / 8;
    at[0] = static_cast<Byte>(numbers_of_one_byte - 1 + size);
    if constexpr (std::endian::native == std::endian::little) {
        std::memcpy(at + 1, &value, sizeof value);
    } else {
        for (std::size_t i = 0; i < size; ++i)
            at[1 + i] = static_cast<Byte>(value >> (8 * i));
    }
    return 1 + size;
}

inline void put_number(std::uint64_t value, Bytes& out) {
    char bytes[number_bytes_max];  // Appended at once: a string looks for room each time.
    out.append(bytes, write_number(value, bytes));
}

/// Small negative numbers stay short: 0, -1, 1, -2 become 0, 1, 2, 3.
inline void put_signed(std::int64_t value, Bytes& out) {
    const auto bits = static_cast<std::uint64_t>(value);
    put_number((bits << 1) ^ (value < 0 ? ~std::uint64_t{0} : 0), out);
}

inline void put_text(std::string_view text, Bytes& out) {
    put_number(text.size(), out);
    out.append(text);
}

/// Appends `value` in four bytes, lowest first: for what must stand at a known place.
inline void put_fixed32(std::uint32_t value, Bytes& out) {
    for (int shift = 0; shift < 32; shift += 8)
        out.push_back(static_cast<char>(value >> shift));
}

/// Reads what the functions above wrote. The first thing that is wrong is remembered, and
/// everything read after it is zero or empty: a caller may look once, at the end.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : bytes_(bytes) {}

    [[nodiscard]] std::uint64_t number() {
        if (at_ == bytes_.size()) return fail("a number is cut off");
        const std::uint64_t first = static_cast<unsigned char>(bytes_[at_++]);
        if (first < numbers_of_one_byte) return first;
        const std::size_t size = static_cast<std::size_t>(first - numbers_of_one_byte) + 1;
        if (rest().size() < size) return fail("a number is cut off");
        std::uint64_t value = 0;
        for (std::size_t i = 0; i < size; ++i)
            value |= std::uint64_t{static_cast<unsigned char>(bytes_[at_++])} << (8 * i);
        const bool is_short =
            size == 1 ? value >= numbers_of_one_byte : value >> (8 * size - 8) != 0;
        return is_short ? value : fail("a number is longer than it need be");
    }

    [[nodiscard]] std::int64_t signed_number() {
        const std::uint64_t bits = number();
        return static_cast<std::int64_t>((bits >> 1) ^ (0 - (bits & 1)));
    }

    /// A number that must lie below `bound`: an index, a flag, an enumerator.
    [[nodiscard]] std::uint64_t number_below(std::uint64_t bound) {
        const std::uint64_t value = number();
        return value < bound ? value : fail("an index, flag or enumerator is out of its range");
    }

    /// The length of a list whose elements take at least one byte each.
    [[nodiscard]] std::size_t count() {
        const std::uint64_t value = number();
        if (value > rest().size()) return fail("a list or text is longer than what is left");
        return static_cast<std::size_t>(value);
    }

    [[nodiscard]] std::string_view text() { return bytes(count()); }

    /// So many bytes, whose number stood elsewhere.
    [[nodiscard]] std::string_view bytes(std::size_t size) {
        if (size > rest().size()) fail("a list or text is longer than what is left");
        const std::string_view bytes = rest().substr(0, size);
        at_ += bytes.size();
        return bytes;
    }

    [[nodiscard]] std::uint32_t fixed32() {
        if (rest().size() < 4) return static_cast<std::uint32_t>(fail("a number is cut off"));
        std::uint32_t value = 0;
        for (int shift = 0; shift < 32; shift += 8) {
            value |= std::uint32_t{static_cast<unsigned char>(bytes_[at_++])} << shift;
        }
        return value;
    }

    [[nodiscard]] std::string_view rest() const { return bytes_.substr(at_); }
    [[nodiscard]] std::size_t position() const { return at_; }
    [[nodiscard]] bool has_failed() const { return why_ != nullptr; }

    /// What is wrong first; empty if nothing is.
    [[nodiscard]] std::string_view why() const { return has_failed() ? why_ : ""; }
    /// Where it was noticed.
    [[nodiscard]] std::size_t failed_at() const { return failed_at_; }

    /// Notes that the bytes are wrong, unless they were before. Returns zero.
    std::uint64_t fail(const char* why) {
        if (!has_failed()) {
            why_ = why;
            failed_at_ = at_;
        }
        at_ = bytes_.size();
        return 0;
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
    std::size_t failed_at_ = 0;
    const char* why_ = nullptr;
};

}  // namespace offerkit
