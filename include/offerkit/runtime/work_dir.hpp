// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A daemon's folder: held by one process at a time, and the small files in it that must survive
/// anything.

#include <offerkit/core/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit::runtime {

/// Replaces a file as a whole: whoever reads it, whenever the machine stops, sees the old text or
/// the new. Durable when this returns. Refuses: `unavailable`.
Result<void> write_file(const std::string& path, std::string_view text, unsigned mode = 0600);

/// Makes what was made, renamed or removed in a folder durable. Refuses: `unavailable`.
Result<void> sync_folder(const std::string& folder);

/// Reads a file of at most `bytes_max`. Refuses: `not_found`, `too_large`, `unavailable`.
[[nodiscard]] Result<std::string> read_file(const std::string& path, std::size_t bytes_max);

/// Raises the number in a file by one, durably, and returns it. Without a file: 1.
/// Refuses: `malformed` file, `unavailable`.
[[nodiscard]] Result<std::uint64_t> raise_number(const std::string& path);

/// A folder that is locked for as long as this lives.
class WorkDir {
public:
    /// Makes the folder if it is missing, for its owner alone. Refuses: `already_exists` when
    /// another process holds it, `unavailable`.
    static Result<WorkDir> open(const std::string& path);

    WorkDir(WorkDir&& other) noexcept
        : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)) {}
    WorkDir& operator=(WorkDir&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(lock_, other.lock_);
        return *this;
    }
    ~WorkDir();

    [[nodiscard]] const std::string& path() const { return path_; }  // Absolute.
    [[nodiscard]] std::string file(std::string_view name) const;

private:
    WorkDir(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_ = -1;
};

}  // namespace offerkit::runtime
