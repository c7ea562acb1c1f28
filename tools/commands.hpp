// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The commands of the tool, each with what its flags say. They print, and return an exit code:
/// 0 done, 1 something did not succeed, 2 wrong use, 3 the cluster could not be reached or refused.

#include "access.hpp"
#include "output.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::tools {

inline constexpr int exit_done = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_cluster = 3;

struct ListOptions {
    AccessOptions access;
    std::string what;                            // agents, frameworks, tasks, offers
    std::map<std::string, std::string> filters;  // Only those of which this field is this.
    bool watch = false;
    Output output = Output::table;
};

struct LogsOptions {
    AccessOptions access;
    std::vector<std::string> tasks;
    std::string framework;
    std::string stream = "both";      // stdout, stderr
    std::optional<std::size_t> tail;  // Of each file so many lines, before what comes.
    bool follow = false;
};

struct EventsOptions {
    AccessOptions access;
    std::uint64_t since = 0;
    std::uint64_t cause = 0;
    std::string agent;
    std::string framework;
    std::string task;
    bool follow = false;
    Output output = Output::table;
};

struct TopOptions {
    AccessOptions access;
    Output output = Output::table;
};

struct AgentCommandOptions {
    AccessOptions access;
    std::string what;   // drain, activate, deactivate, gone
    std::string agent;  // Its id or host name.
    std::uint64_t within_seconds = 600;
    bool dry_run = false;
    bool watch = false;
    bool json = false;
};

struct QuotaOptions {
    AccessOptions access;
    std::string action;  // list, set
    std::string role;
    std::string weight;                    // Empty: as it is, like all below.
    std::optional<std::string> guarantee;  // As "cpus:4;mem:1024"; an empty text: none.
    std::vector<std::string> limits;       // KIND:AMOUNT
    std::vector<std::string> unlimited;    // Kinds.
    Output output = Output::table;
};

struct RunOptions {
    AccessOptions access;
    std::string name;
    std::string role = "*";
    std::string cpus = "1";
    std::string mem_mib = "128";
    std::vector<std::string> environment;  // KEY=VALUE
    std::vector<std::string> argv;         // Of a single command.
    std::string jobs_file;
    std::string output_dir;
    std::string results_file;
    bool resume = false;           // Jobs that the results file says are done are not run again.
    std::size_t parallel_max = 0;  // 0: as many as fit.
    int retries = 0;               // Of each job that does not say.
    std::string backoff = "1s";    // The first wait before a job is tried again.
    std::string timeout;           // Of each job that does not say; empty: none.
};

struct DevOptions {
    std::uint32_t agents = 1;
    std::string policy;
    std::string resources;  // Of each agent; empty: an equal part of this machine.
    std::string work_dir;   // Empty: a temporary one, removed at the end.
};

struct RegistryOptions {
    std::string action;  // verify, dump, backup, restore
    std::string work_dir = "offerkit-master";
    std::string file;      // Of a backup.
    bool salvage = false;  // Restore what is still whole.
    bool json = false;
};

struct WhyOptions {
    AccessOptions access;
    std::string subject;    // Id or name of a task, a job or a framework, or a role.
    std::string framework;  // Only of this one.
    Output output = Output::table;
};

[[nodiscard]] int list(const ListOptions& options);
[[nodiscard]] int agent(const AgentCommandOptions& options);
[[nodiscard]] int quota(const QuotaOptions& options);
[[nodiscard]] int run(const RunOptions& options);
[[nodiscard]] int why(const WhyOptions& options);
[[nodiscard]] int logs(const LogsOptions& options);
[[nodiscard]] int events(const EventsOptions& options);
[[nodiscard]] int top(const TopOptions& options);
[[nodiscard]] int dev(const DevOptions& options);
[[nodiscard]] int registry(const RegistryOptions& options);

/// Reads the command line and does what it says.
[[nodiscard]] int main_with(int argc, char** argv);

/// Prints "offerkit: ..." on standard error. Returns `code`.
int fail(int code, const std::string& text);

}  // namespace offerkit::tools
