// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A store's folder as an operator handles it: looked at, saved to one file, put back. Nothing here
/// writes to a store that a process holds.

#include <offerkit/core/result.hpp>
#include <offerkit/record/key_change.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace offerkit::runtime {

/// All that a store holds, after one of its commits.
struct StoreContents {
    std::uint64_t epoch = 0;
    std::uint64_t commit = 0;
    std::vector<record::KeyValue> values;  // In the order of their keys.
    friend bool operator==(const StoreContents&, const StoreContents&) = default;
};

enum class StoreUse : std::uint8_t {
    alone,  // Refused while another process holds the store.
    live,   // A process that holds it goes on meanwhile.
};

/// Reads and checks all. Refuses: `not_found`, `already_exists` while another process holds it,
/// `malformed` for damage, `unavailable`.
[[nodiscard]] Result<StoreContents> read_store(const std::string& folder, StoreUse use);

/// What the database alone holds, whole as it is, but perhaps without the last commits: for when
/// there is damage and no backup. Refuses like `read_store`.
[[nodiscard]] Result<StoreContents> salvage_store(const std::string& folder);

/// One thing that was looked at, for people.
struct StoreFinding {
    std::string what;
    std::string found;
    bool good = false;
};

/// Looks at each file by itself, and at whether they agree. Refuses: `not_found`, `already_exists`.
[[nodiscard]] Result<std::vector<StoreFinding>> examine_store(const std::string& folder);

/// Saves to one file, whole or not at all. Refuses: `already_exists` for a file that is there.
[[nodiscard]] Result<void> write_backup(const std::string& file, const StoreContents& contents);

/// Refuses: `not_found`, `malformed` for what is no backup, or damaged.
[[nodiscard]] Result<StoreContents> read_backup(const std::string& file);

/// The highest epoch that any file of the folder can tell; 0 if none can.
[[nodiscard]] std::uint64_t find_epoch(const std::string& folder);

/// Makes the folder a store of these contents, whose writers have epochs above `epoch`. What was
/// there is kept beside it; returns where, or nothing. At every moment the old or the new is in
/// place. Pre: the caller keeps others from opening it.
[[nodiscard]] Result<std::string> restore_store(const std::string& folder,
                                                const StoreContents& contents, std::uint64_t epoch);

}  // namespace offerkit::runtime
