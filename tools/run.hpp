// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the two sides of `offerkit run`, a command and a file of jobs, share.

#include "commands.hpp"
#include "jobs.hpp"

#include <offerkit/core/result.hpp>
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <string>

namespace offerkit::tools {

inline constexpr int exit_interrupted = 130;

[[nodiscard]] runtime::FrameworkOptions framework_options(const RunOptions& options,
                                                          const runtime::ClusterAccess& access);

/// A flag that is a length of time, and not zero.
[[nodiscard]] Result<Duration> read_duration_flag(const char* flag, const std::string& text);

/// Runs the jobs of a file. Returns an exit code.
[[nodiscard]] int run_jobs(const RunOptions& options, const runtime::ClusterAccess& access,
                           Jobs jobs);

}  // namespace offerkit::tools
