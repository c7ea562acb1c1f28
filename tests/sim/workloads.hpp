// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Schedulers of different temper, and clusters of them with faults planned from a seed.

#include <offerkit/sim/world.hpp>

#include <cstdint>
#include <set>
#include <span>
#include <string>
#include <utility>

namespace offerkit::test {

/// Makes tasks of one shape with ids that never repeat.
class TaskMaker {
public:
    TaskMaker(std::string prefix, Resources shape, std::string shell)
        : prefix_(std::move(prefix)), shape_(std::move(shape)), shell_(std::move(shell)) {}

    [[nodiscard]] TaskInfo make() {
        TaskInfo task;
        task.id = TaskId{prefix_ + std::to_string(++made_)};
        task.resources = shape_;
        task.command.shell = shell_;
        return task;
    }
    [[nodiscard]] const Resources& shape() const { return shape_; }
    [[nodiscard]] std::uint64_t made() const { return made_; }

private:
    std::string prefix_;
    Resources shape_;
    std::string shell_;
    std::uint64_t made_ = 0;
};

/// Runs so many tasks, each once; those that were lost again, under another id.
class BatchScheduler {
public:
    BatchScheduler(TaskMaker tasks, std::uint64_t count);
    OfferReply on_offer(const Offer& offer);
    void on_status(const TaskStatus& status);
    [[nodiscard]] bool is_done() const { return waiting_ == 0 && running_.empty(); }
    [[nodiscard]] std::uint64_t finished() const { return finished_; }
    [[nodiscard]] std::uint64_t lost() const { return lost_; }

private:
    TaskMaker tasks_;
    std::uint64_t waiting_;
    std::set<TaskId> running_;
    std::uint64_t finished_ = 0;
    std::uint64_t lost_ = 0;
};

/// Keeps so many tasks alive, wherever they fit, for ever; suppresses offers when it has them.
class ServiceScheduler {
public:
    ServiceScheduler(TaskMaker tasks, std::size_t count)
        : tasks_(std::move(tasks)), count_(count) {}
    void on_offers(std::span<const Offer> offers, Replies& replies);
    void on_status(const TaskStatus& status, Replies& replies);
    void on_subscribed(FrameworkId, Replies& replies) { replies.reconcile(); }
    [[nodiscard]] std::size_t alive() const { return alive_.size(); }

private:
    TaskMaker tasks_;
    std::size_t count_;
    std::set<TaskId> alive_;
    bool suppressed_ = false;
};

/// Wants nothing: declines for a second, holds some offers to their end, answers others never.
class HoardingScheduler {
public:
    explicit HoardingScheduler(std::uint64_t seed) : rng_(seed) {}
    void on_offers(std::span<const Offer> offers, Replies& replies);
    void on_status(const TaskStatus&) {}

private:
    Rng rng_;
};

/// Launches long tasks and kills them, some before they can have started.
class KillingScheduler {
public:
    explicit KillingScheduler(TaskMaker tasks, std::uint64_t seed)
        : tasks_(std::move(tasks)), rng_(seed) {}
    void on_offers(std::span<const Offer> offers, Replies& replies);
    void on_status(const TaskStatus& status);
    [[nodiscard]] Instant next_wake() const { return wake_; }
    void on_wake(Instant now, Replies& replies);
    [[nodiscard]] std::uint64_t killed() const { return killed_; }

private:
    TaskMaker tasks_;
    Rng rng_;
    std::set<TaskId> alive_;
    Instant wake_ = {1'000'000'000};
    std::uint64_t killed_ = 0;
};

/// Twenty-four agents and five frameworks (batch, service, hoarder, killer, and one that flaps),
/// connections that break, links that are cut and heal, machines that crash and boot, agents that
/// leave, and roles that are reconfigured: for ever, planned from one seed.
class RushHour {
public:
    explicit RushHour(std::uint64_t seed, bool hostile = false);

    void run_for(Duration duration) { world_.run_for(duration); }
    /// No faults are planned from then on, and those that last are ended.
    void calm();
    [[nodiscard]] sim::World& world() { return world_; }
    [[nodiscard]] const BatchScheduler& batch() const { return batch_; }
    [[nodiscard]] const ServiceScheduler& service() const { return service_; }
    [[nodiscard]] const KillingScheduler& killing() const { return killing_; }

private:
    void plan_fault();
    void fault(sim::World& world);

    Rng rng_;
    sim::World world_;
    BatchScheduler batch_;
    ServiceScheduler service_;
    HoardingScheduler hoarding_;
    KillingScheduler killing_;
    BatchScheduler flapping_;
    bool calm_ = false;
    std::uint32_t leavers_ = 0;
};

}  // namespace offerkit::test
