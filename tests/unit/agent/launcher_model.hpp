// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A launcher as the agent's machines see it, with the client that speaks to it: it outlives them,
/// dies on its own, and checks that nothing is started twice.

#include <catch2/catch.hpp>

#include <offerkit/core/random.hpp>
#include <offerkit/executor/executor.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <iterator>
#include <map>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::agent::testing {

/// Keeps what it was asked to start until it may forget it, whoever asks.
class LauncherModel {
public:
    enum class Stage { starting, running, failed, ended };
    struct Record {
        executor::ProcessKey key;
        Stage stage = Stage::starting;
        ExitStatus exit;
        bool killed = false;
        bool lost = false;
    };
    using Request = std::variant<executor::StartProcess, executor::KillProcess,
                                 executor::ForgetProcess, executor::ListProcesses>;

    void ask(Request request) {
        // The client remembers names by itself: a request may be lost with a launcher.
        if (const auto* start = std::get_if<executor::StartProcess>(&request)) {
            known_[start->key] = start->sandbox;
        } else if (const auto* list = std::get_if<executor::ListProcesses>(&request)) {
            for (const auto& known : list->known)
                known_[known.key] = known.sandbox;
        }
        requests_.push_back(std::move(request));
    }
    [[nodiscard]] std::vector<executor::Event> take_replies() {
        return std::exchange(replies_, {});
    }
    [[nodiscard]] bool is_idle() const { return requests_.empty() && replies_.empty(); }
    [[nodiscard]] bool is_empty() const { return records_.empty() && is_idle(); }
    [[nodiscard]] const std::map<std::string, int>& starts() const { return starts_; }
    [[nodiscard]] const std::map<std::string, ExitStatus>& exits() const { return exits_; }

    /// Serves a request, or lets a process go on.
    void work(Rng& rng) {
        if (!requests_.empty()) {
            Request request = std::move(requests_.front());
            requests_.pop_front();
            std::visit([this](auto& each) { serve(each); }, request);
            return;
        }
        if (records_.empty()) return;
        const auto which = static_cast<std::ptrdiff_t>(rng.below(records_.size()));
        auto& [sandbox, record] = *std::next(records_.begin(), which);
        switch (record.stage) {
            case Stage::starting:
                record.stage = rng.chance(1, 8) ? Stage::failed : Stage::running;
                if (record.stage == Stage::running) begin(record);
                reply(sandbox, record, false);
                break;
            case Stage::running:
                end(sandbox, record, {static_cast<std::int32_t>(rng.below(3)), 0});
                break;
            case Stage::failed:
            case Stage::ended:
                break;
        }
    }

    /// The agent is gone: requests that were not read yet are lost with its connection.
    void lose_client(bool serve_first) {
        while (serve_first && !requests_.empty()) {
            const Request request = std::move(requests_.front());
            requests_.pop_front();
            std::visit([this](auto each) { serve(each); }, request);
        }
        requests_.clear();
        replies_.clear();
        known_.clear();
    }

    /// It dies, and the client starts another, which finds the records.
    void die() {
        requests_.clear();
        replies_.clear();
        requests_.push_back(executor::ListProcesses{});
    }

    /// All processes are gone, and perhaps the records of some that nobody had synced.
    void reboot(Rng& rng) {
        lose_client(false);
        for (auto each = records_.begin(); each != records_.end();) {
            if (rng.chance(1, 2)) {
                each = records_.erase(each);
                continue;
            }
            Record& record = each->second;
            if (record.stage == Stage::starting || record.stage == Stage::running) {
                record.stage = Stage::ended;
                record.lost = true;
            }
            ++each;
        }
    }

    /// Something runs that no checkpoint knows.
    void plant(const std::string& sandbox) {
        records_[sandbox] = {{FrameworkId{}, TaskId{sandbox}}, Stage::running, {}, false, false};
    }

private:
    void begin(const Record& record) {
        const int count = ++starts_[record.key.task.text()];
        CHECK(count == 1);
    }

    void end(const std::string& sandbox, Record& record, ExitStatus exit) {
        record.stage = Stage::ended;
        record.exit = exit;
        exits_[record.key.task.text()] = exit;
        reply(sandbox, record, false);
    }

    [[nodiscard]] std::string sandbox_of(const executor::ProcessKey& key) const {
        const auto found = known_.find(key);
        return found == known_.end() ? key.task.text() : found->second;
    }

    void serve(executor::StartProcess& request) {
        records_.try_emplace(request.sandbox,
                             Record{request.key, Stage::starting, {}, false, false});
    }

    void serve(const executor::KillProcess& request) {
        const auto found = records_.find(sandbox_of(request.key));
        if (found == records_.end() || found->second.stage != Stage::running) return;
        found->second.killed = true;
        end(found->first, found->second, {0, 15});
    }

    void serve(const executor::ForgetProcess& request) {
        const auto found = records_.find(sandbox_of(request.key));
        if (found == records_.end()) return;
        CHECK((found->second.stage == Stage::ended || found->second.stage == Stage::failed));
        records_.erase(found);
    }

    void serve(const executor::ListProcesses&) {
        for (const auto& [sandbox, record] : records_)
            reply(sandbox, record, true);
        replies_.emplace_back(executor::ListEnded{});
    }

    void reply(const std::string& sandbox, const Record& record, bool listed) {
        executor::ProcessKey key{FrameworkId{}, TaskId{sandbox}};
        for (const auto& [known, its_sandbox] : known_) {
            if (its_sandbox == sandbox) key = known;
        }
        switch (record.stage) {
            case Stage::starting:
                replies_.emplace_back(executor::ProcessStarting{key});
                break;
            case Stage::running:
                replies_.emplace_back(
                    executor::ProcessStarted{key, 7, "/var/" + sandbox, Duration{0}, listed});
                break;
            case Stage::failed:
                replies_.emplace_back(executor::ProcessNotStarted{key, "no such file", listed});
                break;
            case Stage::ended:
                executor::ProcessExited exited;
                exited.key = key;
                exited.exit = record.exit;
                exited.killed = record.killed;
                exited.lost = record.lost;
                exited.listed = listed;
                replies_.emplace_back(std::move(exited));
                break;
        }
    }

    std::map<std::string, Record> records_;  // By sandbox.
    std::deque<Request> requests_;
    std::vector<executor::Event> replies_;
    std::map<executor::ProcessKey, std::string> known_;  // To the client there is now.
    std::map<std::string, int> starts_;                  // Ever, by task id.
    std::map<std::string, ExitStatus> exits_;
};

}  // namespace offerkit::agent::testing
