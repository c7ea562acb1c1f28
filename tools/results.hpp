// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a run says while it goes on, and what it leaves behind.

#include "batch.hpp"

#include <offerkit/core/result.hpp>

#include <chrono>
#include <cstddef>
#include <string>

namespace offerkit::tools {

/// Counts on standard error: one line rewritten on a terminal, a line every few seconds elsewhere.
class Progress {
public:
    Progress(std::size_t jobs, bool terminal);
    void tell(std::size_t ended, std::size_t running);
    void finish();

private:
    std::size_t jobs_;
    bool terminal_;
    bool shown_ = false;
    std::chrono::steady_clock::time_point last_;
};

/// One JSON object per job: id, state, exit code or signal, reason, message, agent, attempts,
/// sandbox. Written whole, or not at all.
[[nodiscard]] Result<void> write_results(const std::string& path, const BatchScheduler& scheduler);

/// Prints how the jobs ended, and the first that did not finish. Returns how many did not.
std::size_t summarise(const BatchScheduler& scheduler);

}  // namespace offerkit::tools
