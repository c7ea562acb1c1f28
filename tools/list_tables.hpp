// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the master lists, as tables.

#include "document.hpp"
#include "table.hpp"

#include <string>

namespace offerkit::tools {

/// `what`: agents, frameworks, tasks or offers.
[[nodiscard]] Table table_of(const std::string& what, const Json& items, bool wide);

}  // namespace offerkit::tools
