// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/fields.hpp>

namespace offerkit::record {

template struct Codec<executor::Event>;
template struct Codec<executor::Effect>;

}  // namespace offerkit::record
