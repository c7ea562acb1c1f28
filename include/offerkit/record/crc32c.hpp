// SPDX-License-Identifier: Apache-2.0
#pragma once

/// CRC-32C (Castagnoli), as in iSCSI: finds the torn writes and flipped bits of a record. By the
/// processor's own instruction where there is one, eight times as fast as by tables.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace offerkit::record {

namespace detail {

/// Table `n` says what a byte does that is followed by `n` more (slicing by 8: Kounavis and Berry,
/// ISCC 2005), so that eight bytes take one step instead of eight that wait for each other.
inline constexpr std::array<std::array<std::uint32_t, 256>, 8> crc32c_tables = [] {
    std::array<std::array<std::uint32_t, 256>, 8> tables{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82f63b78U : 0U);
        }
        tables[0][byte] = rest;
    }
    for (std::size_t n = 1; n < tables.size(); ++n) {
        for (std::size_t byte = 0; byte < 256; ++byte) {
            const std::uint32_t before = tables[n - 1][byte];
            tables[n][byte] = (before >> 8) ^ tables[0][before & 0xffU];
        }
    }
    return tables;
}();

// Both go on with the register as it is: neither inverts it.

constexpr std::uint32_t crc32c_by_tables(std::string_view bytes, std::uint32_t crc) {
    const auto byte_at = [&](std::size_t at) {
        return std::uint32_t{static_cast<unsigned char>(bytes[at])};
    };
    std::size_t at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        const std::uint32_t low = crc ^ (byte_at(at) | byte_at(at + 1) << 8 |
                                         byte_at(at + 2) << 16 | byte_at(at + 3) << 24);
        const auto& t = crc32c_tables;
        crc = t[7][low & 0xffU] ^ t[6][low >> 8 & 0xffU] ^ t[5][low >> 16 & 0xffU] ^
              t[4][low >> 24] ^ t[3][byte_at(at + 4)] ^ t[2][byte_at(at + 5)] ^
              t[1][byte_at(at + 6)] ^ t[0][byte_at(at + 7)];
    }
    for (; at < bytes.size(); ++at)
        crc = (crc >> 8) ^ crc32c_tables[0][(crc ^ byte_at(at)) & 0xffU];
    return crc;
}

#if defined(__x86_64__)
[[gnu::target("sse4.2")]] inline std::uint32_t crc32c_by_processor(std::string_view bytes,
                                                                   std::uint32_t crc) {
    std::uint64_t wide = crc;
    for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
        std::uint64_t eight = 0;
        std::memcpy(&eight, bytes.data(), sizeof eight);
        wide = _mm_crc32_u64(wide, eight);
    }
    crc = static_cast<std::uint32_t>(wide);
    for (const char byte : bytes)
        crc = _mm_crc32_u8(crc, static_cast<unsigned char>(byte));
    return crc;
}
#endif

}  // namespace detail

/// `before` is the sum of what stands before these bytes, so that they may come in parts.
[[nodiscard]] constexpr std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) {
#if defined(__x86_64__)
    if (!std::is_constant_evaluated() && __builtin_cpu_supports("sse4.2") != 0) {
        return ~detail::crc32c_by_processor(bytes, ~before);
    }
#endif
    return ~detail::crc32c_by_tables(bytes, ~before);
}

static_assert(crc32c("123456789") == 0xe3069283U);  // The check value of RFC 3720.
static_assert(crc32c("6789", crc32c("12345")) == crc32c("123456789"));
static_assert(crc32c("3456789", crc32c("12")) == crc32c("9", crc32c("12345678")));

}  // namespace offerkit::record
