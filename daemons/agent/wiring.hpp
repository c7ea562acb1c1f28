// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An agent daemon out of its parts, from options to exit.

#include <daemons/agent/options.hpp>

namespace offerkit::daemons {

/// Runs until a signal, the parent's end, or the master's word, and returns the exit code.
int run_agent(AgentOptions options);

}  // namespace offerkit::daemons
