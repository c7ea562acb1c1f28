// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The processes of `offerkit dev`: a master and its agents on loopback, which end with us, however
/// we end.

#include "commands.hpp"

#include <offerkit/core/result.hpp>
#include <offerkit/runtime/cluster_access.hpp>

#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::tools {

/// The last line of a log.
[[nodiscard]] std::string tail_of(const std::string& path);

class DevCluster {
public:
    /// Asked from time to time while the cluster comes up: true gives up.
    using IsCancelled = std::function<bool()>;

    /// Starts all of it and waits until the agents are registered. Refuses: `already_exists` when
    /// another one runs for this user, `not_found` daemons, `cancelled`, and whatever keeps a
    /// daemon from coming up, with the end of its log.
    static Result<DevCluster> start(const DevOptions& options, IsCancelled is_cancelled);
    DevCluster(DevCluster&& other) noexcept;
    DevCluster& operator=(DevCluster&&) = delete;
    ~DevCluster();

    [[nodiscard]] const runtime::ClusterAccess& access() const { return access_; }
    [[nodiscard]] const std::string& work_dir() const { return work_dir_; }

    /// Starts daemons again that have ended by themselves, and says so, one sentence each: nothing
    /// is lost with them. Refuses: `unavailable` when one ends each time it is started.
    [[nodiscard]] Result<std::vector<std::string>> revive();

    /// Milliseconds until `revive` has something to do without a child's end, for poll: -1 never.
    [[nodiscard]] int next_revival_ms() const;

    /// Ends all processes: asked first, killed after a grace. Removes what was made.
    void stop();

private:
    using Moment = std::chrono::steady_clock::time_point;

    struct Child {
        std::string name;
        std::string program;  // Its path.
        std::vector<std::string> arguments;
        std::string log;
        pid_t pid = -1;  // Not running.
        Moment started;
        Moment start_at;          // While it does not run.
        std::uint32_t falls = 0;  // In a row, soon after their starts.
    };

    DevCluster() = default;
    Result<void> lock();
    Result<void> make_work_dir(const std::string& asked);
    Result<void> start_all(const DevOptions& options);
    Result<void> start_master(const DevOptions& options);
    Result<void> start_agent(const DevOptions& options, std::uint32_t number);
    Result<void> add_child(const std::string& program, const std::string& name,
                           std::vector<std::string> arguments);
    Result<void> spawn(Child& child);
    /// A sentence about the first process that has ended by itself; empty if all run.
    std::string find_dead();
    /// How it ended, if it has since it was last asked; else empty.
    std::string find_end(Child& child);
    /// Asks every few milliseconds until it is so, or cannot be any more.
    Result<void> await(const std::string& what, const std::function<bool()>& is_so);
    Result<void> await_agents(std::uint32_t count);
    void end_children(std::size_t first, std::size_t last, int signal_number, int wait_ms);

    IsCancelled is_cancelled_;
    runtime::ClusterAccess access_;
    std::string work_dir_;
    bool work_dir_is_ours_ = false;
    bool dev_file_written_ = false;
    int lock_ = -1;
    int lifeline_read_ = -1;  // Inherited by the children; readable when we are gone.
    int lifeline_write_ = -1;
    std::vector<Child> children_;  // The master first.
};

}  // namespace offerkit::tools
