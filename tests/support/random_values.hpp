// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Random valid values of every noun and every message, for tests that must hold for all of them.
/// The same seed makes the same values.

#include <offerkit/core/random.hpp>
#include <offerkit/protocol/agent_message.hpp>
#include <offerkit/protocol/executor_message.hpp>
#include <offerkit/protocol/hello.hpp>
#include <offerkit/protocol/scheduler_call.hpp>
#include <offerkit/protocol/scheduler_event.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::test {

/// `full`: every optional part is there, every list has two elements, no number is zero.
enum class Fill : bool { random, full };

class RandomValues {
public:
    explicit RandomValues(std::uint64_t seed, Fill fill = Fill::random)
        : rng_(seed), is_full_(fill == Fill::full) {}

    /// Any value of `T`; a variant holds any of its alternatives.
    template <class T>
    [[nodiscard]] T make() {
        T value;
        fill(value);
        return value;
    }

    /// A variant that holds the alternative with this index.
    template <class Variant>
    [[nodiscard]] Variant make_alternative(std::size_t index) {
        Variant value;
        emplace(value, index, std::make_index_sequence<std::variant_size_v<Variant>>{});
        std::visit([this](auto& alternative) { this->fill(alternative); }, value);
        return value;
    }

    [[nodiscard]] Rng& rng() { return rng_; }

    // --- values without a type of their own ---

    [[nodiscard]] bool is_there() { return is_full_ || rng_.chance(2, 3); }

    [[nodiscard]] std::int64_t number(std::int64_t most) {
        // Small numbers as often as large ones: their encodings differ.
        const std::int64_t least = is_full_ ? 1 : 0;
        return rng_.between(least, rng_.chance(1, 2) ? std::min<std::int64_t>(most, 200) : most);
    }

    [[nodiscard]] std::string word() {
        std::string text(1 + rng_.below(12), ' ');
        for (char& c : text)
            c = static_cast<char>('a' + rng_.below(26));
        return text;
    }

    // One draw in each statement: the order of draws within one is the compiler's.
    [[nodiscard]] std::string line() {
        if (!is_there()) return {};
        std::string text = word();
        if (rng_.chance(1, 3)) text += " \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80";
        return text;
    }

    [[nodiscard]] std::string prose() {
        if (!is_there()) return {};
        std::string text = line();
        text += "\n\t";
        text += word();
        return text;
    }

    [[nodiscard]] std::string data() {
        if (!is_there()) return {};
        std::string bytes(1 + rng_.below(20), ' ');
        for (char& c : bytes)
            c = static_cast<char>(rng_.below(256));
        return bytes;
    }

    [[nodiscard]] Duration duration(Duration longest = Duration::max()) {
        if (longest == Duration::max() && rng_.chance(1, 4)) return longest;
        return Duration{number(std::min(longest.count(), std::int64_t{1} << 60))};
    }

    // --- overloads, one per type ---

    template <class Tag>
    void fill(NumberedId<Tag>& id) {
        id = {1 + rng_.below(1000), 1 + rng_.below(1'000'000)};
    }
    void fill(TaskId& id) { id = TaskId{word() + "-1.a b_C"}; }
    void fill(ExecutorId& id) { id = ExecutorId{word()}; }
    void fill(Role& role);
    void fill(Refusal& refusal);
    void fill(Label& label) { label = {word(), prose()}; }
    void fill(Domain& domain) { domain = {line(), line()}; }
    void fill(Attribute& attribute);
    void fill(Ranges& ranges);
    void fill(Resources& resources);
    void fill(Bundle& bundle);
    void fill(Command& command);
    void fill(ExecutorInfo& executor);
    void fill(Check& check);
    void fill(DiscoveryPort& port) { port = {line(), any_port(), line()}; }
    void fill(TaskInfo& task);
    void fill(TaskStatus& status);
    void fill(OperationStatus& status);
    void fill(FrameworkInfo& framework);
    void fill(AgentInfo& agent);
    void fill(DemandShape& shape);
    void fill(Demand& demand) { fill_all(demand.role, demand.shapes); }
    void fill(Offer& offer);
    void fill(InverseOffer& offer);
    void fill(Operation& operation);
    void fill(Launch& launch) { fill(launch.tasks); }
    void fill(LaunchGroup& group);
    void fill(Reserve& reserve) { fill_all(reserve.source, reserve.reserved); }
    void fill(Unreserve& unreserve) { fill(unreserve.reserved); }
    void fill(CreateVolume& create) { fill(create.volumes); }
    void fill(DestroyVolume& destroy) { fill(destroy.volume); }
    void fill(GrowVolume& grow) { fill_all(grow.volume, grow.addition); }
    void fill(ShrinkVolume& shrink) { fill_all(shrink.volume, shrink.subtraction); }

    void fill(protocol::Hello& hello);
    void fill(protocol::Welcome& welcome);
    void fill(protocol::LiveFilter& filter);
    void fill(protocol::Subscribe& subscribe);
    void fill(protocol::Accept& accept);
    void fill(protocol::Decline& decline);
    void fill(protocol::Revive& revive) { fill(revive.roles); }
    void fill(protocol::Suppress& suppress) { fill(suppress.roles); }
    void fill(protocol::StateDemand& state) { fill(state.demands); }
    void fill(protocol::Kill& kill);
    void fill(protocol::StatusReceipt& r) { fill_all(r.agent, r.task, r.status); }
    void fill(protocol::Acknowledge& acknowledge) { fill(acknowledge.receipts); }
    void fill(protocol::Reconcile::Question& question);
    void fill(protocol::Reconcile& reconcile) { fill(reconcile.tasks); }
    void fill(protocol::ToExecutor& to) { fill_all(to.agent, to.executor), to.data = data(); }
    void fill(protocol::Teardown&) {}
    void fill(protocol::Beat&) {}

    void fill(protocol::Subscribed& subscribed);
    void fill(protocol::Offers& offers) { fill(offers.offers); }
    void fill(protocol::Rescind& rescind);
    void fill(protocol::InverseOffers& offers) { fill(offers.offers); }
    void fill(protocol::Statuses& statuses) { fill(statuses.statuses); }
    void fill(protocol::OperationStatuses& statuses) { fill(statuses.statuses); }
    void fill(protocol::FromExecutor& f) { fill_all(f.agent, f.executor), f.data = data(); }
    void fill(protocol::AgentLost& lost) { fill(lost.agent); }
    void fill(protocol::CallRefused& refused) { fill(refused.refusal); }
    void fill(protocol::SubscriptionEnded& ended) { fill(ended.refusal); }
    void fill(protocol::MasterBeat&) {}

    void fill(protocol::AgentTask& task);
    void fill(protocol::RegisterAgent& registration);
    void fill(protocol::ReportTasks& report);
    void fill(protocol::StatusUpdate& u) { fill_all(u.framework, u.status); }
    void fill(protocol::UpdateStatuses& update) { fill(update.updates); }
    void fill(protocol::UpdateOperations::Update& u) { fill_all(u.framework, u.status); }
    void fill(protocol::UpdateOperations& update) { fill(update.updates); }
    void fill(protocol::ExecutorData& d) { fill_all(d.framework, d.executor), d.data = data(); }
    void fill(protocol::ExecutorEnded& ended);
    void fill(protocol::AgentBeat&) {}
    void fill(protocol::Unregister&) {}

    void fill(protocol::AgentRegistered& registered);
    void fill(protocol::AgentRefused& refused) { fill(refused.refusal); }
    void fill(protocol::RunTasks& run);
    void fill(protocol::RunGroup& run);
    void fill(protocol::KillTask& kill);
    void fill(protocol::AcknowledgeStatuses::Receipt& r) {
        fill_all(r.framework, r.task, r.status);
    }
    void fill(protocol::AcknowledgeStatuses& acknowledge) { fill(acknowledge.receipts); }
    void fill(protocol::ApplyOperation& a) { fill_all(a.id, a.framework, a.role, a.operation); }
    void fill(protocol::DataForExecutor& d) { fill_all(d.framework, d.executor), d.data = data(); }
    void fill(protocol::EndFramework& end) { fill(end.framework); }
    void fill(protocol::ReconcileTasks::Task& t) { fill_all(t.framework, t.task); }
    void fill(protocol::ReconcileTasks& reconcile) { fill(reconcile.tasks); }
    void fill(protocol::ShutDownAgent& shut_down) { shut_down.message = prose(); }
    void fill(protocol::MasterToAgentBeat&) {}

    void fill(protocol::SubscribeExecutor& s) { fill_all(s.framework, s.executor, s.tasks); }
    void fill(protocol::ReportStatuses::Report& r) { fill_all(r.framework, r.status); }
    void fill(protocol::ReportStatuses& report) { fill(report.reports); }
    void fill(protocol::DataToScheduler& d) { fill(d.framework), d.data = data(); }
    void fill(protocol::ExecutorSubscribed& subscribed) { fill(subscribed.agent); }
    void fill(protocol::LaunchTask& launch);
    void fill(protocol::KillTaskNow& kill);
    void fill(protocol::DataToExecutor& d) { d.data = data(); }
    void fill(protocol::ShutDownExecutor&) {}
    void fill(protocol::ExecutorRefused& refused) { fill(refused.refusal); }
    void fill(protocol::StatusesNoted::Task& t) { fill_all(t.framework, t.task); }
    void fill(protocol::StatusesNoted& noted) { fill(noted.tasks); }

    template <class T>
    void fill(std::vector<T>& list) {
        list.resize(is_full_ ? 2 : rng_.below(4));
        for (T& element : list)
            fill(element);
    }

    template <class... Ts>
    void fill(std::variant<Ts...>& value) {
        value = make_alternative<std::variant<Ts...>>(rng_.below(sizeof...(Ts)));
    }

private:
    template <class Variant, std::size_t... I>
    static void emplace(Variant& value, std::size_t index, std::index_sequence<I...>) {
        ((I == index ? static_cast<void>(value.template emplace<I>()) : void()), ...);
    }

    template <class... Ts>
    void fill_all(Ts&... values) {
        (fill(values), ...);
    }

    template <class T>
    void fill_maybe(std::optional<T>& value) {
        fill_optional(value);
    }
    template <class T>
    void fill_maybe(BoxedOptional<T>& value) {
        fill_optional(value);
    }
    template <class T>
    void fill_optional(T& value) {
        if (is_there()) fill(value.emplace());
    }

    template <class T>
    void fill_not_empty(std::vector<T>& list) {
        fill(list);
        if (list.empty()) fill(list.emplace_back());
    }

    template <class Enum>
    [[nodiscard]] Enum any(Enum last) {
        return static_cast<Enum>(rng_.below(static_cast<std::uint64_t>(last) + 1));
    }

    [[nodiscard]] std::uint16_t any_port() {
        return static_cast<std::uint16_t>(rng_.between(1, 65535));
    }

    void fill_plain(Resources& resources);

    Rng rng_;
    bool is_full_;
};

}  // namespace offerkit::test

#include "random_messages.ipp"
#include "random_nouns.ipp"
