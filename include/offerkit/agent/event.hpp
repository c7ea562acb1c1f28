// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything that can happen to an agent.

#include <offerkit/agent/checkpoint.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/executor_message.hpp>
#include <offerkit/protocol/hello.hpp>

#include <cstdint>
#include <string>
#include <variant>

namespace offerkit::agent {

/// The first event of an agent that keeps a checkpoint: what was found in it, nothing if it is new.
struct Recovered {
    checkpoint::Contents contents;
    friend bool operator==(const Recovered&, const Recovered&) = default;
};

/// The world has connected, and the master has let us in.
struct LinkOpened {
    protocol::Welcome welcome;
    friend bool operator==(const LinkOpened&, const LinkOpened&) = default;
};

/// The connection to the master is gone, or could not be made.
struct LinkClosed {
    Refusal why;
    friend bool operator==(const LinkClosed&, const LinkClosed&) = default;
};

struct MasterSaid {
    protocol::MasterMessage message;
    friend bool operator==(const MasterSaid&, const MasterSaid&) = default;
};

/// An executor process has opened a channel. The agent's own executor of command tasks has the peer
/// id none, and is always there.
struct ExecutorOpened {
    PeerId peer;
    std::string principal;
    friend bool operator==(const ExecutorOpened&, const ExecutorOpened&) = default;
};

struct ExecutorClosed {
    PeerId peer;
    std::string why;
    friend bool operator==(const ExecutorClosed&, const ExecutorClosed&) = default;
};

struct ExecutorSaid {
    PeerId peer;
    protocol::ExecutorCall call;
    friend bool operator==(const ExecutorSaid&, const ExecutorSaid&) = default;
};

/// A task that was recovered runs, and began to so long ago.
struct TaskFound {
    FrameworkId framework;
    TaskId task;
    Duration age{0};
    friend bool operator==(const TaskFound&, const TaskFound&) = default;
};

/// All `Store` effects up to and including this one are durable.
struct Stored {
    std::uint64_t upto = 0;
    friend bool operator==(const Stored&, const Stored&) = default;
};

/// No `Store` effect from this one on is durable, nor will be, unless it is asked for again.
struct StoreFailed {
    std::uint64_t from = 0;
    std::string why;
    friend bool operator==(const StoreFailed&, const StoreFailed&) = default;
};

/// The operator (or a signal) asks the daemon to stop: tasks are ended, or are left to the next
/// agent on this machine; then `Stopped` follows.
struct StopAsked {
    Duration grace{0};  // Of the tasks.
    bool keep_tasks = false;
    friend bool operator==(const StopAsked&, const StopAsked&) = default;
};

using Event = std::variant<Recovered, LinkOpened, LinkClosed, MasterSaid, ExecutorOpened,
                           ExecutorClosed, ExecutorSaid, TaskFound, Stored, StoreFailed, StopAsked>;

}  // namespace offerkit::agent
