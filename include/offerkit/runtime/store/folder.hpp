// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A store's folder: who holds it, and whether its files agree with each other.

#include <offerkit/core/result.hpp>
#include <offerkit/runtime/store/database.hpp>
#include <offerkit/runtime/store/mark_file.hpp>

#include <memory>
#include <string>
#include <utility>

namespace offerkit::runtime::detail {

/// The lock of a store's folder, for as long as this lives. It names the process that holds it.
class StoreLock {
public:
    /// Refuses: `already_exists`, `unavailable`.
    static Result<StoreLock> take(const std::string& folder);

    StoreLock(StoreLock&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
    StoreLock& operator=(StoreLock&& other) noexcept {
        std::swap(file_, other.file_);
        return *this;
    }
    ~StoreLock();

private:
    explicit StoreLock(int file) : file_(file) {}
    int file_ = -1;
};

/// Makes a store's folder, durably, unless it is there.
[[nodiscard]] Result<void> make_store_folder(const std::string& folder);

[[nodiscard]] std::string store_database(const std::string& folder);
[[nodiscard]] std::string store_mark(const std::string& folder);

/// Both files of a store, found to agree.
struct StoreFiles {
    MarkFile mark;
    std::unique_ptr<Database> database;
    Database::Contents contents;
};

/// Opens both files, making them if there are none, and checks everything. Pre: it is locked.
/// Refuses as `DurableStore::open` does.
[[nodiscard]] Result<StoreFiles> open_store(const std::string& folder,
                                            const DatabaseOptions& options);

/// The same without changing anything. `is_live`: another process may be writing meanwhile.
/// Refuses: `not_found` without a store there.
[[nodiscard]] Result<StoreFiles> read_store(const std::string& folder, bool is_live);

}  // namespace offerkit::runtime::detail
