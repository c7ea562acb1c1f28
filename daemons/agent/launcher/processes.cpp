// SPDX-License-Identifier: Apache-2.0
#include "processes.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <initializer_list>

namespace offerkit::launcher {
namespace {

constexpr int depth_max = 64;

struct ProcessState {
    pid_t parent = 0;
    pid_t session = 0;
    unsigned long long start_ticks = 0;
};

ssize_t read_file(const char* path, char* buffer, std::size_t size) {
    const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    std::size_t used = 0;
    while (used < size - 1) {
        const ssize_t length = ::read(fd, buffer + used, size - 1 - used);
        if (length <= 0) break;
        used += static_cast<std::size_t>(length);
    }
    ::close(fd);
    buffer[used] = '\0';
    return static_cast<ssize_t>(used);
}

/// The command name in the file may hold anything, so count fields from its last parenthesis.
bool read_state(pid_t pid, ProcessState& out) {
    char path[32];
    char text[1024];
    std::snprintf(path, sizeof path, "/proc/%d/stat", pid);
    if (read_file(path, text, sizeof text) <= 0) return false;
    const char* const end = std::strrchr(text, ')');
    if (end == nullptr) return false;
    int parent = 0;
    int session = 0;
    const int found = std::sscanf(end + 1,
                                  " %*c %d %*d %d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d "
                                  "%*d %*d %*d %llu",
                                  &parent, &session, &out.start_ticks);
    out.parent = parent;
    out.session = session;
    return found == 3;
}

long ticks_per_second() {
    static const long ticks = ::sysconf(_SC_CLK_TCK);
    return ticks;
}

unsigned long long ticks_of(std::int64_t ns) {
    const auto tick_ns = 1'000'000'000ULL / static_cast<unsigned long long>(ticks_per_second());
    return static_cast<unsigned long long>(ns) / tick_ns;
}

/// A descriptor pins the process, then `parent` is read again: no window for a reused id.
bool signal_child(pid_t pid, pid_t parent, int signal) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) return false;
    ProcessState state;
    const bool is_child = read_state(pid, state) && state.parent == parent;
    const bool sent = is_child && ::syscall(SYS_pidfd_send_signal, fd, signal, nullptr, 0) == 0;
    ::close(fd);
    return sent;
}

/// The children of a process, one by one; the list has no bound. A child that comes or goes while
/// the list is read may be missed, which the caller's next round mends.
class ChildList {
public:
    explicit ChildList(pid_t parent) {
        char path[64];
        std::snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
        fd_ = ::open(path, O_RDONLY | O_CLOEXEC);
    }
    ~ChildList() {
        if (fd_ >= 0) ::close(fd_);
    }
    ChildList(const ChildList&) = delete;
    ChildList& operator=(const ChildList&) = delete;

    /// 0 at the end.
    [[nodiscard]] pid_t next() {
        pid_t pid = 0;
        for (;;) {
            if (at_ == length_ && !refill()) return pid;
            const char letter = text_[at_++];
            if (letter >= '0' && letter <= '9') {
                pid = pid * 10 + (letter - '0');
            } else if (pid != 0) {
                return pid;
            }
        }
    }

private:
    [[nodiscard]] bool refill() {
        const ssize_t length = fd_ < 0 ? 0 : ::read(fd_, text_, sizeof text_);
        at_ = 0;
        length_ = length > 0 ? static_cast<std::size_t>(length) : 0;
        return length_ != 0;
    }

    int fd_ = -1;
    std::size_t at_ = 0;
    std::size_t length_ = 0;
    char text_[512] = {};
};

/// Those below first: a process that dies at once would hide its children from this round.
std::uint32_t signal_below(pid_t root, int signal, IsSpared is_spared, void* context, int depth) {
    if (depth == depth_max) return 0;
    ChildList children(root);
    std::uint32_t count = 0;
    while (const pid_t pid = children.next()) {
        if (is_spared != nullptr && is_spared(context, pid)) continue;
        count += signal_below(pid, signal, nullptr, nullptr, depth + 1);
        if (signal_child(pid, root, signal)) ++count;
    }
    return count;
}

/// True if the path or a folder above it is `folder`.
bool lies_in(char* path, FolderId folder) {
    for (;;) {
        struct stat status = {};
        if (::stat(path, &status) == 0 && status.st_ino == folder.inode &&
            static_cast<std::uint32_t>(status.st_dev) == folder.device) {
            return true;
        }
        char* const slash = std::strrchr(path, '/');
        if (slash == nullptr || slash == path) return false;
        *slash = '\0';
    }
}

bool uses_folder(pid_t pid, FolderId folder) {
    for (const char* const what : {"cwd", "fd/1", "fd/2"}) {
        char link[48];
        char path[4096];
        std::snprintf(link, sizeof link, "/proc/%d/%s", pid, what);
        const ssize_t length = ::readlink(link, path, sizeof path - 1);
        if (length <= 0 || path[0] != '/') continue;
        path[length] = '\0';
        if (lies_in(path, folder)) return true;
    }
    return false;
}

}  // namespace

std::int64_t read_clock_ns(int clock) {
    timespec now = {};
    ::clock_gettime(static_cast<clockid_t>(clock), &now);
    return static_cast<std::int64_t>(now.tv_sec) * 1'000'000'000 + now.tv_nsec;
}

bool is_same_process(pid_t pid, std::int64_t boot_before_ns, std::int64_t boot_after_ns) {
    ProcessState state;
    if (!read_state(pid, state)) return false;
    return state.start_ticks >= ticks_of(boot_before_ns) &&
           state.start_ticks <= ticks_of(boot_after_ns);
}

std::uint32_t signal_descendants(pid_t root, int signal, IsSpared is_spared, void* context) {
    return signal_below(root, signal, is_spared, context, 0);
}

bool is_child(pid_t pid, pid_t parent) {
    ProcessState state;
    return read_state(pid, state) && state.parent == parent;
}

std::uint32_t signal_session(pid_t session, std::int64_t boot_ns, FolderId folder, int signal) {
    DIR* const processes = ::opendir("/proc");
    if (processes == nullptr) return 0;
    std::uint32_t count = 0;
    while (const dirent* const entry = ::readdir(processes)) {
        const auto pid = static_cast<pid_t>(std::strtol(entry->d_name, nullptr, 10));
        ProcessState state;
        if (pid <= 0 || !read_state(pid, state) || state.session != session ||
            state.start_ticks < ticks_of(boot_ns) || !uses_folder(pid, folder)) {
            continue;
        }
        if (signal_child(pid, state.parent, signal)) ++count;
    }
    ::closedir(processes);
    return count;
}

}  // namespace offerkit::launcher
