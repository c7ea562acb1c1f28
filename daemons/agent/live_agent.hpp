// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An agent on this computer: its machine and that of its command tasks' executor side by side on
/// one thread, a link to the master, and the launcher.

#include <daemons/agent/launcher_client.hpp>
#include <offerkit/agent/checkpoint.hpp>
#include <offerkit/agent/effect.hpp>
#include <offerkit/agent/event.hpp>
#include <offerkit/agent/options.hpp>
#include <offerkit/agent/view.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/runtime/durable_store.hpp>
#include <offerkit/runtime/link.hpp>
#include <offerkit/runtime/log.hpp>
#include <offerkit/runtime/record_options.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace offerkit::daemons {

struct LiveAgentOptions {
    agent::Options machine;
    agent::checkpoint::Contents contents;               // What the checkpoint holds now.
    std::unique_ptr<runtime::DurableStore> checkpoint;  // Not started; null: in memory only.
    runtime::Address master;
    std::string token;
    std::string cluster;
    LauncherOptions launcher;
    runtime::RecordOptions record;
    runtime::Log log;
    /// Called on the machine's thread with what changed, in order: must be quick. May be empty.
    std::function<void(std::vector<agent::Delta> deltas)> read;
    /// Called once, on the machine's thread, when the agent has ended by itself.
    std::function<void(const agent::Stopped& stopped)> stopped;
};

class LiveAgent {
public:
    /// Returns when the machine has taken its first step, by which it may have stopped. Refuses:
    /// `unavailable` when there is no launcher.
    static Result<std::unique_ptr<LiveAgent>> start(LiveAgentOptions options);
    LiveAgent(const LiveAgent&) = delete;
    LiveAgent& operator=(const LiveAgent&) = delete;
    ~LiveAgent();

    /// Any thread: end the tasks and leave the cluster, or keep them; then `stopped`.
    void ask_stop(agent::StopAsked asked);

    /// Ends the threads; with `shut_down_launcher` also the launcher and what it may still run.
    /// What was written is durable when this returns.
    void end(bool shut_down_launcher);

private:
    struct Body;
    explicit LiveAgent(std::unique_ptr<Body> body);
    std::unique_ptr<Body> body_;
};

}  // namespace offerkit::daemons
