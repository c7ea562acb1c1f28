// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A master's registry as keys and values, for any store. Values are protobuf
/// (`proto/registry.proto`), so that later versions read what earlier ones kept.

#include <offerkit/core/result.hpp>
#include <offerkit/master/registry.hpp>
#include <offerkit/record/key_change.hpp>

#include <span>
#include <vector>

namespace offerkit::record {

/// What the write does to the keys. Pre: a mark or a mode is of a member, as the master sees to.
[[nodiscard]] std::vector<KeyChange> changes_of(const master::registry::Write& write);

/// What a master that starts again is given. `values`: all there are, in the order of their keys,
/// which makes it quick. Refuses: `unsupported` keys, as of a later version; `malformed` values;
/// what validation refuses. The refusal names the key.
[[nodiscard]] Result<master::registry::Contents> registry_of(std::span<const KeyValue> values);

}  // namespace offerkit::record
