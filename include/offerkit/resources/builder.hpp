// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The door through which resources enter from text and from peers. Everything behind it may assume
/// that values are within `limits.hpp`, names are well formed and nothing is said twice.

#include <offerkit/core/result.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

/// Collects the parts of one `Resources`, refusing what does not belong. All of them refuse:
/// `malformed` for a bad name or item, `invalid` for a value out of its range or a kind that is
/// said twice, `too_large` beyond a limit. After a refusal the builder holds what it held before.
class ResourcesBuilder {
public:
    /// Amounts are bounded by `units_max`: `limits::amount_per_agent_max` for what one agent can
    /// have, `limits::amount_per_cluster_max` for totals and quotas.
    explicit ResourcesBuilder(std::int64_t units_max = limits::amount_per_agent_max)
        : units_max_(units_max) {}

    [[nodiscard]] Result<void> amount(std::string_view name, std::int64_t units);
    [[nodiscard]] Result<void> ranges(std::string_view name, Ranges ranges);
    [[nodiscard]] Result<void> set(std::string_view name, std::vector<std::string> items);

    /// Milli-gpus per card. `on_no_card` is what there is beyond them.
    [[nodiscard]] Result<void> gpu_cards(std::vector<std::int64_t> cards,
                                         std::int64_t on_no_card = 0);

    /// The bundle's contents, reservations and volume are checked as well.
    [[nodiscard]] Result<void> bundle(Bundle bundle);

    /// What was collected.
    [[nodiscard]] Resources take() && { return std::move(resources_); }

private:
    [[nodiscard]] Result<void> check_name(std::string_view name);
    [[nodiscard]] Result<void> check_units(std::string_view name, std::int64_t units) const;

    std::int64_t units_max_;
    std::vector<std::string> names_;  // All kinds said so far, in the order they came.
    Resources resources_;
};

/// Checks resources that were built without a builder: names, bounds of amounts and counts, and
/// that they are in portable form. Refuses as the builder does.
[[nodiscard]] Result<void> validate_resources(
    const Resources& resources, std::int64_t units_max = limits::amount_per_agent_max);

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/builder.ipp>
#endif
