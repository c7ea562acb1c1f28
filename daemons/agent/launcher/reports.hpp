// SPDX-License-Identifier: Apache-2.0
#pragma once

// What a record says, as a report to the agent.

#include "codec.hpp"
#include "records.hpp"

namespace offerkit::launcher {

/// Where a failure's text lives while it is encoded.
struct FailureText {
    char text[256];
};

[[nodiscard]] Started make_started(std::string_view key, const StartedPart& part);
[[nodiscard]] Failed make_failed(std::string_view key, const EndedPart& ended, FailureText& text);
[[nodiscard]] Exited make_exited(std::string_view key, const EndedPart& ended);

}  // namespace offerkit::launcher
