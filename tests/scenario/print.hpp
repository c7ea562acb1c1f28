// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What machines ask for, as lines of a scenario. Fields that are empty or zero are left out.

#include <offerkit/agent/effect.hpp>
#include <offerkit/executor/effect.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/master/effect.hpp>

#include <string>

namespace offerkit::test {

[[nodiscard]] std::string print(const master::Effect& effect);
[[nodiscard]] std::string print(const master::Delta& delta);
[[nodiscard]] std::string print(const agent::Effect& effect);
[[nodiscard]] std::string print(const agent::Delta& delta);
[[nodiscard]] std::string print(const framework::Effect& effect);
[[nodiscard]] std::string print(const executor::Effect& effect);

}  // namespace offerkit::test
