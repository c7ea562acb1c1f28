// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The answers of `offerkit why` on standard output.

#include "document.hpp"
#include "output.hpp"

namespace offerkit::tools {

void print_why(const Json& answers, Output output);

}  // namespace offerkit::tools
