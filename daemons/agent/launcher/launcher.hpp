// SPDX-License-Identifier: Apache-2.0
#pragma once

// The launcher itself: one thread, one epoll, no heap. It owns the table of tasks, forks
// supervisors and tells the controlling connection what became of them.

#include "connection.hpp"
#include "index_table.hpp"
#include "records.hpp"

#include <sys/resource.h>

namespace offerkit::launcher {

enum class TaskState : std::uint8_t {
    free,
    running,    ///< its supervisor is a child of this launcher
    adopted,    ///< its supervisor is a child of an earlier launcher; `pidfd` watches it
    orphaned,   ///< its supervisor is dead; the task is now a child of this launcher
    vanishing,  ///< supervisor and earlier launcher are dead; `pidfd` watches the killed task
    ended,
};

struct Task {
    std::uint32_t generation = 0;
    std::uint32_t key_hash = 0;
    pid_t supervisor = 0;
    pid_t main = 0;  ///< if orphaned
    int pidfd = -1;
    std::uint32_t next = 0;  ///< in the list of free slots, or of those with news
    TaskState state = TaskState::free;
    bool in_news = false;
    bool started_told = false;
};

/// Memory that forks neither copy nor see, for what the launcher writes all the time. Null if there
/// is none.
[[nodiscard]] void* take_memory(std::size_t bytes);

struct LauncherOptions {
    std::uint32_t tasks_max = tasks_running_max;
    bool has_parent_fd = false;
};

class Launcher {
public:
    /// Opens everything in the current folder. Returns nullptr or what failed; errno tells why.
    [[nodiscard]] const char* open(LauncherOptions options);
    [[nodiscard]] pid_t holder() const { return records_.holder(); }

    /// Serves until told to end.
    void run();

private:
    // Start.
    [[nodiscard]] const char* open_socket();
    [[nodiscard]] const char* open_table();
    [[nodiscard]] const char* watch_parent();
    void recover();
    void recover_task(std::uint32_t slot);
    [[nodiscard]] bool adopt(std::uint32_t slot);
    void settle_unsupervised(std::uint32_t slot);

    // Events.
    void on_connect();
    void on_signals();
    void on_doorbell();
    void on_pidfd(std::uint32_t slot);
    void on_readable(Connection& connection);
    void reap();
    void recheck();
    void on_supervisor_end(std::uint32_t slot);
    void on_orphan_end(pid_t pid, int status, const rusage& usage);

    // Requests.
    void serve(Connection& connection);
    void serve_message(Connection& connection, const Message& message);
    void on_hello(Connection& connection, const Message& message);
    void on_launch(Connection& connection, const Message& message);
    void on_kill(Connection& connection, const Message& message);
    void on_forget(Connection& connection, const Message& message);
    void on_list(Connection& connection, const Message& message);
    void on_shutdown(Connection& connection, const Message& message);
    void refuse(Connection& connection, MessageType request, RefusedReason reason,
                std::string_view key, const char* message);
    void refuse_malformed(Connection& connection, MessageType request, const DecodeError& error);

    // Tasks.
    [[nodiscard]] std::uint32_t find(std::string_view key, std::uint32_t hash) const;
    [[nodiscard]] std::uint32_t find_supervisor(pid_t pid) const;
    [[nodiscard]] std::uint32_t hash_of_record(std::uint32_t slot) const;
    [[nodiscard]] std::uint32_t take_slot(std::string_view key, std::uint32_t hash);
    void hold(std::uint32_t slot, std::uint32_t hash);
    void free_slot(std::uint32_t slot);
    void fork_supervisor(std::uint32_t slot, const LaunchView& request);
    [[nodiscard]] bool send_kill(std::uint32_t slot, std::uint32_t signal, std::uint32_t grace_ms);
    [[nodiscard]] bool watch_pidfd(std::uint32_t slot, pid_t pid);
    void write_lost(std::uint32_t slot);
    void write_end(std::uint32_t slot, EndedPart part);
    void end(std::uint32_t slot);
    void sweep();

    // Reports.
    void add_news(std::uint32_t slot);
    void remove_news(std::uint32_t slot);
    [[nodiscard]] bool tell(Connection& connection, std::uint32_t slot);
    [[nodiscard]] bool list_task(Connection& connection, std::uint32_t slot);
    void fill_list(Connection& connection);
    void flush();
    void flush(Connection& connection);
    void drop(Connection& connection);
    void begin_shutdown(bool kill_all, std::uint32_t grace_ms, ClosingReason reason);
    void finish();
    void watch(int fd, std::uint64_t tag, std::uint32_t events, int operation) const;

    static constexpr std::uint32_t none = UINT32_MAX;
    static constexpr std::size_t index_cells = 2 * records_max;

    Records records_;
    Task* tasks_ = nullptr;
    IndexTable<index_cells>* by_key_ = nullptr;
    IndexTable<index_cells>* by_supervisor_ = nullptr;
    std::uint32_t first_free_ = none;
    std::uint32_t first_news_ = none;
    std::uint32_t last_news_ = none;
    std::uint32_t live_ = 0;  ///< slots neither free nor ended
    std::uint32_t orphaned_ = 0;
    std::uint32_t starting_adopted_ = 0;

    int epoll_ = -1;
    int listener_ = -1;
    int signals_ = -1;
    int doorbell_ = -1;
    Connection connections_[2];
    LauncherOptions options_;
    bool sweeping_ = false;
    bool shutting_down_ = false;
    bool kill_all_ = false;
    bool done_ = false;
    ClosingReason closing_reason_{};
};

}  // namespace offerkit::launcher
