// SPDX-License-Identifier: Apache-2.0
#pragma once

// Finding and signalling processes without ever hitting a stranger that got a reused process id:
// a process is named by its id and by when it started, or by its place below a known parent.

#include <cstdint>

#include <sys/types.h>

namespace offerkit::launcher {

/// Nanoseconds of a clock of clock_gettime.
[[nodiscard]] std::int64_t read_clock_ns(int clock);

/// True if `pid` exists and was started between two readings of CLOCK_BOOTTIME.
[[nodiscard]] bool is_same_process(pid_t pid, std::int64_t boot_before_ns,
                                   std::int64_t boot_after_ns);

/// Sends `signal` to every descendant of `root`, except children of `root` for which
/// `is_spared(context, pid)` holds, and what descends from those. Returns how many were signalled.
using IsSpared = bool (*)(void* context, pid_t pid);
std::uint32_t signal_descendants(pid_t root, int signal, IsSpared is_spared = nullptr,
                                 void* context = nullptr);

/// True if `pid` is a child of `parent`, running or not yet reaped.
[[nodiscard]] bool is_child(pid_t pid, pid_t parent);

struct FolderId {
    std::uint32_t device = 0;
    std::uint64_t inode = 0;
};

/// Sends `signal` to what is left of a session whose leader is gone. Its id may belong to strangers
/// by now, so only processes are meant that started at or after `boot_ns` and whose current folder
/// or output lies in `folder`.
std::uint32_t signal_session(pid_t session, std::int64_t boot_ns, FolderId folder, int signal);

}  // namespace offerkit::launcher
