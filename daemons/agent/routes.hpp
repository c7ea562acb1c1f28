// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an agent tells over HTTP: itself, its tasks, and the files of their sandboxes.

#include <daemons/agent/sandbox_files.hpp>
#include <offerkit/agent/view.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/runtime/http_server.hpp>

#include <cstdint>
#include <map>
#include <string>
#include <utility>

namespace offerkit::daemons {

class AgentRoutes {
public:
    /// `work_dir` is absolute: the machine's sandboxes are named from there on.
    AgentRoutes(AgentInfo info, std::string work_dir, SandboxFiles files);

    /// The thread that calls this and `handle` is the only one that touches the model.
    void apply(agent::Delta delta);
    void handle(const runtime::HttpRequest& request, runtime::HttpRespond respond) const;

private:
    [[nodiscard]] runtime::HttpResponse read(const runtime::HttpRequest& request) const;
    [[nodiscard]] runtime::HttpResponse self() const;
    [[nodiscard]] runtime::HttpResponse files(const runtime::HttpRequest& request) const;
    [[nodiscard]] runtime::HttpResponse metrics() const;

    AgentInfo info_;
    std::string work_dir_;
    SandboxFiles files_;
    AgentId id_;
    std::map<std::pair<FrameworkId, TaskId>, agent::TaskPut> tasks_;
    std::uint64_t tasks_seen_ = 0;
};

}  // namespace offerkit::daemons
