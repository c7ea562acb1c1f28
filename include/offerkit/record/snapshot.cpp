// SPDX-License-Identifier: Apache-2.0
#include <offerkit/record/snapshot.hpp>

#include <offerkit/allocation/cycle_base.hpp>
#include <offerkit/record/codec.hpp>
#include <offerkit/record/state_codec.hpp>

#include <string>
#include <utility>

namespace offerkit::record {
namespace {

Refusal refuse_allocator(const Allocator& allocator) {
    return {RefusalCode::unsupported, "allocator " + allocator.policy_name(), "save its state",
            "only a Cycle can be saved", "use one of the policies that run in a Cycle"};
}

/// Ends the reading of a snapshot: all of it must have been used.
Result<void> finish(ByteReader& in) {
    if (!in.rest().empty()) in.fail("something follows the state");
    if (in.has_failed()) return refuse_bytes(in, "read snapshot");
    return {};
}

void take_allocator(ByteReader& in, CycleBase& cycle) {
    decode_next(in, cycle);
    if (!in.has_failed()) cycle.load_policy(in);
}

template <class State>
Result<State> decode_state(std::string_view snapshot) {
    ByteReader in{snapshot};
    State state;
    decode_next(in, state);
    if (auto finished = finish(in); !finished) return std::move(finished).error();
    return state;
}

}  // namespace

Result<void> encode_snapshot(const Allocator& allocator, Bytes& out) {
    const auto* const cycle = dynamic_cast<const CycleBase*>(&allocator);
    if (cycle == nullptr) return refuse_allocator(allocator);
    encode(*cycle, out);
    return cycle->save_policy(out);
}

Result<void> restore_allocator(std::string_view snapshot, Allocator& allocator) {
    auto* const cycle = dynamic_cast<CycleBase*>(&allocator);
    if (cycle == nullptr) return refuse_allocator(allocator);
    ByteReader in{snapshot};
    take_allocator(in, *cycle);
    return finish(in);
}

Result<void> encode_snapshot(const master::Master& machine, Bytes& out) {
    encode(machine.state(), out);
    return encode_snapshot(machine.allocator(), out);
}

Result<std::unique_ptr<master::Master>> restore_master(master::Options options,
                                                       std::unique_ptr<Allocator> allocator,
                                                       std::string_view snapshot) {
    ByteReader in{snapshot};
    master::State state;
    decode_next(in, state);
    if (state.kinds_told.size() != limits::slots) in.fail("there are not as many kinds as slots");
    if (in.has_failed()) return refuse_bytes(in, "read snapshot");
    if (auto restored = restore_allocator(in.rest(), *allocator); !restored) {
        return std::move(restored).error();
    }
    return std::make_unique<master::Master>(std::move(options), std::move(allocator),
                                            std::move(state));
}

Result<void> encode_snapshot(const agent::Agent& machine, Bytes& out) {
    encode(machine.state(), out);
    return {};
}

Result<std::unique_ptr<agent::Agent>> restore_agent(agent::Options options,
                                                    std::string_view snapshot) {
    auto state = decode_state<agent::State>(snapshot);
    if (!state) return std::move(state).error();
    return std::make_unique<agent::Agent>(std::move(options), std::move(*state));
}

Result<void> encode_snapshot(const framework::Framework& machine, Bytes& out) {
    encode(machine.state(), out);
    return {};
}

Result<std::unique_ptr<framework::Framework>> restore_framework(framework::Options options,
                                                                std::string_view snapshot) {
    auto state = decode_state<framework::State>(snapshot);
    if (!state) return std::move(state).error();
    return std::make_unique<framework::Framework>(std::move(options), std::move(*state));
}

Result<void> encode_snapshot(const executor::Executor& machine, Bytes& out) {
    encode(machine.state(), out);
    return {};
}

Result<std::unique_ptr<executor::Executor>> restore_executor(std::string_view snapshot) {
    auto state = decode_state<executor::State>(snapshot);
    if (!state) return std::move(state).error();
    return std::make_unique<executor::Executor>(std::move(*state));
}

}  // namespace offerkit::record
