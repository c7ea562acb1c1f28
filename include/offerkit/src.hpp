// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The compile-once door for those who build without our CMake: define
/// OFFERKIT_SEPARATE_COMPILATION everywhere, and include this in exactly one source file.

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#error "define OFFERKIT_SEPARATE_COMPILATION for all sources before including offerkit/src.hpp"
#endif

#include <offerkit/agent/impl/contents.ipp>
#include <offerkit/agent/impl/effects.ipp>
#include <offerkit/agent/impl/executors.ipp>
#include <offerkit/agent/impl/kill.ipp>
#include <offerkit/agent/impl/launch.ipp>
#include <offerkit/agent/impl/link.ipp>
#include <offerkit/agent/impl/recover.ipp>
#include <offerkit/agent/impl/statuses.ipp>
#include <offerkit/agent/impl/step.ipp>
#include <offerkit/agent/impl/stop.ipp>
#include <offerkit/agent/impl/store.ipp>
#include <offerkit/allocation/impl/agent_ledger.ipp>
#include <offerkit/allocation/impl/cycle_base.ipp>
#include <offerkit/allocation/impl/cycle_events.ipp>
#include <offerkit/allocation/impl/cycle_order.ipp>
#include <offerkit/allocation/impl/cycle_propose.ipp>
#include <offerkit/allocation/impl/cycle_run.ipp>
#include <offerkit/allocation/impl/cycle_save.ipp>
#include <offerkit/allocation/impl/cycle_serve.ipp>
#include <offerkit/allocation/impl/policies.ipp>
#include <offerkit/allocation/impl/quota_ledger.ipp>
#include <offerkit/allocation/impl/refuse_filters.ipp>
#include <offerkit/allocation/impl/role_tree.ipp>
#include <offerkit/core/impl/result.ipp>
#include <offerkit/executor/impl/effects.ipp>
#include <offerkit/executor/impl/launch.ipp>
#include <offerkit/executor/impl/process.ipp>
#include <offerkit/executor/impl/recover.ipp>
#include <offerkit/executor/impl/report.ipp>
#include <offerkit/framework/impl/author.ipp>
#include <offerkit/framework/impl/constraints.ipp>
#include <offerkit/framework/impl/desired_state.ipp>
#include <offerkit/framework/impl/effects.ipp>
#include <offerkit/framework/impl/framework.ipp>
#include <offerkit/framework/impl/gang.ipp>
#include <offerkit/framework/impl/link.ipp>
#include <offerkit/framework/impl/master_said.ipp>
#include <offerkit/framework/impl/packer.ipp>
#include <offerkit/framework/impl/pattern.ipp>
#include <offerkit/framework/impl/replies.ipp>
#include <offerkit/framework/impl/step.ipp>
#include <offerkit/master/impl/agents.ipp>
#include <offerkit/master/impl/contents.ipp>
#include <offerkit/master/impl/drains.ipp>
#include <offerkit/master/impl/effects.ipp>
#include <offerkit/master/impl/explain.ipp>
#include <offerkit/master/impl/frameworks.ipp>
#include <offerkit/master/impl/invariants.ipp>
#include <offerkit/master/impl/launches.ipp>
#include <offerkit/master/impl/master.ipp>
#include <offerkit/master/impl/offers.ipp>
#include <offerkit/master/impl/operators.ipp>
#include <offerkit/master/impl/peers.ipp>
#include <offerkit/master/impl/recovery.ipp>
#include <offerkit/master/impl/registration.ipp>
#include <offerkit/master/impl/registry.ipp>
#include <offerkit/master/impl/step.ipp>
#include <offerkit/master/impl/tasks.ipp>
#include <offerkit/master/impl/wishes.ipp>
#include <offerkit/model/impl/role.ipp>
#include <offerkit/model/impl/texts.ipp>
#include <offerkit/model/impl/validate_nouns.ipp>
#include <offerkit/model/impl/validate_task.ipp>
#include <offerkit/protocol/impl/hello.ipp>
#include <offerkit/resources/impl/amounts.ipp>
#include <offerkit/resources/impl/builder.ipp>
#include <offerkit/resources/impl/extras.ipp>
#include <offerkit/resources/impl/kind_table.ipp>
#include <offerkit/resources/impl/ranges.ipp>
#include <offerkit/resources/impl/resources.ipp>
#include <offerkit/resources/impl/text.ipp>
