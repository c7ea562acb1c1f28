// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the operator owes or allows a role, as data: the allocation cycle enforces it.

#include <offerkit/model/role.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit {

/// The floor the cluster owes a role and the ceiling it may reach. A kind that is not named in
/// `limits` is unlimited; one named with zero is forbidden. Thousandths of the display unit.
struct Quota {
    Resources guarantee;
    std::vector<std::pair<std::string, std::int64_t>> limits;  // By kind name, sorted.
    friend bool operator==(const Quota&, const Quota&) = default;
};

struct RoleConfig {
    Role role;
    std::int64_t weight = 1000;  // Thousandths.
    Quota quota;
    friend bool operator==(const RoleConfig&, const RoleConfig&) = default;
};

}  // namespace offerkit
