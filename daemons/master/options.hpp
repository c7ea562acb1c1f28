// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What offerkit-master is told.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/master/options.hpp>
#include <offerkit/master_main.hpp>
#include <offerkit/runtime/record_options.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::daemons {

struct MasterOptions {
    master::Options machine;
    std::string policy;
    std::function<std::unique_ptr<Allocator>()> make_allocator;  // With that policy.
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;
    std::uint16_t http_port = 0;
    std::string token;  // Never empty.
    std::string work_dir;
    runtime::RecordOptions record;
    std::string ready_file;
    std::string log_level = "info";
    std::uint32_t io_threads = 1;
    int exit_with_parent_fd = -1;

    /// All that is wrong with values; if there is any, nothing else counts.
    std::vector<Refusal> problems;
    /// `--help`, `--version`, `config ...`: print this, and end.
    std::optional<std::string> text;
};

/// `own`, if there is one, is the policy unless another is named. Refuses: unknown flags, files
/// that are no TOML. Among the problems: unknown settings, values out of range, addresses that need
/// `--insecure-listen`.
[[nodiscard]] Result<MasterOptions> read_master_options(int argc, const char* const* argv,
                                                        const detail::OwnPolicy* own = nullptr);

}  // namespace offerkit::daemons
