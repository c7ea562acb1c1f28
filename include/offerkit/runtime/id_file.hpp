// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where a framework keeps its id between two runs, so that the second one finds the tasks of the
/// first. Held by one process at a time.

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>

#include <string>
#include <utility>

namespace offerkit::runtime {

class IdFile {
public:
    /// Takes the file, which need not be there, and reads it. Refuses: `already_exists` when
    /// another process holds it, `malformed` when it holds no id, `unavailable`.
    static Result<IdFile> open(const std::string& path);

    IdFile(IdFile&& other) noexcept
        : path_(std::move(other.path_)), lock_(std::exchange(other.lock_, -1)), id_(other.id_) {}
    IdFile& operator=(IdFile&& other) noexcept {
        std::swap(path_, other.path_);
        std::swap(lock_, other.lock_);
        std::swap(id_, other.id_);
        return *this;
    }
    ~IdFile();

    [[nodiscard]] FrameworkId id() const { return id_; }  // None: there was no earlier run.

    /// Durable when this returns. Refuses: `unavailable`.
    Result<void> keep(FrameworkId id);
    /// The framework has ended: the next run is a new one.
    Result<void> forget();

private:
    IdFile(std::string path, int lock) : path_(std::move(path)), lock_(lock) {}
    std::string path_;
    int lock_ = -1;
    FrameworkId id_;
};

}  // namespace offerkit::runtime
