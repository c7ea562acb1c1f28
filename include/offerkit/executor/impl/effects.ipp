// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/core/config.hpp>
#include <offerkit/executor/effect.hpp>

namespace offerkit::executor {

OFFERKIT_INLINE void Effects::clear() { list.clear(); }

}  // namespace offerkit::executor
