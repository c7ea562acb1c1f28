// SPDX-License-Identifier: Apache-2.0
// From fork to end: supervisors, their deaths, and what is done when one dies too early.

#include "launcher.hpp"

#include "event_tag.hpp"
#include "log.hpp"
#include "processes.hpp"
#include "supervisor.hpp"

#include <sched.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <ctime>

namespace offerkit::launcher {
namespace {

std::uint32_t hash_of(pid_t pid) { return static_cast<std::uint32_t>(pid) * 2654435761U >> 12; }

std::int64_t microseconds(const timeval& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

}  // namespace

void Launcher::fork_supervisor(std::uint32_t slot, const LaunchView& request) {
    auto& task = tasks_[slot];
    task.state = TaskState::running;
    const Supervision supervision{records_, request, slot, task.generation, options_.has_parent_fd};
    // Not fork(): its handlers serve threads, and there are none.
    const auto pid =
        static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, 0));
    if (pid == 0) {
        supervise(supervision);
    }
    if (pid < 0) {
        EndedPart part;
        part.kind = EndKind::failed;
        part.step = static_cast<std::uint16_t>(LaunchStep::fork);
        part.value = static_cast<std::uint32_t>(errno);
        write_end(slot, part);
        return;
    }
    task.supervisor = pid;
    by_supervisor_->insert(hash_of(pid), slot);
}

void Launcher::free_slot(std::uint32_t slot) {
    auto& task = tasks_[slot];
    by_key_->erase(slot, [this](std::uint32_t other) { return tasks_[other].key_hash; });
    // A forgotten task has no more news.
    if (task.in_news) remove_news(slot);
    task = Task{};
    task.next = first_free_;
    first_free_ = slot;
}

bool Launcher::send_kill(std::uint32_t slot, std::uint32_t signal, std::uint32_t grace_ms) {
    const auto& task = tasks_[slot];
    siginfo_t info = {};
    info.si_signo = kill_command_signal();
    info.si_code = SI_QUEUE;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    info.si_value.sival_ptr =
        reinterpret_cast<void*>(static_cast<std::uintptr_t>(kill_command(signal, grace_ms)));
    // A child that is not reaped keeps its id; an adopted one is held by its descriptor.
    const long sent = task.state == TaskState::running
                          ? ::syscall(SYS_rt_sigqueueinfo, task.supervisor, info.si_signo, &info)
                          : ::syscall(SYS_pidfd_send_signal, task.pidfd, info.si_signo, &info, 0);
    // It may be gone already: then its end is on its way.
    return sent == 0 || errno == ESRCH;
}

bool Launcher::watch_pidfd(std::uint32_t slot, pid_t pid) {
    const int fd = static_cast<int>(::syscall(SYS_pidfd_open, pid, 0));
    if (fd < 0) return false;
    tasks_[slot].pidfd = fd;
    watch(fd, make_tag(EventKind::pidfd, slot), EPOLLIN, EPOLL_CTL_ADD);
    return true;
}

void Launcher::reap() {
    for (;;) {
        int status = 0;
        rusage usage = {};
        const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
        if (pid < 0 && errno == EINTR) continue;
        if (pid <= 0) return;
        const auto slot = find_supervisor(pid);
        if (slot != none) {
            by_supervisor_->erase(
                slot, [this](std::uint32_t other) { return hash_of(tasks_[other].supervisor); });
            tasks_[slot].supervisor = 0;
            on_supervisor_end(slot);
        } else if (orphaned_ > 0) {
            on_orphan_end(pid, status, usage);
        }
    }
}

std::uint32_t Launcher::find_supervisor(pid_t pid) const {
    return by_supervisor_->find(hash_of(pid),
                                [&](std::uint32_t slot) { return tasks_[slot].supervisor == pid; });
}

void Launcher::on_supervisor_end(std::uint32_t slot) {
    auto& task = tasks_[slot];
    const auto* const ended = records_.ended(slot, task.generation);
    if (ended != nullptr && ended->leftovers == 0) {
        end(slot);
        return;
    }
    log_text("a supervisor was lost, its task is ended");
    // Everything that descends from the task is now below this process and no supervisor's.
    sweeping_ = true;
    if (ended != nullptr) {
        EndedPart part = *ended;
        part.leftovers = 0;
        part.flags = static_cast<std::uint16_t>(part.flags | detail::flag_supervisor_lost);
        write_end(slot, part);
    } else {
        const auto* const started = records_.started(slot, task.generation);
        if (started != nullptr && is_child(started->pid, ::getpid()) &&
            is_same_process(started->pid, started->boot_before_ns, started->boot_after_ns)) {
            task.state = TaskState::orphaned;
            ++orphaned_;
            task.main = started->pid;
        } else {
            write_lost(slot);
        }
    }
    sweep();
}

/// Spares supervisors; all other children of this process are orphans of lost ones.
void Launcher::sweep() {
    const auto is_supervisor = [](void* launcher, pid_t pid) {
        return static_cast<const Launcher*>(launcher)->find_supervisor(pid) != none;
    };
    sweeping_ = signal_descendants(::getpid(), SIGKILL, is_supervisor, this) > 0;
}

void Launcher::on_orphan_end(pid_t pid, int status, const rusage& usage) {
    for (std::uint32_t slot = 0; slot < records_max; ++slot) {
        auto& task = tasks_[slot];
        if (task.state != TaskState::orphaned || task.main != pid) continue;
        EndedPart part;
        part.kind = WIFSIGNALED(status) ? EndKind::signaled : EndKind::exited;
        part.value = static_cast<std::uint32_t>(WIFSIGNALED(status) ? WTERMSIG(status)
                                                                    : WEXITSTATUS(status));
        part.flags = detail::flag_supervisor_lost;
        if (WIFSIGNALED(status) && WCOREDUMP(status)) {
            part.flags = static_cast<std::uint16_t>(part.flags | detail::flag_core_dumped);
        }
        part.user_us = microseconds(usage.ru_utime);
        part.system_us = microseconds(usage.ru_stime);
        part.memory_kib_max = usage.ru_maxrss;
        --orphaned_;
        write_end(slot, part);
        return;
    }
}

void Launcher::on_pidfd(std::uint32_t slot) {
    auto& task = tasks_[slot];
    if (task.pidfd < 0) return;
    ::close(task.pidfd);
    task.pidfd = -1;
    const auto* const ended = records_.ended(slot, task.generation);
    if (ended != nullptr && ended->leftovers == 0) {
        end(slot);
    } else if (task.state == TaskState::vanishing) {
        write_lost(slot);
    } else {
        settle_unsupervised(slot);
    }
}

/// Supervisor and the launcher that started it are both dead. What is left of the task is somebody
/// else's child, so how it ends cannot be known, only that it does.
void Launcher::settle_unsupervised(std::uint32_t slot) {
    auto& task = tasks_[slot];
    const auto* const started = records_.started(slot, task.generation);
    if (started == nullptr) {
        write_lost(slot);
        return;
    }
    const pid_t main = started->pid;
    const FolderId sandbox{started->sandbox_device, started->sandbox_inode};
    if (is_same_process(main, started->boot_before_ns, started->boot_after_ns) &&
        watch_pidfd(slot, main)) {
        // The descriptor may have caught a successor of the same id, so look again.
        if (is_same_process(main, started->boot_before_ns, started->boot_after_ns)) {
            task.state = TaskState::vanishing;
            signal_descendants(main, SIGKILL);
            signal_session(main, started->boot_before_ns, sandbox, SIGKILL);
            ::syscall(SYS_pidfd_send_signal, task.pidfd, SIGKILL, nullptr, 0);
            return;
        }
        ::close(task.pidfd);
        task.pidfd = -1;
    }
    signal_session(main, started->boot_before_ns, sandbox, SIGKILL);
    const auto* const ended = records_.ended(slot, task.generation);
    if (ended != nullptr) {
        EndedPart part = *ended;
        part.leftovers = 0;
        part.flags = static_cast<std::uint16_t>(part.flags | detail::flag_supervisor_lost);
        write_end(slot, part);
    } else {
        write_lost(slot);
    }
}

void Launcher::write_lost(std::uint32_t slot) {
    EndedPart part;
    part.kind = EndKind::lost;
    if (records_.started(slot, tasks_[slot].generation) == nullptr) {
        part.kind = EndKind::failed;
        part.step = static_cast<std::uint16_t>(LaunchStep::supervise);
    }
    part.flags = detail::flag_supervisor_lost;
    write_end(slot, part);
}

void Launcher::write_end(std::uint32_t slot, EndedPart part) {
    const auto* const started = records_.started(slot, tasks_[slot].generation);
    part.generation = tasks_[slot].generation;
    if (started != nullptr) {
        part.pid = started->pid;
        part.start_wall_ns = started->wall_ns;
    }
    if (part.end_wall_ns == 0) part.end_wall_ns = read_clock_ns(CLOCK_REALTIME);
    while (!records_.write_ended(slot, part)) {
        // The end may be told only once it is on record; with a full disk, nothing else matters.
        log_error("write a record, trying again");
        const timespec pause = {0, 100'000'000};
        ::nanosleep(&pause, nullptr);
    }
    end(slot);
}

void Launcher::end(std::uint32_t slot) {
    auto& task = tasks_[slot];
    task.state = TaskState::ended;
    task.main = 0;
    --live_;
    add_news(slot);
}

}  // namespace offerkit::launcher
