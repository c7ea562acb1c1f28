// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a scheduler says to the master.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/demand.hpp>
#include <offerkit/model/framework.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/operation.hpp>

#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace offerkit::protocol {

/// A filter as the SDK restates it when it resubscribes: the master does not persist filters.
struct LiveFilter {
    Role role;
    AgentId agent;
    Resources refused;
    Duration remaining{0};
    friend bool operator==(const LiveFilter&, const LiveFilter&) = default;
};

/// Must be the first call on a channel.
struct Subscribe {
    FrameworkInfo info;
    FrameworkId id;          // None: a new framework. Else: one that comes back.
    bool take_over = false;  // With `id`: end the older stream if there is one. Without: refused.
    std::vector<Role> suppressed;
    std::vector<LiveFilter> filters;
    friend bool operator==(const Subscribe&, const Subscribe&) = default;
};

/// Takes offers, all of one agent, and does these operations with them in order. What is left over
/// counts as declined for `refuse_for`.
struct Accept {
    std::vector<OfferId> offers;
    std::vector<Operation> operations;
    Duration refuse_for = refuse_for_default;
    friend bool operator==(const Accept&, const Accept&) = default;
};

struct Decline {
    std::vector<OfferId> offers;
    Duration refuse_for = refuse_for_default;  // `Duration::max()`: until a revive.
    DeclineReason reason = DeclineReason::unspecified;
    std::string detail;  // For people.
    friend bool operator==(const Decline&, const Decline&) = default;
};

/// Resumes offers and clears this framework's filters, in these roles; in all if none is named.
struct Revive {
    std::vector<Role> roles;
    friend bool operator==(const Revive&, const Revive&) = default;
};

/// Stops offers in these roles; in all if none is named.
struct Suppress {
    std::vector<Role> roles;
    friend bool operator==(const Suppress&, const Suppress&) = default;
};

struct StateDemand {
    std::vector<Demand> demands;  // Replaces what was said before for the roles named.
    friend bool operator==(const StateDemand&, const StateDemand&) = default;
};

struct Kill {
    TaskId task;
    std::optional<Duration> grace;  // None: the task's own.
    friend bool operator==(const Kill&, const Kill&) = default;
};

/// The receipt that stops a status from being sent again.
struct StatusReceipt {
    AgentId agent;
    TaskId task;
    StatusId status;
    friend bool operator==(const StatusReceipt&, const StatusReceipt&) = default;
};

struct Acknowledge {
    std::vector<StatusReceipt> receipts;
    friend bool operator==(const Acknowledge&, const Acknowledge&) = default;
};

/// Asks for the state of the named tasks; of all that the master knows if none is named.
struct Reconcile {
    struct Question {
        TaskId task;
        AgentId agent;  // None: not known.
        friend bool operator==(const Question&, const Question&) = default;
    };
    std::vector<Question> tasks;
    friend bool operator==(const Reconcile&, const Reconcile&) = default;
};

/// To a custom executor. At most once, in order.
struct ToExecutor {
    AgentId agent;
    ExecutorId executor;
    std::string data;
    friend bool operator==(const ToExecutor&, const ToExecutor&) = default;
};

/// Ends the framework: its tasks are killed, its id is never used again.
struct Teardown {
    friend bool operator==(const Teardown&, const Teardown&) = default;
};

/// Still here.
struct Beat {
    friend bool operator==(const Beat&, const Beat&) = default;
};

using SchedulerCall = std::variant<Subscribe, Accept, Decline, Revive, Suppress, StateDemand, Kill,
                                   Acknowledge, Reconcile, ToExecutor, Teardown, Beat>;

}  // namespace offerkit::protocol
