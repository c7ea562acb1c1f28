// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A 64-bit fingerprint over values, fed field by field: never over padding, addresses or
/// serialised protobuf, so that two compilers give the same one. Not for secrets.

#include <concepts>
#include <cstdint>
#include <string_view>

namespace offerkit {

class Fingerprint {
public:
    constexpr void add(std::uint64_t value) {
        // A round of SplitMix64's finaliser over the running state: order matters, as it must.
        state_ = mix(state_ ^ (value + 0x9e3779b97f4a7c15U));
    }
    constexpr void add(std::int64_t value) { add(static_cast<std::uint64_t>(value)); }
    constexpr void add(std::same_as<bool> auto value) { add(std::uint64_t{value}); }
    constexpr void add(std::uint32_t value) { add(std::uint64_t{value}); }
    constexpr void add(std::int32_t value) { add(std::int64_t{value}); }

    /// Length first, so that "ab","c" differs from "a","bc".
    constexpr void add(std::string_view text) {
        add(std::uint64_t{text.size()});
        std::uint64_t word = 0;
        int filled = 0;
        for (const char c : text) {
            word = (word << 8) | static_cast<unsigned char>(c);
            if (++filled == 8) {
                add(word);
                word = 0;
                filled = 0;
            }
        }
        if (filled != 0) add(word);
    }

    [[nodiscard]] constexpr std::uint64_t value() const { return state_; }
    friend constexpr bool operator==(const Fingerprint&, const Fingerprint&) = default;

private:
    static constexpr std::uint64_t mix(std::uint64_t z) {
        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
        z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
        return z ^ (z >> 31);
    }

    std::uint64_t state_ = 0x0ffe4217U;
};

}  // namespace offerkit
