// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The master: pools the resources of agents, offers them to frameworks, and keeps account of who
/// has what. A pure machine: same history in, same effects out.

#include <offerkit/allocation/allocator.hpp>
#include <offerkit/core/batch.hpp>
#include <offerkit/core/config.hpp>
#include <offerkit/master/effect.hpp>
#include <offerkit/master/event.hpp>
#include <offerkit/master/options.hpp>
#include <offerkit/master/state.hpp>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit::master {

class Master {
public:
    /// Pre: `allocator` is new, and not null.
    Master(Options options, std::unique_ptr<Allocator> allocator);

    /// Goes on where another one was between two steps (`record/snapshot.hpp`). Pre: `allocator`
    /// is as that one's was.
    Master(Options options, std::unique_ptr<Allocator> allocator, State state);

    /// Advances by one batch and appends to `out`: first what each event brings about, then, if
    /// anything changed, one allocation. Returns when to be woken at the latest; an early wake is
    /// harmless. Pre: `batch.mono_now` is not before that of the last step.
    [[nodiscard]] Instant step(const Batch<Event>& batch, Effects& out);

    [[nodiscard]] const Options& options() const { return options_; }
    [[nodiscard]] const State& state() const { return state_; }
    [[nodiscard]] const Allocator& allocator() const { return *allocator_; }

    /// Aborts unless every account adds up. Walks over everything: for tests and the simulator.
    void check_invariants() const;

private:
    // A restart: who is known, and who is not back. impl/recovery.ipp
    void on(Recovered& e);
    void recover_agent(registry::AdmitAgent& known);
    void stop_recovering(Agent& agent);
    void watch(Agent& agent, Instant until);
    void look_after_agent(AgentIndex index);
    void mark_unreachable(AgentIndex index);
    void declare_unreachable(AgentIndex index);
    [[nodiscard]] bool is_marking_stopped() const;
    void unmark(Agent& agent);
    [[nodiscard]] static TaskState missed_state(const Framework& framework);
    [[nodiscard]] bool may_come_back(AgentId agent) const;
    void answer_question(FrameworkIndex index, TaskId task, AgentId agent);
    void answer_questions_of(AgentId agent);
    void answer_known(FrameworkIndex index, TaskIndex at);
    /// What was asked about a task that has come with its agent is answered by what is told of it.
    void drop_questions(const OpenQuestion& about, AgentId agent);

    // In the order of a life. impl/peers.ipp
    void on(PeerOpened& e);
    void on(PeerClosed& e);
    void close_stranger(PeerId id);
    void on(PeerSlow& e);
    void on(SchedulerSaid& e);
    void on(AgentSaid& e);
    void on(OperatorAsked& e);
    void on(Stored& e);
    void on(StoreFailed& e);
    void close(PeerId peer, Refusal why);

    // impl/agents.ipp
    void on_agent(PeerId from, protocol::RegisterAgent& m);
    void on_agent(PeerId from, protocol::UpdateStatuses& m);
    void on_agent(PeerId from, protocol::UpdateOperations& m);
    void on_agent(PeerId from, protocol::ExecutorData& m);
    void on_agent(PeerId from, protocol::ExecutorEnded& m);
    void on_agent(PeerId from, protocol::AgentBeat& m);
    void on_agent(PeerId from, protocol::Unregister& m);
    void on_agent(PeerId from, protocol::ReportTasks& m);
    void register_agent(PeerId from, protocol::RegisterAgent& m);
    void register_again(PeerId from, AgentIndex index, protocol::RegisterAgent& m);
    [[nodiscard]] static bool may_become(const AgentInfo& known, const AgentInfo& now);
    [[nodiscard]] Result<AgentIndex> insert_agent(Agent agent);
    void refuse_agent(PeerId peer, const Refusal& why);
    void store_admission(AgentIndex index, PeerId from, AgentInfo info,
                         std::vector<protocol::AgentTask> tasks);
    void admit(PendingWrite::Admission& admission);
    [[nodiscard]] Result<void> grow(AgentIndex index, AgentInfo& info);
    void refuse_admission(const PendingWrite::Admission& admission, const Refusal& why);
    void begin_registration(AgentIndex index, std::vector<protocol::AgentTask>& tasks);
    void announce_registered(AgentIndex index);
    void take_tasks(AgentIndex index, std::vector<protocol::AgentTask>& reported);
    void drop_unconfirmed(AgentIndex index, const std::vector<protocol::AgentTask>& reported);
    void confirm_task(TaskIndex at, TaskState reported);
    void disconnect_agent(AgentIndex index);
    void remove_agent(AgentIndex index, TaskState told, const std::string& why);
    void tell_activity(AgentIndex index);
    [[nodiscard]] AgentCondition condition_of(const Agent& agent) const;
    void put_view(const Agent& agent);

    // impl/frameworks.ipp
    void on_scheduler(PeerId from, protocol::Subscribe& c);
    void on_scheduler(PeerId from, protocol::Teardown& c);
    void on_scheduler(PeerId from, protocol::Beat& c);
    void on_scheduler(PeerId from, protocol::Revive& c);
    void on_scheduler(PeerId from, protocol::Suppress& c);
    void on_scheduler(PeerId from, protocol::StateDemand& c);
    void on_scheduler(PeerId from, protocol::ToExecutor& c);
    void subscribe_again(PeerId from, FrameworkIndex index, protocol::Subscribe& c);
    void announce_subscribed(FrameworkIndex index);
    void restate(FrameworkIndex index, const protocol::Subscribe& c);
    void update_roles(FrameworkIndex index, const std::vector<Role>& roles);
    void disconnect_framework(FrameworkIndex index);
    void ask_back_all(FrameworkIndex index);
    void watch(Framework& framework, Instant until);
    void look_after_framework(FrameworkIndex index);
    void end_framework(FrameworkIndex index, Refusal why, std::uint64_t request = 0);
    void keep_framework(FrameworkIndex index, const Refusal& why);
    void finish_framework(FrameworkIndex index, const Refusal& why);
    void remove_if_ended(FrameworkIndex index);
    void tell_activity(FrameworkIndex index);
    void put_view(const Framework& framework);
    void show_wishes(FrameworkIndex index);
    void show_demand(const Framework& framework, const Membership& membership);
    [[nodiscard]] bool bind_all(std::vector<DemandShape>& shapes);
    FrameworkIndex insert_framework(FrameworkId id, FrameworkInfo info);
    [[nodiscard]] Membership* find_membership(Framework& framework, const Role& role);
    Membership& ensure_membership(FrameworkIndex index, const Role& role);

    // impl/offers.ipp
    void on_scheduler(PeerId from, protocol::Accept& c);
    void on_scheduler(PeerId from, protocol::Decline& c);
    void allocate();
    void make_offers(const std::vector<Grant>& grants);
    void rescind(OfferId id, protocol::RescindReason reason);
    void rescind_all(std::set<OfferId> ids, protocol::RescindReason reason);
    OfferRecord take_offer(std::map<OfferId, OfferRecord>::iterator offer, OfferEnd end,
                           DeclineReason reason);
    void expire_offer(OfferId id);
    void refuse_agent(ClaimantIndex claimant, AgentIndex agent, Resources refused,
                      Duration refuse_for, std::optional<DeclineReason> reason = std::nullopt,
                      std::string detail = {});
    void tell_reasons();

    // impl/launches.ipp
    struct Taken;
    [[nodiscard]] Result<Taken> take_offers(FrameworkIndex index, const std::vector<OfferId>& ids);
    void perform(FrameworkIndex index, Taken& taken, Operation& operation);
    void launch(FrameworkIndex index, Taken& taken, Launch& launch);
    void refuse_task(FrameworkIndex index, AgentIndex agent, const TaskId& task,
                     StatusReason reason, const Refusal& why);
    void launch_group(FrameworkIndex index, Taken& taken, LaunchGroup& group);
    [[nodiscard]] Result<Resources> admit_task(FrameworkIndex index, const Taken& taken,
                                               const TaskInfo& task, StatusReason& reason);
    void add_task(FrameworkIndex index, AgentIndex agent, ClaimantIndex claimant, const Role& role,
                  const TaskInfo& info, Resources local, TaskState state);
    void drop_launches(FrameworkIndex index, const protocol::Accept& c, const Refusal& why);

    // impl/tasks.ipp
    void on_scheduler(PeerId from, protocol::Kill& c);
    void on_scheduler(PeerId from, protocol::Acknowledge& c);
    void on_scheduler(PeerId from, protocol::Reconcile& c);
    void update_status(AgentIndex agent, protocol::StatusUpdate& update);
    void end_task(TaskIndex index, TaskState state, StatusReason reason);
    void remove_task(TaskIndex index);
    void change_task(TaskIndex index, TaskState state, StatusReason reason, std::string message);
    void kill_task(const Framework& framework, Task& task, std::optional<Duration> grace);
    [[nodiscard]] bool holds_back(Task& task, const Framework& framework, StatusId id);
    void tell_status(FrameworkIndex index, TaskStatus status);
    void acknowledge(AgentIndex agent, FrameworkId framework, const TaskId& task, StatusId status);
    [[nodiscard]] TaskStatus status_of(const Task& task) const;

    // impl/operators.ipp
    void on_operator(const OperatorAsked& e, protocol::ConfigureRole& c);
    void on_operator(const OperatorAsked& e, protocol::TeardownFramework& c);
    void on_operator(const OperatorAsked& e, protocol::KillTaskOf& c);
    void answer(std::uint64_t request, Result<void> result);

    // impl/drains.ipp
    void on_operator(const OperatorAsked& e, protocol::DeactivateAgent& c);
    void on_operator(const OperatorAsked& e, protocol::ActivateAgent& c);
    void on_operator(const OperatorAsked& e, protocol::DrainAgent& c);
    void on_operator(const OperatorAsked& e, protocol::MarkAgentGone& c);
    void ask_mode(const OperatorAsked& e, AgentId id, registry::AgentMode mode, Duration within);
    [[nodiscard]] Result<void> check_member(AgentId id, std::string_view verb) const;
    void set_mode(AgentIndex index, const registry::SetAgentMode& set, Duration within);
    void go_on_draining(AgentIndex index);
    void ask_back(AgentIndex index, FrameworkIndex only);
    void depart(PendingWrite::Departure& departure);

    // impl/registry.ipp
    std::uint64_t store(registry::Write write, decltype(PendingWrite::waits) waits);
    void complete(PendingWrite& write);
    void complete(std::uint64_t entry, PendingWrite::Nothing& w);
    void complete(std::uint64_t entry, PendingWrite::Admission& w);
    void complete(std::uint64_t entry, PendingWrite::Unreachable& w);
    void complete(std::uint64_t entry, PendingWrite::Departure& w);
    void complete(std::uint64_t entry, PendingWrite::Mode& w);
    void complete(std::uint64_t entry, PendingWrite::Subscription& w);
    void complete(std::uint64_t entry, PendingWrite::End& w);
    void complete(std::uint64_t entry, PendingWrite::Role& w);
    void put_role(RoleConfig config);
    void fail(PendingWrite& write, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Nothing& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Admission& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Unreachable& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Departure& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Mode& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Subscription& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::End& w, const std::string& why);
    void fail(std::uint64_t entry, PendingWrite::Role& w, const std::string& why);
    [[nodiscard]] static Refusal refuse_write(std::string who, std::string what,
                                              const std::string& why);

    // impl/step.ipp
    void expire_deadlines();
    void flush();
    void flush_repeats();
    void flush_receipts(AgentIndex index);
    void send(PeerId to, protocol::SchedulerEvent event);
    void send(PeerId to, protocol::MasterMessage message);
    void tell_allocator(const AllocatorEvent& event);
    void tell_kinds();
    void note(std::string who, std::string text);
    void mark_usage(AgentIndex index);

    [[nodiscard]] Agent* find_agent(AgentId id);
    [[nodiscard]] AgentIndex find_agent_index(AgentId id) const;
    [[nodiscard]] FrameworkIndex find_framework_index(FrameworkId id) const;

    Options options_;
    std::unique_ptr<Allocator> allocator_;
    State state_;

    // Scratch of one step, empty between steps; members so that their memory is reused.
    Effects* out_ = nullptr;
    CycleOutcome outcome_;
    std::vector<AgentIndex> usage_changed_;
    std::map<AgentIndex, std::vector<protocol::AcknowledgeStatuses::Receipt>> receipts_;
    std::map<FrameworkIndex, std::vector<TaskStatus>> statuses_;
    std::map<AgentIndex, std::vector<protocol::ReconcileTasks::Task>> repeats_;
};

}  // namespace offerkit::master

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/master/impl/master.ipp>
#endif
