// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What happened lately that is worth an operator's look, each with the event that set it off. A
/// bounded ring: what is older is dropped, and how much that was is known.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/master/view.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace offerkit::master {

enum class NotableKind : std::uint8_t { agent, framework, task, role, note };

[[nodiscard]] constexpr std::string_view format_notable_kind(NotableKind kind) {
    switch (kind) {
        case NotableKind::agent:
            return "agent";
        case NotableKind::framework:
            return "framework";
        case NotableKind::task:
            return "task";
        case NotableKind::role:
            return "role";
        case NotableKind::note:
            return "note";
    }
    return "?";
}

struct Notable {
    std::uint64_t id = 0;     // Counts from one, without gaps.
    std::uint64_t cause = 0;  // The event that set it off; its own id if none did.
    WallTime at;
    NotableKind kind = NotableKind::note;
    std::string what;  // "unreachable", "running", "removed"
    AgentId agent;
    FrameworkId framework;
    TaskId task;
    std::string text;  // For people.
};

class NotableRing {
public:
    explicit NotableRing(std::size_t most = 10'000) : most_(most) {}

    [[nodiscard]] const std::deque<Notable>& events() const { return events_; }
    [[nodiscard]] std::uint64_t dropped() const { return seen_ - events_.size(); }

    /// An agent, when what it was is not what it is: what happens to its tasks for its sake is
    /// caused by that.
    void add_agent(AgentId id, WallTime at, std::string_view what, std::string text, bool is_loss) {
        Notable& event = add(NotableKind::agent, at, what, std::move(text));
        event.agent = id;
        Incident& incident = agents_[id];
        // Unreachable, then removed: one chain.
        if (is_loss && incident.is_loss) event.cause = incident.event;
        incident = {event.cause, is_loss};
    }
    void forget_agent(AgentId id) { agents_.erase(id); }

    void add_framework(FrameworkId id, WallTime at, std::string_view what, std::string text) {
        Notable& event = add(NotableKind::framework, at, what, std::move(text));
        event.framework = id;
        frameworks_[id] = event.id;
    }
    void forget_framework(FrameworkId id) { frameworks_.erase(id); }

    /// Returns the event's id: the cause of what happens to the task for its own sake.
    std::uint64_t add_launch(const TaskPut& put) {
        Notable& event = add(NotableKind::task, put.at, format_task_state(put.state), {});
        event.framework = put.framework;
        event.task = put.task;
        event.agent = put.agent;
        return event.id;
    }

    void add_task(const TaskChanged& change, AgentId agent, std::uint64_t launch) {
        const std::uint64_t cause = cause_of(change, agent);
        std::string text(format_status_reason(change.reason));
        if (change.exit && change.exit->signal != 0) {
            text += ", signal " + std::to_string(change.exit->signal);
        } else if (change.exit) {
            text += ", exit code " + std::to_string(change.exit->code);
        }
        if (!change.message.empty()) text += ": " + change.message;
        Notable& event =
            add(NotableKind::task, change.at, format_task_state(change.state), std::move(text));
        event.framework = change.framework;
        event.task = change.task;
        event.agent = agent;
        event.cause = cause != 0 ? cause : launch;
    }

    Notable& add(NotableKind kind, WallTime at, std::string_view what, std::string text) {
        Notable event;
        event.id = ++seen_;
        event.cause = event.id;
        event.at = at;
        event.kind = kind;
        event.what = what;
        event.text = std::move(text);
        events_.push_back(std::move(event));
        if (events_.size() > most_) events_.pop_front();
        return events_.back();
    }

private:
    struct Incident {
        std::uint64_t event = 0;
        bool is_loss = false;
    };

    /// Zero: the task's own doing.
    std::uint64_t cause_of(const TaskChanged& change, AgentId agent) {
        switch (change.reason) {
            case StatusReason::agent_removed:
            case StatusReason::agent_disconnected:
            case StatusReason::agent_restarted:
            case StatusReason::agent_unknown:
            case StatusReason::agent_draining: {
                // The tasks of an agent that is removed are told before it is.
                if (!agents_[agent].is_loss) {
                    add_agent(agent, change.at, "loses_tasks",
                              std::string(format_status_reason(change.reason)), true);
                }
                return agents_[agent].event;
            }
            case StatusReason::framework_removed: {
                const auto found = frameworks_.find(change.framework);
                return found == frameworks_.end() ? 0 : found->second;
            }
            default:
                return 0;
        }
    }

    std::size_t most_;
    std::uint64_t seen_ = 0;
    std::deque<Notable> events_;
    std::map<AgentId, Incident> agents_;
    std::map<FrameworkId, std::uint64_t> frameworks_;
};

}  // namespace offerkit::master
