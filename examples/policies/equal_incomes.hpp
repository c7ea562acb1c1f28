// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Competitive equilibrium from equal incomes (Varian 1974; in Ghodsi et al., "Dominant Resource
/// Fairness", NSDI 2011, section 5.1.2): everybody spends the same on what the market clears at,
/// which makes the product of what all get as large as can be. Prices follow demand, multiplied
/// by how much of each kind is asked for, until nothing that has a price is left over and nothing
/// is asked for twice, to within 2^-20. It can be cheated: who lies about what it wants may get
/// more.

#include "target_shares.hpp"

namespace examples {

[[nodiscard]] inline std::vector<std::int64_t> share_by_equal_incomes(
    const std::vector<Proportions>& wanted) {
    constexpr std::int64_t tolerance = fixed_one >> 20;
    constexpr int rounds_max = 100'000;
    Proportions prices{};
    for (const Proportions& of : wanted) {
        for (std::size_t kind = 0; kind < of.size(); ++kind) {
            if (of[kind] > 0) prices[kind] = fixed_one;
        }
    }
    std::vector<std::int64_t> shares(wanted.size());
    std::int64_t most = fixed_one;
    for (int round = 0; round < rounds_max; ++round) {
        Proportions used{};
        for (std::size_t i = 0; i < wanted.size(); ++i) {
            std::int64_t cost = 0;
            for (std::size_t kind = 0; kind < used.size(); ++kind)
                cost += times(prices[kind], wanted[i][kind]);
            shares[i] = divided(fixed_one, cost);
            for (std::size_t kind = 0; kind < used.size(); ++kind)
                used[kind] += times(wanted[i][kind], shares[i]);
        }
        most = *std::ranges::max_element(used);
        bool clears = most <= fixed_one + tolerance;
        for (std::size_t kind = 0; kind < used.size(); ++kind) {
            if (prices[kind] > tolerance && used[kind] < fixed_one - tolerance) clears = false;
            prices[kind] = times(prices[kind], used[kind]);
        }
        if (clears) break;
    }
    for (std::int64_t& share : shares)
        share = divided(share, std::max(most, fixed_one));
    return shares;
}

struct EqualIncomes : TargetShares<&share_by_equal_incomes> {
    static constexpr auto name = "ceei";
};
static_assert(offerkit::AllocationPolicy<EqualIncomes>);

}  // namespace examples
