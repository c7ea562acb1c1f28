// SPDX-License-Identifier: Apache-2.0
#pragma once

// What must outlive the launcher: one fixed slot per task in the file `records` of the work folder.
// A slot has three parts, each written by one pwrite and carrying the slot's generation and a
// checksum: accepted (by the launcher), started (by the task's process before it executes the
// program), ended (by the supervisor). A completed write survives the death of any process, so no
// fsync is needed; after a restart of the machine every task is gone anyway.
//
// Whoever may change a slot holds a POSIX lock on its bytes. Such a lock belongs to one process, is
// not inherited by fork and falls with its holder, so it tells a live supervisor from a dead one,
// names its process id, and decides the race between a late supervisor and a launcher that is
// about to declare it lost.

#include "protocol.hpp"

#include <sys/types.h>

namespace offerkit::launcher {

struct AcceptedPart {
    std::uint32_t generation = 0;
    std::uint32_t checksum = 0;
    std::uint32_t in_use = 0;
    std::uint32_t key_bytes = 0;
    char key[key_bytes_max] = {};
};

struct StartedPart {
    std::uint32_t generation = 0;
    std::uint32_t checksum = 0;
    std::int32_t pid = 0;
    /// The sandbox, by device and inode: what tells the session of a dead task from a stranger's.
    std::uint32_t sandbox_device = 0;
    std::uint64_t sandbox_inode = 0;
    /// CLOCK_BOOTTIME just before and just after the process was made. Together with the pid they
    /// identify it: the kernel's start time of the process lies between them.
    std::int64_t boot_before_ns = 0;
    std::int64_t boot_after_ns = 0;
    std::int64_t wall_ns = 0;
    std::int64_t monotonic_ns = 0;
};

enum class EndKind : std::uint16_t { failed = 1, exited = 2, signaled = 3, lost = 4 };

struct EndedPart {
    std::uint32_t generation = 0;
    std::uint32_t checksum = 0;
    EndKind kind{};
    std::uint16_t flags = 0;      ///< as in the wire form of Exited
    std::uint16_t step = 0;       ///< a LaunchStep, if failed
    std::uint16_t leftovers = 0;  ///< 1: descendants are still being ended
    std::uint32_t value = 0;      ///< exit status, signal or errno
    std::int32_t pid = 0;
    std::int64_t start_wall_ns = 0;
    std::int64_t end_wall_ns = 0;
    std::int64_t user_us = 0;
    std::int64_t system_us = 0;
    std::int64_t memory_kib_max = 0;
};

/// The file as it lies on disk, and the only code that knows its layout.
class Records {
public:
    /// Opens or makes the file in the current folder and takes the launcher's lock on it. Returns
    /// nullptr, or what failed (errno tells why; EAGAIN if another launcher holds the lock, whose
    /// pid is then `holder()`). `fd` is the number that the file must get.
    [[nodiscard]] const char* open(int fd);

    [[nodiscard]] pid_t holder() const { return holder_; }
    [[nodiscard]] const char* boot_id() const { return boot_id_; }
    /// The file was last used before the machine was started.
    [[nodiscard]] bool is_from_earlier_boot() const { return earlier_boot_; }
    /// Gives back the memory that looking at every slot took.
    void release_pages() const;
    /// All slots are settled for this boot.
    [[nodiscard]] bool write_header();

    // Reading goes through a shared mapping, coherent with every writer. Null if absent or torn.
    [[nodiscard]] const AcceptedPart* accepted(std::uint32_t slot) const;
    [[nodiscard]] const StartedPart* started(std::uint32_t slot, std::uint32_t generation) const;
    [[nodiscard]] const EndedPart* ended(std::uint32_t slot, std::uint32_t generation) const;
    /// The program was executed, not only its process made.
    [[nodiscard]] bool is_executed(std::uint32_t slot, std::uint32_t generation) const;
    /// Valid or not: new generations must differ from every old one.
    [[nodiscard]] std::uint32_t last_generation(std::uint32_t slot) const;
    [[nodiscard]] std::string_view key(std::uint32_t slot) const;

    // Writing: each is one system call that also works in a supervisor. False: errno tells.
    [[nodiscard]] bool write_accepted(std::uint32_t slot, std::uint32_t generation,
                                      std::string_view key) const;
    [[nodiscard]] bool write_started(std::uint32_t slot, StartedPart part) const;
    [[nodiscard]] bool write_executed(std::uint32_t slot, std::uint32_t generation) const;
    [[nodiscard]] bool write_ended(std::uint32_t slot, EndedPart part) const;
    [[nodiscard]] bool erase(std::uint32_t slot) const;

    /// In a supervisor, where the mapping does not exist: was the slot declared ended?
    [[nodiscard]] bool was_ended(std::uint32_t slot, std::uint32_t generation) const;

    [[nodiscard]] bool lock(std::uint32_t slot) const;
    void unlock(std::uint32_t slot) const;
    /// The process that holds the slot's lock, 0 if none.
    [[nodiscard]] pid_t lock_holder(std::uint32_t slot) const;

private:
    [[nodiscard]] bool take_launcher_lock();
    [[nodiscard]] bool read_boot_id();

    int fd_ = -1;
    const unsigned char* map_ = nullptr;
    pid_t holder_ = 0;
    bool earlier_boot_ = false;
    char boot_id_[40] = {};
};

}  // namespace offerkit::launcher
