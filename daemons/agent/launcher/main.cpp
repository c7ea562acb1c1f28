// SPDX-License-Identifier: Apache-2.0
// offerkit-launcher: flags, the work folder, and the way into the background.

#include "launcher.hpp"
#include "log.hpp"
#include "supervisor.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

using namespace offerkit::launcher;

constexpr char help_text[] =
    "usage: offerkit-launcher --work-dir DIR [--tasks-max N] [--foreground]\n"
    "                         [--exit-with-parent FD]\n"
    "\n"
    "Starts tasks for offerkit-agent and outlives it, so that an agent may be stopped,\n"
    "upgraded or killed without any task noticing. Listens on DIR/launcher.sock.\n"
    "\n"
    "  --work-dir DIR         folder for socket, records and log; made with mode 0700\n"
    "  --tasks-max N          tasks that may run at the same time, at most and by default 4096\n"
    "  --foreground           stay in the foreground, log to standard error\n"
    "  --exit-with-parent FD  end all tasks and exit when the far end of the inherited\n"
    "                         pipe or socket FD is closed\n"
    "  --help                 print this text\n"
    "\n"
    "SIGTERM ends the launcher and leaves its tasks running, for the next launcher to\n"
    "find (with --exit-with-parent: ends the tasks too).\n"
    "\n"
    "example: offerkit-launcher --work-dir /var/lib/offerkit/launcher\n";

struct Flags {
    const char* work_dir = nullptr;
    bool foreground = false;
    int parent = -1;
    std::uint32_t tasks_max = tasks_running_max;
};

[[noreturn]] void exit_usage(const char* what, const char* argument) {
    std::fprintf(stderr, "offerkit-launcher: %s%s, see offerkit-launcher --help\n", what, argument);
    std::exit(2);
}

[[noreturn]] void exit_failure(const char* what) {
    std::fprintf(stderr, "offerkit-launcher: cannot %s: %s\n", what, std::strerror(errno));
    std::exit(1);
}

int parse_descriptor(const char* text) {
    char* end = nullptr;
    errno = 0;
    const long value = std::strtol(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < 3 || value > INT_MAX) {
        exit_usage("--exit-with-parent needs a descriptor number of at least 3, not ", text);
    }
    if (::fcntl(static_cast<int>(value), F_GETFD) < 0) {
        exit_usage("--exit-with-parent names a descriptor that is not open: ", text);
    }
    return static_cast<int>(value);
}

std::uint32_t parse_tasks_max(const char* text) {
    static_assert(tasks_running_max == 4096, "named in the texts here");
    char* end = nullptr;
    const unsigned long value = std::strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0' || value < 1 || value > tasks_running_max) {
        exit_usage("--tasks-max needs a number from 1 to 4096, not ", text);
    }
    return static_cast<std::uint32_t>(value);
}

Flags parse_flags(int count, char** arguments) {
    Flags flags;
    for (int i = 1; i < count; ++i) {
        const char* const flag = arguments[i];
        const auto value = [&](const char* missing) {
            if (i + 1 == count) exit_usage(missing, "");
            return arguments[++i];
        };
        if (std::strcmp(flag, "--help") == 0) {
            std::fputs(help_text, stdout);
            std::exit(0);
        } else if (std::strcmp(flag, "--work-dir") == 0) {
            flags.work_dir = value("--work-dir needs a folder");
        } else if (std::strcmp(flag, "--tasks-max") == 0) {
            flags.tasks_max = parse_tasks_max(value("--tasks-max needs a number"));
        } else if (std::strcmp(flag, "--foreground") == 0) {
            flags.foreground = true;
        } else if (std::strcmp(flag, "--exit-with-parent") == 0) {
            flags.parent = parse_descriptor(value("--exit-with-parent needs a descriptor number"));
        } else {
            exit_usage("unknown flag ", flag);
        }
    }
    if (flags.work_dir == nullptr || *flags.work_dir == '\0')
        exit_usage("--work-dir is needed", "");
    return flags;
}

void enter_work_dir(const char* path) {
    if (::mkdir(path, 0700) != 0 && errno != EEXIST) exit_failure("make the work folder");
    if (::chdir(path) != 0) exit_failure("enter the work folder");
    struct stat status = {};
    if (::stat(".", &status) != 0) exit_failure("inspect the work folder");
    if (status.st_uid != ::geteuid() || (status.st_mode & 0077) != 0) {
        std::fprintf(stderr,
                     "offerkit-launcher: the work folder %s must belong to this user and be closed "
                     "to all others, give it mode 0700\n",
                     path);
        std::exit(1);
    }
}

/// Nothing that was inherited may reach a task, and the low numbers get their meaning.
void settle_descriptors(int parent) {
    const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0) exit_failure("open /dev/null");
    // Also fills 1 and 2 if the caller closed them, so that no later file lands there.
    for (int fd = 0; fd < 3; ++fd) {
        if ((fd == null_fd || ::fcntl(fd, F_GETFD) < 0) && null != fd) ::dup2(null, fd);
        ::fcntl(fd, F_SETFD, 0);
    }
    // Without one the number is taken all the same: supervisors keep it, so a connection that got
    // it would stay open when the launcher is gone, and the agent would never see that.
    const int kept = parent >= 0 ? parent : null;
    if (kept != parent_fd && ::dup2(kept, parent_fd) < 0) {
        exit_failure("keep the descriptor of --exit-with-parent");
    }
    ::fcntl(parent_fd, F_SETFD, FD_CLOEXEC);
    ::close_range(records_fd, parent_fd - 1, 0);
    ::close_range(private_fd, ~0U, 0);
}

/// Default dispositions, which exec keeps, and everything blocked: signals are read, not handled.
void settle_signals() {
    // The kernel's own call, since the C library hides two signals that a caller may have ignored
    // (its own posix_spawn does).
    const std::uint64_t kernel_default_action[4] = {};
    for (int signal = 1; signal <= 64; ++signal) {
        ::syscall(SYS_rt_sigaction, signal, kernel_default_action, nullptr, std::size_t{8});
    }
    sigset_t all;
    sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, nullptr);
}

/// The caller returns when the launcher is ready to be connected to. Returns the descriptor by
/// which the launcher says so.
int go_to_background() {
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) exit_failure("open a pipe");
    const pid_t pid = ::fork();
    if (pid < 0) exit_failure("fork");
    if (pid != 0) {
        ::close(pipe[1]);
        char ready = 0;
        const bool is_ready = ::read(pipe[0], &ready, 1) == 1;
        ::_exit(is_ready ? 0 : 1);
    }
    ::close(pipe[0]);
    ::setsid();
    // Out of the way of the numbers that have a meaning.
    const int ready = ::fcntl(pipe[1], F_DUPFD_CLOEXEC, private_fd);
    ::close(pipe[1]);
    return ready;
}

void log_to_file() {
    const int log = ::open("launcher.log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log < 0) exit_failure("open launcher.log");
    ::dup2(null_fd, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::close(log);
}

}  // namespace

int main(int count, char** arguments) {
    const Flags flags = parse_flags(count, arguments);
    settle_descriptors(flags.parent);
    settle_signals();
    ::umask(022);
    enter_work_dir(flags.work_dir);
    int ready = -1;
    if (flags.foreground) {
        // Out of the terminal's reach; fails only if it leads a group, and so has one of its own.
        ::setsid();
    } else {
        ready = go_to_background();
    }
    void* const memory = take_memory(sizeof(Launcher));
    if (memory == nullptr) exit_failure("get memory");
    auto& launcher = *new (memory) Launcher;
    if (const char* const failure = launcher.open({flags.tasks_max, flags.parent >= 0})) {
        if (launcher.holder() != 0) {
            std::fprintf(stderr,
                         "offerkit-launcher: the work folder %s is served by process %d already, "
                         "stop that one or name another folder\n",
                         flags.work_dir, static_cast<int>(launcher.holder()));
            return 1;
        }
        exit_failure(failure);
    }
    if (ready >= 0) {
        log_to_file();
        (void)!::write(ready, "", 1);
        ::close(ready);
    }
    launcher.run();
    return 0;
}
