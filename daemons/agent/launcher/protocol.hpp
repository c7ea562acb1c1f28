// SPDX-License-Identifier: Apache-2.0
#pragma once

// What the agent and its launcher say to each other: plain structs and their limits. A packet (one
// SOCK_SEQPACKET datagram) holds one or more messages; each is a fixed header and a body. The
// encoding is in codec.hpp. Nothing here knows of sockets, and nothing throws, so the launcher
// (which is built without exceptions) and the agent's runtime share the same code.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace offerkit::launcher {

inline constexpr std::uint16_t protocol_version = 1;

/// One packet, hence also one message with its header, is never longer than this.
inline constexpr std::size_t packet_bytes_max = 128 * 1024;
inline constexpr std::size_t key_bytes_max = 200;
inline constexpr std::size_t path_bytes_max = 4095;
inline constexpr std::size_t file_name_bytes_max = 255;
inline constexpr std::size_t message_bytes_max = 1024;
inline constexpr std::size_t agent_name_bytes_max = 255;
inline constexpr std::size_t boot_id_bytes_max = 64;
inline constexpr std::size_t arguments_max = 4096;
inline constexpr std::size_t environment_max = 4096;
inline constexpr std::size_t groups_max = 64;
inline constexpr std::size_t rlimits_max = 16;
/// The longest grace that a request may name: one week.
inline constexpr std::uint32_t grace_ms_max = 7U * 24 * 3600 * 1000;

/// Tasks that one launcher runs at the same time.
inline constexpr std::uint32_t tasks_running_max = 4096;
/// Records that one launcher keeps: running tasks and ended ones that are not forgotten yet.
inline constexpr std::uint32_t records_max = 16384;

/// Requests are below 100, reports from the launcher above.
enum class MessageType : std::uint16_t {
    hello = 1,
    launch = 2,
    kill = 3,
    forget = 4,
    list = 5,
    shutdown = 6,
    hello_ok = 101,
    refused = 102,
    starting = 103,
    started = 104,
    failed = 105,
    exited = 106,
    list_end = 107,
    closing = 108,
};

// Requests.
// -----------------------------------------------------------------------------------------

/// The first message of a connection. It takes over control from an earlier connection.
struct Hello {
    std::string_view agent;
};

/// One resource limit, in the kernel's numbers (`RLIMIT_NOFILE` and so on).
struct ResourceLimit {
    std::uint32_t resource = 0;
    std::uint64_t soft = 0;
    std::uint64_t hard = 0;
};

/// Start one task. All paths, users and groups arrive resolved; a program without a slash is looked
/// up in the PATH of `environment`. The task gets exactly `environment`, nothing is inherited.
struct LaunchRequest {
    std::string key;                     ///< opaque, unique, 1 to 200 bytes
    std::string sandbox;                 ///< absolute; made with mode 0700 if it does not exist
    std::vector<std::string> arguments;  ///< at least the program
    std::vector<std::string> environment;
    std::string directory;  ///< empty: the sandbox; relative: within the sandbox
    std::string stdout_name = "stdout";
    std::string stderr_name = "stderr";
    std::optional<std::uint32_t> uid;
    std::optional<std::uint32_t> gid;
    std::vector<std::uint32_t> groups;  ///< supplementary groups, with `uid`
    std::uint32_t umask = 022;
    std::uint32_t leftover_grace_ms = 2000;  ///< for descendants that outlive the main process
    std::vector<ResourceLimit> limits;
};

/// `signal` to the whole process group now, SIGKILL to everything that descends from the task
/// after `grace_ms`. Repeats are harmless; the earliest deadline counts.
struct KillRequest {
    std::string_view key;
    std::uint32_t signal = 15;
    std::uint32_t grace_ms = 5000;
};

/// The agent has taken note of how the task ended; its record is deleted. Repeats are absorbed.
struct ForgetRequest {
    std::string_view key;
};

struct ListRequest {};

/// Ends the launcher. With `kill_all` every task is ended first, else tasks run on and the next
/// launcher finds them.
struct ShutdownRequest {
    bool kill_all = false;
    std::uint32_t grace_ms = 2000;
};

// Reports. Texts point into the decoded packet.
// -----------------------------------------------------

struct HelloOk {
    std::uint32_t pid = 0;
    std::string_view boot_id;
};

enum class RefusedReason : std::uint16_t {
    malformed = 1,
    unsupported_version = 2,
    hello_needed = 3,
    already_exists = 4,
    unknown_key = 5,
    too_many_tasks = 6,
    too_many_records = 7,
    still_running = 8,
    shutting_down = 9,
    not_permitted = 10,
    system_error = 11,
};

/// A request that was not honoured, and changed nothing.
struct Refused {
    MessageType request{};
    RefusedReason reason{};
    std::string_view key;
    std::string_view message;
};

/// Only in answers to `list`: accepted, its process does not exist yet.
struct Starting {
    std::string_view key;
};

struct Started {
    std::string_view key;
    std::uint32_t pid = 0;  ///< also the process group and the session
    std::int64_t start_wall_ns = 0;
    std::int64_t start_monotonic_ns = 0;
    bool listed = false;  ///< an answer to `list`, not news
};

/// What the launcher was doing for a task when it failed.
enum class LaunchStep : std::uint16_t {
    none = 0,
    record = 1,
    fork = 2,
    make_sandbox = 3,
    new_session = 4,
    set_limits = 5,
    set_groups = 6,
    set_gid = 7,
    set_uid = 8,
    enter_sandbox = 9,
    open_stdout = 10,
    open_stderr = 11,
    enter_directory = 12,
    execute = 13,
    supervise = 14,
};

/// The task never ran. `error` is an errno value, 0 if the supervisor was lost before the start.
struct Failed {
    std::string_view key;
    LaunchStep step{};
    std::uint32_t error = 0;
    std::string_view message;
    bool listed = false;
};

enum class ExitCause : std::uint16_t {
    exited = 1,    ///< `value` is the exit status
    signaled = 2,  ///< `value` is the signal
    lost = 3,      ///< nobody saw how it ended; `value` is 0
};

struct Exited {
    std::string_view key;
    ExitCause cause{};
    std::uint32_t value = 0;
    std::uint32_t pid = 0;
    bool core_dumped = false;
    bool kill_requested = false;      ///< a kill or shutdown request had arrived before the end
    bool killed_after_grace = false;  ///< SIGKILL was needed for the task or a descendant
    bool supervisor_lost = false;     ///< its supervisor died first; the launcher ended the task
    bool listed = false;
    std::int64_t start_wall_ns = 0;
    std::int64_t end_wall_ns = 0;
    std::int64_t user_us = 0;
    std::int64_t system_us = 0;
    std::int64_t memory_kib_max = 0;
};

struct ListEnd {
    std::uint32_t count = 0;
};

enum class ClosingReason : std::uint16_t {
    replaced = 1,  ///< a newer connection said hello
    shutdown = 2,
    parent_gone = 3,
};

/// The last message of a connection.
struct Closing {
    ClosingReason reason{};
};

using Report = std::variant<HelloOk, Refused, Starting, Started, Failed, Exited, ListEnd, Closing>;

// Texts.
// --------------------------------------------------------------------------------------------

[[nodiscard]] constexpr bool is_known(MessageType type) {
    return (type >= MessageType::hello && type <= MessageType::shutdown) ||
           (type >= MessageType::hello_ok && type <= MessageType::closing);
}

[[nodiscard]] constexpr const char* name_of(MessageType type) {
    switch (type) {
        case MessageType::hello:
            return "hello";
        case MessageType::launch:
            return "launch";
        case MessageType::kill:
            return "kill";
        case MessageType::forget:
            return "forget";
        case MessageType::list:
            return "list";
        case MessageType::shutdown:
            return "shutdown";
        case MessageType::hello_ok:
            return "hello_ok";
        case MessageType::refused:
            return "refused";
        case MessageType::starting:
            return "starting";
        case MessageType::started:
            return "started";
        case MessageType::failed:
            return "failed";
        case MessageType::exited:
            return "exited";
        case MessageType::list_end:
            return "list_end";
        case MessageType::closing:
            return "closing";
    }
    return "unknown";
}

[[nodiscard]] constexpr const char* name_of(LaunchStep step) {
    switch (step) {
        case LaunchStep::none:
            return "nothing";
        case LaunchStep::record:
            return "write the record";
        case LaunchStep::fork:
            return "fork";
        case LaunchStep::make_sandbox:
            return "make the sandbox";
        case LaunchStep::new_session:
            return "open a session";
        case LaunchStep::set_limits:
            return "set resource limits";
        case LaunchStep::set_groups:
            return "set supplementary groups";
        case LaunchStep::set_gid:
            return "set the group id";
        case LaunchStep::set_uid:
            return "set the user id";
        case LaunchStep::enter_sandbox:
            return "enter the sandbox";
        case LaunchStep::open_stdout:
            return "open stdout";
        case LaunchStep::open_stderr:
            return "open stderr";
        case LaunchStep::enter_directory:
            return "enter the working directory";
        case LaunchStep::execute:
            return "execute the program";
        case LaunchStep::supervise:
            return "supervise the task";
    }
    return "unknown";
}

}  // namespace offerkit::launcher
