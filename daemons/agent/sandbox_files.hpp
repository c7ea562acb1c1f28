// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Reads what tasks have written, for others: only regular files, only below the folder of
/// sandboxes, whatever a task has put there.

#include <offerkit/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace offerkit::daemons {

class SandboxFiles {
public:
    /// More is not read at once: the next piece begins where this one ended.
    static constexpr std::size_t piece_max = 1024 * 1024;

    /// Refuses: `unavailable` when `root`, an absolute path, cannot be opened.
    static Result<SandboxFiles> open(std::string root);
    SandboxFiles(SandboxFiles&& other) noexcept;
    SandboxFiles& operator=(SandboxFiles&&) = delete;
    ~SandboxFiles();

    /// At most `piece_max` bytes of the file at `path`, absolute, from `offset` on; empty at its
    /// end and beyond. No link is followed, so that nothing a task does leads out of the folder.
    /// Refuses: `forbidden` outside and through links, `not_found`, `invalid` for what is no file.
    [[nodiscard]] Result<std::string> read(const std::string& path, std::uint64_t offset) const;

private:
    SandboxFiles(std::string root, int folder) : root_(std::move(root)), folder_(folder) {}
    [[nodiscard]] Result<int> open_below(const std::string& path) const;

    std::string root_;
    int folder_;
};

}  // namespace offerkit::daemons
