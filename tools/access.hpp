// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Which cluster a command talks to.

#include <offerkit/runtime/cluster_access.hpp>

#include <string>

namespace offerkit::tools {

/// What the flags say; the rest is found (`runtime::find_cluster`).
struct AccessOptions {
    runtime::ClusterAccess given;
    std::string token_file;
};

/// Prints why it is not found. Returns an exit code: 0, 2 for a token file that is of no use, 3.
[[nodiscard]] int find_access(const AccessOptions& options, runtime::ClusterAccess& found);

}  // namespace offerkit::tools
