// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A computer with an agent on it that may die between any two effects: the machines are thrown
/// away and made again from what was durable. Disk, launcher and master are models, and check all
/// the while what they see.

#include <unit/agent/driver.hpp>
#include <unit/agent/launcher_model.hpp>

#include <offerkit/executor/executor.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::agent::testing {

/// What a master has heard of one task.
struct TaskHistory {
    std::set<StatusId> seen;
    std::set<StatusId> ends;  // The terminal ones.
    int rank = 0;             // Of the newest state.
    bool acknowledged = false;
    bool never_came = false;  // A registration did not list it: it was lost on its way.
    std::optional<TaskStatus> last;
};

[[nodiscard]] inline int rank_of(TaskState state) {
    if (is_terminal(state)) return 3;
    return state == TaskState::killing ? 2 : state == TaskState::running ? 1 : 0;
}

class Computer {
public:
    struct Crash {};

    explicit Computer(std::uint64_t seed) : rng_(seed) {
        options_ = make_options();
        options_.info.boot_id = "boot-1";
        start();
    }

    // --- faults ---

    /// The agent dies instead of performing this effect, counted from now.
    void crash_before_effect(std::uint64_t number) { crash_at_ = effects_ + number; }
    [[nodiscard]] std::uint64_t effects() const { return effects_; }

    /// It is started again. What was being written may be there or not.
    void restart(bool reboot = false) {
        crash_at_ = 0;
        const bool lucky = rng_.chance(1, 2);
        for (auto& [entry, write] : unwritten_) {
            if (!lucky) break;
            checkpoint::apply(disk_, write);
        }
        unwritten_.clear();
        unread_.clear();
        if (reboot) {
            options_.info.boot_id = "boot-" + std::to_string(++boots_);
            launcher_.reboot(rng_);
        } else {
            launcher_.lose_client(rng_.chance(1, 2));
        }
        start();
    }

    /// Runs `act`; if the agent dies in it, starts it again.
    template <class F>
    void try_to(F&& act) {
        try {
            act();
        } catch (const Crash&) {
            restart();
        }
    }

    void kill_launcher() { launcher_.die(); }
    void plant(const std::string& sandbox) { launcher_.plant(sandbox); }
    void fail_store() {
        if (unwritten_.empty()) return;
        const std::uint64_t from = unwritten_.front().first;
        unwritten_.clear();
        store_failed_ = true;
        give(StoreFailed{from, "no space left on device"});
    }

    // --- what happens ---

    void act() {
        if (agent_->state().link.stage != LinkStage::registered && rng_.chance(1, 2)) change_link();
        switch (rng_.below(12)) {
            case 0:
                change_link();
                break;
            case 1:
                wait(Duration{rng_.between(0, 3'000'000'000)});
                break;
            case 2:
            case 3:
                launch();
                break;
            case 4:
                kill();
                break;
            case 5:
            case 6:
                acknowledge();
                break;
            case 7:
            case 8:
                write_some();
                break;
            default:
                launcher_.work(rng_);
                hear_launcher();
                break;
        }
    }

    void heal() {
        for (int i = 0; i < 60 && !is_done(); ++i) {
            change_link();
            write_all();
            for (int j = 0; j < 10; ++j) {
                launcher_.work(rng_);
                hear_launcher();
            }
            write_all();
            while (!unread_.empty())
                acknowledge();
            write_all();
            wait(1s);
        }
    }

    void launch() {
        if (agent_->state().link.stage != LinkStage::registered) return;
        const std::string id = "t" + std::to_string(tasks_.size());
        tasks_[id];
        give(said(run_tasks({make_task(id, Resources{Quantity<Cpus>::from_units(700)})})));
    }

    void kill() {
        if (tasks_.empty() || agent_->state().link.stage != LinkStage::registered) return;
        const auto which = static_cast<std::ptrdiff_t>(rng_.below(tasks_.size()));
        give(said(protocol::KillTask{framework_1, TaskId{std::next(tasks_.begin(), which)->first},
                                     std::nullopt}));
    }

    void acknowledge() {
        if (unread_.empty()) return;
        const auto place =
            unread_.begin() + static_cast<std::ptrdiff_t>(rng_.below(unread_.size()));
        const protocol::StatusUpdate update = *place;
        unread_.erase(place);
        if (is_terminal(update.status.state)) tasks_[update.status.task.text()].acknowledged = true;
        give(said(
            protocol::AcknowledgeStatuses{{{framework_1, update.status.task, update.status.id}}}));
    }

    void change_link() {
        switch (agent_->state().link.stage) {
            case LinkStage::down:
                wait(10s);
                break;
            case LinkStage::connecting:
                give(opened());
                break;
            case LinkStage::registering:
                give(said(registered()));
                break;
            case LinkStage::registered:
                if (!rng_.chance(1, 5)) return;
                unread_.clear();
                give(closed());
                break;
        }
    }

    void wait(Duration length) {
        now_ = now_ + length;
        step({});
    }

    void write_some() {
        if (unwritten_.empty()) return;
        const auto count = 1 + rng_.below(unwritten_.size());
        std::uint64_t upto = 0;
        for (std::uint64_t i = 0; i < count; ++i) {
            upto = unwritten_.front().first;
            checkpoint::apply(disk_, unwritten_.front().second);
            unwritten_.pop_front();
        }
        give(Stored{upto});
    }

    void write_all() {
        while (!unwritten_.empty())
            write_some();
    }

    void hear_launcher() {
        for (executor::Event& event : launcher_.take_replies())
            to_executor_.push_back(std::move(event));
        step({});
    }

    // --- what must be so ---

    [[nodiscard]] bool is_done() const {
        // A master may not know yet that a task of its was lost on its way.
        const bool all_known = std::ranges::all_of(tasks_, [](const auto& each) {
            return each.second.acknowledged || each.second.never_came;
        });
        return all_known && agent_->state().tasks.empty() && launcher_.is_empty() &&
               disk_.tasks.empty() && unread_.empty() && unwritten_.empty();
    }

    void check_end() const {
        CHECK(agent_->state().tasks.empty());
        CHECK(agent_->state().available == options_.info.resources);
        CHECK(executor_->state().processes.empty());
        CHECK(launcher_.is_empty());
        CHECK(disk_.tasks.empty());
        CHECK(disk_.statuses.empty());
        CHECK(disk_.agent == agent_->state().id);
        for (const auto& [id, history] : tasks_) {
            INFO(id);
            if (history.never_came) {
                CHECK(!launcher_.starts().contains(id));
                continue;
            }
            CHECK(history.acknowledged);
            if (!store_failed_) CHECK(history.ends.size() == 1);
            check_truth(id, history);
        }
    }

    [[nodiscard]] const State& state() const { return agent_->state(); }
    [[nodiscard]] const checkpoint::Contents& disk() const { return disk_; }
    [[nodiscard]] const std::map<std::string, TaskHistory>& tasks() const { return tasks_; }
    [[nodiscard]] LauncherModel& launcher() { return launcher_; }

private:
    void start() {
        agent_.emplace(options_);
        executor_.emplace();
        to_agent_.clear();
        to_executor_.clear();
        try_to([this] { give(Recovered{disk_}); });
    }

    void give(Event event) {
        std::vector<Event> events;
        events.push_back(std::move(event));
        step(std::move(events));
    }

    /// Both machines, until they have nothing more to say to each other.
    void step(std::vector<Event> events) {
        do {
            for (Event& event : std::exchange(to_agent_, {}))
                events.push_back(std::move(event));
            Effects out;
            (void)agent_->step({now_, WallTime{now_.ns}, events}, out);
            agent_->check_invariants();
            events.clear();
            for (Effect& effect : out.list) {
                count_effect();
                std::visit([this](auto& each) { perform(each); }, effect);
            }
            std::vector<executor::Event> theirs = std::exchange(to_executor_, {});
            executor::Effects done;
            (void)executor_->step({now_, WallTime{now_.ns}, theirs}, done);
            executor_->check_invariants();
            for (executor::Effect& effect : done.list) {
                count_effect();
                std::visit([this](auto& each) { perform(each); }, effect);
            }
        } while (!to_agent_.empty() || !to_executor_.empty());
    }

    void count_effect() {
        if (++effects_ == crash_at_) throw Crash{};
    }

    void perform(Connect&) {}
    void perform(Disconnect&) {}
    void perform(CloseExecutor&) {}
    void perform(Stopped&) {}
    void perform(Store& effect) { unwritten_.emplace_back(effect.entry, std::move(effect.write)); }
    void perform(SendExecutor& effect) {
        to_executor_.emplace_back(executor::AgentSaid{std::move(effect.event)});
    }
    void perform(RecoverExecutor& effect) {
        to_executor_.emplace_back(executor::Recovered{std::move(effect.tasks)});
    }
    void perform(SendMaster& effect) {
        if (auto* registration = std::get_if<protocol::RegisterAgent>(&effect.message)) {
            read_registration(*registration);
        } else if (auto* statuses = std::get_if<protocol::UpdateStatuses>(&effect.message)) {
            for (const auto& update : statuses->updates)
                read_status(update);
        }
    }
    void perform(executor::SendAgent& effect) {
        to_agent_.emplace_back(ExecutorSaid{PeerId{}, std::move(effect.call)});
    }
    void perform(executor::TellFound& effect) {
        to_agent_.emplace_back(TaskFound{effect.key.framework, effect.key.task, effect.age});
    }
    void perform(executor::Note&) {}
    template <class Request>
    void perform(Request& effect) {
        launcher_.ask(std::move(effect));
    }

    /// What it does not list, and has not had the end of, did not survive: a real master says so to
    /// the framework, and never sends the task again.
    void read_registration(const protocol::RegisterAgent& registration) {
        std::set<std::string> listed;
        for (const auto& task : registration.tasks)
            listed.insert(task.info.id.text());
        for (auto& [id, history] : tasks_) {
            if (history.acknowledged || listed.contains(id)) continue;
            INFO(id);
            // Nothing that was told and awaits its receipt may be forgotten, but for refusals.
            const bool refused = history.last && history.last->state == TaskState::dropped;
            if (!store_failed_) CHECK((history.seen.empty() || refused));
            history.never_came = true;
        }
    }

    void read_status(const protocol::StatusUpdate& update) {
        const TaskStatus& status = update.status;
        if (status.id.is_none()) return;
        INFO(status.task.text());
        TaskHistory& history = tasks_[status.task.text()];
        CHECK_FALSE(history.never_came);
        unread_.push_back(update);
        if (!history.seen.insert(status.id).second) return;
        CHECK(status.id == *history.seen.rbegin());
        if (!store_failed_) {
            CHECK(rank_of(status.state) > history.rank);
            CHECK(history.ends.empty());
        }
        history.rank = rank_of(status.state);
        history.last = status;
        if (is_terminal(status.state)) history.ends.insert(status.id);
    }

    /// The end that was told is the end that was.
    void check_truth(const std::string& id, const TaskHistory& history) const {
        REQUIRE(history.last.has_value());
        const TaskStatus& told = *history.last;
        const auto real = launcher_.exits().find(id);
        if (told.exit) {
            REQUIRE(real != launcher_.exits().end());
            CHECK(*told.exit == real->second);
        } else if (told.reason != StatusReason::agent_restarted) {
            CHECK(real == launcher_.exits().end());
        }
    }

    Rng rng_;
    Options options_;
    std::uint64_t boots_ = 1;
    Instant now_;
    std::optional<Agent> agent_;
    std::optional<executor::Executor> executor_;
    std::vector<Event> to_agent_;
    std::vector<executor::Event> to_executor_;

    checkpoint::Contents disk_;
    std::deque<std::pair<std::uint64_t, checkpoint::Write>> unwritten_;
    bool store_failed_ = false;  // Ever.
    LauncherModel launcher_;
    std::map<std::string, TaskHistory> tasks_;
    std::vector<protocol::StatusUpdate> unread_;

    std::uint64_t effects_ = 0;
    std::uint64_t crash_at_ = 0;
};

}  // namespace offerkit::agent::testing
