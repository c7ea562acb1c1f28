// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The picture that readers have of a master: built from its deltas, on a thread of its own, and a
/// step or so behind. Bounded: of tasks that have ended only the latest are kept, and how many were
/// dropped is stated.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/view.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::master {

struct AgentView {
    AgentPut agent;
    Resources used;
    Resources offered;
};

struct TaskKey {
    FrameworkId framework;
    TaskId task;
    friend auto operator<=>(const TaskKey&, const TaskKey&) = default;
};

struct TaskView {
    TaskPut task;
    TaskState state = TaskState::staging;
    StatusReason reason = StatusReason::none;
    std::string message;
    std::optional<ExitStatus> exit;
    std::string sandbox;
    WallTime changed_at;
};

struct ClaimantKey {
    FrameworkId framework;
    Role role;
    friend auto operator<=>(const ClaimantKey&, const ClaimantKey&) = default;
};

class ReadModel {
public:
    explicit ReadModel(std::size_t ended_tasks_max = 100'000, std::size_t notes_max = 1'000)
        : ended_tasks_max_(ended_tasks_max), notes_max_(notes_max) {}

    /// Takes one delta in. Deltas of a master are applied in order, each once.
    void apply(Delta delta) {
        ++deltas_applied_;
        std::visit([this](auto& d) { take(d); }, delta);
    }

    [[nodiscard]] const std::map<AgentId, AgentView>& agents() const { return agents_; }
    [[nodiscard]] const std::map<FrameworkId, FrameworkPut>& frameworks() const {
        return frameworks_;
    }
    [[nodiscard]] const std::map<TaskKey, TaskView>& tasks() const { return tasks_; }
    [[nodiscard]] const std::map<OfferId, OfferPut>& offers() const { return offers_; }
    [[nodiscard]] const std::map<Role, RoleConfig>& roles() const { return roles_; }
    [[nodiscard]] const std::map<ClaimantKey, ReasonsPut>& reasons() const { return reasons_; }
    [[nodiscard]] const std::deque<Noted>& notes() const { return notes_; }

    /// Ended tasks that are not shown any more.
    [[nodiscard]] std::uint64_t ended_tasks_dropped() const { return ended_tasks_dropped_; }
    [[nodiscard]] std::uint64_t deltas_applied() const { return deltas_applied_; }
    [[nodiscard]] const std::array<std::uint64_t, task_states>& tasks_by_state() const {
        return tasks_by_state_;
    }

private:
    void take(AgentPut& d) { agents_[d.id].agent = std::move(d); }

    void take(AgentUsagePut& d) {
        const auto found = agents_.find(d.id);
        if (found == agents_.end()) return;
        found->second.used = std::move(d.used);
        found->second.offered = std::move(d.offered);
    }

    void take(AgentRemoved& d) { agents_.erase(d.id); }
    void take(FrameworkPut& d) { frameworks_.insert_or_assign(d.id, std::move(d)); }

    void take(FrameworkRemoved& d) {
        frameworks_.erase(d.id);
        std::erase_if(reasons_, [&](const auto& entry) { return entry.first.framework == d.id; });
    }

    void take(TaskPut& d) {
        TaskView view;
        view.state = d.state;
        view.changed_at = d.at;
        ++tasks_by_state_[static_cast<std::size_t>(d.state)];
        TaskKey key{d.framework, d.task};
        if (const auto old = tasks_.find(key); old != tasks_.end()) {
            --tasks_by_state_[static_cast<std::size_t>(old->second.state)];
        }
        view.task = std::move(d);
        const bool over = is_terminal(view.state);
        tasks_.insert_or_assign(key, std::move(view));
        if (over) forget_oldest(std::move(key));
    }

    void take(TaskChanged& d) {
        TaskKey key{d.framework, d.task};
        const auto found = tasks_.find(key);
        if (found == tasks_.end()) return;
        TaskView& view = found->second;
        --tasks_by_state_[static_cast<std::size_t>(view.state)];
        ++tasks_by_state_[static_cast<std::size_t>(d.state)];
        const bool ends = is_terminal(d.state) && !is_terminal(view.state);
        view.state = d.state;
        view.reason = d.reason;
        view.message = std::move(d.message);
        if (d.exit) view.exit = d.exit;
        if (!d.sandbox.empty()) view.sandbox = std::move(d.sandbox);
        view.changed_at = d.at;
        if (ends) forget_oldest(std::move(key));
    }

    void take(OfferPut& d) { offers_.insert_or_assign(d.offer.id, std::move(d)); }
    void take(OfferRemoved& d) { offers_.erase(d.id); }
    void take(RolePut& d) { roles_.insert_or_assign(d.config.role, std::move(d.config)); }

    void take(ReasonsPut& d) {
        ClaimantKey key{d.framework, d.role};
        reasons_.insert_or_assign(std::move(key), std::move(d));
    }

    void take(Noted& d) {
        notes_.push_back(std::move(d));
        if (notes_.size() > notes_max_) notes_.pop_front();
    }

    void forget_oldest(TaskKey ended) {
        ended_.push_back(std::move(ended));
        if (ended_.size() <= ended_tasks_max_) return;
        const auto oldest = tasks_.find(ended_.front());
        // The id may have been used again since; then it is not the one that ended.
        if (oldest != tasks_.end() && is_terminal(oldest->second.state)) {
            --tasks_by_state_[static_cast<std::size_t>(oldest->second.state)];
            tasks_.erase(oldest);
            ++ended_tasks_dropped_;
        }
        ended_.pop_front();
    }

    std::size_t ended_tasks_max_;
    std::size_t notes_max_;
    std::map<AgentId, AgentView> agents_;
    std::map<FrameworkId, FrameworkPut> frameworks_;
    std::map<TaskKey, TaskView> tasks_;
    std::map<OfferId, OfferPut> offers_;
    std::map<Role, RoleConfig> roles_;
    std::map<ClaimantKey, ReasonsPut> reasons_;
    std::deque<Noted> notes_;
    std::deque<TaskKey> ended_;  // In the order of their ends.
    std::array<std::uint64_t, task_states> tasks_by_state_{};
    std::uint64_t ended_tasks_dropped_ = 0;
    std::uint64_t deltas_applied_ = 0;
};

}  // namespace offerkit::master
