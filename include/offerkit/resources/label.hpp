// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Labels: what people and frameworks attach to reservations, tasks and agents.

#include <string>
#include <vector>

namespace offerkit {

/// A key and a value that OfferKit carries and never reads.
struct Label {
    std::string key;
    std::string value;
    friend bool operator==(const Label&, const Label&) = default;
};

using Labels = std::vector<Label>;

}  // namespace offerkit
