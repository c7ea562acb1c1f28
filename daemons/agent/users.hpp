// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Users by name, as numbers: the launcher is static and asks no name service.

#include <offerkit/core/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace offerkit::daemons {

struct UserNumbers {
    std::uint32_t uid = 0;
    std::uint32_t gid = 0;
    std::vector<std::uint32_t> groups;
};

/// Nothing: the task runs as the agent does. Refuses: `not_found` users, and `forbidden` when the
/// agent itself may not become another user.
[[nodiscard]] Result<std::optional<UserNumbers>> find_user(const std::string& name);

}  // namespace offerkit::daemons
