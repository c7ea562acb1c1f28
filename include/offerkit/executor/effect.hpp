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

/// Ask the launcher for all it knows; an event for each process and `ListEnded` follow. These are
/// the ones that may be there, with the sandboxes they were started in.
struct ListProcesses {
    struct Known {
        ProcessKey key;
        std::string sandbox;  // Relative to the agent's work folder.
        friend bool operator==(const Known&, const Known&) = default;
    };
    std::vector<Known> known;
    friend bool operator==(const ListProcesses&, const ListProcesses&) = default;
};

/// For the agent: this task was running when it was recovered.
struct TellFound {
    ProcessKey key;
    Duration age{0};
    friend bool operator==(const TellFound&, const TellFound&) = default;
};

/// For the log.
struct Note {
    std::string text;
    friend bool operator==(const Note&, const Note&) = default;
};

using Effect = std::variant<SendAgent, StartProcess, KillProcess, ForgetProcess, ListProcesses,
                            TellFound, Note>;

struct Effects {
    std::vector<Effect> list;
    void clear();
};

}  // namespace offerkit::executor

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/executor/impl/effects.ipp>
#endif
