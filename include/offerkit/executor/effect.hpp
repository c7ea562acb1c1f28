// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Everything the executor of command tasks can ask of the world.

#include <offerkit/core/time.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/model/command.hpp>
#include <offerkit/protocol/executor_message.hpp>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::executor {

struct SendAgent {
    protocol::ExecutorCall call;
    friend bool operator==(const SendAgent&, const SendAgent&) = default;
};

/// Start this; `ProcessStarted` or `ProcessNotStarted` follows.
struct StartProcess {
    ProcessKey key;
    std::vector<std::string> argv;  // A shell text has become `/bin/sh -c TEXT`.
    std::vector<std::pair<std::string, std::string>> environment;  // Complete but for the sandbox.
    std::string sandbox;            // Relative to the agent's work folder.
    std::string working_directory;  // As in the command.
    std::string user;
    friend bool operator==(const StartProcess&, const StartProcess&) = default;
};

/// SIGTERM to the whole process group, SIGKILL after the grace; `ProcessExited` follows.
struct KillProcess {
    ProcessKey key;
    Duration grace{0};
    friend bool operator==(const KillProcess&, const KillProcess&) = default;
};

/// Its end has been noted durably: the launcher may forget it.
struct ForgetProcess {
    ProcessKey key;
    friend bool operator==(const ForgetProcess&, const ForgetProcess&) = default;
};

using Effect = std::variant<SendAgent, StartProcess, KillProcess, ForgetProcess>;

struct Effects {
    std::vector<Effect> list;
    void clear() { list.clear(); }
};

}  // namespace offerkit::executor
