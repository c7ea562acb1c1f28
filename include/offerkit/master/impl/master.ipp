// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All bodies of the master, by subject.

#include <offerkit/master/impl/agents.ipp>
#include <offerkit/master/impl/drains.ipp>
#include <offerkit/master/impl/frameworks.ipp>
#include <offerkit/master/impl/invariants.ipp>
#include <offerkit/master/impl/launches.ipp>
#include <offerkit/master/impl/offers.ipp>
#include <offerkit/master/impl/operators.ipp>
#include <offerkit/master/impl/peers.ipp>
#include <offerkit/master/impl/recovery.ipp>
#include <offerkit/master/impl/registry.ipp>
#include <offerkit/master/impl/step.ipp>
#include <offerkit/master/impl/tasks.ipp>
