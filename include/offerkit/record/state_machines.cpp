// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/state_codec.hpp>
#include <offerkit/record/state_fields.hpp>

namespace offerkit::record {

template struct Codec<agent::State>;
template struct Codec<framework::State>;
template struct Codec<executor::State>;

}  // namespace offerkit::record
