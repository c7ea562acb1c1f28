// SPDX-License-Identifier: Apache-2.0
// The short life of a task's process before its program: it borrows the supervisor's memory, as
// after vfork, so it makes system calls only, and reports its failure by a plain store.

#include "processes.hpp"
#include "supervisor.hpp"

#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <ctime>

namespace offerkit::launcher {
namespace {

struct TaskStart {
    const Supervision& supervision;
    StartedPart& started;
    StartFailure& failure;
    char* const* arguments;
    char* const* environment;
    const char* search_path;  ///< PATH of the task, or null if the program has a slash
    bool sandbox_is_new;
};

// Only ever touched in a supervisor, whose copy of them is its own.
char* argument_pointers[arguments_max + 1];
char* environment_pointers[environment_max + 1];
char program_path[path_bytes_max + file_name_bytes_max + 2];
alignas(64) unsigned char child_stack[16 * 1024];

void fill(const TextList& texts, char** pointers) {
    texts.for_each([&](const char* text, std::size_t) { *pointers++ = const_cast<char*>(text); });
    *pointers = nullptr;
}

[[noreturn]] void give_up(const TaskStart& start, LaunchStep step) {
    start.failure.step = step;
    start.failure.error = errno;
    ::_exit(127);
}

/// Raw system calls: the C library's versions serve threads and would touch shared memory.
void become_user(const TaskStart& start) {
    const auto& request = start.supervision.request;
    if (request.uid.has_value() && ::geteuid() == 0) {
        gid_t groups[groups_max];
        for (std::uint32_t i = 0; i < request.group_count; ++i)
            groups[i] = request.group(i);
        if (::syscall(SYS_setgroups, std::size_t{request.group_count}, groups) != 0) {
            give_up(start, LaunchStep::set_groups);
        }
    } else if (request.group_count > 0) {
        errno = EPERM;
        give_up(start, LaunchStep::set_groups);
    }
    if (request.gid.has_value() &&
        ::syscall(SYS_setresgid, *request.gid, *request.gid, *request.gid) != 0) {
        give_up(start, LaunchStep::set_gid);
    }
    if (request.uid.has_value() &&
        ::syscall(SYS_setresuid, *request.uid, *request.uid, *request.uid) != 0) {
        give_up(start, LaunchStep::set_uid);
    }
}

/// As the task's user and without following links, so that a prepared sandbox cannot make the
/// launcher write elsewhere; non-blocking, so that a pipe without a reader cannot stop it.
void open_output(const TaskStart& start, const char* name, int fd, LaunchStep step) {
    ::close(fd);
    const int opened =
        ::open(name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0644);
    if (opened < 0) give_up(start, step);
    if (opened != fd) {
        if (::dup2(opened, fd) < 0) give_up(start, step);
        ::close(opened);
    }
    if (::fcntl(fd, F_SETFL, O_APPEND) != 0) give_up(start, step);
}

void enter_sandbox(const TaskStart& start) {
    const auto& request = start.supervision.request;
    if (::chdir(request.sandbox.data()) != 0) give_up(start, LaunchStep::enter_sandbox);
    open_output(start, request.stdout_name.data(), STDOUT_FILENO, LaunchStep::open_stdout);
    if (request.stderr_name == request.stdout_name) {
        if (::dup2(STDOUT_FILENO, STDERR_FILENO) < 0) give_up(start, LaunchStep::open_stderr);
    } else {
        open_output(start, request.stderr_name.data(), STDERR_FILENO, LaunchStep::open_stderr);
    }
    if (!request.directory.empty() && ::chdir(request.directory.data()) != 0) {
        give_up(start, LaunchStep::enter_directory);
    }
}

void set_limits(const TaskStart& start) {
    const auto& request = start.supervision.request;
    for (std::uint32_t i = 0; i < request.limit_count; ++i) {
        const ResourceLimit limit = request.limit(i);
        rlimit64 value = {};
        value.rlim_cur = limit.soft;
        value.rlim_max = limit.hard;
        if (::syscall(SYS_prlimit64, 0, limit.resource, &value, nullptr) != 0) {
            give_up(start, LaunchStep::set_limits);
        }
    }
}

/// As execvp does, with the task's own PATH: goes on past folders that lack the program, and
/// remembers that one had it but might not be executed.
void execute(const TaskStart& start) {
    if (start.search_path == nullptr) {
        ::execve(start.arguments[0], start.arguments, start.environment);
        return;
    }
    const std::string_view program(start.arguments[0]);
    std::string_view rest(start.search_path);
    int kept_error = ENOENT;
    for (;;) {
        const auto end = rest.find(':');
        const auto folder = rest.substr(0, end);
        if (folder.size() <= path_bytes_max && program.size() <= file_name_bytes_max) {
            char* at = program_path;
            std::memcpy(at, folder.data(), folder.size());
            at += folder.size();
            if (!folder.empty()) *at++ = '/';
            std::memcpy(at, program.data(), program.size());
            at[program.size()] = '\0';
            ::execve(program_path, start.arguments, start.environment);
            if (errno == EACCES) kept_error = EACCES;
            if (errno != EACCES && errno != ENOENT && errno != ENOTDIR) return;
        }
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    errno = kept_error;
}

int run_task(void* argument) {
    const auto& start = *static_cast<const TaskStart*>(argument);
    const auto& supervision = start.supervision;
    start.started.boot_after_ns = read_clock_ns(CLOCK_BOOTTIME);
    start.started.wall_ns = read_clock_ns(CLOCK_REALTIME);
    start.started.monotonic_ns = read_clock_ns(CLOCK_MONOTONIC);
    start.started.pid = static_cast<std::int32_t>(::syscall(SYS_getpid));
    // Before anything can run that must not be lost sight of, and before limits on files apply.
    if (!supervision.records.write_started(supervision.slot, start.started)) {
        give_up(start, LaunchStep::record);
    }
    if (::setsid() < 0) give_up(start, LaunchStep::new_session);
    const auto& request = supervision.request;
    if (start.sandbox_is_new && (request.uid.has_value() || request.gid.has_value()) &&
        ::chown(request.sandbox.data(), request.uid.value_or(UINT32_MAX),
                request.gid.value_or(UINT32_MAX)) != 0) {
        give_up(start, LaunchStep::make_sandbox);
    }
    set_limits(start);
    become_user(start);
    // A task never outlives its supervisor unwatched. Not inherited by what the task starts, and
    // asked for here because a change of user clears it.
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::umask(static_cast<mode_t>(request.umask));
    enter_sandbox(start);
    sigset_t none;
    sigemptyset(&none);
    ::sigprocmask(SIG_SETMASK, &none, nullptr);
    execute(start);
    give_up(start, LaunchStep::execute);
}

const char* find_search_path(const TextList& environment) {
    const char* found = "/usr/local/bin:/usr/bin:/bin";
    environment.for_each([&](const char* item, std::size_t) {
        if (std::strncmp(item, "PATH=", 5) == 0) found = item + 5;
    });
    return found;
}

}  // namespace

pid_t start_task(const Supervision& supervision, StartedPart& started, StartFailure& failure) {
    const auto& request = supervision.request;
    started.generation = supervision.generation;
    const bool sandbox_is_new = ::mkdir(request.sandbox.data(), 0700) == 0;
    if (!sandbox_is_new && errno != EEXIST) {
        failure = {LaunchStep::make_sandbox, errno};
        return 0;
    }
    struct stat sandbox = {};
    if (::stat(request.sandbox.data(), &sandbox) != 0) {
        failure = {LaunchStep::enter_sandbox, errno};
        return 0;
    }
    started.sandbox_device = static_cast<std::uint32_t>(sandbox.st_dev);
    started.sandbox_inode = sandbox.st_ino;
    fill(request.arguments, argument_pointers);
    fill(request.environment, environment_pointers);
    const bool has_slash = std::strchr(argument_pointers[0], '/') != nullptr;
    TaskStart start{supervision,
                    started,
                    failure,
                    argument_pointers,
                    environment_pointers,
                    has_slash ? nullptr : find_search_path(request.environment),
                    sandbox_is_new};
    started.boot_before_ns = read_clock_ns(CLOCK_BOOTTIME);
    const pid_t pid = ::clone(run_task, child_stack + sizeof child_stack,
                              CLONE_VM | CLONE_VFORK | SIGCHLD, &start);
    if (pid < 0) {
        failure = {LaunchStep::fork, errno};
        return 0;
    }
    if (failure.step == LaunchStep::none) return pid;
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    return 0;
}

}  // namespace offerkit::launcher
