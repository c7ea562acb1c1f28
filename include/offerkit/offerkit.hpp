// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All that a framework author needs to write a scheduler and to hand it to a world: floors 0 to 2
/// and the author's side of floor 4. It names neither Asio nor Protobuf. To run a scheduler, add
/// `<offerkit/runtime/run_framework.hpp>` (a real cluster) or `<offerkit/sim/world.hpp>`.

#include <offerkit/core/id.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/deliver.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/resources/resources.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/version.hpp>
