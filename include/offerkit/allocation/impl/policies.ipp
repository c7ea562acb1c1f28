// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/allocation/policies.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <vector>

namespace offerkit {

namespace detail {

struct PolicyEntry {
    PolicySummary summary;
    std::unique_ptr<Allocator> (*make)(CycleOptions options);
};

template <AllocationPolicy P>
std::unique_ptr<Allocator> make_cycle(CycleOptions options) {
    return std::make_unique<Cycle<P>>(P{}, options);
}

template <AllocationPolicy P>
constexpr PolicyEntry entry_of(std::string_view text) {
    return {{P::name, text}, &make_cycle<P>};
}

inline constexpr std::array policy_table{
    entry_of<WeightedDrf>("least weighted dominant share first, at every level of roles"),
    entry_of<HierarchicalDrf>(
        "drf that starves nobody in roles whose members want different kinds"),
    entry_of<MaxMin>("fewest cpus first, for its weight"),
    entry_of<Fifo>("first come, first served: shares and weights mean nothing"),
    entry_of<RandomOrder>("a lottery in proportion to weights, whatever is held"),
    entry_of<BestFit>("drf, and the fullest agents are offered first"),
    entry_of<AssetFairness>("least of all kinds together first, for its weight"),
    entry_of<TaskShareFairness>("fewest of the tasks that it could run alone first"),
    entry_of<Drfh>("drf, and each is offered the agent that is shaped like its tasks"),
    entry_of<Fgd>("drf, and each is offered the agent where least becomes useless to others"),
    entry_of<Tetris>("what goes best with what is left, of those who have least for their weight"),
    entry_of<Gang>("drf, and tasks that are needed at once are granted at once"),
    entry_of<EasyBackfill>("first come, first served; whoever delays nobody may go ahead"),
    entry_of<Karma>("cpus shared fairly over time: who used little before is served first"),
};

inline constexpr auto policy_summaries = [] {
    std::array<PolicySummary, policy_table.size()> summaries;
    for (std::size_t i = 0; i < summaries.size(); ++i)
        summaries[i] = policy_table[i].summary;
    return summaries;
}();

/// How many letters to add, drop or change to get from one text to the other.
OFFERKIT_INLINE std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t change = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({change, row[j] + 1, row[j + 1] + 1});
        }
    }
    return row[b.size()];
}

}  // namespace detail

OFFERKIT_INLINE std::span<const PolicySummary> policies() { return detail::policy_summaries; }

OFFERKIT_INLINE Result<std::unique_ptr<Allocator>> make_allocator(std::string_view policy_name,
                                                                  CycleOptions options) {
    for (const detail::PolicyEntry& entry : detail::policy_table) {
        if (entry.summary.name == policy_name) return entry.make(options);
    }
    const std::string_view asked = policy_name.substr(0, 64);
    std::string names;
    for (const PolicySummary& policy : policies()) {
        if (!names.empty()) names += ", ";
        names += policy.name;
    }
    const auto nearest = std::ranges::min_element(policies(), {}, [&](const PolicySummary& policy) {
        return detail::edit_distance(asked, policy.name);
    });
    return Refusal{RefusalCode::not_found, "policy " + std::string(asked), "make an allocator",
                   "there is no such policy; there are " + names,
                   "use " + std::string(nearest->name)};
}

}  // namespace offerkit
