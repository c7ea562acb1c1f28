// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Workloads as data: which frameworks there are, how they behave, and what operators do meanwhile.
/// Adding one is adding a line to the tables in workloads.cpp.

#include <offerkit/sim/world.hpp>

#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <string_view>

namespace offerkit::test {

/// How a scheduler behaves.
enum class Temper : std::uint8_t {
    batch,    // Runs `count` tasks, each until it has finished once, under a new id each time.
    service,  // Keeps `count` tasks alive; suppresses its role while it has them.
    hoarder,  // Wants nothing: holds offers, declines some for a second, answers others never.
    killer,   // Launches up to `count` tasks and kills them, some before they can have started.
    cheater,  // A batch that asks for more than it was offered, or twice for the same.
};

struct FrameworkPlan {
    std::string_view name;
    Temper temper = Temper::batch;
    std::string_view role;
    std::int64_t cpus_milli = 1000;
    std::int64_t mem_mib = 256;
    std::string_view command;
    std::uint32_t count = 0;
    bool flaps = false;   // Dies and comes back all the time, beside all other faults.
    bool visits = false;  // Is torn down after a while, and followed by another.
    std::int64_t grace_seconds = 2;
};

struct Workload {
    std::string_view name;
    std::span<const FrameworkPlan> frameworks;
    bool drains = false;    // Operators drain, deactivate and activate agents.
    bool stubborn = false;  // Most processes end only when their grace is over, links break often.
};

[[nodiscard]] std::span<const Workload> workloads();

/// What is kept of a framework whatever becomes of its schedulers.
struct Tally {
    std::uint64_t launched = 0;
    std::uint64_t finished = 0;
    std::uint64_t lives = 0;  // Schedulers so far: each names its tasks differently.
    bool resting = false;     // Launches nothing more, and kills nothing.
    bool looking = false;     // Lets nothing be suppressed: it waits to be offered everything.
    bool leaving = false;     // It is torn down.
};

/// A scheduler of any temper. It asks about its tasks whenever it subscribes.
class Tenant {
public:
    Tenant(const FrameworkPlan& plan, std::uint64_t seed, Tally& tally);

    void on_subscribed(FrameworkId, Replies& replies);
    void on_offers(std::span<const Offer> offers, Replies& replies);
    void on_status(const TaskStatus& status, Replies& replies);
    [[nodiscard]] Instant next_wake() const { return wake_; }
    void on_wake(Instant now, Replies& replies);

private:
    void hoard(const Offer& offer, Replies& replies);
    void cheat(const Offer& offer, Replies& replies);
    [[nodiscard]] bool is_batch() const {
        return plan_->temper == Temper::batch || plan_->temper == Temper::cheater;
    }
    [[nodiscard]] bool wants_more() const;
    [[nodiscard]] TaskInfo make_task();

    const FrameworkPlan* plan_;
    Tally* tally_;
    Rng rng_;
    Resources shape_;
    std::string prefix_;
    std::uint64_t made_ = 0;
    std::uint64_t waiting_;  // Of a batch: not launched yet.
    std::set<TaskId> alive_;
    Instant wake_ = Instant::never();
    bool suppressed_ = false;
};

/// The scheduler of a new process: it remembers nothing of those before it.
[[nodiscard]] std::unique_ptr<sim::Author> make_author(const FrameworkPlan& plan,
                                                       std::uint64_t seed, Tally& tally);

}  // namespace offerkit::test
