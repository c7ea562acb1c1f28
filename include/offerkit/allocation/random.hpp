// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A lottery: each time something is given, the next in line is drawn anew among the siblings, with
/// chances in proportion to their weights, whatever they hold. The baseline that fair policies have
/// to beat.
///
/// Cost: about a hundred integer operations per change, and all nodes once per cycle.

#include <offerkit/allocation/policy.hpp>
#include <offerkit/core/fingerprint.hpp>
#include <offerkit/core/random.hpp>

#include <bit>
#include <cstdint>

namespace offerkit {

class RandomOrder {
public:
    static constexpr auto name = "random";

    void begin_cycle(Rng& rng) noexcept { salt_ = rng.next(); }

    /// The first of several exponential clocks to ring is a given one in proportion to its rate:
    /// so each node draws -log(u) and divides it by its weight.
    [[nodiscard]] std::uint64_t rank(const NodeView& node) const noexcept {
        Fingerprint draw;
        draw.add(salt_);
        draw.add(node.identity());
        draw.add(node.last_served());
        const std::uint64_t minus_log = minus_log2(draw.value() | 1);
        return (minus_log << 16) / static_cast<std::uint64_t>(node.weight());
    }

private:
    __extension__ using Wide = unsigned __int128;

    /// -log2(u / 2^64) in units of 2^-32, rounded up. Pre: `u > 0`.
    [[nodiscard]] static constexpr std::uint64_t minus_log2(std::uint64_t u) noexcept {
        const int zeros = std::countl_zero(u);
        // The mantissa in [1, 2), in units of 2^-63; each squaring gives one binary digit.
        std::uint64_t mantissa = u << zeros;
        std::uint64_t fraction = 0;
        for (int bit = 31; bit >= 0; --bit) {
            const Wide square = Wide{mantissa} * mantissa;
            const bool carries = (square >> 127) != 0;
            mantissa = static_cast<std::uint64_t>(square >> (carries ? 64 : 63));
            if (carries) fraction |= std::uint64_t{1} << bit;
        }
        return ((static_cast<std::uint64_t>(zeros) + 1) << 32) - fraction;
    }

    std::uint64_t salt_ = 0;
};
static_assert(AllocationPolicy<RandomOrder>);

}  // namespace offerkit
