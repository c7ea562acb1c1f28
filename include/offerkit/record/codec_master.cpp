// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/fields.hpp>

namespace offerkit::record {

template struct Codec<master::Options>;
template struct Codec<master::Event>;
template struct Codec<master::Effect>;
template struct Codec<master::Delta>;

}  // namespace offerkit::record
