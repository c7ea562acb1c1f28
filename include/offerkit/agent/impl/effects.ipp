// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/agent/effect.hpp>
#include <offerkit/core/config.hpp>

namespace offerkit::agent {

OFFERKIT_INLINE void Effects::clear() {
    list.clear();
    deltas.clear();
}

}  // namespace offerkit::agent
