// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/desired_state.hpp>
#include <offerkit/framework/gang.hpp>
#include <offerkit/framework/packer.hpp>
#include <offerkit/framework/state_store.hpp>
#include <offerkit/record/conversation.hpp>
#include <offerkit/sim/chaos.hpp>

#include <catch2/catch.hpp>

#include <algorithm>
#include <chrono>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

namespace {

TaskInfo make_task(const std::string& id, const std::string& shell) {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = 1_cpus + 64_MiB;
    task.command.shell = shell;
    return task;
}

/// Keeps three instances running; what it knows is in a store that outlives it.
struct Service {
    explicit Service(MemoryStateStore& disk) : store(&disk) {
        state.want("v1", make_task("", "sleep 100000"), 3);
        if (const auto bytes = *disk.find("service")) {
            ByteReader in{*bytes};
            state.load(in, Instant{});
            REQUIRE_FALSE(in.has_failed());
        }
    }
    void on_subscribed(FrameworkId, Replies& replies) { replies.reconcile(state.instances()); }
    void on_offers(std::span<const Offer> offers, Replies& replies) {
        Packer packer{offers};
        for (TaskInfo& task : state.to_launch(replies.now())) {
            const TaskId id = task.id;
            if (packer.place(std::move(task)) == nullptr) break;
            state.launched(id, replies.now());
        }
        Bytes bytes;
        state.save(bytes);
        REQUIRE(store->put("service", bytes));
        packer.answer(replies, 1s);
    }
    void on_status(const TaskStatus& status, Replies& replies) {
        CHECK(state.on_status(status, replies.now()));
        state.steer(replies.now(), replies);
    }
    Instant next_wake() const { return state.next_wake(); }
    void on_wake(Instant now, Replies& replies) { state.steer(now, replies); }

    DesiredState state{"web"};
    MemoryStateStore* store;
};

struct Training {
    GangAssembler gang;

    void on_offers(std::span<const Offer> offers, Replies& replies) {
        gang.on_offers(offers, replies);
    }
    void on_subscribed(FrameworkId, Replies& replies) { replies.reconcile(gang.members()); }
    void on_status(const TaskStatus& status, Replies& replies) {
        gang.on_status(status, replies);
        const bool is_lost = is_terminal(status.state) && status.state != TaskState::finished;
        if (gang.phase() == GangAssembler::Phase::running && is_lost) gang.restart(replies);
    }
    void on_rescind(OfferId offer) { gang.on_rescind(offer); }
    void on_disconnected() { gang.on_disconnected(); }
    Instant next_wake() const { return gang.next_wake(); }
    void on_wake(Instant now, Replies& replies) { gang.on_wake(now, replies); }
    bool is_done() const {
        return gang.phase() == GangAssembler::Phase::running && gang.has_ended();
    }
};

sim::WorldOptions three_agents(std::uint64_t seed) {
    sim::WorldOptions options;
    options.seed = seed;
    options.agents.assign(3, 2_cpus + 1_GiB);
    return options;
}

FrameworkInfo named(const char* name) { return {.name = name, .failover_timeout = 24h}; }

/// Declines all, for a while.
struct Idle {
    Duration pause = 1s;
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id, pause}; }
    void on_status(const TaskStatus&) {}
};

}  // namespace

TEST_CASE("chaos strikes, is mended at its end, and is the same for the same seed") {
    const auto run = [](std::uint64_t seed) {
        sim::World world{three_agents(1)};
        Idle idle;
        world.add_framework(idle, named("idle"));
        sim::plan_chaos(world, seed, 1min, {.every = 1s});
        world.run_for(1min);
        std::uint64_t struck = 0;
        for (const sim::Fault fault : {sim::Fault::master_crashed, sim::Fault::agent_crashed,
                                       sim::Fault::machine_crashed, sim::Fault::framework_killed}) {
            struck += world.reached().struck[static_cast<std::size_t>(fault)];
        }
        CHECK(struck > 0);
        world.run_for(5min);
        CHECK(world.has_master());
        CHECK(world.find_framework(0) != nullptr);
        for (std::uint32_t agent = 0; agent < world.agents(); ++agent)
            CHECK(world.find_agent(agent) != nullptr);
        CHECK(world.check().empty());
        return world.fingerprint();
    };
    CHECK(run(3) == run(3));
    CHECK(run(3) != run(4));
}

TEST_CASE("chaos without a fault to choose from is none") {
    sim::World world{three_agents(1)};
    sim::ChaosOptions none{.link_breaks = 0, .link_cuts = 0, .slow_links = 0};
    none.agent_crashes = none.machine_crashes = none.master_crashes = 0;
    none.disk_full = none.scheduler_crashes = 0;
    sim::plan_chaos(world, 1, 1min, none);
    world.run_for(1min);
    CHECK(world.reached().struck[static_cast<std::size_t>(sim::Fault::link_broken)] == 0);
}

TEST_CASE("the search for a seed stops at the first, or says that there is none") {
    std::vector<std::uint64_t> tried;
    const auto at_five = [&](std::uint64_t seed) {
        tried.push_back(seed);
        return std::string{seed == 5 ? "five" : ""};
    };
    const auto found = sim::find_seed(3, 10, at_five);
    REQUIRE(found);
    CHECK(found->seed == 5);
    CHECK(found->what == "five");
    CHECK(tried == std::vector<std::uint64_t>{3, 4, 5});
    CHECK_FALSE(sim::find_seed(6, 10, at_five));
    CHECK(tried.back() == 15);
}

TEST_CASE("a service that forgets nothing it has saved settles after any chaos") {
    const auto found = sim::find_seed(1, 40, [](std::uint64_t seed) -> std::string {
        MemoryStateStore disk;
        std::deque<Service> lives;
        sim::World world{three_agents(seed)};
        world.add_framework(lives.emplace_back(disk), named("web"));
        sim::ChaosOptions options{.every = 2s, .scheduler_crashes = 4};
        options.start_again = [&](std::uint32_t) -> std::unique_ptr<sim::Author> {
            return std::make_unique<sim::SchedulerAuthor<Service>>(lives.emplace_back(disk));
        };
        sim::plan_chaos(world, seed, 2min, options);
        world.run_for(1h);
        if (!world.check().empty()) return world.check().front();
        if (!lives.back().state.is_settled()) return "it has not settled";
        return world.processes_running() == 3 ? "" : "others run than are wanted";
    });
    INFO((found ? "seed " + std::to_string(found->seed) + ": " + found->what : ""));
    CHECK_FALSE(found);
}

TEST_CASE("a gang runs to its end, all or nothing, after any chaos") {
    const auto found = sim::find_seed(1, 40, [](std::uint64_t seed) -> std::string {
        std::vector<TaskInfo> members;
        for (int i = 0; i < 5; ++i)
            members.push_back(make_task("w" + std::to_string(i), "sleep 20"));
        Training training{GangAssembler{std::move(members), {}, {}, Rng{seed}}};
        sim::World world{three_agents(seed)};
        world.add_framework(training, named("gang"));
        sim::plan_chaos(world, seed, 1min, {.every = 2s});
        if (!world.run_until_ended(2h)) return "it has not ended";
        return world.check().empty() ? "" : world.check().front();
    });
    INFO((found ? "seed " + std::to_string(found->seed) + ": " + found->what : ""));
    CHECK_FALSE(found);
}

TEST_CASE("a conversation is answered the same by the same scheduler, and otherwise by another") {
    Conversation kept;
    {
        sim::World world{three_agents(2)};
        Idle idle;
        world.add_framework(idle, named("idle"), kept);
        world.run_for(10s);
    }
    REQUIRE(kept.size() > 5);
    Idle same;
    CHECK_FALSE(replay_conversation(kept, same));
    Idle other{2s};
    const auto departure = replay_conversation(kept, other);
    REQUIRE(departure);
    CHECK(departure->text.find("recorded: decline o1-1 unspecified refuse 1000ms") !=
          std::string::npos);
    CHECK(departure->text.find("now: decline o1-1 unspecified refuse 2000ms") != std::string::npos);
}

TEST_CASE("a conversation comes back from its bytes, or is refused") {
    MemoryStateStore disk;
    Service service{disk};
    Conversation kept;
    {
        sim::World world{three_agents(2)};
        world.add_framework(service, named("web"), kept);
        sim::plan_chaos(world, 2, 1min, {.every = 2s});
        world.run_for(2min);
    }
    const Bytes bytes = record::format_conversation(kept);
    const auto read = record::parse_conversation(bytes);
    REQUIRE(read);
    CHECK(*read == kept);
    for (const record::Exchange& exchange : kept) {
        CHECK_FALSE(record::format_told(exchange).empty());
        CHECK_FALSE(record::format_answer(exchange.answer).empty());
    }
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
        Bytes bad = bytes;
        bad[at] = static_cast<char>(bad[at] ^ 1);
        CHECK_FALSE(record::parse_conversation(bad));
        CHECK_FALSE(record::parse_conversation(std::string_view{bytes}.substr(0, at)));
    }
}
