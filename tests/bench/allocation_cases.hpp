// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The special cases of the benchmark of allocation: what has cost allocators dearly elsewhere,
/// each at the size at which it did.

#include "allocation_cell.hpp"

namespace offerkit::bench {

/// 3,000 roles with quota, all of which have something to be looked at, and nothing to be offered:
/// first because all is taken, then because each has reached its limit.
inline void measure_quota_roles() {
    constexpr std::uint32_t size = 3'000;
    const Reporter report{"3000x3000 drf, one role each with quota, all roles dirty"};
    Cell cell{"drf"};
    std::vector<RoleConfig> configs;
    for (std::uint32_t i = 0; i < size; ++i) {
        cell.put_agent(i, agent_resources());
        const Role role = role_of("role" + std::to_string(i));
        configs.push_back({role, 1000, {12_cpus + 2_GiB, {{"cpus", 24'000}}}});
    }
    report("add_frameworks_cpu_seconds", seconds_of([&] {
               for (std::uint32_t i = 0; i < size; ++i)
                   cell.put_framework(i, configs[i].role);
           }),
           "s");
    const auto make_dirty = [&] {
        for (std::uint32_t i = 0; i < size; ++i) {
            cell.say(allocator_event::RolePut{configs[i]});
            cell.say(allocator_event::Revived{{i}});
        }
    };
    make_dirty();
    report("full_cycle_cpu_seconds", seconds_of([&] { cell.run_all(); }), "s");
    report("grants", static_cast<double>(cell.held().size()), "count");
    const auto run = [&] {
        cell.run();
        if (!cell.outcome().grants.empty()) std::abort();
    };
    report("dirty_cycle_cpu_seconds", measure(9, make_dirty, run));
    for (std::uint32_t i = 0; i < size; ++i) {
        configs[i].quota = {{}, {{"cpus", 20'000}}};
        cell.put_agent(size + i, agent_resources());
    }
    report("dirty_at_limits_cycle_cpu_seconds", measure(9, make_dirty, run));
    for (std::uint32_t i = 0; i < size; ++i)
        configs[i].quota = {48_cpus + 8_GiB, {{"cpus", 48'000}}};
    for (std::uint32_t i = 0; i < size; ++i)
        cell.put_framework(size + i, role_of("other" + std::to_string(i)));
    for (std::uint32_t i = 0; i < size; ++i)
        cell.put_active(i, false);
    report("dirty_held_back_cycle_cpu_seconds",
           measure(
               9,
               [&] {
                   make_dirty();
                   for (std::uint32_t i = 0; i < size; ++i)
                       cell.say(allocator_event::Revived{{size + i}});
               },
               run));
}

/// All but one in a hundred frameworks suppress offers, and revive.
inline void measure_suppressed() {
    constexpr std::uint32_t agents = 10'000;
    constexpr std::uint32_t frameworks = 1'000;
    const Reporter report{"10000x1000 drf, one role each, 99% suppressed"};
    Cell cell{"drf"};
    for (std::uint32_t i = 0; i < agents; ++i)
        cell.put_agent(i, agent_resources());
    for (std::uint32_t i = 0; i < frameworks; ++i)
        cell.put_framework(i, role_of("role" + std::to_string(i)));
    cell.run_all();
    cell.give_all_back();
    const auto put_active = [&](bool active) {
        for (std::uint32_t i = 0; i < frameworks; ++i) {
            if (i % 100 != 0) cell.put_active(i, active);
        }
    };
    report("suppress_cpu_seconds", seconds_of([&] { put_active(false); }), "s");
    report("full_cycle_cpu_seconds",
           measure(9, [&] { cell.give_all_back(); }, [&] { cell.run(); }));
    cell.give_all_back();
    report("revive_cpu_seconds", seconds_of([&] { put_active(true); }), "s");
    report("revived_cycle_cpu_seconds", seconds_of([&] { cell.run(); }), "s");
}

/// One agent with 800 reservations for 200 roles, one of which comes and goes.
inline void measure_bundles() {
    constexpr std::uint32_t bundles = 800;
    constexpr std::uint32_t roles = 200;
    const Reporter report{"1x200 drf, 800 bundles on one agent"};
    Cell cell{"drf"};
    Resources total = agent_resources();
    const auto bundle_of = [](std::uint32_t i) {
        Bundle bundle;
        bundle.id = {1, i + 1};
        const std::string role = "role" + std::to_string(i % roles);
        bundle.reservations = {{role, "ops", {}, ReservationKind::dynamic}};
        bundle.amounts = (0.1_cpus + 16_MiB).amounts();
        return bundle;
    };
    for (std::uint32_t i = 0; i < bundles; ++i)
        total.put_bundle(bundle_of(i));
    const Resources more = [&] {
        Resources with = total;
        with.put_bundle(bundle_of(bundles));
        return with;
    }();
    cell.put_agent(0, total);
    for (std::uint32_t i = 0; i < roles; ++i)
        cell.put_framework(i, role_of("role" + std::to_string(i)));
    report("offer_all_cpu_seconds", seconds_of([&] { cell.run_all(); }), "s");
    report("grants", static_cast<double>(cell.held().size()), "count");
    report("give_back_cpu_seconds", seconds_of([&] { cell.give_all_back(); }), "s");
    cell.run_all();
    bool with = false;
    const auto nothing = [] {};
    report("reserve_cpu_seconds", measure(201, nothing, [&] {
               with = !with;
               cell.give_all_back();
               cell.put_agent(0, with ? more : total);
           }));
}

/// Every agent runs tasks that have left its ports in 17 pieces.
inline void measure_fragmented_ports() {
    constexpr std::uint32_t agents = 10'000;
    constexpr std::uint32_t frameworks = 1'000;
    const Reporter report{"10000x1000 drf, one role each, ports in 17 pieces"};
    Cell cell{"drf"};
    Ranges used;
    for (std::uint32_t i = 0; i < 16; ++i)
        used.add({31'020 + i * 60, 31'029 + i * 60});
    const Resources running = (16_cpus + 2_GiB).with_ports(used);
    for (std::uint32_t i = 0; i < frameworks; ++i)
        cell.put_framework(i, role_of("role" + std::to_string(i)));
    for (std::uint32_t i = 0; i < agents; ++i) {
        cell.put_agent(i, agent_resources());
        cell.say(allocator_event::Occupied{{i % frameworks}, {i}, running});
    }
    report("first_cycle_cpu_seconds", seconds_of([&] { cell.run(); }), "s");
    report("full_cycle_cpu_seconds",
           measure(9, [&] { cell.give_all_back(); }, [&] { cell.run(); }));
    report("decline_all_cpu_seconds", seconds_of([&] { cell.decline_all(Instant::never()); }), "s");
    report("next_cycle_cpu_seconds", seconds_of([&] { cell.run(); }), "s");
    report("peak_rss_mb", peak_rss_mb(), "MB");
}

/// A tree of roles seven deep, three below each, one framework in each of the 2,187 at the bottom.
inline void measure_deep_hierarchy() {
    constexpr std::uint32_t depth = 7;
    constexpr std::uint32_t agents = 10'000;
    for (const char* const policy : {"hdrf", "drf"}) {
        const Reporter report{"10000x2187 " + std::string(policy) + ", roles seven deep"};
        Cell cell{policy};
        for (std::uint32_t i = 0; i < agents; ++i)
            cell.put_agent(i, agent_resources());
        std::vector<Role> roles{role_of("r0"), role_of("r1"), role_of("r2")};
        for (std::uint32_t level = 1; level < depth; ++level) {
            std::vector<Role> below;
            for (const Role& role : roles) {
                for (const char* const name : {"/r0", "/r1", "/r2"})
                    below.push_back(role_of(std::string(role.path()) + name));
            }
            roles = std::move(below);
        }
        report("add_frameworks_cpu_seconds", seconds_of([&] {
                   for (std::uint32_t i = 0; i < roles.size(); ++i)
                       cell.put_framework(i, roles[i]);
               }),
               "s");
        report("first_cycle_cpu_seconds", seconds_of([&] { cell.run(); }), "s");
        report("full_cycle_cpu_seconds",
               measure(9, [&] { cell.give_all_back(); }, [&] { cell.run(); }));
        report("one_agent_changed_cpu_seconds", measure(
                                                    101,
                                                    [&] {
                                                        cell.keep();
                                                        cell.give_back(cell.held().back());
                                                        cell.held().pop_back();
                                                    },
                                                    [&] { cell.run(); }));
    }
}

inline void measure_cases() {
    in_own_process(measure_quota_roles);
    in_own_process(measure_suppressed);
    in_own_process(measure_bundles);
    in_own_process(measure_fragmented_ports);
    in_own_process(measure_deep_hierarchy);
}

}  // namespace offerkit::bench
