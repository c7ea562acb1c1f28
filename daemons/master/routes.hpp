// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The operators' HTTP API of a master. Reads are answered from the read model, on the thread that
/// keeps it; writes become calls to the machine and are answered when the machine has answered.

#include <offerkit/master/read_model.hpp>
#include <offerkit/protocol/operator_call.hpp>
#include <offerkit/runtime/http_server.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace offerkit::daemons {

/// What the routes show beside the read model.
struct ClusterFacts {
    std::string cluster;
    std::uint64_t epoch = 0;
    std::string policy;
    std::string version;
    std::function<std::uint64_t()> events_handled;  // By the machine, so far.
    std::function<WallTime()> wall_now;
};

class MasterRoutes {
public:
    /// Hands a write to the machine, which answers once.
    using Ask = std::function<void(protocol::OperatorCall call,
                                   std::function<void(const protocol::OperatorAnswer&)> reply)>;

    MasterRoutes(ClusterFacts facts, Ask ask);

    /// The thread that calls this and `handle` is the only one that touches the model.
    [[nodiscard]] master::ReadModel& model() { return model_; }

    void handle(const runtime::HttpRequest& request, runtime::HttpRespond respond) const;

private:
    [[nodiscard]] runtime::HttpResponse read(const runtime::HttpRequest& request) const;
    [[nodiscard]] runtime::HttpResponse drain(const std::string& id) const;
    [[nodiscard]] runtime::HttpResponse cluster() const;
    [[nodiscard]] runtime::HttpResponse metrics() const;

    ClusterFacts facts_;
    Ask ask_;
    master::ReadModel model_;
};

/// Reads a write out of a request. Refuses: `not_found` paths, `malformed` ids and bodies.
[[nodiscard]] Result<protocol::OperatorCall> parse_write(const runtime::HttpRequest& request);

}  // namespace offerkit::daemons
