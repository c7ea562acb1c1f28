// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The database of a store: rows with a checksum each, and one row that says what all of them
/// together must be. Only its bodies, and those of `sql_statement.hpp`, name SQLite.

#include <offerkit/core/result.hpp>
#include <offerkit/record/key_change.hpp>
#include <offerkit/runtime/store/mark_file.hpp>

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace offerkit::runtime::detail {

struct DatabaseOptions {
    std::string path;
    std::uint64_t size_max = 0;  // Bytes; 0: what the disk has.
    std::string vfs;             // SQLite's name of how files are reached; empty: as usual.
};

/// Refusals: `malformed` is damage; `insufficient` a disk that is full, with nothing changed;
/// `stale_epoch` a newer writer; after `unavailable` it is not known what is on the disk, and the
/// database must be closed, opened and read again.
class Database {
public:
    /// Makes an empty one, with a head of all zeros.
    static Result<std::unique_ptr<Database>> create(const DatabaseOptions& options);

    /// Checks the form of the whole database, not yet its rows. One that is read only may be in
    /// use by another process.
    static Result<std::unique_ptr<Database>> open(const DatabaseOptions& options, bool read_only);

    Database(const Database&) = delete;
    Database& operator=(const Database&) = delete;
    ~Database();

    struct Contents {
        StoreHead head;
        std::vector<record::KeyValue> values;  // In the order of their keys.
    };

    /// Reads all, every checksum checked.
    [[nodiscard]] Result<Contents> load();

    /// Makes the changes durable together, if the head is still `from`. `undo` gets what reverts
    /// them. Returns the new head.
    [[nodiscard]] Result<StoreHead> commit(const StoreHead& from, std::uint64_t epoch,
                                           std::span<const record::KeyChange> changes,
                                           std::vector<record::KeyChange>& undo);

    /// Moves the log into the database if it has grown long, or if `all`. A disk that is full is no
    /// failure: the log stays.
    [[nodiscard]] Result<void> checkpoint(bool all);

private:
    struct Body;
    explicit Database(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

/// The files that SQLite keeps for the database at `path`, itself first.
[[nodiscard]] std::vector<std::string> database_files(const std::string& path);

}  // namespace offerkit::runtime::detail
