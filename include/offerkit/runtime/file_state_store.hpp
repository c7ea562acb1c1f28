// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A scheduler's state in a folder: a file for each value, replaced as a whole and checked when it
/// is read. Durable against a crash of the machine when `put` returns.

#include <offerkit/core/bytes.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/framework/state_store.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::runtime {

class FileStateStore {
public:
    /// Makes the folder if it is missing. Refuses: `already_exists` while another process holds it,
    /// `unavailable`.
    static Result<FileStateStore> open(const std::string& folder);

    /// Refuses: `invalid` key, `too_large` value, `unavailable` when it could not be written.
    Result<void> put(std::string_view key, const Bytes& value);
    /// Refuses: `invalid` key, `malformed` for a file that is damaged, `unavailable`.
    [[nodiscard]] Result<std::optional<Bytes>> find(std::string_view key) const;
    Result<void> erase(std::string_view key);
    [[nodiscard]] std::vector<std::string> keys() const;

private:
    explicit FileStateStore(WorkDir folder) : folder_(std::move(folder)) {}
    [[nodiscard]] std::string file(std::string_view key) const;

    WorkDir folder_;
};
static_assert(StateStore<FileStateStore>);

}  // namespace offerkit::runtime

namespace offerkit {

using runtime::FileStateStore;

}  // namespace offerkit
