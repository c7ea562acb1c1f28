// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/resources/amounts.hpp>

#include <string>

namespace offerkit {

OFFERKIT_INLINE Result<Amounts> Amounts::try_multiply(std::int64_t count) const {
    if (count < 0) {
        return Refusal{RefusalCode::invalid, "resources", "multiply by " + std::to_string(count),
                       "a count is never negative", "give a count of 0 or more"};
    }
    Amounts product;
    for (std::size_t slot = 0; slot < limits::slots; ++slot) {
        const int128 units = int128{values_[slot]} * count;
        if (units > limits::amount_per_cluster_max) {
            return Refusal{RefusalCode::too_large, "resources",
                           "multiply by " + std::to_string(count),
                           "slot " + std::to_string(slot) + " would exceed 2^53 thousandths",
                           "give a smaller count"};
        }
        product.values_[slot] = static_cast<std::int64_t>(units);
    }
    return product;
}

}  // namespace offerkit
