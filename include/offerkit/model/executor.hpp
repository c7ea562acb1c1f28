// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Executors: the framework's side that runs tasks on an agent.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/command.hpp>
#include <offerkit/model/labels.hpp>
#include <offerkit/resources/resources.hpp>

#include <chrono>
#include <string>

namespace offerkit {

/// A custom executor. A task without one is a command task, run by the agent's own executor.
struct ExecutorInfo {
    ExecutorId id;
    std::string name;
    Command command;
    Resources resources;  // Its own, beside those of its tasks. Portable form.
    Duration shutdown_grace = std::chrono::seconds{5};
    Labels labels;
    std::string data;
    friend bool operator==(const ExecutorInfo&, const ExecutorInfo&) = default;
};

}  // namespace offerkit
