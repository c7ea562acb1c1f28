// SPDX-License-Identifier: Apache-2.0
#pragma once

// One supervisor per task: a fork of the launcher, without exec, that outlives it. It opens the
// sandbox, starts the task, waits for it, ends whatever the task left behind, writes the exit
// record and goes. It has no socket and no buffer of its own: it is told what to do by one queued
// signal, and the launcher learns of its end from the kernel.

#include "codec.hpp"
#include "records.hpp"

#include <csignal>

namespace offerkit::launcher {

// Descriptors that launcher and supervisors share; the launcher's other ones start at private_fd.
inline constexpr int null_fd = 0;
inline constexpr int records_fd = 3;
inline constexpr int doorbell_fd = 4;
inline constexpr int parent_fd = 5;
inline constexpr int private_fd = 6;

/// The signal by which a supervisor is told to end its task: signal number in the lowest byte of
/// the value, grace in milliseconds above.
[[nodiscard]] inline int kill_command_signal() { return SIGRTMIN + 1; }
/// Sent by the kernel to launcher and supervisors when the far end of parent_fd is closed.
[[nodiscard]] inline int parent_gone_signal() { return SIGRTMIN + 2; }
[[nodiscard]] constexpr std::uint64_t kill_command(std::uint32_t signal, std::uint32_t grace_ms) {
    return (std::uint64_t{grace_ms} << 8) | signal;
}
/// What tasks are given when the parent is gone.
inline constexpr std::uint32_t parent_gone_grace_ms = 2000;

/// All of it by value or in private memory: the launcher's own does not exist in its forks.
struct Supervision {
    Records records;
    LaunchView request;
    std::uint32_t slot = 0;
    std::uint32_t generation = 0;
    bool has_parent_fd = false;
};

/// Runs in the forked process, with all signals blocked. Never returns.
[[noreturn]] void supervise(const Supervision& supervision);

/// Starts the task of `supervision` as a child of this process. Returns its pid once the program is
/// executed; or 0, with step and errno in `failure`. Fills `started` in either case.
struct StartFailure {
    LaunchStep step = LaunchStep::none;
    int error = 0;
};
[[nodiscard]] pid_t start_task(const Supervision& supervision, StartedPart& started,
                               StartFailure& failure);

}  // namespace offerkit::launcher
