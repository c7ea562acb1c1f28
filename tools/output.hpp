// SPDX-License-Identifier: Apache-2.0
#pragma once

/// In which form a command prints what it found: `-o`.

#include <cstdint>

namespace offerkit::tools {

enum class Output : std::uint8_t {
    table,  // For people.
    wide,   // With more columns.
    json,   // One document, with `schema_version`.
    jsonl,  // One line for each thing, without the document around it.
};

[[nodiscard]] constexpr bool is_for_programs(Output output) {
    return output == Output::json || output == Output::jsonl;
}

}  // namespace offerkit::tools
