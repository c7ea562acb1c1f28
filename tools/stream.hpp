// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Passes the output of one running task through to ours.

#include "sandbox.hpp"

#include <offerkit/model/status.hpp>
#include <offerkit/runtime/cluster_access.hpp>

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

namespace offerkit::tools {

class OutputStream {
public:
    explicit OutputStream(runtime::ClusterAccess access);
    ~OutputStream();

    /// The task's latest status: where its sandbox is, and whether it has ended.
    void tell(const TaskStatus& status);

    /// Waits until all that the task wrote has been passed on.
    void finish();

private:
    void run();
    [[nodiscard]] Result<void> pass_on(const SandboxFile& file, std::uint64_t& offset,
                                       int descriptor);

    SandboxReader reader_;
    std::mutex mutex_;
    std::condition_variable told_;
    TaskStatus status_;
    bool has_sandbox_ = false;
    bool ended_ = false;
    std::thread thread_;
};

}  // namespace offerkit::tools
