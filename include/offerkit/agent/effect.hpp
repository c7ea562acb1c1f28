// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything an agent can ask of the world.

#include <offerkit/agent/checkpoint.hpp>
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

/// For the agent's own executor of command tasks, once after `Recovered`: the tasks that it had. It
/// asks the launcher what became of them.
struct RecoverExecutor {
    protocol::RecoverTasks tasks;
    friend bool operator==(const RecoverExecutor&, const RecoverExecutor&) = default;
};

/// Make this durable; `Stored` with this number or a higher one says that it is.
struct Store {
    std::uint64_t entry = 0;
    checkpoint::Write write;
    friend bool operator==(const Store&, const Store&) = default;
};

/// The daemon may exit.
struct Stopped {
    std::string why;
    bool failed = false;       // Not as anybody asked: the operator has to do something about it.
    bool tasks_go_on = false;  // They are the launcher's, and the checkpoint knows them.
    friend bool operator==(const Stopped&, const Stopped&) = default;
};

using Effect = std::variant<Connect, Disconnect, SendMaster, SendExecutor, RecoverExecutor,
                            CloseExecutor, Store, Stopped>;

struct Effects {
    std::vector<Effect> list;
    std::vector<Delta> deltas;

    void clear();
};

}  // namespace offerkit::agent

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/agent/impl/effects.ipp>
#endif
