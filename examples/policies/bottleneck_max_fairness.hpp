// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Bottleneck max fairness (Bonald and Roberts, "Multi-Resource Fairness: Objectives, Algorithms
/// and Performance", SIGMETRICS 2015, section 3): everybody has a kind of which nothing is left and
/// of which nobody has a larger share. Found by filling one kind after the other: of each there is
/// a level up to which all are served, beside what the levels of the other kinds leave them; the
/// levels are gone over until none moves by more than 2^-24.

#include "target_shares.hpp"

namespace examples {

[[nodiscard]] inline std::vector<std::int64_t> share_by_bottlenecks(
    const std::vector<Proportions>& wanted) {
    constexpr std::int64_t tolerance = fixed_one >> 24;
    constexpr std::int64_t unlimited = fixed_one << 20;
    Proportions levels;
    levels.fill(unlimited);
    const auto share = [&](const Proportions& of, std::size_t without) {
        std::int64_t least = unlimited;
        for (std::size_t kind = 0; kind < of.size(); ++kind) {
            if (kind != without && of[kind] > 0) {
                least = std::min(least, divided(levels[kind], of[kind]));
            }
        }
        return least;
    };
    const auto fill = [&](std::size_t kind) {
        std::vector<std::int64_t> uses;
        for (const Proportions& of : wanted) {
            if (of[kind] > 0) uses.push_back(times(of[kind], share(of, kind)));
        }
        std::ranges::sort(uses);
        std::int64_t left = fixed_one;
        for (std::size_t i = 0; i < uses.size(); ++i) {
            const std::int64_t level = left / static_cast<std::int64_t>(uses.size() - i);
            if (uses[i] > level) return level;
            left -= uses[i];
        }
        return unlimited;
    };
    constexpr int rounds_max = 10'000;
    bool moved = true;
    for (int round = 0; round < rounds_max && moved; ++round) {
        moved = false;
        for (std::size_t kind = 0; kind < levels.size(); ++kind) {
            const std::int64_t level = fill(kind);
            if (std::abs(level - levels[kind]) > tolerance) moved = true;
            levels[kind] = level;
        }
    }
    std::vector<std::int64_t> shares;
    for (const Proportions& of : wanted)
        shares.push_back(share(of, levels.size()));
    return shares;
}

struct BottleneckMaxFairness : TargetShares<&share_by_bottlenecks> {
    static constexpr auto name = "bmf";
};
static_assert(offerkit::AllocationPolicy<BottleneckMaxFairness>);

}  // namespace examples
