// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the daemons share as processes: their log, why they end, and what they say when they are
/// ready.

#include <offerkit/core/result.hpp>
#include <offerkit/runtime/log.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace offerkit::daemons {

/// A reader of the daemon's output, or of a peer's socket, that has gone must not end it.
void ignore_broken_pipes();

/// As many connections as the machine allows. Children inherit it: not for one that starts tasks.
void allow_many_connections();

/// Writes to standard error: time, level, line. `level`: debug, info, warning or error.
/// Refuses: `invalid` for another word.
[[nodiscard]] Result<runtime::Log> make_log(const std::string& name, const std::string& level);

/// Why the daemon ends: the first reason counts. Any thread asks, one waits.
class EndReason {
public:
    void ask(const std::string& why);
    [[nodiscard]] std::string wait();

private:
    std::mutex mutex_;
    std::condition_variable asked_;
    std::optional<std::string> why_;
};

/// Watches a descriptor that the parent holds the other end of: when the parent is gone, however it
/// went, the daemon is asked to end.
class ParentWatch {
public:
    /// Refuses: `invalid` when the descriptor is not open.
    static Result<ParentWatch> start(int descriptor, EndReason& end);
    ParentWatch() = default;
    ParentWatch(ParentWatch&& other) noexcept;
    ParentWatch& operator=(ParentWatch&& other) noexcept;
    ~ParentWatch();

private:
    std::thread thread_;
    int wake_ = -1;
};

/// Named numbers that others want to know once the daemon is ready, beside its process id.
struct ReadyFacts {
    std::string path;  // Of the file; empty: none is written.
    std::vector<std::pair<std::string, std::uint64_t>> numbers;
    std::vector<std::pair<std::string, std::string>> texts;
};

/// One JSON object, whole from the first moment it can be seen.
Result<void> write_ready_file(const ReadyFacts& facts);

/// The exit code of a daemon whose registry or checkpoint is damaged: no restart mends that.
inline constexpr int exit_damaged = 3;

/// Says the refusal on standard error. Returns the exit code 2: told wrongly, or 1.
int tell_refusal(const std::string& program, const Refusal& refusal);

/// All that is wrong with what it was told, each on a line. Pre: there is something. As above.
int tell_refusals(const std::string& program, const std::vector<Refusal>& refusals);

}  // namespace offerkit::daemons
