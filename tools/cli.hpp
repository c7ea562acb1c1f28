// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the command line says, and the commands there are. Only files named cli* know CLI11.

#include "command_tree.hpp"
#include "commands.hpp"
#include "replay.hpp"

#include <string>

namespace CLI {
class App;
}

namespace offerkit::tools {

struct Options {
    AccessOptions access;
    Output output = Output::table;
    ListOptions list;
    WhyOptions why;
    LogsOptions logs;
    EventsOptions events;
    TopOptions top;
    RunOptions run;
    DevOptions dev;
    RegistryOptions registry;
    ReplayCommand replay;
    AgentCommandOptions agent;
    QuotaOptions quota;
    std::string shell;  // Of completions.
    std::string page;   // Of man; empty: the tool's own.
};

void add_commands(CLI::App& app, Options& options);

/// What `--help` shows, for completions, manual pages and "did you mean".
[[nodiscard]] CommandTree tree_of(const CLI::App& app);

}  // namespace offerkit::tools
