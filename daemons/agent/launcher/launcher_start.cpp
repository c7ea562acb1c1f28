// SPDX-License-Identifier: Apache-2.0
// Opening what the launcher needs, and finding the tasks that an earlier one left running.

#include "launcher.hpp"

#include "event_tag.hpp"
#include "log.hpp"
#include "supervisor.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <new>

namespace offerkit::launcher {
namespace {

/// To a number that supervisors do not close, or above those.
[[nodiscard]] bool move_to(int& fd, int number) {
    const int moved = number < private_fd ? ::dup3(fd, number, O_CLOEXEC)
                                          : ::fcntl(fd, F_DUPFD_CLOEXEC, private_fd);
    if (moved < 0) return false;
    ::close(fd);
    fd = moved;
    return true;
}

}  // namespace

void* take_memory(std::size_t bytes) {
    void* const memory =
        ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) return nullptr;
    ::madvise(memory, bytes, MADV_DONTFORK);
    return memory;
}

const char* Launcher::open(LauncherOptions options) {
    options_ = options;
    if (const char* const failure = records_.open(records_fd)) return failure;
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC | O_NONBLOCK) != 0) return "open a pipe";
    if (!move_to(pipe[0], private_fd) || !move_to(pipe[1], doorbell_fd)) return "open a pipe";
    doorbell_ = pipe[0];
    if (const char* const failure = open_table()) return failure;
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);

    epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
    if (epoll_ < 0 || !move_to(epoll_, private_fd)) return "open an epoll";
    sigset_t awaited;
    sigemptyset(&awaited);
    for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP})
        sigaddset(&awaited, signal);
    signals_ = ::signalfd(-1, &awaited, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signals_ < 0 || !move_to(signals_, private_fd)) return "open a signalfd";
    watch(signals_, make_tag(EventKind::signals), EPOLLIN, EPOLL_CTL_ADD);
    watch(doorbell_, make_tag(EventKind::doorbell), EPOLLIN, EPOLL_CTL_ADD);
    if (options_.has_parent_fd) {
        if (const char* const failure = watch_parent()) return failure;
    }
    recover();
    return open_socket();
}

/// The kernel signals the whole process group, so that supervisors see it even without a launcher.
const char* Launcher::watch_parent() {
    if (::fcntl(parent_fd, F_SETOWN, -::getpgrp()) != 0 ||
        ::fcntl(parent_fd, F_SETSIG, parent_gone_signal()) != 0 ||
        ::fcntl(parent_fd, F_SETFL, O_NONBLOCK | O_ASYNC) != 0) {
        return "watch the descriptor of --exit-with-parent";
    }
    watch(parent_fd, make_tag(EventKind::parent), 0, EPOLL_CTL_ADD);
    return nullptr;
}

const char* Launcher::open_table() {
    void* const tasks = take_memory(sizeof(Task) * records_max);
    void* const by_key = take_memory(sizeof *by_key_);
    void* const by_supervisor = take_memory(sizeof *by_supervisor_);
    if (tasks == nullptr || by_key == nullptr || by_supervisor == nullptr) return "get memory";
    tasks_ = static_cast<Task*>(tasks);
    // Fresh memory is zero, which is an empty table.
    by_key_ = static_cast<IndexTable<index_cells>*>(by_key);
    by_supervisor_ = static_cast<IndexTable<index_cells>*>(by_supervisor);
    for (std::uint32_t slot = records_max; slot-- > 0;) {
        tasks_[slot] = Task{};
        tasks_[slot].next = first_free_;
        first_free_ = slot;
    }
    return nullptr;
}

const char* Launcher::open_socket() {
    listener_ = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener_ < 0 || !move_to(listener_, private_fd)) return "open a socket";
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::strcpy(address.sun_path, "launcher.sock");
    // Nobody else can own it: this process holds the lock of the work folder.
    ::unlink(address.sun_path);
    const mode_t mask = ::umask(0177);
    const int bound =
        ::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::umask(mask);
    if (bound != 0 || ::listen(listener_, 16) != 0) return "listen on launcher.sock";
    watch(listener_, make_tag(EventKind::listener), EPOLLIN, EPOLL_CTL_ADD);
    return nullptr;
}

void Launcher::recover() {
    first_free_ = none;
    for (std::uint32_t slot = records_max; slot-- > 0;) {
        const auto* const accepted = records_.accepted(slot);
        if (accepted == nullptr) {
            tasks_[slot].next = first_free_;
            first_free_ = slot;
            continue;
        }
        tasks_[slot].generation = accepted->generation;
        hold(slot, hash_of_record(slot));
        recover_task(slot);
    }
    if (records_.is_from_earlier_boot() && !records_.write_header()) log_error("write records");
    records_.release_pages();
}

void Launcher::recover_task(std::uint32_t slot) {
    auto& task = tasks_[slot];
    const auto is_over = [&] {
        const auto* const ended = records_.ended(slot, task.generation);
        return ended != nullptr && ended->leftovers == 0;
    };
    if (is_over()) {
        end(slot);
    } else if (records_.is_from_earlier_boot()) {
        write_lost(slot);
    } else {
        // Either the lock is free, then this process takes it and a supervisor that comes late goes
        // away; or a supervisor holds it and is watched. In between one may die, hence the loop.
        for (;;) {
            if (records_.lock(slot)) {
                if (is_over()) {
                    end(slot);
                } else {
                    settle_unsupervised(slot);
                }
                records_.unlock(slot);
                return;
            }
            if (adopt(slot)) return;
        }
    }
}

bool Launcher::adopt(std::uint32_t slot) {
    auto& task = tasks_[slot];
    const pid_t holder = records_.lock_holder(slot);
    if (holder <= 0 || !watch_pidfd(slot, holder)) return false;
    // If it still holds the lock then the descriptor is its own.
    if (records_.lock_holder(slot) != holder) {
        ::close(task.pidfd);
        task.pidfd = -1;
        return false;
    }
    task.state = TaskState::adopted;
    if (!records_.is_executed(slot, task.generation)) ++starting_adopted_;
    return true;
}

}  // namespace offerkit::launcher
