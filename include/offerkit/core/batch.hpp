// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What every machine's step takes. A machine is a pure function of its past batches; where the
/// borders between batches lay is part of its history, and so of its log.

#include <offerkit/core/time.hpp>

#include <span>

namespace offerkit {

/// Events that a machine handles in one step, in order. Machines move out of them.
template <class Event>
struct Batch {
    Instant mono_now;   // Never earlier than that of the batch before.
    WallTime wall_now;  // For people only.
    std::span<Event> events;
};

}  // namespace offerkit
