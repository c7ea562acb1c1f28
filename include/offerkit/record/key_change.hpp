// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What machines keep, as a store sees it: keys and bytes. The store knows nothing of what they
/// mean; `record` turns writes into changes, and what was kept back into contents.

#include <optional>
#include <string>

namespace offerkit::record {

struct KeyChange {
    std::string key;
    std::optional<std::string> value;  // None: erase.
    friend bool operator==(const KeyChange&, const KeyChange&) = default;
};

struct KeyValue {
    std::string key;
    std::string value;
    friend bool operator==(const KeyValue&, const KeyValue&) = default;
};

}  // namespace offerkit::record
