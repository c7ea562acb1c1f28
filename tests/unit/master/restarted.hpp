// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A master that starts again with what its registry holds, and those who come back to it.

#include "driver.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::master::testing {

inline constexpr FrameworkId batch{1, 1};

[[nodiscard]] inline AgentInfo host(const Resources& resources = 4_cpus + 1024_MiB) {
    AgentInfo info;
    info.hostname = "host";
    info.resources = resources;
    return info;
}

[[nodiscard]] inline registry::Contents contents(std::uint64_t agents, Duration failover = 1h) {
    registry::Contents kept;
    for (std::uint64_t i = 1; i <= agents; ++i)
        registry::apply(kept, registry::AdmitAgent{AgentId{1, i}, host()});
    registry::PutFramework framework{batch, {}};
    framework.info.name = "batch";
    framework.info.principal = "tester";
    framework.info.failover_timeout = failover;
    registry::apply(kept, framework);
    return kept;
}

/// A master of the second epoch that got these contents.
[[nodiscard]] inline Driver restarted(registry::Contents kept) {
    Options options;
    options.epoch = 2;
    Driver driver{options};
    driver.step(Recovered{std::move(kept)});
    return driver;
}

[[nodiscard]] inline protocol::RegisterAgent registration(AgentId id,
                                                          std::vector<std::string> tasks = {},
                                                          TaskState state = TaskState::running) {
    protocol::RegisterAgent message;
    message.info = host();
    message.id = id;
    for (const std::string& task : tasks)
        message.tasks.push_back({batch, Role{}, make_task(task), state});
    return message;
}

inline PeerId come_back(Driver& driver, std::uint64_t number, std::vector<std::string> tasks = {}) {
    const PeerId peer = driver.open(protocol::PeerKind::agent);
    driver.say(peer, registration(AgentId{1, number}, std::move(tasks)));
    return peer;
}

inline PeerId subscribe(Driver& driver, FrameworkId id = batch,
                        const std::string& principal = "tester") {
    const PeerId peer = driver.open(protocol::PeerKind::framework, principal);
    protocol::Subscribe call;
    call.info.name = "batch";
    call.info.failover_timeout = 1h;
    call.id = id;
    call.take_over = true;  // Which makes no difference to one that nobody else has.
    driver.say(peer, call);
    return peer;
}

[[nodiscard]] inline const Agent& agent_of(const Driver& driver, std::uint64_t number) {
    const State& state = driver.master().state();
    return state.agents[state.agent_by_id.at(AgentId{1, number})];
}

/// Time passes in beats, so that schedulers stay.
inline void pass(Driver& driver, Duration time, PeerId scheduler) {
    for (Duration left = time; left > 0s; left -= 15s) {
        driver.advance(std::min<Duration>(left, 15s));
        driver.say(scheduler, protocol::Beat{});
    }
}

[[nodiscard]] inline std::vector<std::string> notes(const Driver& driver) {
    std::vector<std::string> texts;
    for (const Delta& delta : driver.deltas()) {
        if (const auto* note = std::get_if<Noted>(&delta)) texts.push_back(note->text);
    }
    return texts;
}

}  // namespace offerkit::master::testing
