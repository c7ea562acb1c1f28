// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/replay.hpp>

#include <offerkit/agent/agent.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/fingerprint.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/record/names.hpp>
#include <offerkit/record/snapshot.hpp>

#include <algorithm>
#include <utility>

namespace offerkit::record {
namespace {

Refusal refuse(RefusalCode code, std::string why, std::string todo) {
    return {code, "event log", "replay", std::move(why), std::move(todo)};
}

Result<std::unique_ptr<Allocator>> make_by_name(std::string_view policy, std::uint64_t seed) {
    return make_allocator(policy, CycleOptions{.seed = seed});
}

/// Says which of the effects differs first, by encoding them one by one. Pre: they were recorded.
template <class Effects>
std::string describe_difference(const Effects& effects, const LoggedStep& recorded) {
    std::uint64_t number = 0;
    std::string_view rest = *recorded.effects;
    std::string differing;
    each_effect(effects, [&](const auto& value) {
        if (!differing.empty()) return;
        Bytes bytes;
        encode(value, bytes);
        if (rest.starts_with(bytes)) {
            rest.remove_prefix(bytes.size());
            ++number;
            return;
        }
        const bool is_effect = number < effects.list.size();
        differing = (is_effect ? "effect " : "delta ") + std::to_string(number);
    });
    if (differing.empty()) differing = "only " + std::to_string(number) + " effects";
    return differing + ", of " + std::to_string(recorded.kinds.count) + " recorded";
}

/// How the step was not what was recorded; empty if it was, as far as that is known.
template <class Effects>
std::string compare(const Effects& effects, std::string_view encoded, Instant wake,
                    const LoggedStep& recorded) {
    const EffectKinds kinds = kinds_of(effects);
    if (recorded.effects && (encoded != *recorded.effects || kinds != recorded.kinds)) {
        return describe_difference(effects, recorded);
    }
    if (kinds.count != recorded.kinds.count) {
        return std::to_string(kinds.count) + " effects, of " +
               std::to_string(recorded.kinds.count) + " recorded";
    }
    if (kinds != recorded.kinds) return "effects of other kinds than recorded";
    if (wake == recorded.next_wake) return {};
    return "next wake " + std::to_string(wake.ns) + " ns, recorded " +
           std::to_string(recorded.next_wake.ns) + " ns";
}

template <class Event>
Result<std::vector<Event>> decode_events(const LoggedStep& step) {
    ByteReader in{step.events};
    std::vector<Event> events;
    for (std::uint64_t i = 0; i < step.event_count && !in.has_failed(); ++i) {
        decode_next(in, events.emplace_back());
    }
    if (!in.rest().empty()) in.fail("something follows the events");
    if (in.has_failed()) return refuse_bytes(in, "read the events of a step");
    return events;
}

void add_to(Fingerprint& fingerprint, const LoggedStep& step, std::string_view effects) {
    fingerprint.add(step.mono_now.ns);
    fingerprint.add(step.events);
    fingerprint.add(step.next_wake.ns);
    fingerprint.add(effects);
}

// How each machine begins, from a snapshot or, without one, new.

struct MasterTraits {
    using Machine = master::Master;
    using Options = master::Options;
    using Event = master::Event;
    using Effect = master::Effect;
    using Effects = master::Effects;
    using Delta = master::Delta;

    static Result<std::unique_ptr<Machine>> make(const Options& given, const LogHeader& header,
                                                 const ReplayOptions& options,
                                                 std::string_view snapshot) {
        const auto make = options.make_allocator ? options.make_allocator : make_by_name;
        Result<std::unique_ptr<Allocator>> allocator = make(header.policy, header.policy_seed);
        if (!allocator) return std::move(allocator).error();
        if (!snapshot.empty()) return restore_master(given, std::move(*allocator), snapshot);
        return std::make_unique<Machine>(given, std::move(*allocator));
    }
};

struct AgentTraits {
    using Machine = agent::Agent;
    using Options = agent::Options;
    using Event = agent::Event;
    using Effect = agent::Effect;
    using Effects = agent::Effects;
    using Delta = agent::Delta;

    static Result<std::unique_ptr<Machine>> make(const Options& given, const LogHeader&,
                                                 const ReplayOptions&, std::string_view snapshot) {
        if (given.run == 0 || given.run > StatusId::epoch_max) {
            return refuse(RefusalCode::invalid, "its agent has an impossible run number",
                          "record again");
        }
        if (!snapshot.empty()) return restore_agent(given, snapshot);
        return std::make_unique<Machine>(given);
    }
};

struct FrameworkTraits {
    using Machine = framework::Framework;
    using Options = framework::Options;
    using Event = framework::Event;
    using Effect = framework::Effect;
    using Effects = framework::Effects;
    using Delta = std::variant<std::monostate>;

    static Result<std::unique_ptr<Machine>> make(const Options& given, const LogHeader&,
                                                 const ReplayOptions&, std::string_view snapshot) {
        if (!snapshot.empty()) return restore_framework(given, snapshot);
        return std::make_unique<Machine>(given);
    }
};

struct ExecutorTraits {
    using Machine = executor::Executor;
    struct Options {};
    using Event = executor::Event;
    using Effect = executor::Effect;
    using Effects = executor::Effects;
    using Delta = std::variant<std::monostate>;

    static Result<std::unique_ptr<Machine>> make(const Options&, const LogHeader&,
                                                 const ReplayOptions&, std::string_view snapshot) {
        if (!snapshot.empty()) return restore_executor(snapshot);
        return std::make_unique<Machine>();
    }
};

}  // namespace

/// What all four machines have in common under replay.
class Replayer::Runner {
public:
    Runner(LogReader reader, ReplayOptions options)
        : reader_(std::move(reader)), options_(std::move(options)) {}
    virtual ~Runner() = default;

    Result<bool> next() {
        if (result_.difference) return false;
        Result<std::optional<LoggedStep>> read = reader_.next();
        if (!read && reader_.is_cut_off()) {
            result_.cut_off = true;
            return false;
        }
        if (!read) return std::move(read).error();
        if (!*read) return end();
        const LoggedStep& step = **read;
        if (step.mono_now < now()) {
            return refuse(RefusalCode::invalid, "its time goes back", "record again");
        }
        std::string what;
        if (auto ran = run(step, what); !ran) return std::move(ran).error();
        wall_now_ = step.wall_now;
        if (!what.empty()) result_.difference = {result_.steps, step.mono_now, std::move(what)};
        add_to(fingerprint_, step, bytes_);
        ++result_.steps;
        if (step.effects) ++result_.steps_in_full;
        result_.events += step.event_count;
        result_.effects += step.kinds.count;
        result_.fingerprint = fingerprint_.value();
        const bool is_due =
            options_.restore_every != 0 && result_.steps % options_.restore_every == 0;
        if (is_due && !result_.difference) {
            if (auto restored = restore(); !restored) return std::move(restored).error();
        }
        return !result_.difference;
    }

    /// Compares the state that was reached, if that of the recorded machine is known.
    Result<bool> end() {
        if (!reader_.state_sum() || result_.state_compared) return false;
        Bytes state;
        if (auto encoded = encode_snapshot(state); !encoded) return std::move(encoded).error();
        result_.state_compared = true;
        if (sum_of_snapshot(state) != *reader_.state_sum()) {
            result_.difference = {result_.steps, now(), "the state at the end of the log"};
        }
        return false;
    }

    /// Replays the step, leaves its effects in `bytes_`, and says in `what` how it differs, if it
    /// does.
    virtual Result<void> run(const LoggedStep& step, std::string& what) = 0;
    /// Goes on with a machine made from a snapshot of this one.
    virtual Result<void> restore() = 0;
    [[nodiscard]] virtual Instant now() const = 0;
    virtual void add_kinds(std::vector<std::string>& kinds) const = 0;
    virtual void add_all_kinds(std::vector<std::string>& kinds) const = 0;
    [[nodiscard]] virtual Summary state() const = 0;
    [[nodiscard]] virtual Result<void> encode_snapshot(Bytes& out) const = 0;

    LogReader reader_;
    ReplayOptions options_;
    Replay result_;
    Fingerprint fingerprint_;
    Bytes bytes_;
    WallTime wall_now_;
};

template <class Traits>
class Replayer::MachineRunner final : public Runner {
public:
    using Machine = typename Traits::Machine;

    static Result<std::unique_ptr<Runner>> make(LogReader reader, ReplayOptions options) {
        auto runner = std::make_unique<MachineRunner>(std::move(reader), std::move(options));
        const LogHeader& header = runner->reader_.header();
        if constexpr (!std::is_empty_v<typename Traits::Options>) {
            auto given = decode<typename Traits::Options>(header.options);
            if (!given) return std::move(given).error();
            runner->given_ = std::move(*given);
        }
        if (auto begun = runner->begin(header.snapshot); !begun) return std::move(begun).error();
        return std::unique_ptr<Runner>{std::move(runner)};
    }

    using Runner::Runner;

    Result<void> begin(std::string_view snapshot) {
        auto machine = Traits::make(given_, reader_.header(), options_, snapshot);
        if (!machine) return std::move(machine).error();
        machine_ = std::move(*machine);
        return {};
    }

    Result<void> run(const LoggedStep& step, std::string& what) override {
        auto events = decode_events<typename Traits::Event>(step);
        if (!events) return std::move(events).error();
        last_events_ = step.events;
        last_event_count_ = step.event_count;
        effects_.clear();
        bytes_.clear();
        const Instant wake = machine_->step({step.mono_now, step.wall_now, {*events}}, effects_);
        encode_effects(effects_, bytes_);
        what = compare(effects_, bytes_, wake, step);
        return {};
    }

    Result<void> restore() override {
        Bytes before;
        if (auto encoded = record::encode_snapshot(*machine_, before); !encoded) return encoded;
        if (auto begun = begin(before); !begun) return begun;
        Bytes after;
        if (auto encoded = record::encode_snapshot(*machine_, after); !encoded) return encoded;
        if (before != after) {
            result_.difference = {result_.steps, now(), "a snapshot of the restored machine"};
        }
        return {};
    }

    [[nodiscard]] Instant now() const override { return machine_->state().now; }

    void add_kinds(std::vector<std::string>& kinds) const override {
        ByteReader in{last_events_};
        for (std::uint64_t i = 0; i < last_event_count_; ++i) {
            typename Traits::Event event;
            decode_next(in, event);
            record::add_kinds(event, kinds);
        }
        each_effect(effects_, [&](const auto& effect) { record::add_kinds(effect, kinds); });
    }

    void add_all_kinds(std::vector<std::string>& kinds) const override {
        record::add_all_kinds<typename Traits::Event>(kinds);
        record::add_all_kinds<typename Traits::Effect>(kinds);
        if constexpr (requires { effects_.deltas; }) {
            record::add_all_kinds<typename Traits::Delta>(kinds);
        }
    }

    [[nodiscard]] Summary state() const override { return summarize(*machine_); }

    [[nodiscard]] Result<void> encode_snapshot(Bytes& out) const override {
        return record::encode_snapshot(*machine_, out);
    }

private:
    typename Traits::Options given_;
    std::unique_ptr<Machine> machine_;
    typename Traits::Effects effects_;
    std::string_view last_events_;
    std::uint64_t last_event_count_ = 0;
};

Result<std::unique_ptr<Replayer::Runner>> Replayer::make_runner(LogReader reader,
                                                                ReplayOptions options) {
    switch (reader.header().machine) {
        case Machine::master:
            return MachineRunner<MasterTraits>::make(std::move(reader), std::move(options));
        case Machine::agent:
            return MachineRunner<AgentTraits>::make(std::move(reader), std::move(options));
        case Machine::framework:
            return MachineRunner<FrameworkTraits>::make(std::move(reader), std::move(options));
        case Machine::executor:
            return MachineRunner<ExecutorTraits>::make(std::move(reader), std::move(options));
    }
    return refuse(RefusalCode::unsupported, "is of a machine that is not known", "record again");
}

Result<Replayer> Replayer::open(std::string_view log, ReplayOptions options) {
    Result<LogReader> reader = LogReader::open(log);
    if (!reader) return std::move(reader).error();
    const LogHeader& header = reader->header();
    if (!options.build.empty() && header.build != options.build) {
        return refuse(RefusalCode::unsupported,
                      "was recorded by build " + header.build + ", this is " + options.build,
                      "use the build that recorded it");
    }
    auto runner = make_runner(std::move(*reader), std::move(options));
    if (!runner) return std::move(runner).error();
    return Replayer{std::move(*runner)};
}

Replayer::Replayer(std::unique_ptr<Runner> runner) : runner_(std::move(runner)) {}
Replayer::Replayer(Replayer&&) noexcept = default;
Replayer& Replayer::operator=(Replayer&&) noexcept = default;
Replayer::~Replayer() = default;

Result<bool> Replayer::next() { return runner_->next(); }
const LogHeader& Replayer::header() const { return runner_->reader_.header(); }
const Replay& Replayer::so_far() const { return runner_->result_; }
std::optional<Instant> Replayer::next_at() const {
    LogReader ahead = runner_->reader_;
    const Result<std::optional<LoggedStep>> step = ahead.next();
    if (!step || !*step) return std::nullopt;
    return (*step)->mono_now;
}

Instant Replayer::now() const { return runner_->now(); }
WallTime Replayer::wall_now() const { return runner_->wall_now_; }
Summary Replayer::state() const { return runner_->state(); }
Result<void> Replayer::encode_snapshot(Bytes& out) const { return runner_->encode_snapshot(out); }

std::vector<std::string> Replayer::kinds() const {
    std::vector<std::string> kinds;
    runner_->add_kinds(kinds);
    return kinds;
}

std::vector<std::string> Replayer::all_kinds() const {
    std::vector<std::string> kinds;
    runner_->add_all_kinds(kinds);
    std::ranges::sort(kinds);
    const auto repeated = std::ranges::unique(kinds);
    kinds.erase(repeated.begin(), repeated.end());
    return kinds;
}

Result<Replay> replay(std::string_view log, const ReplayOptions& options) {
    Result<Replayer> replayer = Replayer::open(log, options);
    if (!replayer) return std::move(replayer).error();
    while (true) {
        const Result<bool> more = replayer->next();
        if (!more) return more.error();
        if (!*more) return replayer->so_far();
    }
}

}  // namespace offerkit::record
