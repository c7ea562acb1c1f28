// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An agent's checkpoint as keys and values, for any store. Values are protobuf
/// (`proto/checkpoint.proto`), so that later versions read what earlier ones kept.

#include <offerkit/agent/checkpoint.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/record/key_change.hpp>

#include <span>
#include <vector>

namespace offerkit::record {

/// What the write does to the keys: all of it at once, or a crash could leave half a task.
[[nodiscard]] std::vector<KeyChange> changes_of(const agent::checkpoint::Write& write);

/// What an agent that starts again is given. `values`: all there are, in any order.
/// Refuses: `unsupported` keys, as of a later version; `malformed` values, and statuses of tasks
/// that are not there; what validation refuses. The refusal names the key.
[[nodiscard]] Result<agent::checkpoint::Contents> checkpoint_of(std::span<const KeyValue> values);

}  // namespace offerkit::record
