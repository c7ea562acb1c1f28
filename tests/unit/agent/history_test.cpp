// SPDX-License-Identifier: Apache-2.0
// Agent and executor together under a random history: a link that breaks, writes that lag, a master
// that repeats itself, a launcher that takes its time. Promises are checked all the while, and in
// the end, when everything works again, nothing may be left over.

#include <unit/agent/driver.hpp>

#include <offerkit/executor/executor.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>

using namespace offerkit;
using namespace offerkit::agent;
using namespace offerkit::agent::testing;

namespace {

class History {
public:
    History(std::uint64_t seed, bool may_fail) : rng_(seed), may_fail_(may_fail) {}

    void act() {
        if (may_fail_ && !failed_ && rng_.chance(1, 400)) {
            failed_ = true;
            const auto from = static_cast<std::uint64_t>(durable_) + 1;
            give(StoreFailed{from, "no space left on device"});
        }
        const bool linked = agent_.state().link.stage == LinkStage::registered;
        if (!linked && rng_.chance(1, 2)) change_link();
        switch (rng_.below(13)) {
            case 0:
                change_link();
                break;
            case 1:
            case 2:
                wait(Duration{rng_.between(0, 3'000'000'000)});
                break;
            case 3:
            case 4:
            case 5:
                launch();
                break;
            case 6:
                kill();
                break;
            case 7:
            case 8:
                acknowledge(1);
                break;
            case 9:
                durable_ = rng_.between(durable_, agent_.entry());
                give(Stored{static_cast<std::uint64_t>(durable_)});
                break;
            case 10:
            case 11:
                work();
                break;
            case 12:
                ask();
                break;
        }
        settle();
    }

    /// Everything works again until nothing is left to do.
    void heal() {
        for (int i = 0; i < 200; ++i) {
            if (agent_.state().link.stage != LinkStage::registered) change_link();
            durable_ = static_cast<std::int64_t>(agent_.entry());
            give(Stored{agent_.entry()});
            settle();
            for (int j = 0; j < 20; ++j)
                work();
            settle();
            acknowledge(1000);
            settle();
            wait(1s);
            settle();
        }
    }

    void check_end() const {
        CHECK(agent_.state().tasks.empty());
        CHECK(agent_.state().pending.empty());
        CHECK(agent_.state().available == make_options().info.resources);
        CHECK(executor_.state().processes.empty());
        CHECK(processes_.empty());
        for (const auto& id : wanted_) {
            INFO(id);
            CHECK(ended_.contains(id));
        }
    }

private:
    enum class Process { starting, running };

    void give(Event event) { step({std::move(event)}, 0ns); }
    void wait(Duration length) { step({}, length); }

    void change_link() {
        switch (agent_.state().link.stage) {
            case LinkStage::down:
                wait(10s);
                break;
            case LinkStage::connecting:
                if (rng_.chance(1, 3))
                    give(closed());
                else
                    give(opened());
                break;
            case LinkStage::registering:
                give(said(registered()));
                break;
            case LinkStage::registered:
                if (!rng_.chance(1, 4)) return;
                give(closed());
                unread_.clear();
                break;
        }
    }

    /// A new task, or one that the master has asked for before and not seen the end of.
    void launch() {
        if (agent_.state().link.stage != LinkStage::registered) return;
        std::string id = "t" + std::to_string(wanted_.size());
        if (!wanted_.empty() && rng_.chance(1, 4)) {
            id = *std::next(wanted_.begin(),
                            static_cast<std::ptrdiff_t>(rng_.below(wanted_.size())));
            if (acknowledged_.contains(id)) return;
        }
        TaskInfo task = make_task(id, Resources{Quantity<Cpus>::from_units(rng_.between(0, 1500))});
        if (rng_.chance(1, 4)) task.run_time_max = Duration{rng_.between(1, 5'000'000'000)};
        if (rng_.chance(1, 10)) task.health_check = Check{};
        wanted_.insert(id);
        give(said(run_tasks({task})));
    }

    void kill() {
        if (wanted_.empty()) return;
        if (rng_.chance(1, 20)) {
            give(said(protocol::EndFramework{framework_1}));
            return;
        }
        const auto which = static_cast<std::ptrdiff_t>(rng_.below(wanted_.size()));
        give(said(protocol::KillTask{framework_1, TaskId{*std::next(wanted_.begin(), which)},
                                     Duration{rng_.between(0, 4'000'000'000)}}));
    }

    void ask() {
        protocol::ReconcileTasks question;
        for (const auto& id : wanted_)
            question.tasks.push_back({framework_1, TaskId{id}});
        give(said(question));
    }

    /// Receipts for some of what the master has read, in any order and sometimes twice.
    void acknowledge(int rounds) {
        if (agent_.state().link.stage != LinkStage::registered) return;
        for (; rounds > 0 && !unread_.empty(); --rounds) {
            const auto place =
                unread_.begin() + static_cast<std::ptrdiff_t>(rng_.below(unread_.size()));
            const protocol::StatusUpdate update = *place;
            if (!rng_.chance(1, 5)) unread_.erase(place);
            if (is_terminal(update.status.state)) acknowledged_.insert(update.status.task.text());
            protocol::AcknowledgeStatuses message;
            message.receipts.push_back({framework_1, update.status.task, update.status.id});
            give(said(message));
        }
    }

    /// The launcher does one thing.
    void work() {
        if (processes_.empty()) return;
        const auto which = static_cast<std::ptrdiff_t>(rng_.below(processes_.size()));
        const auto place = std::next(processes_.begin(), which);
        if (place->second == Process::starting && rng_.chance(4, 5)) {
            place->second = Process::running;
            launcher_says(executor::ProcessStarted{place->first, 7, "/var/sandbox"});
            return;
        }
        if (place->second == Process::starting) {
            launcher_says(executor::ProcessNotStarted{place->first, "no such file"});
        } else {
            executor::ProcessExited event;
            event.key = place->first;
            event.exit.code = static_cast<std::int32_t>(rng_.below(2));
            event.lost = rng_.chance(1, 10);
            launcher_says(event);
        }
        processes_.erase(place);
    }

    void launcher_says(executor::Event event) { to_executor_.push_back(std::move(event)); }

    void step(std::vector<Event> events, Duration after) {
        agent_.step(std::move(events), after);
        check_effects();
    }

    void check_effects() {
        const auto entries_durable = static_cast<std::uint64_t>(durable_);
        for (const Effect& effect : agent_.out().list) {
            if (const auto* store = std::get_if<Store>(&effect)) {
                if (const auto* put = std::get_if<checkpoint::PutTask>(&store->write)) {
                    task_entries_[put->task.info.id.text()] = store->entry;
                } else if (const auto* status = std::get_if<checkpoint::PutStatus>(&store->write)) {
                    status_entries_[status->update.status.id] = store->entry;
                }
            } else if (const auto* order = std::get_if<SendExecutor>(&effect)) {
                if (const auto* launch = std::get_if<protocol::LaunchTask>(&order->event)) {
                    const std::string& id = launch->task.id.text();
                    CHECK_FALSE(agent_.state().store_failed);
                    CHECK(task_entries_.at(id) <= entries_durable);
                    CHECK(launched_.insert(id).second);
                }
                to_executor_.emplace_back(executor::AgentSaid{order->event});
            }
        }
        for (const auto& update : agent_.updates())
            check_update(update, entries_durable);
    }

    void check_update(const protocol::StatusUpdate& update, std::uint64_t entries_durable) {
        const TaskStatus& status = update.status;
        if (status.id.is_none()) return;
        const std::string& id = status.task.text();
        if (task_entries_.contains(id) && !failed_)
            CHECK(status_entries_.at(status.id) <= entries_durable);
        // What was not sent before is newer than all that was.
        if (!known_[id].contains(status.id)) {
            CHECK((known_[id].empty() || *known_[id].rbegin() < status.id));
            CHECK_FALSE(ended_.contains(id));
            known_[id].insert(status.id);
        }
        if (is_terminal(status.state)) ended_.insert(id);
        unread_.push_back(update);
    }

    /// Carries words between agent and executor until both are silent.
    void settle() {
        while (!to_executor_.empty()) {
            std::vector<executor::Event> events = std::exchange(to_executor_, {});
            executor::Effects out;
            (void)executor_.step({agent_.now(), {}, events}, out);
            executor_.check_invariants();
            std::vector<Event> words;
            for (executor::Effect& effect : out.list) {
                if (auto* send = std::get_if<executor::SendAgent>(&effect)) {
                    words.emplace_back(ExecutorSaid{PeerId{}, std::move(send->call)});
                } else if (const auto* start = std::get_if<executor::StartProcess>(&effect)) {
                    CHECK(started_.insert(start->key).second);
                    processes_[start->key] = Process::starting;
                } else if (const auto* forget = std::get_if<executor::ForgetProcess>(&effect)) {
                    CHECK_FALSE(processes_.contains(forget->key));
                }
            }
            if (!words.empty()) step(std::move(words), 0ns);
        }
    }

    Rng rng_;
    Driver agent_;
    executor::Executor executor_;
    std::vector<executor::Event> to_executor_;
    std::map<executor::ProcessKey, Process> processes_;
    std::set<executor::ProcessKey> started_;

    bool may_fail_;
    bool failed_ = false;  // The checkpoint.
    std::int64_t durable_ = 0;
    std::map<std::string, std::uint64_t> task_entries_;
    std::map<StatusId, std::uint64_t> status_entries_;
    std::map<std::string, std::set<StatusId>> known_;
    std::vector<protocol::StatusUpdate> unread_;
    std::set<std::string> wanted_;
    std::set<std::string> launched_;
    std::set<std::string> ended_;
    std::set<std::string> acknowledged_;
};

}  // namespace

TEST_CASE("agent and executor keep their promises under any history", "[agent][history]") {
    const auto seed = GENERATE(range(0, 20));
    const bool may_fail = GENERATE(false, true);
    INFO("seed " << seed << (may_fail ? ", the checkpoint may fail" : ""));
    History history{static_cast<std::uint64_t>(seed), may_fail};
    for (int i = 0; i < 600; ++i)
        history.act();
    history.heal();
    history.check_end();
}
