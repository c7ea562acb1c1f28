// SPDX-License-Identifier: Apache-2.0
#pragma once

/// All bodies of the framework machine, by subject.

#include <offerkit/framework/impl/author.ipp>
#include <offerkit/framework/impl/link.ipp>
#include <offerkit/framework/impl/master_said.ipp>
#include <offerkit/framework/impl/step.ipp>
