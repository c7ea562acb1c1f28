// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The policies that come with OfferKit, by the names that `--policy` takes.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/asset_fairness.hpp>
#include <offerkit/allocation/best_fit.hpp>
#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/drfh.hpp>
#include <offerkit/allocation/easy_backfill.hpp>
#include <offerkit/allocation/fgd.hpp>
#include <offerkit/allocation/fifo.hpp>
#include <offerkit/allocation/gang.hpp>
#include <offerkit/allocation/hierarchical_drf.hpp>
#include <offerkit/allocation/karma.hpp>
#include <offerkit/allocation/max_min.hpp>
#include <offerkit/allocation/random.hpp>
#include <offerkit/allocation/task_share_fairness.hpp>
#include <offerkit/allocation/tetris.hpp>
#include <offerkit/allocation/weighted_drf.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/core/result.hpp>

#include <memory>
#include <span>
#include <string_view>

namespace offerkit {

struct PolicySummary {
    std::string_view name;
    std::string_view text;  // One line, for --help.
};

/// All of them, the default first.
[[nodiscard]] std::span<const PolicySummary> policies();

/// An allocator with the policy of that name. Refuses: `not_found`, naming the nearest name.
[[nodiscard]] Result<std::unique_ptr<Allocator>> make_allocator(std::string_view policy_name,
                                                                CycleOptions options = {});

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/allocation/impl/policies.ipp>
#endif
