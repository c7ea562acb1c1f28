// SPDX-License-Identifier: Apache-2.0
#pragma once

/// CRC-32C (Castagnoli), as in iSCSI: finds the torn writes and flipped bits of a record.

#include <array>
#include <cstdint>
#include <string_view>

namespace offerkit::record {

namespace detail {

inline constexpr std::array<std::uint32_t, 256> crc32c_table = [] {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t byte = 0; byte < 256; ++byte) {
        std::uint32_t rest = byte;
        for (int bit = 0; bit < 8; ++bit) {
            rest = (rest >> 1) ^ ((rest & 1) != 0 ? 0x82f63b78U : 0U);
        }
        table[byte] = rest;
    }
    return table;
}();

}  // namespace detail

/// `before` is the sum of what stands before these bytes, so that they may come in parts.
[[nodiscard]] constexpr std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) {
    std::uint32_t crc = ~before;
    for (const char byte : bytes) {
        crc = (crc >> 8) ^ detail::crc32c_table[(crc ^ static_cast<unsigned char>(byte)) & 0xffU];
    }
    return ~crc;
}

static_assert(crc32c("123456789") == 0xe3069283U);  // The check value of RFC 3720.
static_assert(crc32c("6789", crc32c("12345")) == crc32c("123456789"));

}  // namespace offerkit::record
