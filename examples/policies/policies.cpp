// SPDX-License-Identifier: Apache-2.0

// Two policies of the literature, on the example of Ghodsi et al. (NSDI 2011): 9 cpus and 18 GiB,
// with tasks of 1 cpu and 4 GiB, and of 3 cpus and 1 GiB.

#include "bottleneck_max_fairness.hpp"
#include "equal_incomes.hpp"

#include <cstdio>

int main() {
    constexpr auto one = examples::fixed_one;
    const std::vector<examples::Proportions> wanted{{one / 2, one}, {one, one / 6}};
    const auto print = [](const char* policy, const std::vector<std::int64_t>& shares) {
        std::printf("%s: %lld and %lld thousandths of mem and of cpus\n", policy,
                    static_cast<long long>(shares[0] * 1000 / one),
                    static_cast<long long>(shares[1] * 1000 / one));
    };
    print(examples::BottleneckMaxFairness::name, examples::share_by_bottlenecks(wanted));
    print(examples::EqualIncomes::name, examples::share_by_equal_incomes(wanted));
}
