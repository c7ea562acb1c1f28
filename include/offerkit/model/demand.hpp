// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Demand: what a framework would take, said in advance. Offers match it, "why pending" has an
/// answer, and a claimant without demand is not served.

#include <offerkit/core/time.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace offerkit {

/// `count` tasks of one shape; `gang` of them are needed at once (1: each alone is useful).
struct DemandShape {
    Resources resources;
    std::uint32_t count = 0;
    std::uint32_t gang = 1;
    Duration run_time_estimate{0};  // Zero: not said.
    friend bool operator==(const DemandShape&, const DemandShape&) = default;
};

/// All that a framework wants in a role. An empty list: nothing at present.
struct Demand {
    Role role;
    std::vector<DemandShape> shapes;
    friend bool operator==(const Demand&, const Demand&) = default;
};

}  // namespace offerkit
