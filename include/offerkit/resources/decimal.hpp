// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Decimal text to thousandths and back to text, exactly. Shared by the literals, which read their
/// own characters, and by `text.hpp`; a double never appears.

#include <cstdint>
#include <string_view>

namespace offerkit {

/// What one display unit (a cpu, a MiB, a gpu) is in the integers that we store.
inline constexpr std::int64_t thousandths = 1000;

namespace detail {

enum class DecimalError : unsigned char { none, malformed, too_precise, too_large };

struct Decimal {
    std::int64_t units = 0;  // Thousandths.
    DecimalError error = DecimalError::none;
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Reads DIGITS or DIGITS.DIGITS with at most three decimals. A sign, an exponent, a blank, a
/// leading zero before another digit or a missing digit is `malformed`; beyond `units_max` is
/// `too_large`. Pre: `units_max <= 2^62`.
constexpr Decimal parse_decimal(std::string_view text, std::int64_t units_max) {
    std::size_t at = 0;
    std::int64_t whole = 0;
    bool is_large = false;
    for (; at < text.size() && is_digit(text[at]); ++at) {
        whole = whole * 10 + (text[at] - '0');
        if (whole > units_max / thousandths) {
            is_large = true;
            whole = units_max / thousandths;  // Keeps the loop from overflowing; refused below.
        }
    }
    if (at == 0 || (at > 1 && text.front() == '0')) return {0, DecimalError::malformed};
    std::int64_t fraction = 0;
    std::size_t decimals = 0;
    if (at < text.size()) {
        if (text[at] != '.') return {0, DecimalError::malformed};
        for (++at; at < text.size() && is_digit(text[at]); ++at, ++decimals) {
            if (decimals < 3) fraction = fraction * 10 + (text[at] - '0');
        }
        if (decimals == 0 || at != text.size()) return {0, DecimalError::malformed};
        if (decimals > 3) return {0, DecimalError::too_precise};
        for (std::size_t i = decimals; i < 3; ++i)
            fraction *= 10;
    }
    const std::int64_t units = whole * thousandths + fraction;
    if (is_large || units > units_max) return {0, DecimalError::too_large};
    return {units, DecimalError::none};
}

}  // namespace detail
}  // namespace offerkit
