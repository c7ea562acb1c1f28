// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Drives an agent by hand. Every step is also taken by a twin with the same history, which must
/// say the same, and is followed by a check of the invariants.

#include <catch2/catch.hpp>

#include <offerkit/agent/agent.hpp>
#include <offerkit/resources/resources.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::agent::testing {

using namespace offerkit::literals;
using namespace std::chrono_literals;

inline constexpr FrameworkId framework_1{1, 1};
inline constexpr FrameworkId framework_2{1, 2};
inline constexpr AgentId agent_1{1, 1};

[[nodiscard]] inline Options make_options() {
    Options options;
    options.info.hostname = "host1";
    options.info.resources = 4_cpus + 1024_MiB;
    options.seed = 7;
    return options;
}

[[nodiscard]] inline TaskInfo make_task(const std::string& id, Resources resources = 1_cpus) {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = std::move(resources);
    task.command.shell = "true";
    return task;
}

[[nodiscard]] inline protocol::RunTasks run_tasks(std::vector<TaskInfo> tasks,
                                                  FrameworkId framework = framework_1) {
    return {framework, "batch", "", Role{}, std::move(tasks)};
}

[[nodiscard]] inline Event opened(std::uint64_t epoch = 1) {
    protocol::Welcome welcome;
    welcome.epoch = epoch;
    return LinkOpened{welcome};
}

[[nodiscard]] inline Event closed(RefusalCode code = RefusalCode::unavailable) {
    return LinkClosed{{code, "master", "connect", "connection refused", "try later"}};
}

[[nodiscard]] inline Event said(protocol::MasterMessage message) {
    return MasterSaid{std::move(message)};
}

[[nodiscard]] inline protocol::AgentRegistered registered(std::uint64_t epoch = 1,
                                                          AgentId id = agent_1) {
    return {id, "offerkit", epoch, 15s};
}

/// What the executor says of one task of `framework_1`.
[[nodiscard]] inline Event report(const std::string& id, TaskState state) {
    TaskStatus status;
    status.task = TaskId{id};
    status.state = state;
    status.source = StatusSource::executor;
    status.sandbox = "/var/sandbox/" + id;
    return ExecutorSaid{PeerId{}, protocol::ReportStatuses{{{framework_1, status}}}};
}

class Driver {
public:
    explicit Driver(Options options = make_options()) : agent_(options), twin_(options) {}

    /// Lets `after` pass, then hands over the events as one batch.
    void step(std::vector<Event> events = {}, Duration after = 0ns) {
        now_ = now_ + after;
        std::vector<Event> copy = events;
        out_.clear();
        Effects other;
        wake_ = agent_.step({now_, WallTime{now_.ns}, events}, out_);
        const Instant other_wake = twin_.step({now_, WallTime{now_.ns}, copy}, other);
        REQUIRE(wake_ == other_wake);
        REQUIRE(out_.list == other.list);
        REQUIRE(out_.deltas == other.deltas);
        agent_.check_invariants();
        for (const Effect& effect : out_.list) {
            if (const auto* store = std::get_if<Store>(&effect)) entry_ = store->entry;
        }
    }

    /// Steps at the moment that the machine asked for.
    void wake() {
        REQUIRE(wake_ != Instant::never());
        step({}, wake_ > now_ ? wake_ - now_ : Duration{0});
    }

    void register_agent() {
        step();
        step({opened()});
        step({said(registered())});
        store_all();
    }

    /// Everything written so far is durable.
    void store_all() { step({Stored{entry_}}); }

    /// A task of `framework_1` that runs, all of whose statuses so far are acknowledged.
    void run(const std::string& id) { run(make_task(id)); }
    void run(TaskInfo task) {
        const std::string id = task.id.text();
        step({said(run_tasks({std::move(task)}))});
        store_all();
        step({report(id, TaskState::running)});
        store_all();
        acknowledge(updates());
    }

    void acknowledge(const std::vector<protocol::StatusUpdate>& updates) {
        protocol::AcknowledgeStatuses message;
        for (const auto& update : updates) {
            message.receipts.push_back({update.framework, update.status.task, update.status.id});
        }
        step({said(message)});
    }

    /// The effects of one kind, of the last step.
    template <class T>
    [[nodiscard]] std::vector<T> all() const {
        std::vector<T> found;
        for (const Effect& effect : out_.list) {
            if (const auto* each = std::get_if<T>(&effect)) found.push_back(*each);
        }
        return found;
    }

    /// What the last step said to the master, of one kind.
    template <class T>
    [[nodiscard]] std::vector<T> sent() const {
        std::vector<T> found;
        for (const SendMaster& each : all<SendMaster>()) {
            if (const auto* message = std::get_if<T>(&each.message)) found.push_back(*message);
        }
        return found;
    }

    /// What the last step said to the executor of command tasks, of one kind.
    template <class T>
    [[nodiscard]] std::vector<T> told() const {
        std::vector<T> found;
        for (const SendExecutor& each : all<SendExecutor>()) {
            if (const auto* event = std::get_if<T>(&each.event)) found.push_back(*event);
        }
        return found;
    }

    /// What the last step wrote, of one kind.
    template <class T>
    [[nodiscard]] std::vector<T> wrote() const {
        std::vector<T> found;
        for (const Store& each : all<Store>()) {
            if (const auto* write = std::get_if<T>(&each.write)) found.push_back(*write);
        }
        return found;
    }

    template <class T>
    [[nodiscard]] std::vector<T> deltas() const {
        std::vector<T> found;
        for (const Delta& delta : out_.deltas) {
            if (const auto* each = std::get_if<T>(&delta)) found.push_back(*each);
        }
        return found;
    }

    /// All statuses that the last step sent.
    [[nodiscard]] std::vector<protocol::StatusUpdate> updates() const {
        std::vector<protocol::StatusUpdate> found;
        for (const auto& message : sent<protocol::UpdateStatuses>()) {
            found.insert(found.end(), message.updates.begin(), message.updates.end());
        }
        return found;
    }

    /// The one status that the last step sent.
    [[nodiscard]] TaskStatus update() const {
        const auto found = updates();
        REQUIRE(found.size() == 1);
        return found.front().status;
    }

    [[nodiscard]] std::vector<TaskState> states() const {
        std::vector<TaskState> found;
        for (const auto& update : updates())
            found.push_back(update.status.state);
        return found;
    }

    [[nodiscard]] bool is_silent() const { return out_.list.empty(); }
    [[nodiscard]] const Effects& out() const { return out_; }
    [[nodiscard]] Instant now() const { return now_; }
    [[nodiscard]] Instant next() const { return wake_; }
    [[nodiscard]] std::uint64_t entry() const { return entry_; }
    [[nodiscard]] const State& state() const { return agent_.state(); }

private:
    Agent agent_;
    Agent twin_;
    Instant now_;
    Instant wake_ = Instant::never();
    Effects out_;
    std::uint64_t entry_ = 0;
};

}  // namespace offerkit::agent::testing
