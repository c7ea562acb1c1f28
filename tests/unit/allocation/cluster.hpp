// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A small cluster around one allocator: says what a master would say, and checks every ledger
/// after each cycle.

#include <catch2/catch.hpp>

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/fingerprint.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::test {

using namespace offerkit::literals;
using namespace std::chrono_literals;

inline Role role_of(std::string_view path) {
    Result<Role> role = Role::parse(path);
    REQUIRE(role);
    return *role;
}

inline RoleConfig limited(std::string_view path, std::int64_t cpus) {
    return {role_of(path), 1000, {{}, {{"cpus", cpus * 1000}}}};
}

/// An allocator by the name of its policy.
inline std::unique_ptr<Allocator> made(std::string_view policy) {
    auto allocator = make_allocator(policy);
    REQUIRE(allocator);
    return std::move(*allocator);
}

class Cluster {
public:
    explicit Cluster(Allocator& allocator) : allocator_(allocator) {}

    void say(const AllocatorEvent& event) { allocator_.on(event, now); }

    AgentIndex add_agent(const Resources& total) {
        const AgentIndex agent{agents_++};
        say(allocator_event::AgentPut{agent, AgentId{1, agent.value + 1}, total});
        return agent;
    }

    /// `framework` is the counter of its id, by which ties are settled.
    ClaimantIndex add_claimant(std::string_view role, std::uint64_t framework,
                               const FrameworkInfo& info = {}) {
        const ClaimantIndex claimant{claimants_++};
        say(allocator_event::ClaimantPut{claimant, FrameworkId{1, framework}, role_of(role), info});
        return claimant;
    }
    ClaimantIndex add_claimant(std::string_view role) { return add_claimant(role, claimants_ + 1); }

    void put_role(const RoleConfig& config) {
        REQUIRE(allocator_.validate(config));
        say(allocator_event::RolePut{config});
    }

    void want(ClaimantIndex claimant, const Resources& shape, std::uint32_t count) {
        say(allocator_event::DemandPut{claimant, true, {{shape, count, 1, {}}}});
    }

    const std::vector<Grant>& run() {
        allocator_.run(now, outcome);
        allocator_.check_invariants();
        for (const Grant& grant : outcome.grants)
            decided.add(grant);
        return outcome.grants;
    }

    void give_back(const Grant& grant) { give_back(grant, grant.resources); }
    void give_back(const Grant& grant, const Resources& resources) {
        say(allocator_event::Recovered{grant.claimant, grant.agent, resources});
    }
    void decline(const Grant& grant, Duration refuse_for) {
        give_back(grant);
        say(allocator_event::Refused{grant.claimant, grant.agent, grant.resources,
                                     now + refuse_for});
    }
    void decline_forever(const Grant& grant) {
        give_back(grant);
        say(allocator_event::Refused{grant.claimant, grant.agent, grant.resources,
                                     Instant::never()});
    }

    [[nodiscard]] std::uint64_t count(ClaimantIndex claimant, NoOfferReason reason) const {
        return allocator_.no_offer_counts(claimant)[static_cast<std::size_t>(reason)];
    }

    Instant now;
    CycleOutcome outcome;

    struct Decided {
        Fingerprint all;
        std::size_t count = 0;

        void add(const Grant& grant) {
            ++count;
            all.add(grant.claimant.value);
            all.add(grant.agent.value);
            for (const std::int64_t units : grant.resources.amounts().slots())
                all.add(units);
        }
    } decided;

private:
    Allocator& allocator_;
    std::uint32_t agents_ = 0;
    std::uint32_t claimants_ = 0;
};

/// Frameworks that launch tasks of one shape, one per offer, for as long as any fits, and refuse
/// for ever what does not. Fills the cluster as the worked examples of the papers do.
class TaskFiller {
public:
    explicit TaskFiller(Cluster& cluster) : cluster_(cluster) {}

    void add(ClaimantIndex claimant, const Resources& task,
             std::int64_t most = std::numeric_limits<std::int64_t>::max()) {
        if (tasks_.size() <= claimant.value) tasks_.resize(claimant.value + 1);
        tasks_[claimant.value] = {task, 0, most};
    }

    void fill() {
        while (!cluster_.run().empty()) {
            for (const Grant& grant : std::vector<Grant>(cluster_.outcome.grants))
                answer(grant);
        }
    }

    /// A task of the claimant's on that agent ends.
    void finish(ClaimantIndex claimant, AgentIndex agent) {
        Tasks& tasks = tasks_[claimant.value];
        --tasks.running;
        cluster_.say(allocator_event::Recovered{claimant, agent, tasks.shape});
    }

    [[nodiscard]] std::int64_t running(ClaimantIndex claimant) const {
        return tasks_[claimant.value].running;
    }

    std::vector<ClaimantIndex> launches;

private:
    struct Tasks {
        Resources shape;
        std::int64_t running = 0;
        std::int64_t most = 0;
    };

    void answer(const Grant& grant) {
        Tasks& tasks = tasks_[grant.claimant.value];
        if (tasks.running == tasks.most || !grant.resources.contains(tasks.shape)) {
            return cluster_.decline_forever(grant);
        }
        ++tasks.running;
        launches.push_back(grant.claimant);
        const Resources rest = grant.resources - tasks.shape;
        if (!rest.is_empty()) cluster_.give_back(grant, rest);
    }

    Cluster& cluster_;
    std::vector<Tasks> tasks_;
};

/// Three claimants share one agent, with tasks of the shapes given: a group of one, and a group of
/// two. Fills the agent.
struct TwoGroups {
    Cluster cluster;
    AgentIndex agent;
    TaskFiller filler{cluster};
    std::array<ClaimantIndex, 3> claimants;  // n1, n2/one, n2/two.

    TwoGroups(Allocator& allocator, const Resources& total, const std::array<Resources, 3>& tasks)
        : cluster(allocator),
          agent(cluster.add_agent(total)),
          claimants{cluster.add_claimant("n1"), cluster.add_claimant("n2/one"),
                    cluster.add_claimant("n2/two")} {
        for (std::size_t i = 0; i < claimants.size(); ++i)
            filler.add(claimants[i], tasks[i]);
        for (std::size_t i = 0; i < claimants.size(); ++i)
            cluster.want(claimants[i], tasks[i], 1000);
        filler.fill();
    }

    [[nodiscard]] std::array<std::int64_t, 3> running() const {
        return {filler.running(claimants[0]), filler.running(claimants[1]),
                filler.running(claimants[2])};
    }
};

/// Roles of weights one, three and six fill the cluster with tasks of one cpu; returns how many
/// each runs.
inline std::array<std::int64_t, 3> share_by_weights(Cluster& cluster) {
    TaskFiller filler{cluster};
    std::array<ClaimantIndex, 3> claimants;
    constexpr std::array<std::int64_t, 3> weights{1000, 3000, 6000};
    for (std::size_t i = 0; i < claimants.size(); ++i) {
        const std::string role = "w" + std::to_string(weights[i] / 1000);
        cluster.put_role({role_of(role), weights[i], {}});
        claimants[i] = cluster.add_claimant(role);
        filler.add(claimants[i], 1_cpus);
        cluster.want(claimants[i], 1_cpus, 1000);
    }
    filler.fill();
    return {filler.running(claimants[0]), filler.running(claimants[1]),
            filler.running(claimants[2])};
}

}  // namespace offerkit::test
