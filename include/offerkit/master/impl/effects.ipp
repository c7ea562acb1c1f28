// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/master/effect.hpp>

namespace offerkit::master {

OFFERKIT_INLINE void Effects::clear() {
    list.clear();
    deltas.clear();
}

}  // namespace offerkit::master
