// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/framework/effect.hpp>

namespace offerkit::framework {

OFFERKIT_INLINE void Effects::clear() { list.clear(); }

}  // namespace offerkit::framework
