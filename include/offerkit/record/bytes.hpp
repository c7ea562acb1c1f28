// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The bytes of records, by the names that this floor uses (`core/bytes.hpp`).

#include <offerkit/core/bytes.hpp>

namespace offerkit::record {

using offerkit::ByteReader;
using offerkit::Bytes;
using offerkit::put_fixed32;
using offerkit::put_number;
using offerkit::put_signed;
using offerkit::put_text;

}  // namespace offerkit::record
