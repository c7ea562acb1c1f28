// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A file of results: lines are added whole or not at all, and are there whatever becomes of us.

#include <offerkit/core/result.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace offerkit::tools {

class ResultsFile {
public:
    /// Opens it, alone: a second run on the same file is refused. One that holds something is
    /// refused unless the run `resumes` it; then a line that a crash has cut off is taken away.
    [[nodiscard]] static Result<std::unique_ptr<ResultsFile>> open(const std::string& path,
                                                                   bool resumes);
    ResultsFile(const ResultsFile&) = delete;
    ResultsFile& operator=(const ResultsFile&) = delete;
    ~ResultsFile();

    /// What earlier runs wrote. Empty after it has been taken.
    [[nodiscard]] std::string take_earlier() { return std::move(earlier_); }

    /// Writes one line, from any thread. After a failure nothing more is written.
    void append(std::string_view line);

    /// What went wrong, if anything did. From any thread.
    [[nodiscard]] std::optional<Refusal> failure() const;

    /// The lines are on the disk when it returns.
    Result<void> finish();

private:
    ResultsFile(std::string path, int descriptor) : path_(std::move(path)), file_(descriptor) {}
    Result<void> read_earlier(bool resumes);
    [[nodiscard]] Refusal refuse(const char* what, int error) const;

    std::string path_;
    int file_;
    bool is_regular_ = true;
    std::string earlier_;
    mutable std::mutex mutex_;
    std::optional<Refusal> failure_;
};

}  // namespace offerkit::tools
