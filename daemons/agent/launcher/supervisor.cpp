// SPDX-License-Identifier: Apache-2.0
#include "supervisor.hpp"

#include "processes.hpp"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

namespace offerkit::launcher {
namespace {

constexpr std::int64_t never_ns = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t ms_ns = 1'000'000;
constexpr std::int64_t sweep_pause_min_ns = 5 * ms_ns;
constexpr std::int64_t sweep_pause_max_ns = 500 * ms_ns;

std::int64_t microseconds(const timeval& time) {
    return static_cast<std::int64_t>(time.tv_sec) * 1'000'000 + time.tv_usec;
}

class Supervisor {
public:
    explicit Supervisor(const Supervision& supervision) : supervision_(supervision) {}

    void run() {
        StartFailure failure;
        pid_ = start_task(supervision_, started_, failure);
        if (pid_ == 0) {
            end_failed(failure);
            return;
        }
        // Without this record a restarted launcher would call a running task a starting one.
        (void)supervision_.records.write_executed(supervision_.slot, supervision_.generation);
        ring_doorbell();
        prepare_signals();
        while (!reap()) {
            if (main_ended_ && !ending_leftovers_) begin_leftovers();
            if (deadline_ns_ <= read_clock_ns(CLOCK_MONOTONIC)) sweep();
            await();
        }
        write_end(false);
    }

private:
    void end_failed(const StartFailure& failure) {
        end_.kind = EndKind::failed;
        end_.step = static_cast<std::uint16_t>(failure.step);
        end_.value = static_cast<std::uint32_t>(failure.error);
        end_.end_wall_ns = read_clock_ns(CLOCK_REALTIME);
        write_end(false);
    }

    void ring_doorbell() const {
        // A full pipe or a launcher that is gone loses nothing: the record says the same.
        (void)!::write(doorbell_fd, &supervision_.slot, sizeof supervision_.slot);
    }

    void prepare_signals() {
        sigemptyset(&awaited_);
        sigaddset(&awaited_, SIGCHLD);
        sigaddset(&awaited_, kill_command_signal());
        if (supervision_.has_parent_fd) {
            sigaddset(&awaited_, parent_gone_signal());
            // It may have gone between the launcher's last look and this fork.
            check_parent();
        }
    }

    /// Takes note of every ended child. True when none is left.
    bool reap() {
        for (;;) {
            int status = 0;
            rusage usage = {};
            const pid_t pid = ::wait4(-1, &status, WNOHANG, &usage);
            if (pid == 0) return false;
            if (pid < 0) {
                if (errno == EINTR) continue;
                return true;
            }
            if (pid == pid_) note_main_end(status, usage);
        }
    }

    void note_main_end(int status, const rusage& usage) {
        main_ended_ = true;
        end_.end_wall_ns = read_clock_ns(CLOCK_REALTIME);
        end_.user_us = microseconds(usage.ru_utime);
        end_.system_us = microseconds(usage.ru_stime);
        end_.memory_kib_max = usage.ru_maxrss;
        if (WIFSIGNALED(status)) {
            end_.kind = EndKind::signaled;
            end_.value = static_cast<std::uint32_t>(WTERMSIG(status));
            if (WCOREDUMP(status)) add_flag(detail::flag_core_dumped);
        } else {
            end_.kind = EndKind::exited;
            end_.value = static_cast<std::uint32_t>(WEXITSTATUS(status));
        }
    }

    /// The main process is gone, others are not: its status must survive even if this one does not.
    void begin_leftovers() {
        ending_leftovers_ = true;
        write_end(true);
        signal_descendants(::getpid(), SIGTERM);
        shorten_deadline(supervision_.request.leftover_grace_ms);
    }

    void shorten_deadline(std::uint32_t grace_ms) {
        deadline_ns_ = std::min(deadline_ns_, read_clock_ns(CLOCK_MONOTONIC) + grace_ms * ms_ns);
    }

    /// Kills all that is left, again and again: what forks during one round is met by the next.
    void sweep() {
        add_flag(detail::flag_killed_after_grace);
        if (!main_ended_) ::kill(-pid_, SIGKILL);
        signal_descendants(::getpid(), SIGKILL);
        deadline_ns_ = read_clock_ns(CLOCK_MONOTONIC) + sweep_pause_ns_;
        sweep_pause_ns_ = std::min(sweep_pause_ns_ * 2, sweep_pause_max_ns);
    }

    void await() {
        siginfo_t info = {};
        int signal = 0;
        if (deadline_ns_ == never_ns) {
            signal = ::sigwaitinfo(&awaited_, &info);
        } else {
            const auto now_ns = read_clock_ns(CLOCK_MONOTONIC);
            const auto left_ns = std::max<std::int64_t>(deadline_ns_ - now_ns, 0);
            timespec left = {};
            left.tv_sec = static_cast<time_t>(left_ns / 1'000'000'000);
            left.tv_nsec = static_cast<long>(left_ns % 1'000'000'000);
            signal = ::sigtimedwait(&awaited_, &info, &left);
        }
        if (signal == kill_command_signal() && info.si_code == SI_QUEUE) {
            const auto value = reinterpret_cast<std::uintptr_t>(info.si_value.sival_ptr);
            obey(static_cast<int>(value & 0xff), static_cast<std::uint32_t>(value >> 8));
        } else if (signal == parent_gone_signal()) {
            check_parent();
        }
    }

    void check_parent() {
        pollfd parent = {parent_fd, POLLIN, 0};
        if (::poll(&parent, 1, 0) > 0 && (parent.revents & (POLLHUP | POLLERR)) != 0) {
            obey(SIGTERM, parent_gone_grace_ms);
        }
    }

    void obey(int signal, std::uint32_t grace_ms) {
        add_flag(detail::flag_kill_requested);
        // While the main process is not reaped, its id and its group cannot be anybody else's.
        if (main_ended_) {
            signal_descendants(::getpid(), signal);
        } else {
            ::kill(-pid_, signal);
        }
        shorten_deadline(grace_ms);
    }

    void add_flag(std::uint16_t flag) {
        end_.flags = static_cast<std::uint16_t>(end_.flags | flag);
    }

    void write_end(bool leftovers) {
        end_.generation = supervision_.generation;
        end_.leftovers = leftovers ? 1 : 0;
        end_.pid = static_cast<std::int32_t>(pid_);
        end_.start_wall_ns = started_.wall_ns;
        // If the disk refuses, this process stays and tries again: the launcher, or the next one,
        // must not take a task that ended well for a lost one.
        while (!supervision_.records.write_ended(supervision_.slot, end_) && !leftovers) {
            const timespec pause = {0, 100 * ms_ns};
            ::nanosleep(&pause, nullptr);
        }
    }

    const Supervision& supervision_;
    pid_t pid_ = 0;
    StartedPart started_;
    EndedPart end_;
    sigset_t awaited_ = {};
    std::int64_t deadline_ns_ = never_ns;
    std::int64_t sweep_pause_ns_ = sweep_pause_min_ns;
    bool main_ended_ = false;
    bool ending_leftovers_ = false;
};

}  // namespace

void supervise(const Supervision& supervision) {
    // Above all the launcher's sockets: its death must be seen by its peer.
    ::close_range(private_fd, ~0U, 0);
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    ::prctl(PR_SET_NAME, "offerkit-task");
    // A launcher that came after ours may have found no lock and declared this task lost.
    if (!supervision.records.lock(supervision.slot) ||
        supervision.records.was_ended(supervision.slot, supervision.generation)) {
        ::_exit(0);
    }
    Supervisor(supervision).run();
    ::_exit(0);
}

}  // namespace offerkit::launcher
