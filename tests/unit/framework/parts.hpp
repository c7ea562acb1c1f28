// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Offers and tasks in few words, for tests of the parts.

#include <offerkit/core/random.hpp>
#include <offerkit/framework/scheduler.hpp>
#include <offerkit/resources/text.hpp>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::testing {

inline Resources resources(const std::string& text) { return parse_resources(text).value(); }

/// Offer `number` of agent `agent`: "host-AGENT", with these attributes.
inline Offer make_offer(std::uint64_t number, std::uint64_t agent, const std::string& text,
                        Attributes attributes = {}) {
    Offer offer;
    offer.id = OfferId{1, number};
    offer.framework = FrameworkId{1, 1};
    offer.agent = AgentId{1, agent};
    offer.hostname = "host-" + std::to_string(agent);
    offer.resources = resources(text);
    offer.attributes = std::move(attributes);
    return offer;
}

inline TaskInfo make_task(const std::string& id, const std::string& text) {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = resources(text);
    return task;
}

inline TaskStatus make_status(const TaskId& task, TaskState state) {
    TaskStatus status;
    status.task = task;
    status.state = state;
    return status;
}

}  // namespace offerkit::testing
