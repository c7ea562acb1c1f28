// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Fetches what tasks have written, from the agents that keep their sandboxes.

#include "http_peer.hpp"

#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/runtime/cluster_access.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace offerkit::tools {

/// A file below a task's sandbox.
struct SandboxFile {
    AgentId agent;
    std::string sandbox;  // As its status says.
    std::string name;     // "stdout"
};

/// One thread's connections to the master and the agents.
class SandboxReader {
public:
    explicit SandboxReader(runtime::ClusterAccess access) : access_(std::move(access)) {}

    /// At most 1 MiB from `offset` on; empty at the end of what there is now.
    [[nodiscard]] Result<std::string> read(const SandboxFile& file, std::uint64_t offset);

    /// All of it, piece by piece. Refuses what `read` refuses.
    [[nodiscard]] Result<void> read_all(const SandboxFile& file,
                                        const std::function<void(const std::string&)>& take);

private:
    [[nodiscard]] Result<HttpPeer*> peer_of(AgentId agent);
    [[nodiscard]] Result<void> learn_agents();

    runtime::ClusterAccess access_;
    std::optional<HttpPeer> master_;
    std::map<AgentId, std::string> urls_;
    std::map<AgentId, HttpPeer> peers_;
};

}  // namespace offerkit::tools
