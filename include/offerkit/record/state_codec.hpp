// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The compiled doors to the machines' states (see `codec.hpp`), for `snapshot.cpp`.

#include <offerkit/agent/state.hpp>
#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/executor/state.hpp>
#include <offerkit/framework/state.hpp>
#include <offerkit/master/state.hpp>
#include <offerkit/record/codec.hpp>

namespace offerkit::record {

extern template struct Codec<CycleBase>;
extern template struct Codec<master::State>;
extern template struct Codec<agent::State>;
extern template struct Codec<framework::State>;
extern template struct Codec<executor::State>;

}  // namespace offerkit::record
