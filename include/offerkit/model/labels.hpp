// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Small facts that people attach to things: labels (opaque to us) and attributes (of an agent,
/// used by constraints).

#include <offerkit/resources/label.hpp>
#include <offerkit/resources/ranges.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace offerkit {

/// What an operator says of an agent: `rack:r1`, `slots:4`, `ports:[1-2]`, `zones:{a,b}`.
struct Attribute {
    using Value = std::variant<std::string, std::int64_t, Ranges, std::vector<std::string>>;

    std::string name;
    Value value;  // The integer is in thousandths, as all scalars are.
    friend bool operator==(const Attribute&, const Attribute&) = default;
};

using Attributes = std::vector<Attribute>;

/// Where a machine stands: failures come by zone, latency by region. Empty means not said.
struct Domain {
    std::string region;
    std::string zone;
    friend bool operator==(const Domain&, const Domain&) = default;
};

}  // namespace offerkit
