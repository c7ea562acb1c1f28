// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A command: what is started, with which environment, where.

#include <string>
#include <utility>
#include <vector>

namespace offerkit {

struct Command {
    /// Exactly one of the two is given: a text for `/bin/sh -c`, or an argument vector whose first
    /// element is the program, looked up on the task's PATH.
    std::string shell;
    std::vector<std::string> argv;

    /// Added to what the agent sets (PATH, HOME, OFFERKIT_*); nothing of the agent's own leaks in.
    std::vector<std::pair<std::string, std::string>> environment;
    std::string working_directory;  // Empty: the sandbox. Relative: below the sandbox.
    std::string user;               // Empty: the framework's.
    friend bool operator==(const Command&, const Command&) = default;
};

}  // namespace offerkit
