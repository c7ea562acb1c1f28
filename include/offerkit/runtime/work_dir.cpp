// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/work_dir.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace offerkit::runtime {

namespace {

Refusal fault(const std::string& path, const char* what, int error) {
    return {error == ENOENT ? RefusalCode::not_found : RefusalCode::unavailable, "file " + path,
            what, std::strerror(error), "look at the folder, its owner and the space left"};
}

/// A file descriptor that closes itself.
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

private:
    int number_;
};

bool write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t count = ::write(descriptor, text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
}

}  // namespace

Result<void> write_file(const std::string& path, std::string_view text, unsigned mode) {
    const std::string next = path + ".next";
    {
        const Descriptor file{::open(next.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)};
        if (file.number() < 0) return fault(next, "create file", errno);
        if (!write_all(file.number(), text) || ::fsync(file.number()) != 0) {
            return fault(next, "write file", errno);
        }
    }
    if (::rename(next.c_str(), path.c_str()) != 0) return fault(path, "replace file", errno);
    const std::string folder = std::filesystem::path(path).parent_path().string();
    return sync_folder(folder.empty() ? "." : folder);
}

Result<void> sync_folder(const std::string& folder) {
    const Descriptor opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
    if (opened.number() < 0 || ::fsync(opened.number()) != 0)
        return fault(folder, "sync folder", errno);
    return {};
}

Result<std::string> read_file(const std::string& path, std::size_t bytes_max) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
    if (file.number() < 0) return fault(path, "read file", errno);
    std::string text;
    char part[4096];
    while (true) {
        const ssize_t count = ::read(file.number(), part, sizeof part);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return fault(path, "read file", errno);
        if (count == 0) return text;
        text.append(part, static_cast<std::size_t>(count));
        if (text.size() > bytes_max) {
            return Refusal{RefusalCode::too_large, "file " + path, "read file",
                           "it has more than " + std::to_string(bytes_max) + " bytes",
                           "give the right file"};
        }
    }
}

Result<std::uint64_t> raise_number(const std::string& path) {
    std::uint64_t number = 0;
    const auto text = read_file(path, 64);
    if (text) {
        std::string_view digits = *text;
        if (digits.ends_with('\n')) digits.remove_suffix(1);
        const char* const end = digits.data() + digits.size();
        const auto read = std::from_chars(digits.data(), end, number);
        if (digits.empty() || read.ec != std::errc{} || read.ptr != end) {
            return Refusal{RefusalCode::malformed, "file " + path, "read number",
                           "it does not hold one number",
                           "restore the file; starting lower than before would mix up ids"};
        }
    } else if (text.error().code != RefusalCode::not_found) {
        return text.error();
    }
    ++number;
    if (auto written = write_file(path, std::to_string(number) + "\n"); !written) {
        return std::move(written).error();
    }
    return number;
}

Result<WorkDir> WorkDir::open(const std::string& path) {
    std::error_code error;
    const auto absolute = std::filesystem::absolute(path, error).lexically_normal();
    const bool existed = std::filesystem::exists(absolute, error);
    std::filesystem::create_directories(absolute, error);
    if (error) return fault(absolute.string(), "make folder", error.value());
    if (!existed) {
        std::filesystem::permissions(absolute, std::filesystem::perms::owner_all, error);
    }
    const std::string lock_path = (absolute / "lock").string();
    Descriptor lock{::open(lock_path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)};
    if (lock.number() < 0) return fault(lock_path, "open lock file", errno);
    if (::flock(lock.number(), LOCK_EX | LOCK_NB) != 0) {
        return Refusal{RefusalCode::already_exists, "folder " + absolute.string(), "lock it",
                       "another process uses it", "end that process, or give another --work-dir"};
    }
    return WorkDir{absolute.string(), lock.release()};
}

WorkDir::~WorkDir() {
    if (lock_ >= 0) ::close(lock_);
}

std::string WorkDir::file(std::string_view name) const {
    return (std::filesystem::path(path_) / name).string();
}

}  // namespace offerkit::runtime
