// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything an agent can ask of the world.

#include <offerkit/agent/view.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/executor_message.hpp>

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::agent {

/// Connect to the master; `LinkOpened` or `LinkClosed` follows.
struct Connect {
    std::uint64_t epoch_seen = 0;  // For the hello.
    friend bool operator==(const Connect&, const Connect&) = default;
};

/// Close the connection after what was sent has gone out. No `LinkClosed` follows.
struct Disconnect {
    friend bool operator==(const Disconnect&, const Disconnect&) = default;
};

struct SendMaster {
    protocol::AgentMessage message;
    friend bool operator==(const SendMaster&, const SendMaster&) = default;
};

/// Peer id none: the agent's own executor of command tasks.
struct SendExecutor {
    PeerId to;
    protocol::ExecutorEvent event;
    friend bool operator==(const SendExecutor&, const SendExecutor&) = default;
};

struct CloseExecutor {
    PeerId peer;
    Refusal why;
    friend bool operator==(const CloseExecutor&, const CloseExecutor&) = default;
};

/// What the agent's checkpoint must never forget, one durable change each.
namespace checkpoint {
// clang-format off
struct PutIdentity   { AgentId agent; std::uint64_t epoch = 0;
                       friend bool operator==(const PutIdentity&, const PutIdentity&) = default; };
struct PutTask       { protocol::AgentTask task; std::string sandbox;
                       friend bool operator==(const PutTask&, const PutTask&) = default; };
struct RemoveTask    { FrameworkId framework; TaskId task;
                       friend bool operator==(const RemoveTask&, const RemoveTask&) = default; };
struct PutStatus     { protocol::StatusUpdate update;
                       friend bool operator==(const PutStatus&, const PutStatus&) = default; };
struct RemoveStatus  { FrameworkId framework; TaskId task; StatusId status;
                       friend bool operator==(const RemoveStatus&,
                                              const RemoveStatus&) = default; };
// clang-format on

using Write = std::variant<PutIdentity, PutTask, RemoveTask, PutStatus, RemoveStatus>;
}  // namespace checkpoint

/// Make this durable; `Stored` with this number or a higher one says that it is.
struct Store {
    std::uint64_t entry = 0;
    checkpoint::Write write;
    friend bool operator==(const Store&, const Store&) = default;
};

/// Everything has ended; the daemon may exit.
struct Stopped {
    std::string why;
    friend bool operator==(const Stopped&, const Stopped&) = default;
};

using Effect =
    std::variant<Connect, Disconnect, SendMaster, SendExecutor, CloseExecutor, Store, Stopped>;

struct Effects {
    std::vector<Effect> list;
    std::vector<Delta> deltas;

    void clear() {
        list.clear();
        deltas.clear();
    }
};

}  // namespace offerkit::agent
