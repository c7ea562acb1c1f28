// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A run as lines for people: when, who, what. Legend in docs/internals/simulator.md.

#include <offerkit/agent/effect.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/master/effect.hpp>

#include <string>

namespace offerkit::sim {

/// What an effect means to somebody who watches; empty if it is of no interest (beats, receipts).
[[nodiscard]] std::string describe(const master::Effect& effect);
[[nodiscard]] std::string describe(const agent::Effect& effect);
[[nodiscard]] std::string describe(const framework::Effect& effect);

/// "    12.345678" in seconds.
[[nodiscard]] std::string format_instant(Instant at);

}  // namespace offerkit::sim
