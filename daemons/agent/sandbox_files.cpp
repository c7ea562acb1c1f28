// SPDX-License-Identifier: Apache-2.0

#include "sandbox_files.hpp"

#include <offerkit/core/limits.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

namespace offerkit::daemons {

namespace {

class Descriptor {
public:
    explicit Descriptor(int number) : number_(number) {}
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] int release() { return std::exchange(number_, -1); }
    void replace(int number) {
        if (number_ >= 0) ::close(number_);
        number_ = number;
    }

private:
    int number_;
};

Refusal refuse_file(RefusalCode code, const std::string& path, std::string why, std::string todo) {
    return {code, "file " + path.substr(0, 512), "read", std::move(why), std::move(todo)};
}

Refusal not_opened(const std::string& path, int error) {
    switch (error) {
        case ENOENT:
        case ENOTDIR:
            return refuse_file(RefusalCode::not_found, path, "there is no such file",
                               "look up the sandbox in the task's status");
        case ELOOP:
            return refuse_file(RefusalCode::forbidden, path, "a symbolic link is in the way",
                               "give the path of the file itself");
        case ENXIO:
        case EISDIR:
            return refuse_file(RefusalCode::invalid, path, "is not a regular file",
                               "give the path of a file");
        default:
            return refuse_file(RefusalCode::unavailable, path, std::strerror(error),
                               "look on that machine");
    }
}

}  // namespace

Result<SandboxFiles> SandboxFiles::open(std::string root) {
    while (root.size() > 1 && root.ends_with('/'))
        root.pop_back();
    const int folder = ::open(root.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) {
        return Refusal{RefusalCode::unavailable, "folder " + root, "read sandboxes in",
                       std::strerror(errno), "see that the agent may enter it"};
    }
    return SandboxFiles{std::move(root), folder};
}

SandboxFiles::SandboxFiles(SandboxFiles&& other) noexcept
    : root_(std::move(other.root_)), folder_(std::exchange(other.folder_, -1)) {}

SandboxFiles::~SandboxFiles() {
    if (folder_ >= 0) ::close(folder_);
}

// One name at a time, each from the folder before it: a task that swaps a folder for a link while
// we walk gains nothing.
Result<int> SandboxFiles::open_below(const std::string& path) const {
    const bool inside =
        path.size() > root_.size() + 1 && path.starts_with(root_) && path[root_.size()] == '/';
    if (!inside || path.size() > limits::path_max || path.find('\0') != std::string::npos) {
        return refuse_file(RefusalCode::forbidden, path, "is not below " + root_,
                           "give the path that a task's status names, and a file in it");
    }
    Descriptor at{::dup(folder_)};
    std::string_view rest = std::string_view{path}.substr(root_.size() + 1);
    while (true) {
        const std::size_t slash = rest.find('/');
        const std::string name{rest.substr(0, slash)};
        if (name.empty() || name == "." || name == "..") {
            return refuse_file(RefusalCode::forbidden, path, "holds an empty, . or .. part",
                               "give the plain path");
        }
        const bool is_last = slash == std::string_view::npos;
        // Not blocking: a task may have left a pipe that nobody writes to.
        const int flags = is_last ? O_RDONLY | O_NONBLOCK | O_NOCTTY : O_PATH | O_DIRECTORY;
        const int next = ::openat(at.number(), name.c_str(), flags | O_NOFOLLOW | O_CLOEXEC);
        if (next < 0) {
            const int error = errno;
            struct stat about = {};
            const bool is_link =
                ::fstatat(at.number(), name.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0 &&
                S_ISLNK(about.st_mode);
            return not_opened(path, is_link ? ELOOP : error);
        }
        at.replace(next);
        if (is_last) return at.release();
        rest.remove_prefix(slash + 1);
    }
}

Result<std::string> SandboxFiles::read(const std::string& path, std::uint64_t offset) const {
    const Result<int> opened = open_below(path);
    if (!opened) return opened.error();
    const Descriptor file{*opened};
    struct stat about = {};
    if (::fstat(file.number(), &about) != 0) return not_opened(path, errno);
    if (!S_ISREG(about.st_mode)) return not_opened(path, EISDIR);
    const auto size = static_cast<std::uint64_t>(about.st_size);
    if (offset >= size) return std::string{};
    std::string piece(static_cast<std::size_t>(std::min<std::uint64_t>(size - offset, piece_max)),
                      '\0');
    std::size_t filled = 0;
    while (filled < piece.size()) {
        const ssize_t got = ::pread(file.number(), piece.data() + filled, piece.size() - filled,
                                    static_cast<off_t>(offset + filled));
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return not_opened(path, errno);
        if (got == 0) break;
        filled += static_cast<std::size_t>(got);
    }
    piece.resize(filled);
    return piece;
}

}  // namespace offerkit::daemons
