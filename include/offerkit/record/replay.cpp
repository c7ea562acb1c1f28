// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/replay.hpp>

#include <offerkit/agent/agent.hpp>
#include <offerkit/allocation/policies.hpp>
#include <offerkit/core/fingerprint.hpp>
#include <offerkit/executor/executor.hpp>
#include <offerkit/framework/framework.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/record/log.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace offerkit::record {
namespace {

Refusal refuse(RefusalCode code, std::string why, std::string todo) {
    return {code, "event log", "replay", std::move(why), std::move(todo)};
}

Result<std::unique_ptr<Allocator>> make_by_name(std::string_view policy, std::uint64_t seed) {
    return make_allocator(policy, CycleOptions{.seed = seed});
}

/// Says which of the effects differs first, by encoding them one by one.
template <class Effects>
std::string describe_difference(const Effects& effects, const LoggedStep& recorded) {
    std::uint64_t number = 0;
    std::string_view rest = recorded.effects;
    const auto differs = [&](const auto& value) {
        Bytes bytes;
        encode(value, bytes);
        if (!rest.starts_with(bytes)) return true;
        rest.remove_prefix(bytes.size());
        ++number;
        return false;
    };
    const std::string counts = ", of " + std::to_string(recorded.effect_count) + " recorded";
    for (const auto& effect : effects.list) {
        if (differs(effect)) return "effect " + std::to_string(number) + counts;
    }
    if constexpr (requires { effects.deltas; }) {
        for (const auto& delta : effects.deltas) {
            if (differs(delta)) return "delta " + std::to_string(number) + counts;
        }
    }
    return "only " + std::to_string(number) + " effects" + counts;
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

void add_to(Fingerprint& fingerprint, const LoggedStep& step) {
    fingerprint.add(step.mono_now.ns);
    fingerprint.add(step.events);
    fingerprint.add(step.next_wake.ns);
    fingerprint.add(step.effects);
}

template <class Event, class Effects, class Machine>
Result<Replay> run(LogReader& reader, Machine& machine) {
    Replay result;
    Fingerprint fingerprint;
    Effects effects;
    Bytes bytes;
    Instant last;
    while (!result.difference) {
        Result<std::optional<LoggedStep>> read = reader.next();
        if (!read && reader.is_cut_off()) {
            result.cut_off = true;
            break;
        }
        if (!read) return std::move(read).error();
        if (!*read) break;
        const LoggedStep& step = **read;
        if (step.mono_now < last) {
            return refuse(RefusalCode::invalid, "its time goes back", "record again");
        }
        last = step.mono_now;
        Result<std::vector<Event>> events = decode_events<Event>(step);
        if (!events) return std::move(events).error();
        effects.clear();
        bytes.clear();
        const Instant next_wake = machine.step({step.mono_now, step.wall_now, {*events}}, effects);
        const std::uint64_t count = encode_effects(effects, bytes);
        if (bytes != step.effects || count != step.effect_count) {
            result.difference = {result.steps, step.mono_now, describe_difference(effects, step)};
        } else if (next_wake != step.next_wake) {
            result.difference = {result.steps, step.mono_now,
                                 "next wake " + std::to_string(next_wake.ns) + " ns, recorded " +
                                     std::to_string(step.next_wake.ns) + " ns"};
        }
        add_to(fingerprint, step);
        ++result.steps;
        result.events += step.event_count;
        result.effects += step.effect_count;
    }
    result.fingerprint = fingerprint.value();
    return result;
}

Result<Replay> replay_master(LogReader& reader, const ReplayOptions& options) {
    const LogHeader& header = reader.header();
    Result<master::Options> given = decode<master::Options>(header.options);
    if (!given) return std::move(given).error();
    const auto make = options.make_allocator ? options.make_allocator : make_by_name;
    Result<std::unique_ptr<Allocator>> allocator = make(header.policy, header.policy_seed);
    if (!allocator) return std::move(allocator).error();
    master::Master machine{std::move(*given), std::move(*allocator)};
    return run<master::Event, master::Effects>(reader, machine);
}

}  // namespace

Result<Replay> replay(std::string_view log, const ReplayOptions& options) {
    Result<LogReader> reader = LogReader::open(log);
    if (!reader) return std::move(reader).error();
    const LogHeader& header = reader->header();
    if (!options.build.empty() && header.build != options.build) {
        return refuse(RefusalCode::unsupported,
                      "was recorded by build " + header.build + ", this is " + options.build,
                      "use the build that recorded it");
    }
    if (!header.snapshot.empty()) {
        return refuse(RefusalCode::unsupported, "does not begin with its machine",
                      "record the machine from its start");
    }
    switch (header.machine) {
        case Machine::master:
            return replay_master(*reader, options);
        case Machine::agent: {
            Result<agent::Options> given = decode<agent::Options>(header.options);
            if (!given) return std::move(given).error();
            if (given->run == 0 || given->run > StatusId::epoch_max) {
                return refuse(RefusalCode::invalid, "its agent has an impossible run number",
                              "record again");
            }
            agent::Agent machine{std::move(*given)};
            return run<agent::Event, agent::Effects>(*reader, machine);
        }
        case Machine::framework: {
            Result<framework::Options> given = decode<framework::Options>(header.options);
            if (!given) return std::move(given).error();
            framework::Framework machine{std::move(*given)};
            return run<framework::Event, framework::Effects>(*reader, machine);
        }
        case Machine::executor: {
            executor::Executor machine;
            return run<executor::Event, executor::Effects>(*reader, machine);
        }
    }
    return refuse(RefusalCode::unsupported, "is of a machine that is not known", "record again");
}

}  // namespace offerkit::record
