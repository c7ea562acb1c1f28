// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Shares as fixed point, in units of 2^-32 and rounded down: for policies that add or scale
/// shares, which exact fractions cannot bear for long.

#include <offerkit/allocation/policy.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/amounts.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace offerkit {

inline constexpr std::int64_t fixed_one = std::int64_t{1} << 32;

/// `held / of / weight`, the weight in thousandths. Zero if `of` is. At most 2^42 while `held` is
/// at most `of`.
[[nodiscard]] constexpr std::int64_t fixed_share(std::int64_t held, std::int64_t of,
                                                 std::int64_t weight = 1000) {
    if (of == 0) return 0;
    return static_cast<std::int64_t>(int128{held} * fixed_one * 1000 / (int128{of} * weight));
}

/// The largest share of any one kind.
[[nodiscard]] constexpr std::int64_t fixed_dominant_share(const Amounts& held, const Amounts& total,
                                                          std::int64_t weight = 1000) {
    std::int64_t most = 0;
    for (std::size_t slot = 0; slot < limits::slots; ++slot)
        most = std::max(most, fixed_share(held[slot], total[slot], weight));
    return most;
}

/// The shares of all kinds together.
[[nodiscard]] constexpr std::int64_t fixed_sum_of_shares(const Amounts& held,
                                                         const Amounts& total) {
    std::int64_t sum = 0;
    for (std::size_t slot = 0; slot < limits::slots; ++slot)
        sum += fixed_share(held[slot], total[slot]);
    return sum;
}

}  // namespace offerkit
