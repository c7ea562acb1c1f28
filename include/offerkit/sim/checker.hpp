// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What must hold at every event of a simulated cluster, seen from outside of the machines: from
/// the messages that they hear and send, what lies on their disks, what authors are told, and which
/// processes run. It keeps an account of its own, changed event by event, so that its cost follows
/// what happens. Nothing here asks a machine for its opinion, but for one line: what the master
/// tells its readers must be what our account says.
///
///   conservation   what is out on offer and under tasks of an agent fits into it, part by part;
///   and
///                  is what the master tells
///   connected      what has no connection is not on offer, and no offer outlives its time
///   durable first  members, frameworks, answers to operators, launches and statuses are on disk
///                  before anybody hears of them; what is not a member, or drains, is not offered
///   filters        what was declined, or suppressed, is not offered
///   reports        an agent that registers names every task that runs on its machine
///   one run        a process starts at most once per task, only if its framework wanted the task,
///                  and never after its end was told; what runs on a machine fits into it
///   truth          a task is told to be over only when its process is, finished only with code 0
///   status order   in the order in which they were made, none left out before its receipt; an end
///                  is an end; a receipt only for what the scheduler was told
///   no leaks       when a framework or an agent is removed, no offer of it is left

#include <offerkit/agent/checkpoint.hpp>
#include <offerkit/agent/effect.hpp>
#include <offerkit/core/id.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/master/effect.hpp>
#include <offerkit/master/event.hpp>
#include <offerkit/master/registry.hpp>
#include <offerkit/resources/resources.hpp>
#include <offerkit/sim/task_table.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::sim {

class Checker {
public:
    using Registry = master::registry::Contents;
    using Checkpoint = agent::checkpoint::Contents;

    /// Messages may be lost or overtaken one by one: then a receipt may stand for older statuses.
    void set_hostile(bool hostile) { hostile_ = hostile; }

    // --- the master: what it hears, does (as it is performed), and tells its readers afterwards
    // ---

    void master_hears(const master::Event& event, Instant now);
    void master_does(const master::Effect& effect, const Registry& durable, Instant now);
    void master_tells(const std::vector<master::Delta>& deltas, Instant now);
    /// A new master knows nothing until it is told again.
    void forget_master();

    // --- agents and schedulers ---

    /// `store_works`: no write of this agent has failed lately.
    void agent_does(std::uint32_t machine, const agent::Effect& effect, const Checkpoint& durable,
                    bool store_works, Instant now);
    void framework_does(FrameworkId framework, const framework::Effect& effect);
    /// Its next process has heard nothing yet: it is told again, in order, from the first status
    /// that is not acknowledged.
    void forget_framework(FrameworkId framework);
    /// A framework's handlers are about to see this.
    void look_at_delivery(FrameworkId framework, const framework::Deliver& delivery, Instant now);

    // --- processes, by the number of their machine ---

    void process_started(std::uint32_t machine, const executor::ProcessKey& key,
                         const Resources& total, Instant now);
    /// `known`: how it ended will be told, if anybody is left to tell it.
    void process_ended(std::uint32_t machine, const executor::ProcessKey& key,
                       const ExitStatus& exit, bool known);
    void kill_asked(const executor::ProcessKey& key);

    /// A task whose process has ended and whose scheduler was not told yet; empty: none. `hears`:
    /// the framework has a scheduler. `has_left`: the agent of that machine has, with all that was
    /// not told yet: whoever asks is told that nobody knows the task.
    [[nodiscard]] std::string find_untold(const std::function<bool(FrameworkId)>& hears,
                                          const std::function<bool(std::uint32_t)>& has_left) const;

    /// When the master that runs now has last offered something of that agent to that framework.
    [[nodiscard]] std::optional<Instant> last_offered(FrameworkId framework, AgentId agent) const;

    /// What was wrong, first things first; at most `violations_max` are kept.
    [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
    void violate(Instant now, std::string what);

    static constexpr std::size_t violations_max = 16;

private:
    struct Task {
        bool wanted = false;  // Its framework has asked for it.
        Resources resources;
        // Its place in the master's account.
        AgentId agent;  // None: it holds nothing there.
        Resources held;
        std::size_t place = 0;
        std::uint64_t reported_in = 0;  // The last registration that named it.
        // Its process.
        std::uint32_t machine = 0;
        bool started = false;
        bool running = false;
        bool kill_asked = false;
        bool end_known = false;
        ExitStatus exit;
        Resources held_on_machine;
        std::uint64_t named_in = 0;  // The last report of its agent that named it.
        // What its scheduler was told.
        bool from_memory = false;  // While its agent's disk was full: a crash may change the story.
        std::vector<StatusId> told;
        StatusId told_last;
        StatusId told_to_process;  // Of the framework that runs now: the last one.
        std::vector<StatusId>
            made;               // What its agent has told of it and no receipt covers, in order.
        StatusId acknowledged;  // To its agent.
        std::optional<TaskState> end;
        AgentId end_agent;
        StatusId end_status;
    };
    struct Filter {
        FrameworkId framework;
        Role role;
        Resources refused;
        Instant until;
    };
    struct Agent {
        PeerId peer;  // None: it is not connected.
        Resources total;
        Resources free;
        std::vector<Task*> tasks;
        std::vector<Filter> filters;
        std::size_t offers = 0;
        std::map<FrameworkId, Instant> offered_at;
        bool uncounted = false;  // It has reported tasks that the master need not count.
    };
    struct Offered {
        FrameworkId framework;
        AgentId agent;
        Role role;
        Resources offered;
        Resources held;
    };
    struct Framework {
        PeerId peer;
        std::set<OfferId> offers;
        std::vector<Role> roles;
        std::set<Role> suppressed;
    };
    struct Peer {
        FrameworkId framework;
        std::vector<Role> roles;
        std::set<Role> suppressed;
        std::optional<protocol::RegisterAgent> registration;
        bool registered = false;
    };

    struct Machine {
        Resources left;
        std::uint64_t running = 0;
    };

    static void settle(Task& task);
    void hear(PeerId peer, const protocol::AgentMessage& message);
    void hear(PeerId peer, const protocol::SchedulerCall& call);
    void hear(const protocol::OperatorCall& call);
    void send(PeerId to, const protocol::MasterMessage& message, const Registry& durable);
    void send(PeerId to, const protocol::SchedulerEvent& event, const Registry& durable);
    void send_offers(PeerId to, const protocol::Offers& message, const Registry& durable);
    void register_agent(PeerId peer, AgentId id, const Registry& durable);
    void check_answer(const master::AnswerOperator& answer, const Registry& durable);
    void end_offers_to(PeerId peer);
    void close(PeerId peer);

    void occupy(AgentId id, Agent& agent, Task& task, const TaskId& name, bool reported);
    void release(Task& task);
    void give_back(Agent& agent, const Resources& held);
    void end_offer(OfferId id, FrameworkId by);
    void end_offers_of(FrameworkId framework);
    void refuse(FrameworkId framework, const Role& role, AgentId agent, const Resources& refused,
                Duration refuse_for);
    void forget_filters(FrameworkId framework, const std::vector<Role>& roles);

    void end_step();
    void on(const master::AgentUsagePut& delta);
    void on(const master::AgentRemoved& delta);
    void on(const master::FrameworkRemoved& delta);
    template <class Other>
    void on(const Other&) {}
    void check_told(FrameworkId framework, Task& task, const TaskStatus& status);
    [[nodiscard]] StatusId find_left_out(const Task& task, StatusId told) const;
    void check_report(std::uint32_t machine, const protocol::RegisterAgent& message);
    void check_statuses(const protocol::UpdateStatuses& message, const Checkpoint& durable,
                        bool store_works);
    void violate(std::string what) { violate(now_, std::move(what)); }

    Instant now_;
    bool hostile_ = false;
    std::map<AgentId, Agent> agents_;
    std::map<OfferId, Offered> offers_;
    std::map<FrameworkId, Framework> frameworks_;
    std::map<PeerId, Peer> peers_;
    std::deque<std::pair<Instant, OfferId>> deadlines_;  // Of offers, answered or not.
    // In the step under way.
    std::vector<PeerId> closed_;
    std::vector<AgentId> disconnected_;
    std::map<PeerId, FrameworkId> subscribed_unknown_;
    std::map<std::uint64_t, protocol::OperatorCall> asked_;
    std::uint64_t registrations_ = 0;
    std::uint64_t reports_ = 0;
    TaskTable<Task> tasks_;
    std::map<std::uint32_t, Machine> machines_;

    std::vector<std::string> violations_;
};

}  // namespace offerkit::sim
