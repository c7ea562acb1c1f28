// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The jobs file of `offerkit run --jobs`: JSON Lines, one job each. Everything is read and checked
/// before anything runs, and every bad line is named.

#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/dependency_graph.hpp>
#include <offerkit/model/command.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::tools {

struct Job {
    std::string id;  // Unique in its file; also the id of its task.
    Command command;
    Resources resources;
    int retries = 0;                 // How often it is tried again after it has failed.
    Duration timeout{0};             // Of each attempt; zero: none.
    std::vector<std::string> after;  // Ids of those that must have finished before.
    std::size_t line = 0;
    friend bool operator==(const Job&, const Job&) = default;
};

/// What a job that does not say takes.
struct JobDefaults {
    Resources resources;
    int retries = 0;
    Duration timeout{0};
    std::vector<std::pair<std::string, std::string>> environment;
};

/// Finds jobs by their ids. Four bytes for each.
class JobNames {
public:
    /// Pre: `jobs` stay where they are.
    explicit JobNames(std::span<const Job> jobs);
    [[nodiscard]] std::optional<std::uint32_t> find(std::string_view id) const;

private:
    std::span<const Job> jobs_;
    std::vector<std::uint32_t> by_id_;
};

struct Jobs {
    std::vector<Job> jobs;          // In the order of the file. Empty if anything was refused.
    DependencyGraph graph;          // Of `jobs`, without a cycle.
    std::vector<Refusal> refusals;  // One per bad line, in order, at most `refusals_max`.
    std::size_t bad_lines = 0;      // All of them, also those not listed.

    static constexpr std::size_t refusals_max = 20;
};

/// Reads all lines of a jobs file. Blank lines are skipped. A line is an object with `id` (text),
/// `command` (text for /bin/sh) or `argv` (array of texts), and if wanted `cpus` (at most three
/// decimals), `mem_mib`, `env` (object of texts), `retries` (whole number), `timeout` (text such as
/// "10m"), `after` (array of ids). Nothing else: an unknown field is refused, since it may be a
/// misspelt one. Ids that `after` names must be in the file, and may not wait for each other in a
/// circle; that is looked at once every line can be read.
[[nodiscard]] Jobs parse_jobs(std::string_view text, const JobDefaults& defaults);

/// One line, alone. Refuses: `malformed` JSON, `invalid` fields, `too_large` lines.
[[nodiscard]] Result<Job> parse_job(std::string_view line, std::size_t number,
                                    const JobDefaults& defaults);

/// What the job does, as a number: command and environment, not what it takes or when it runs.
[[nodiscard]] std::uint64_t fingerprint(const Job& job);

/// The largest agents by what they have; who they are is said in the refusal.
struct AgentSize {
    std::string id;
    Resources resources;
};

/// The jobs that no agent could ever run, each with the largest agent in what it lacks.
[[nodiscard]] std::vector<Refusal> find_unfit(const std::vector<Job>& jobs,
                                              const std::vector<AgentSize>& agents);

}  // namespace offerkit::tools
