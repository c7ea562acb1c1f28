// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One simulated run: a workload, and faults drawn from a seed and planned before it begins. First
/// a safety phase under faults, then a liveness phase in a healed world, which has to come to rest,
/// give everything back, and hold nothing.

#include "plan.hpp"
#include "workloads.hpp"

#include <offerkit/sim/world.hpp>

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::test {

class Scenario {
public:
    /// `traced`: with a timeline, and the event log of every process.
    explicit Scenario(Plan plan, bool traced = false);

    /// Both phases. Returns what was wrong; nothing is done any more after the first finding.
    const std::vector<std::string>& run();

    void run_under_faults(Duration duration);
    [[nodiscard]] sim::World& world() { return world_; }
    [[nodiscard]] const Tally& tally(std::uint32_t framework) const { return tallies_[framework]; }
    /// How long the healed world took to come to rest.
    [[nodiscard]] Duration time_to_rest() const { return time_to_rest_; }

private:
    void add_framework(const FrameworkPlan& plan);
    void strike(const PlannedBlow& planned);
    void strike_link(Blow blow, Rng& rng, Instant until);
    void strike_part_way(Blow blow, Rng& rng, Instant until);
    void strike_disk(Blow blow, Rng& rng, Instant until);
    void operate(Rng& rng);
    void flap(std::uint32_t framework);
    void visit(std::uint32_t framework);
    [[nodiscard]] bool is_leaving(std::uint32_t framework) const;
    void heal();
    void activate_all();
    [[nodiscard]] bool mark_gone();
    [[nodiscard]] bool has_failed();
    /// Runs until nothing is missing: what `find_missing` still names after `limit` is a finding.
    bool come_to(std::string (Scenario::*find_missing)(), Duration limit, std::string_view what);
    [[nodiscard]] std::string find_unrest();
    [[nodiscard]] std::string find_difference();
    [[nodiscard]] std::string find_remains();
    [[nodiscard]] std::string find_leak();
    void end_frameworks();
    bool offer_to_all();
    [[nodiscard]] std::string find_neglected();
    bool probe();
    [[nodiscard]] std::string find_withheld();

    Plan plan_;
    Rng rng_;
    std::deque<Tally> tallies_;  // And plans, by the number of their framework.
    std::vector<const FrameworkPlan*> framework_plans_;
    sim::World world_;
    const Workload* workload_;
    struct Probe;
    std::shared_ptr<Probe> probe_;
    Duration time_to_rest_{0};
    Instant offers_since_;
    bool calm_ = false;
    std::uint32_t leavers_ = 0;
};

}  // namespace offerkit::test
