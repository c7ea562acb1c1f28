// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a framework says of itself when it subscribes.

#include <offerkit/core/time.hpp>
#include <offerkit/model/labels.hpp>
#include <offerkit/model/role.hpp>

#include <string>
#include <vector>

namespace offerkit {

/// What a framework can deal with. Each is off unless said: an old framework is never surprised.
struct FrameworkCapabilities {
    bool revocable_resources = false;
    bool gpu_resources = false;
    bool shared_resources = false;
    bool region_aware = false;
    bool partition_aware = true;  // Wants `unreachable` rather than `lost`.
    friend bool operator==(const FrameworkCapabilities&, const FrameworkCapabilities&) = default;
};

struct FrameworkInfo {
    std::string name{};
    /// Whom tasks run as, unless their command says otherwise. Empty: the agent's.
    std::string user{};
    /// The default role unless said. (g++ 12 fails to count the fields of `= {Role{}}`, for
    /// records.)
    std::vector<Role> roles = std::vector<Role>(1);

    /// How long its tasks live on without a scheduler. There is no default in the SDK's options:
    /// an author says it. Zero: they end with the connection.
    Duration failover_timeout{0};

    FrameworkCapabilities capabilities{};
    std::string principal{};  // Filled in by the master from the hello, whatever was sent.
    std::string hostname{};   // For people.
    std::string webui_url{};  // For people.
    Labels labels{};
    std::string foreign{};  // Unknown fields of a foreign client, carried and never read.
    friend bool operator==(const FrameworkInfo&, const FrameworkInfo&) = default;
};

}  // namespace offerkit
