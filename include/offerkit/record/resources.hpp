// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How resources are recorded: which slots are in use, their amounts, and rarely the rest. Both
/// forms are kept as they are, since a machine's state holds the local one.

#include <offerkit/record/bytes.hpp>
#include <offerkit/resources/resources.hpp>

namespace offerkit::record {

void put_amounts(const Amounts& amounts, ByteWriter& out);
void take_amounts(ByteReader& in, Amounts& amounts);

void put_ranges(const Ranges& ranges, ByteWriter& out);
void take_ranges(ByteReader& in, Ranges& ranges);

/// What comes out of `take_resources` is as valid as what `ResourcesBuilder` makes.
void put_resources(const Resources& resources, ByteWriter& out);
void take_resources(ByteReader& in, Resources& resources);

}  // namespace offerkit::record
