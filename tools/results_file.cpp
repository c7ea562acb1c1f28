// SPDX-License-Identifier: Apache-2.0

#include "results_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace offerkit::tools {

Result<std::unique_ptr<ResultsFile>> ResultsFile::open(const std::string& path, bool resumes) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (descriptor < 0) {
        return Refusal{RefusalCode::unavailable, "file " + path, "open for results",
                       std::strerror(errno), "give another --results"};
    }
    std::unique_ptr<ResultsFile> file{new ResultsFile{path, descriptor}};
    if (Result<void> read = file->read_earlier(resumes); !read) return std::move(read).error();
    return file;
}

ResultsFile::~ResultsFile() { ::close(file_); }

Result<void> ResultsFile::read_earlier(bool resumes) {
    struct stat status{};
    if (::fstat(file_, &status) != 0) return refuse("open for results", errno);
    is_regular_ = S_ISREG(status.st_mode);
    if (!is_regular_) {
        if (!resumes) return {};  // A pipe or a terminal: written to, never read.
        return Refusal{RefusalCode::invalid, "file " + path_, "resume", "is not a regular file",
                       "resume the file that an earlier run wrote"};
    }
    if (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
        return Refusal{RefusalCode::conflict, "file " + path_, "open for results",
                       "another run is writing it", "wait for its end, or give another --results"};
    }
    if (::fstat(file_, &status) != 0) return refuse("open for results", errno);
    if (status.st_size != 0 && !resumes) {
        return Refusal{RefusalCode::already_exists, "file " + path_, "write results",
                       "it holds the results of an earlier run",
                       "go on with that run with --resume, or give another --results"};
    }
    earlier_.resize(static_cast<std::size_t>(status.st_size));
    std::size_t have = 0;
    while (have < earlier_.size()) {
        const ssize_t got = ::pread(file_, earlier_.data() + have, earlier_.size() - have,
                                    static_cast<off_t>(have));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return refuse("read", errno);
        if (got == 0) break;
        have += static_cast<std::size_t>(got);
    }
    earlier_.resize(have);
    const std::size_t whole = earlier_.rfind('\n') + 1;  // 0 if there is none.
    if (whole == earlier_.size()) return {};
    earlier_.resize(whole);
    if (::ftruncate(file_, static_cast<off_t>(whole)) != 0) return refuse("mend", errno);
    return {};
}

void ResultsFile::append(std::string_view line) {
    const std::lock_guard lock{mutex_};
    if (failure_) return;
    const off_t before = is_regular_ ? ::lseek(file_, 0, SEEK_END) : 0;
    while (!line.empty()) {
        const ssize_t written = ::write(file_, line.data(), line.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            failure_ = refuse("write results", errno);
            // Half a line would spoil the file for those who read it.
            if (is_regular_ && ::ftruncate(file_, before) != 0) failure_->why += ", in a line";
            return;
        }
        line.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::optional<Refusal> ResultsFile::failure() const {
    const std::lock_guard lock{mutex_};
    return failure_;
}

Result<void> ResultsFile::finish() {
    if (const std::optional<Refusal> failed = failure()) return *failed;
    if (is_regular_ && ::fsync(file_) != 0) return refuse("write results", errno);
    return {};
}

Refusal ResultsFile::refuse(const char* what, int error) const {
    return {RefusalCode::unavailable, "file " + path_, what, std::strerror(error),
            "see that the disk has room, or give another --results"};
}

}  // namespace offerkit::tools
