// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A lottery: each time something is given, the next in line is drawn anew among the siblings, with
/// chances in proportion to their weights, whatever they hold. The baseline that fair policies have
/// to beat.
///
/// Cost: about a hundred integer operations per change, and all nodes once per cycle.

#include <offerkit/allocation/policy.hpp>
#include <offerkit/core/bytes.hpp>
#include <offerkit/core/fingerprint.hpp>
#include <offerkit/core/random.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace offerkit {

class RandomOrder {
public:
    static constexpr auto name = "random";

    void begin_cycle(Rng& rng) {
        salt_ = rng.next();
        clocks_.clear();
    }

    /// Each node has a clock that rings at random, at a rate of its weight; the next to ring is
    /// served, and its clock goes on from there. Which of several is next is then a draw in
    /// proportion to the rates, every time.
    [[nodiscard]] std::uint64_t rank(const NodeView& node) {
        const std::size_t place = node.id().value;
        if (clocks_.size() <= place) clocks_.resize(place + 1);
        Clock& clock = clocks_[place];
        if (clock.rings_at == 0 || clock.served != node.last_served()) {
            clock.served = node.last_served();
            clock.rings_at += draw(node);
        }
        return clock.rings_at;
    }

    /// Nothing outlives a cycle.
    void save(Bytes& /*out*/) const {}
    void load(ByteReader& /*in*/) {}

private:
    struct Clock {
        std::uint64_t rings_at = 0;
        std::uint64_t served = 0;
    };

    // Exponential, with a mean of 2^42 for the least weight: a cycle of 2^20 grants cannot wrap.
    [[nodiscard]] std::uint64_t draw(const NodeView& node) const {
        Fingerprint chance;
        chance.add(salt_);
        chance.add(node.identity());
        chance.add(node.last_served());
        return (minus_log2(chance.value() | 1) << 10) / static_cast<std::uint64_t>(node.weight());
    }

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
    std::vector<Clock> clocks_;  // By node.
};
static_assert(AllocationPolicy<RandomOrder>);

}  // namespace offerkit
