// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/fields.hpp>

namespace offerkit::record {

template struct Codec<agent::Options>;
template struct Codec<agent::Event>;
template struct Codec<agent::Effect>;
template struct Codec<agent::Delta>;

}  // namespace offerkit::record
