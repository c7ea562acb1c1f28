// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a run has come across: how often each fault struck, and how often each machine was told or
/// asked for each thing. A test that means to try everything proves with it that it did.

#include <offerkit/agent/effect.hpp>
#include <offerkit/agent/event.hpp>
#include <offerkit/executor/effect.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/event.hpp>
#include <offerkit/master/effect.hpp>
#include <offerkit/master/event.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

namespace offerkit::sim {

enum class Fault : std::uint8_t {
    link_broken,
    link_cut,
    cut_to_master,  // One way only.
    cut_to_client,
    link_slow,
    message_dropped,
    message_repeated,
    message_reordered,
    master_crashed,
    agent_crashed,  // The process; its launcher and tasks go on.
    agent_left,     // Stopped gracefully, and its tasks go on.
    launcher_crashed,
    supervisors_crashed,  // With their launcher.
    machine_crashed,      // With all that ran on it.
    framework_killed,
    author_forgot,  // The scheduler came back without its memory.
    crashed_between_effects,
    write_torn,  // Of the writes under way at a crash, some are durable and some are not.
    store_failed,
    store_slow,
    wall_jumped,
};
inline constexpr std::size_t faults = 21;

[[nodiscard]] constexpr std::string_view format_fault(Fault fault) {
    constexpr std::array<std::string_view, faults> names{"link_broken",
                                                         "link_cut",
                                                         "cut_to_master",
                                                         "cut_to_client",
                                                         "link_slow",
                                                         "message_dropped",
                                                         "message_repeated",
                                                         "message_reordered",
                                                         "master_crashed",
                                                         "agent_crashed",
                                                         "agent_left",
                                                         "launcher_crashed",
                                                         "supervisors_crashed",
                                                         "machine_crashed",
                                                         "framework_killed",
                                                         "author_forgot",
                                                         "crashed_between_effects",
                                                         "write_torn",
                                                         "store_failed",
                                                         "store_slow",
                                                         "wall_jumped"};
    return names[static_cast<std::size_t>(fault)];
}

struct Reached {
    static constexpr std::size_t cases_max =
        std::max({std::variant_size_v<master::Event>, std::variant_size_v<agent::Event>,
                  std::variant_size_v<executor::Event>, std::variant_size_v<framework::Event>,
                  std::variant_size_v<master::Effect>, std::variant_size_v<agent::Effect>,
                  std::variant_size_v<executor::Effect>, std::variant_size_v<framework::Effect>});
    using Cases = std::array<std::uint64_t, cases_max>;

    std::array<std::uint64_t, faults> struck{};
    std::array<Cases, 4> events{};   // By machine kind, then by the case of its variant.
    std::array<Cases, 4> effects{};  // Only those that were performed.

    void count(Fault fault) { ++struck[static_cast<std::size_t>(fault)]; }
    [[nodiscard]] std::uint64_t of(Fault fault) const {
        return struck[static_cast<std::size_t>(fault)];
    }
    Reached& operator+=(const Reached& other) {
        for (std::size_t i = 0; i < faults; ++i)
            struck[i] += other.struck[i];
        for (std::size_t kind = 0; kind < events.size(); ++kind) {
            for (std::size_t i = 0; i < cases_max; ++i) {
                events[kind][i] += other.events[kind][i];
                effects[kind][i] += other.effects[kind][i];
            }
        }
        return *this;
    }
};

}  // namespace offerkit::sim
