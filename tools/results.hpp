// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a run leaves behind: JSON Lines, one for each job that ended, written as it ends. What they
/// say, and what a later run learns from them.

#include "batch.hpp"
#include "jobs.hpp"

#include <offerkit/core/result.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::tools {

/// Where the output of a job was saved.
struct SavedOutput {
    std::string stdout_file;  // Empty: not saved.
    std::string stderr_file;
    std::string error;  // Why it could not be, if it was to be.
};

/// One line, with its end. `jobs` are those of the file.
[[nodiscard]] std::string format_result(const std::vector<Job>& jobs, const JobEnd& end,
                                        const SavedOutput& saved);

/// What the results of earlier runs say about the jobs of a file.
struct Earlier {
    std::vector<std::uint32_t> finished;  // In the order of the file.
    std::size_t of_other_jobs = 0;        // Results of jobs that the file does not have (any more).
    std::vector<Refusal> refusals;        // What stands against going on, at most `refusals_max`.
    std::size_t bad = 0;                  // All of them, also those not listed.

    static constexpr std::size_t refusals_max = 20;
};

/// Reads results; of several about one job the last holds. Refuses: lines that are no results, and
/// finished jobs whose command or environment has changed since.
[[nodiscard]] Earlier read_results(std::string_view text, const std::vector<Job>& jobs);

}  // namespace offerkit::tools
