// SPDX-License-Identifier: Apache-2.0
#include <unit/allocation/cluster.hpp>

#include <catch2/catch.hpp>

#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/record/snapshot.hpp>

#include <functional>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace offerkit::test;

namespace {

/// Plays everything that can happen to an allocator, at random.
class Storm {
public:
    explicit Storm(std::uint64_t seed) : rng_(seed) {}

    /// The next event, and what it means for what is held. None: time passes.
    std::vector<AllocatorEvent> next(const std::vector<Grant>& granted) {
        held_.insert(held_.end(), granted.begin(), granted.end());
        events_.clear();
        const AgentIndex agent{static_cast<std::uint32_t>(rng_.below(agents_.size()))};
        const ClaimantIndex claimant{static_cast<std::uint32_t>(rng_.below(claimants_.size()))};
        switch (rng_.below(12)) {
            case 0:
            case 1:
                put_agent(agent);
                break;
            case 2:
                if (agents_[agent.value] != 0) drop_agent(agent);
                break;
            case 3:
                if (claimants_[claimant.value] == 0) put_claimant(claimant);
                break;
            case 4:
                if (claimants_[claimant.value] != 0) change(claimant);
                break;
            case 5:
                put_role();
                break;
            case 6:
                now = now + Duration{rng_.between(0, 40)};
                break;
            default:
                if (!held_.empty()) give_back();
        }
        return events_;
    }

    [[nodiscard]] bool cycles() { return rng_.chance(1, 4); }
    Instant now;

private:
    void put_agent(AgentIndex agent) {
        if (agents_[agent.value] == 0) agents_[agent.value] = ++ids_;
        const auto cpus = Quantity<Cpus>::from_units(rng_.between(1, 16) * 500);
        const auto mem = Quantity<Mem>::from_units(rng_.between(1, 16) * 512'000);
        events_.emplace_back(
            allocator_event::AgentPut{agent, AgentId{1, agents_[agent.value]},
                                      (cpus + mem).with_ports({{1, rng_.below(9) + 9}})});
    }

    void drop_agent(AgentIndex agent) {
        if (rng_.chance(1, 2)) {
            events_.emplace_back(allocator_event::AgentActive{agent, rng_.chance(3, 4),
                                                              NoOfferReason::agent_draining});
            return;
        }
        if (rng_.chance(3, 4)) return;
        end_all([&](const Grant& grant) { return grant.agent == agent; });
        events_.emplace_back(allocator_event::AgentGone{agent});
        agents_[agent.value] = 0;
    }

    void put_claimant(ClaimantIndex claimant) {
        static const std::vector<std::string> paths{"*", "a", "a/x", "b", "b/x/deep", "c"};
        claimants_[claimant.value] = ++ids_;
        events_.emplace_back(allocator_event::ClaimantPut{
            claimant, FrameworkId{1, ids_}, role_of(paths[rng_.below(paths.size())]), {}});
    }

    void change(ClaimantIndex claimant) {
        switch (rng_.below(5)) {
            case 0:
                end_all([&](const Grant& grant) { return grant.claimant == claimant; });
                events_.emplace_back(allocator_event::ClaimantGone{claimant});
                claimants_[claimant.value] = 0;
                break;
            case 1:
                events_.emplace_back(allocator_event::ClaimantActive{claimant, rng_.chance(3, 4),
                                                                     NoOfferReason::suppressed});
                break;
            case 2:
                events_.emplace_back(allocator_event::Revived{claimant});
                break;
            default: {
                std::vector<DemandShape> shapes;
                const bool stated = rng_.chance(1, 2);
                const auto cpus = Quantity<Cpus>::from_units(rng_.between(1, 8) * 500);
                if (stated) shapes.push_back({cpus, static_cast<std::uint32_t>(rng_.below(4))});
                events_.emplace_back(allocator_event::DemandPut{claimant, stated, shapes});
            }
        }
    }

    void put_role() {
        static const std::vector<std::string> paths{"a", "b", "b/x", "c"};
        RoleConfig config{role_of(paths[rng_.below(paths.size())]), rng_.between(500, 4000), {}};
        const auto cpus = Quantity<Cpus>::from_units(rng_.between(1, 16) * 500);
        if (rng_.chance(1, 2)) config.quota.limits = {{"cpus", cpus.units()}};
        if (rng_.chance(1, 3)) config.quota.guarantee = Quantity<Cpus>::from_units(500);
        events_.emplace_back(allocator_event::RolePut{config});
    }

    void give_back() {
        const auto at = static_cast<std::ptrdiff_t>(rng_.below(held_.size()));
        const Grant grant = held_[static_cast<std::size_t>(at)];
        held_.erase(held_.begin() + at);
        end(grant);
        if (rng_.chance(1, 2)) return;
        const Instant until =
            rng_.chance(1, 4) ? Instant::never() : now + Duration{rng_.between(0, 90)};
        events_.emplace_back(
            allocator_event::Refused{grant.claimant, grant.agent, grant.resources, until});
    }

    void end(const Grant& grant) {
        events_.emplace_back(
            allocator_event::Recovered{grant.claimant, grant.agent, grant.resources});
    }

    template <class F>
    void end_all(F&& ends) {
        std::erase_if(held_, [&](const Grant& grant) {
            if (!ends(grant)) return false;
            end(grant);
            return true;
        });
    }

    Rng rng_;
    std::vector<AllocatorEvent> events_;
    std::vector<Grant> held_;
    std::vector<std::uint64_t> agents_ = std::vector<std::uint64_t>(24);  // Ids; 0: none.
    std::vector<std::uint64_t> claimants_ = std::vector<std::uint64_t>(12);
    std::uint64_t ids_ = 0;
};

using MakeAllocator = std::function<std::unique_ptr<Allocator>()>;

record::Bytes bytes_of(const Allocator& allocator) {
    record::Bytes bytes;
    REQUIRE(record::encode_snapshot(allocator, bytes));
    return bytes;
}

std::unique_ptr<Allocator> restored(const MakeAllocator& make, const record::Bytes& bytes) {
    std::unique_ptr<Allocator> allocator = make();
    REQUIRE(record::restore_allocator(bytes, *allocator));
    REQUIRE(bytes_of(*allocator) == bytes);
    return allocator;
}

void require_same(const CycleOutcome& a, const CycleOutcome& b) {
    REQUIRE(a.faults == b.faults);
    REQUIRE(a.next_wake == b.next_wake);
    REQUIRE(a.grants.size() == b.grants.size());
    for (std::size_t i = 0; i < a.grants.size(); ++i) {
        REQUIRE(a.grants[i].claimant == b.grants[i].claimant);
        REQUIRE(a.grants[i].agent == b.grants[i].agent);
        REQUIRE(a.grants[i].resources == b.grants[i].resources);
    }
}

/// One allocator lives on; the other is made anew from a snapshot every so often. Both must decide
/// the same, and remember the same. Returns how much was granted.
std::size_t compare(const MakeAllocator& make, std::uint64_t seed, int steps) {
    Storm storm{seed};
    Rng rng{seed + 1};
    std::unique_ptr<Allocator> original = make();
    std::unique_ptr<Allocator> other = make();
    CycleOutcome first;
    CycleOutcome second;
    std::vector<Grant> granted;
    std::size_t grants = 0;
    for (int step = 0; step < steps; ++step) {
        for (const AllocatorEvent& event : storm.next(granted)) {
            const auto* const role = std::get_if<allocator_event::RolePut>(&event);
            if (role != nullptr && !original->validate(role->config)) continue;
            original->on(event, storm.now);
            other->on(event, storm.now);
        }
        granted.clear();
        REQUIRE(original->is_dirty(storm.now) == other->is_dirty(storm.now));
        if (storm.cycles() && original->is_dirty(storm.now)) {
            original->run(storm.now, first);
            other->run(storm.now, second);
            require_same(first, second);
            granted = first.grants;
            grants += granted.size();
        }
        if (rng.chance(1, 5)) {
            const record::Bytes bytes = bytes_of(*original);
            REQUIRE(bytes_of(*other) == bytes);
            other = restored(make, bytes);
            other->check_invariants();
        }
    }
    return grants;
}

/// Counts what each claimant was granted, in a state of its own, and fails now and then.
struct Remembering {
    static constexpr auto name = "remembering";

    std::uint64_t rank(const NodeView& node) {
        const auto found = granted.find(node.claimant().value);
        return found == granted.end() ? 0 : found->second;
    }
    void on(const Grant& grant, PolicyContext& context) {
        if (++heard % 50 == 0) throw std::runtime_error{"every fiftieth grant"};
        ++granted[grant.claimant.value];
        context.wake_at(context.now() + Duration{30});
    }
    void save(Bytes& out) const {
        put_number(heard, out);
        put_number(granted.size(), out);
        for (const auto& [claimant, count] : granted) {
            put_number(claimant, out);
            put_number(count, out);
        }
    }
    void load(ByteReader& in) {
        heard = in.number();
        for (std::size_t left = in.count(); left > 0 && !in.has_failed(); --left) {
            const std::uint64_t claimant = in.number();
            granted[claimant] = in.number();
        }
    }

    std::uint64_t heard = 0;
    std::map<std::uint64_t, std::uint64_t> granted;
};

struct Forgetful {
    static constexpr auto name = "forgetful";
    std::uint64_t rank(const NodeView&) { return ++calls; }
    std::uint64_t calls = 0;
};

}  // namespace

TEST_CASE("an allocator goes on from its snapshot as if nothing had happened",
          "[record][snapshot][allocation]") {
    for (const PolicySummary& policy : policies()) {
        for (std::uint64_t seed = 1; seed <= 3; ++seed) {
            INFO("policy " << policy.name << ", seed " << seed);
            const auto make = [&] { return make_allocator(policy.name, {.seed = seed}).value(); };
            CHECK(compare(make, seed, 2'000) > 100);
        }
    }
}

TEST_CASE("a policy that keeps state goes on from what it saved, its faults included",
          "[record][snapshot][allocation]") {
    const auto make = [] { return std::make_unique<Cycle<Remembering>>(); };
    CHECK(compare(make, 9, 2'000) > 100);
}

TEST_CASE("a policy that keeps state and cannot save it is refused by name",
          "[record][snapshot][allocation]") {
    const Cycle<Forgetful> cycle;
    record::Bytes bytes;
    const auto encoded = record::encode_snapshot(cycle, bytes);
    REQUIRE_FALSE(encoded);
    CHECK(encoded.error().code == RefusalCode::unsupported);
    CHECK(encoded.error().who == "policy forgetful");
}

TEST_CASE("a snapshot of an allocator that is cut off or goes on is refused",
          "[record][snapshot][allocation]") {
    Cycle<WeightedDrf> cycle;
    Cluster cluster{cycle};
    cluster.add_agent(4_cpus + 1_GiB);
    cluster.add_claimant("eng/ml");
    cluster.run();
    const record::Bytes bytes = bytes_of(cycle);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        Cycle<WeightedDrf> other;
        const auto read = record::restore_allocator(std::string_view{bytes}.substr(0, size), other);
        REQUIRE_FALSE(read);
        CHECK(read.error().code == RefusalCode::malformed);
    }
    Cycle<WeightedDrf> other;
    CHECK_FALSE(record::restore_allocator(bytes + '\0', other));
}
