// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Fetches the output of ended jobs into a folder, beside the run and not in its way.

#include "sandbox.hpp"

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/runtime/cluster_access.hpp>

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace offerkit::tools {

class OutputFetcher {
public:
    using Done = std::function<void(const std::string& error)>;

    /// Into `folder`, made if it is not there; nothing is fetched if it is empty.
    OutputFetcher(runtime::ClusterAccess access, std::string folder);
    ~OutputFetcher();

    /// Where the output of `job` goes.
    [[nodiscard]] std::string path_of(const std::string& job, const char* name) const {
        return folder_ + "/" + job + "." + name;
    }

    /// Writes `folder`/JOB.stdout and JOB.stderr some time soon, then calls `done` on a thread of
    /// its own with what went wrong, if anything did. False, and never calls it, if there is
    /// nothing to fetch.
    bool fetch(const std::string& job, AgentId agent, const std::string& sandbox, Done done);

    /// Waits for all of it. Returns what could not be fetched or written.
    std::vector<Refusal> finish();

private:
    struct Order {
        std::string job;
        AgentId agent;
        std::string sandbox;
        Done done;
    };

    void work();
    Result<void> save(SandboxReader& reader, const Order& order, const char* name) const;

    runtime::ClusterAccess access_;
    std::string folder_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Order> orders_;
    std::vector<Refusal> missing_;
    bool finishing_ = false;
    std::vector<std::thread> threads_;
};

}  // namespace offerkit::tools
