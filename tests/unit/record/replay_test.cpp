// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/allocation/policies.hpp>
#include <offerkit/master/master.hpp>
#include <offerkit/record/replay.hpp>
#include <offerkit/record/snapshot.hpp>
#include <offerkit/resources/text.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

using namespace offerkit;

namespace {

using Events = std::vector<master::Event>;

constexpr std::uint64_t agents = 20;

/// What agent `number` says when it comes; its resources are none that another one has.
Events arrival(std::uint64_t number) {
    protocol::RegisterAgent message;
    message.info.hostname = "host-" + std::to_string(number);
    message.info.resources = parse_resources("cpus:4;mem:" + std::to_string(1000 + number)).value();
    const PeerId peer{1, number};
    Events events;
    events.emplace_back(master::PeerOpened{peer, protocol::PeerKind::agent, "agent"});
    events.emplace_back(master::AgentSaid{peer, std::move(message)});
    return events;
}

/// A master that hears of agents, one in each step, and of a store that keeps up. The log is told
/// what `told` makes of the events: somebody has changed it, or the machine's memory.
record::Bytes make_log(const std::function<void(std::uint64_t step, Events&)>& told,
                       std::uint64_t left_out = 8, bool has_end = true) {
    master::Master machine{{}, make_allocator("drf").value()};
    record::LogHeader header;
    header.policy = "drf";
    header.left_out = left_out;
    record::encode(machine.options(), header.options);
    record::Bytes bytes;
    record::LogWriter writer{header, bytes};
    master::Effects effects;
    for (std::uint64_t step = 0; step < 2 * agents; ++step) {
        const std::uint64_t number = step / 2 + 1;
        Events events = step % 2 == 0 ? arrival(number) : Events{master::Stored{number}};
        Events written = events;
        told(step, written);
        const Instant now{static_cast<std::int64_t>(step) * 1000};
        writer.begin_step(Batch<master::Event>{now, {}, written});
        effects.clear();
        const Instant wake = machine.step({now, {}, events}, effects);
        writer.end_step(effects, wake, bytes);
    }
    record::Bytes state;
    REQUIRE(record::encode_snapshot(machine, state));
    if (has_end) record::LogWriter::end(state, bytes);
    return bytes;
}

record::Replay replay(const record::Bytes& log) {
    const auto replayed = record::replay(log);
    REQUIRE(replayed);
    return *replayed;
}

}  // namespace

TEST_CASE("a log with some effects replays whole, and says how much it compared") {
    const auto replayed = replay(make_log([](auto, auto&) {}));
    CHECK_FALSE(replayed.difference);
    CHECK(replayed.steps == 2 * agents);
    CHECK(replayed.steps_in_full > 2);
    CHECK(replayed.steps_in_full < agents);
    CHECK(replayed.state_compared);
    CHECK(replayed.effects > 2 * agents);

    const auto without_end = replay(make_log([](auto, auto&) {}, 8, false));
    CHECK_FALSE(without_end.difference);
    CHECK_FALSE(without_end.state_compared);
    CHECK(without_end.fingerprint == replayed.fingerprint);
}

TEST_CASE("an event that was lost is noticed in its step, whichever it is") {
    for (std::uint64_t changed = 0; changed < 2 * agents; ++changed) {
        INFO("step " << changed);
        const auto log = make_log([&](std::uint64_t step, Events& events) {
            if (step == changed) events.pop_back();
        });
        const auto replayed = replay(log);
        REQUIRE(replayed.difference);
        CHECK(replayed.difference->step == changed);
    }
}

TEST_CASE("a word that was changed is noticed in the next step with effects, or at the end") {
    const std::uint64_t none = 0;
    for (std::uint64_t changed = 0; changed < 2 * agents; changed += 2) {
        INFO("step " << changed);
        const auto change = [&](std::uint64_t step, Events& events) {
            if (step != changed) return;
            auto& said = std::get<master::AgentSaid>(events.back());
            std::get<protocol::RegisterAgent>(said.message).info.hostname = "impostor";
        };
        const auto replayed = replay(make_log(change));
        REQUIRE(replayed.difference);
        CHECK(replayed.difference->step >= changed);
        const auto in_full = replay(make_log(change, none));
        REQUIRE(in_full.difference);
        CHECK(in_full.difference->step == changed);
    }
}

TEST_CASE("what no later effect shows is found in the state at the end") {
    const std::uint64_t all = 1'000'000;
    const auto log = make_log(
        [&](std::uint64_t step, Events& events) {
            if (step != agents) return;
            auto& said = std::get<master::AgentSaid>(events.back());
            std::get<protocol::RegisterAgent>(said.message).info.hostname = "impostor";
        },
        all);
    const auto replayed = replay(log);
    REQUIRE(replayed.difference);
    CHECK(replayed.difference->step == 2 * agents);
    CHECK(replayed.difference->what == "the state at the end of the log");
}

TEST_CASE("a difference is said once, and nothing comes after it") {
    const auto log = make_log([&](std::uint64_t step, Events& events) {
        if (step == 3) events.clear();
    });
    auto replayer = record::Replayer::open(log);
    REQUIRE(replayer);
    bool goes_on = true;
    for (int i = 0; i < 10 && goes_on; ++i)
        goes_on = replayer->next().value();
    CHECK_FALSE(goes_on);
    REQUIRE(replayer->so_far().difference);
    const std::string what = replayer->so_far().difference->what;
    CHECK_FALSE(replayer->next().value());
    CHECK(replayer->so_far().difference->what == what);
    CHECK(replayer->so_far().steps == 4);
}
