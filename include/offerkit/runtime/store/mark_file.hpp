// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The second file of a store: how far it is durable. It is written after each commit and before
/// anybody is told, so that a database that lost its end, at whatever place, is found out.

#include <offerkit/core/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::runtime::detail {

/// Where a store stands after a commit.
struct StoreHead {
    std::uint64_t sequence = 0;  // Of the commit; 0: nothing was ever committed.
    std::uint64_t epoch = 0;     // Of its writer.
    std::uint64_t rows = 0;
    std::uint64_t digest = 0;         // The sum of the checksums of all rows.
    std::uint64_t digest_before = 0;  // The same of the commit before.
    friend bool operator==(const StoreHead&, const StoreHead&) = default;
};

/// Two slots, written in turn: a write that is cut off spoils only the older one.
class MarkFile {
public:
    /// Makes the file with a head of all zeros; durable when this returns. Refuses: `unavailable`.
    static Result<void> create(const std::string& path);

    /// Refuses: `not_found`; `malformed` when no slot is whole; `unavailable`.
    static Result<MarkFile> open(const std::string& path, bool read_only);

    MarkFile(MarkFile&& other) noexcept
        : path_(std::move(other.path_)),
          file_(std::exchange(other.file_, -1)),
          head_(other.head_),
          is_new_(other.is_new_) {}
    MarkFile& operator=(MarkFile&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(file_, other.file_);
        head_ = other.head_;
        is_new_ = other.is_new_;
        return *this;
    }
    ~MarkFile();

    [[nodiscard]] const StoreHead& head() const { return head_; }

    /// True until something was written: whatever else is there was never told to anybody.
    [[nodiscard]] bool is_new() const { return is_new_; }

    /// Durable when this returns. Refuses: `unavailable`.
    Result<void> write(const StoreHead& head);

private:
    MarkFile(std::string path, int file) : path_(std::move(path)), file_(file) {}

    std::string path_;
    int file_ = -1;
    StoreHead head_;
    bool is_new_ = false;
};

}  // namespace offerkit::runtime::detail
