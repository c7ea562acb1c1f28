// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Messages and writes as words of a line.

#include "line.hpp"

#include <offerkit/agent/effect.hpp>
#include <offerkit/master/effect.hpp>
#include <offerkit/protocol/scheduler_call.hpp>

namespace offerkit::test {

void add(Line& line, const protocol::SchedulerEvent& event);
void add(Line& line, const protocol::MasterMessage& message);
void add(Line& line, const protocol::SchedulerCall& call);
void add(Line& line, const protocol::AgentMessage& message);
void add(Line& line, const protocol::ExecutorEvent& event);
void add(Line& line, const master::registry::Write& write);
void add(Line& line, const agent::checkpoint::Write& write);

}  // namespace offerkit::test
