// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The picture that readers have of a master: built from its deltas, on a thread of its own, and a
/// step or so behind. Bounded: of tasks that have ended only the latest are kept, and how many were
/// dropped is stated.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/notable.hpp>
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
    std::uint64_t launch_event = 0;
};

struct ClaimantKey {
    FrameworkId framework;
    Role role;
    friend auto operator<=>(const ClaimantKey&, const ClaimantKey&) = default;
};

/// What is known of a framework in one role.
struct ClaimantView {
    std::array<std::uint64_t, no_offer_reasons> not_offered{};
    std::array<std::uint64_t, decline_reasons> declined{};
    /// When each was last counted; zero: never.
    std::array<WallTime, no_offer_reasons> not_offered_at{};
    WallTime offered_at;                             // The latest offer; zero: none was made.
    std::optional<std::vector<DemandShape>> demand;  // None: it has not said.
};

/// Of what there may be very much: only the latest are kept.
struct ReadModelLimits {
    std::size_t ended_tasks = 100'000;
    std::size_t notes = 1'000;
    std::size_t filters = 50'000;
};

class ReadModel {
public:
    explicit ReadModel(ReadModelLimits most = {}) : limits_(most) {}

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
    [[nodiscard]] const std::map<ClaimantKey, ClaimantView>& claimants() const {
        return claimants_;
    }
    /// The filter that this claimant has on this agent, expired or not; null if none is known.
    [[nodiscard]] const FilterPut* find_filter(const ClaimantKey& claimant, AgentId agent) const {
        const auto found = filters_.find({claimant, agent});
        return found == filters_.end() ? nullptr : &found->second.filter;
    }
    /// Filters that are not known any more, although they may still hold.
    [[nodiscard]] std::uint64_t filters_dropped() const { return filters_dropped_; }
    [[nodiscard]] const std::deque<Noted>& notes() const { return notes_; }
    [[nodiscard]] const NotableRing& events() const { return events_; }

    /// Ended tasks that are not shown any more.
    [[nodiscard]] std::uint64_t ended_tasks_dropped() const { return ended_tasks_dropped_; }
    [[nodiscard]] std::uint64_t deltas_applied() const { return deltas_applied_; }
    [[nodiscard]] const std::array<std::uint64_t, task_states>& tasks_by_state() const {
        return tasks_by_state_;
    }

private:
    void take(AgentPut& d) {
        const auto [at, is_new] = agents_.try_emplace(d.id);
        if (is_new || at->second.agent.condition != d.condition) {
            const bool is_loss = d.condition != AgentCondition::active;
            events_.add_agent(d.id, d.at, format_agent_condition(d.condition), d.info.hostname,
                              is_loss);
        }
        at->second.agent = std::move(d);
    }

    void take(AgentUsagePut& d) {
        const auto found = agents_.find(d.id);
        if (found == agents_.end()) return;
        found->second.used = std::move(d.used);
        found->second.offered = std::move(d.offered);
    }

    void take(AgentRemoved& d) {
        events_.add_agent(d.id, d.at, "removed", std::move(d.why), true);
        events_.forget_agent(d.id);
        agents_.erase(d.id);
    }

    void take(FrameworkPut& d) {
        const auto known = frameworks_.find(d.id);
        if (known == frameworks_.end() || known->second.condition != d.condition) {
            const bool is_active = d.condition == FrameworkCondition::active;
            events_.add_framework(d.id, d.at, is_active ? "subscribed" : "disconnected",
                                  d.info.name);
        }
        frameworks_.insert_or_assign(d.id, std::move(d));
    }

    void take(FrameworkRemoved& d) {
        frameworks_.erase(d.id);
        events_.add_framework(d.id, d.at, "removed", std::move(d.why));
        events_.forget_framework(d.id);
        std::erase_if(claimants_, [&](const auto& entry) {
            if (entry.first.framework != d.id) return false;
            forget_filters(entry.first);
            return true;
        });
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
        view.launch_event = events_.add_launch(d);
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
        if (view.state != d.state) events_.add_task(d, view.task.agent, view.launch_event);
        view.state = d.state;
        view.reason = d.reason;
        view.message = std::move(d.message);
        if (d.exit) view.exit = d.exit;
        if (!d.sandbox.empty()) view.sandbox = std::move(d.sandbox);
        view.changed_at = d.at;
        if (ends) forget_oldest(std::move(key));
    }

    void take(OfferPut& d) {
        claimants_[{d.offer.framework, d.offer.role}].offered_at = d.at;
        const OfferId id = d.offer.id;
        offers_.insert_or_assign(id, std::move(d));
    }

    void take(OfferRemoved& d) { offers_.erase(d.id); }
    void take(RolePut& d) { roles_.insert_or_assign(d.config.role, std::move(d.config)); }

    void take(ReasonsPut& d) {
        ClaimantView& view = claimants_[{d.framework, d.role}];
        for (std::size_t i = 0; i < no_offer_reasons; ++i) {
            if (d.not_offered[i] > view.not_offered[i]) view.not_offered_at[i] = d.at;
        }
        view.not_offered = d.not_offered;
        view.declined = d.declined;
    }

    void take(DemandPut& d) { claimants_[{d.framework, d.role}].demand = std::move(d.shapes); }

    void take(FilterPut& d) {
        ClaimantKey claimant{d.framework, d.role};
        claimants_.try_emplace(claimant);  // So that the filter goes with its framework.
        FilterKey key{std::move(claimant), d.agent};
        KeptFilter& kept = filters_[key];
        if (kept.number != 0) filters_in_order_.erase(kept.number);
        kept = {std::move(d), ++filters_seen_};
        filters_in_order_.emplace(kept.number, std::move(key));
        if (filters_.size() <= limits_.filters) return;
        const auto oldest = filters_in_order_.begin();
        filters_.erase(oldest->second);
        filters_in_order_.erase(oldest);
        ++filters_dropped_;
    }

    void take(FiltersCleared& d) { forget_filters({d.framework, d.role}); }

    void take(Noted& d) {
        events_.add(NotableKind::note, d.at, "noted", d.who + ": " + d.text);
        notes_.push_back(std::move(d));
        if (notes_.size() > limits_.notes) notes_.pop_front();
    }

    void forget_filters(const ClaimantKey& claimant) {
        auto at = filters_.lower_bound({claimant, {}});
        while (at != filters_.end() && at->first.claimant == claimant) {
            filters_in_order_.erase(at->second.number);
            at = filters_.erase(at);
        }
    }

    void forget_oldest(TaskKey ended) {
        ended_.push_back(std::move(ended));
        if (ended_.size() <= limits_.ended_tasks) return;
        const auto oldest = tasks_.find(ended_.front());
        // The id may have been used again since; then it is not the one that ended.
        if (oldest != tasks_.end() && is_terminal(oldest->second.state)) {
            --tasks_by_state_[static_cast<std::size_t>(oldest->second.state)];
            tasks_.erase(oldest);
            ++ended_tasks_dropped_;
        }
        ended_.pop_front();
    }

    struct FilterKey {
        ClaimantKey claimant;
        AgentId agent;
        friend auto operator<=>(const FilterKey&, const FilterKey&) = default;
    };
    struct KeptFilter {
        FilterPut filter;
        std::uint64_t number = 0;  // In the order in which they came.
    };

    ReadModelLimits limits_;
    std::map<AgentId, AgentView> agents_;
    std::map<FrameworkId, FrameworkPut> frameworks_;
    std::map<TaskKey, TaskView> tasks_;
    std::map<OfferId, OfferPut> offers_;
    std::map<Role, RoleConfig> roles_;
    std::map<ClaimantKey, ClaimantView> claimants_;
    std::map<FilterKey, KeptFilter> filters_;
    std::map<std::uint64_t, FilterKey> filters_in_order_;
    std::uint64_t filters_seen_ = 0;
    std::uint64_t filters_dropped_ = 0;
    std::deque<Noted> notes_;
    NotableRing events_;
    std::deque<TaskKey> ended_;  // In the order of their ends.
    std::array<std::uint64_t, task_states> tasks_by_state_{};
    std::uint64_t ended_tasks_dropped_ = 0;
    std::uint64_t deltas_applied_ = 0;
};

}  // namespace offerkit::master
