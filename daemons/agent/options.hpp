// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What offerkit-agent is told.

#include <offerkit/agent/options.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/model/agent.hpp>
#include <offerkit/runtime/link.hpp>
#include <offerkit/runtime/record_options.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::daemons {

struct AgentOptions {
    runtime::Address master;
    std::string token;
    std::string cluster;
    std::string work_dir;
    std::string address = "127.0.0.1";  // To listen on for HTTP.
    std::uint16_t http_port = 0;
    AgentInfo info;                // Its port is known once the daemon listens.
    bool resources_given = false;  // Else they are found out once the work folder is there.
    agent::ChangePolicy changes = agent::ChangePolicy::equal;
    bool keep_tasks = true;  // When it is told to stop.
    std::string launcher;    // Path of offerkit-launcher.
    runtime::RecordOptions record;
    std::string ready_file;
    std::string log_level = "info";
    int exit_with_parent_fd = -1;

    /// All that is wrong with values; if there is any, nothing else counts.
    std::vector<Refusal> problems;
    /// `--help`, `--version`, `config ...`: print this, and end.
    std::optional<std::string> text;
};

/// Refuses: unknown flags, files that are no TOML. Among the problems: unknown settings, values out
/// of range, masters beyond this machine without
/// `--insecure-master`, addresses that need `--insecure-listen`, and no master or token to be
/// found.
[[nodiscard]] Result<AgentOptions> read_agent_options(int argc, const char* const* argv);

/// Reads "rack:r1;ssd:yes;slots:4". Refuses: `malformed`, `too_large`.
[[nodiscard]] Result<Attributes> parse_attributes(const std::string& text);

}  // namespace offerkit::daemons
