// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Why a framework waits, in words: what is so, and what to do about it.

#include <offerkit/core/time.hpp>
#include <offerkit/master/explain.hpp>

#include <string>
#include <string_view>

namespace offerkit::daemons {

/// One line, lower case, without a full stop.
[[nodiscard]] std::string text_of(const master::Wait& wait, WallTime now);
[[nodiscard]] std::string_view todo_of(const master::Wait& wait);

}  // namespace offerkit::daemons
