// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/fields.hpp>

namespace offerkit::record {

template struct Codec<framework::Options>;
template struct Codec<framework::Event>;
template struct Codec<framework::Effect>;

}  // namespace offerkit::record
