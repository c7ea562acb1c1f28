// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Dense indexes: small integers that name a place in a table of one machine. They are reused, mean
/// nothing outside, and never cross the wire.

#include <compare>
#include <cstdint>
#include <limits>

namespace offerkit {

template <class Tag>
struct Index {
    std::uint32_t value = std::numeric_limits<std::uint32_t>::max();

    [[nodiscard]] constexpr bool is_none() const { return *this == Index{}; }
    friend constexpr auto operator<=>(const Index&, const Index&) = default;
};

}  // namespace offerkit
