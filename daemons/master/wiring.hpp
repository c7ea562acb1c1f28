// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A master daemon out of its parts, from options to exit.

#include <daemons/master/options.hpp>

namespace offerkit::daemons {

/// Runs until a signal, or the parent's end, and returns the exit code.
int run_master(MasterOptions options);

}  // namespace offerkit::daemons
