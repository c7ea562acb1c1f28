// SPDX-License-Identifier: Apache-2.0
#include "workloads.hpp"

#include <array>
#include <chrono>
#include <utility>

namespace offerkit::test {

using namespace std::chrono_literals;
using namespace offerkit::literals;

namespace {

// clang-format off
constexpr std::array steady{
    FrameworkPlan{"web",    Temper::service, "eng/web",     500, 256, "sleep infinity", 10},
    FrameworkPlan{"api",    Temper::service, "eng/api",     250, 128, "sleep infinity",  6},
};
constexpr std::array storm{
    FrameworkPlan{"quick",  Temper::batch,   "eng/batch",  1000, 256, "sleep 2",   100'000},
    FrameworkPlan{"varied", Temper::batch,   "research",    500, 512, "make all",      400},
    FrameworkPlan{"empty",  Temper::batch,   "*",           100,  32, "true",        2'000},
};
constexpr std::array unruly{
    FrameworkPlan{"flap",   Temper::batch,   "*",           500, 256, "sleep 20",  100'000, true},
    FrameworkPlan{"hoard",  Temper::hoarder, "research",      0,   0, ""},
    FrameworkPlan{"web",    Temper::service, "eng/web",     500, 256, "sleep infinity", 10},
};
constexpr std::array rush_hour{
    FrameworkPlan{"batch",  Temper::batch,   "eng/batch",  1000, 512, "sleep 10",  100'000},
    FrameworkPlan{"web",    Temper::service, "eng/web",     500, 256, "sleep infinity", 10},
    FrameworkPlan{"hoard",  Temper::hoarder, "research",      0,   0, ""},
    FrameworkPlan{"kill",   Temper::killer,  "research/ml", 100,  64, "sleep infinity", 10},
    FrameworkPlan{"flap",   Temper::batch,   "*",           500, 512, "make all",  100'000, true},
};
constexpr std::array emptying{
    FrameworkPlan{"web",    Temper::service, "eng/web",     500, 256, "sleep infinity", 10},
    FrameworkPlan{"batch",  Temper::batch,   "eng/batch",   500, 256, "sleep 15",  100'000},
};
constexpr FrameworkPlan clinging{
    "cling", Temper::killer, "research/ml", 250, 64, "sleep infinity", 12, false, false, 40};
constexpr FrameworkPlan visiting{
    "visit", Temper::batch,  "*",           700, 256, "sleep infinity", 12, false, true, 30};
constexpr std::array obstinate{
    clinging,
    visiting,
    FrameworkPlan{"cheat",  Temper::cheater, "eng/batch",   500, 256, "sleep 3",   100'000, true},
    FrameworkPlan{"hoard",  Temper::hoarder, "research",      0,   0, ""},
};
constexpr std::array all{
    Workload{"steady",    steady},
    Workload{"storm",     storm},
    Workload{"unruly",    unruly},
    Workload{"rush_hour", rush_hour, true},
    Workload{"emptying",  emptying,  true},
    Workload{"obstinate", obstinate, true, true},
};
// clang-format on

}  // namespace

std::span<const Workload> workloads() { return all; }

Tenant::Tenant(const FrameworkPlan& plan, std::uint64_t seed, Tally& tally)
    : plan_(&plan),
      tally_(&tally),
      rng_(seed),
      prefix_(std::string(plan.name) + '-' + std::to_string(++tally.lives) + '-'),
      waiting_(is_batch() ? plan.count : 0) {
    shape_.put(Quantity<Cpus>::from_units(plan.cpus_milli));
    shape_.put(Quantity<Mem>::from_units(plan.mem_mib * 1000));
    if (plan.temper == Temper::killer) wake_ = Instant{} + 1s;
}

TaskInfo Tenant::make_task() {
    TaskInfo task;
    task.id = TaskId{prefix_ + std::to_string(++made_)};
    task.resources = shape_;
    task.command.shell = std::string(plan_->command);
    task.kill_policy.grace = std::chrono::seconds{plan_->grace_seconds};
    ++tally_->launched;
    return task;
}

bool Tenant::wants_more() const {
    if (tally_->resting) return false;
    return is_batch() ? waiting_ != 0 : alive_.size() < plan_->count;
}

// What it asked for with its last words may never have arrived.
void Tenant::on_subscribed(FrameworkId, Replies& replies) {
    if (!alive_.empty()) replies.reconcile({alive_.begin(), alive_.end()});
}

void Tenant::on_offers(std::span<const Offer> offers, Replies& replies) {
    for (const Offer& offer : offers) {
        if (plan_->temper == Temper::hoarder && !tally_->resting) {
            hoard(offer, replies);
            continue;
        }
        if (plan_->temper == Temper::cheater && wants_more() && rng_.chance(1, 4)) {
            cheat(offer, replies);
            continue;
        }
        Accept accept;
        accept.offer = offer.id;
        accept.refuse_for = 1s;
        Resources left = offer.resources;
        const std::size_t at_most = is_batch() ? 8 : 1;
        while (wants_more() && left.contains(shape_) && accept.launch.size() < at_most) {
            left -= shape_;
            if (is_batch()) --waiting_;
            accept.launch.push_back(make_task());
            alive_.insert(accept.launch.back().id);
        }
        if (accept.launch.empty()) {
            replies.decline({offer.id,
                             wants_more()      ? 2s
                             : tally_->looking ? 5s
                                               : 20s,
                             wants_more() ? DeclineReason::too_small : DeclineReason::no_work,
                             {}});
            continue;
        }
        const TaskId first = accept.launch.front().id;
        replies.accept(std::move(accept));
        if (plan_->temper == Temper::killer && rng_.chance(1, 5)) {
            replies.kill(first, Duration{rng_.between(0, 2'000'000'000)});
        }
    }
    if (plan_->temper == Temper::service && !wants_more() && !suppressed_ && !tally_->looking) {
        replies.suppress();
        suppressed_ = true;
    }
}

void Tenant::hoard(const Offer& offer, Replies& replies) {
    switch (rng_.below(4)) {
        case 0:
            return replies.hold({offer.id, 2s});
        case 1:
            return replies.hold({offer.id, 10min});
        case 2:
            return replies.decline({offer.id, 1s, DeclineReason::no_work, {}});
        default:
            break;  // Never answered.
    }
}

// None of these tasks may start, but for the first of an offer that is taken twice.
void Tenant::cheat(const Offer& offer, Replies& replies) {
    const bool twice = rng_.chance(1, 3);
    for (int i = 0; i < (twice ? 2 : 1); ++i) {
        Accept accept;
        accept.offer = offer.id;
        accept.launch.push_back(make_task());
        accept.launch.back().resources = offer.resources;
        if (!twice) accept.launch.back().resources += shape_;
        --waiting_;
        alive_.insert(accept.launch.back().id);
        replies.accept(std::move(accept));
    }
}

void Tenant::on_status(const TaskStatus& status, Replies& replies) {
    const bool over = is_terminal(status.state);
    const bool missing = status.state == TaskState::unknown || status.state == TaskState::lost ||
                         status.state == TaskState::gone_by_operator;
    if (!over && !missing) {
        // One of a scheduler before this one: it is taken over.
        alive_.insert(status.task);
        return;
    }
    if (alive_.erase(status.task) == 0) return;
    if (status.state == TaskState::finished) {
        ++tally_->finished;
    } else if (is_batch()) {
        ++waiting_;
    }
    if (missing) replies.kill(status.task);  // Should it appear after all.
    if (!suppressed_ || !wants_more()) return;
    replies.revive();
    suppressed_ = false;
}

void Tenant::on_wake(Instant now, Replies& replies) {
    wake_ = now + 3s;
    if (tally_->resting) return;
    for (const TaskId& id : alive_) {
        if (rng_.chance(1, 10)) replies.kill(id);
    }
    replies.kill(TaskId{"never-launched"});
}

namespace {

/// Its scheduler lives and dies with it.
class OwningAuthor : public sim::Author {
public:
    OwningAuthor(const FrameworkPlan& plan, std::uint64_t seed, Tally& tally)
        : tenant_(plan, seed, tally), lent_(tenant_) {}

    framework::AuthorReplied deliver(const framework::Deliver& delivery) override {
        return lent_.deliver(delivery);
    }
    framework::AuthorAsked wake(Instant now) override { return lent_.wake(now); }
    Instant next_wake() const override { return lent_.next_wake(); }

private:
    Tenant tenant_;
    sim::SchedulerAuthor<Tenant> lent_;
};

}  // namespace

std::unique_ptr<sim::Author> make_author(const FrameworkPlan& plan, std::uint64_t seed,
                                         Tally& tally) {
    return std::make_unique<OwningAuthor>(plan, seed, tally);
}

}  // namespace offerkit::test
