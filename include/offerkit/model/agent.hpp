// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What an agent says of itself when it registers.

#include <offerkit/model/labels.hpp>
#include <offerkit/resources/resources.hpp>

#include <cstdint>
#include <string>

namespace offerkit {

struct AgentInfo {
    std::string hostname;
    std::uint16_t port = 0;  // Of the agent's own HTTP server; 0 if it has none.
    Resources resources;     // All it has, before anything runs. Portable form.
    Attributes attributes;
    Domain domain;
    std::string version;  // Of the daemon, for people.
    std::string boot_id;  // Of the machine: a new one means that all processes are gone.
    friend bool operator==(const AgentInfo&, const AgentInfo&) = default;
};

}  // namespace offerkit
