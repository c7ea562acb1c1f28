// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Where a job stands, as a run tells it at its desk (`job_desk.hpp`).

#include "batch.hpp"

#include <string>

namespace offerkit::tools {

/// One JSON object: `job`, `stage`, `framework`, `wanted`, `task`, `waits_for`, `waits_for_count`,
/// `failures`. Empty if the run has no such job.
[[nodiscard]] std::string format_place(const BatchScheduler& scheduler, const std::string& job);

}  // namespace offerkit::tools
