// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/state_codec.hpp>
#include <offerkit/record/state_fields.hpp>

namespace offerkit::record {

template struct Codec<CycleBase>;
template struct Codec<master::State>;

}  // namespace offerkit::record
