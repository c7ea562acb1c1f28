// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What this computer has to offer.

#include <offerkit/core/result.hpp>
#include <offerkit/resources/resources.hpp>

#include <string>

namespace offerkit::daemons {

/// The processors this process may use, memory and disk less some for the machine itself, and the
/// ports 31000 to 32000. `work_dir` says which disk. Refuses: what the kernel does not tell.
[[nodiscard]] Result<Resources> find_resources(const std::string& work_dir);

}  // namespace offerkit::daemons
