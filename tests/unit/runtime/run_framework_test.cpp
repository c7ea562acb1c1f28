// SPDX-License-Identifier: Apache-2.0
#include "fixture.hpp"

#include <support/temporary_folder.hpp>
#include "store_fixture.hpp"

#include <offerkit/allocation/policies.hpp>
#include <offerkit/record/replay.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/id_file.hpp>
#include <offerkit/runtime/linked.hpp>
#include <offerkit/runtime/live_master.hpp>
#include <offerkit/runtime/run_framework.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <algorithm>
#include <filesystem>
#include <stdexcept>
#include <thread>

using namespace offerkit;
using namespace offerkit::runtime;
using offerkit::testing::TemporaryFolder;
using namespace offerkit::runtime::test;
using namespace offerkit::literals;

namespace {

std::unique_ptr<LiveMaster> start_master(std::string record_dir = {}) {
    LiveMasterOptions options;
    options.token = "secret";
    options.record.folder = std::move(record_dir);
    auto allocator = make_allocator("drf");
    REQUIRE(allocator.has_value());
    auto master = LiveMaster::start(std::move(options), std::move(allocator).value());
    REQUIRE(master.has_value());
    return std::move(master).value();
}

/// An agent that runs nothing: every task is running, then finished, as soon as it is launched.
class PretendedAgent final : public LinkListener {
public:
    explicit PretendedAgent(Links& links) : links_(links) {}

    void on_open(PeerId link, const protocol::Welcome&) override {
        protocol::RegisterAgent hello;
        hello.info.hostname = "pretended";
        hello.info.resources = *parse_resources("cpus:4;mem:4096");
        say(link, std::move(hello));
    }

    Result<void> on_message(PeerId link, std::string_view bytes) override {
        auto message = wire::decode<protocol::MasterMessage>(bytes);
        if (!message) return std::move(message).error();
        if (const auto* const said = std::get_if<protocol::AgentRegistered>(&*message)) {
            id_ = said->agent;
        }
        if (const auto* const run = std::get_if<protocol::RunTasks>(&*message)) {
            protocol::UpdateStatuses updates;
            for (const TaskInfo& task : run->tasks) {
                for (const TaskState state : {TaskState::running, TaskState::finished}) {
                    TaskStatus status;
                    status.task = task.id;
                    status.state = state;
                    status.agent = id_;
                    status.id = StatusId{1, ++statuses_};
                    status.source = StatusSource::agent;
                    updates.updates.push_back({run->framework, std::move(status)});
                }
            }
            say(link, std::move(updates));
        }
        return {};
    }

    void on_close(PeerId, const Refusal&) override {}
    void flush() override {
        if (!orders_.empty()) links_.send(orders_);
    }
    [[nodiscard]] bool is_full() const override { return false; }

private:
    void say(PeerId link, protocol::AgentMessage message) {
        orders_.push_back({link, std::move(message)});
    }

    Links& links_;
    AgentId id_;
    std::uint64_t statuses_ = 0;
    std::vector<ToLink> orders_;
};

void connect_agent(Links& links, std::uint16_t port) {
    links.start(std::make_unique<PretendedAgent>(links));
    OpenLink open{{"127.0.0.1", port}, 0, good_hello()};
    open.hello.kind = protocol::PeerKind::agent;
    std::vector<ToLink> orders;
    orders.push_back({links.make_link(), std::move(open)});
    links.send(orders);
}

FrameworkOptions framework_options(std::uint16_t port) {
    FrameworkOptions options;
    options.name = "test";
    options.failover_timeout = Duration{0};
    options.master = "127.0.0.1:" + std::to_string(port);
    options.token = "secret";
    options.stop_on_signals = false;
    options.log = [](LogLevel, const std::string&) {};
    return options;
}

/// Runs a number of tasks, one per offer, and hears of them.
struct Some {
    int left = 3;
    int launched = 0;
    std::vector<TaskState> states;
    std::thread::id thread;

    OfferReply on_offer(const Offer& offer) {
        if (launched == 3) return Decline{offer.id};
        TaskInfo task;
        task.id = TaskId{"t" + std::to_string(++launched)};
        task.resources = 1_cpus + 128_MiB;
        task.command.shell = "true";
        return Accept{.offer = offer.id, .launch = {task}};
    }
    void on_status(const TaskStatus& status) {
        thread = std::this_thread::get_id();
        states.push_back(status.state);
        if (status.state == TaskState::finished) --left;
    }
    bool is_done() const { return left == 0; }
};

struct Throwing {
    OfferReply on_offer(const Offer&) { throw std::runtime_error{"out of ideas"}; }
    void on_status(const TaskStatus&) {}
};

struct Idle {
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
    void on_status(const TaskStatus&) {}
};

/// Does nothing until its own time comes.
struct Waking {
    Instant due{0};
    int wakes = 0;
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
    void on_status(const TaskStatus&) {}
    Instant next_wake() const { return due; }
    void on_wake(Instant now, Replies& replies) {
        due = now + std::chrono::milliseconds{2};
        if (++wakes == 3) replies.stop();
    }
};

}  // namespace

TEST_CASE("a scheduler runs tasks through a live master, and the record of it replays") {
    const TemporaryFolder folder;
    {
        const auto master = start_master(folder.path() + "/record");
        Links links;
        connect_agent(links, master->port());
        Some some;
        const auto ended = try_run_framework(some, framework_options(master->port()));
        INFO((ended ? std::string{} : format_refusal(ended.error())));
        CHECK(ended.has_value());
        CHECK(some.states.size() == 6);
        CHECK(some.thread == std::this_thread::get_id());
        CHECK(master->counters().events > 10);
        links.stop();
        master->stop();
    }
    const auto log = read_file(folder.path() + "/record/master-1-000001.log", 100 * 1024 * 1024);
    REQUIRE(log.has_value());
    const auto replayed = record::replay(*log);
    REQUIRE(replayed.has_value());
    CHECK_FALSE(replayed->difference.has_value());
    CHECK_FALSE(replayed->cut_off);
    CHECK(replayed->events > 10);
}

TEST_CASE("an exception of a handler ends the framework, named by type and text") {
    const auto master = start_master();
    Links links;
    connect_agent(links, master->port());
    Throwing throwing;
    const auto ended = try_run_framework(throwing, framework_options(master->port()));
    REQUIRE_FALSE(ended.has_value());
    CHECK(ended.error().code == RefusalCode::cancelled);
    CHECK(ended.error().why == "it threw std::runtime_error: out of ideas");
}

TEST_CASE("a scheduler is woken when it asked to be, without any offer") {
    const auto master = start_master();
    Waking waking;
    const auto ended = try_run_framework(waking, framework_options(master->port()));
    CHECK(ended.has_value());
    CHECK(waking.wakes == 3);
}

TEST_CASE("a wrong token ends the framework with the master's reason") {
    const auto master = start_master();
    FrameworkOptions options = framework_options(master->port());
    options.token = "guess";
    Idle idle;
    const auto ended = try_run_framework(idle, options);
    REQUIRE_FALSE(ended.has_value());
    CHECK(ended.error().code == RefusalCode::unauthenticated);
}

TEST_CASE("without a master the framework gives up when it was told to") {
    std::uint16_t port = 0;
    {
        const auto master = start_master();
        port = master->port();
    }
    FrameworkOptions options = framework_options(port);
    options.connect_timeout = std::chrono::milliseconds{50};
    Idle idle;
    const auto ended = try_run_framework(idle, options);
    REQUIRE_FALSE(ended.has_value());
    CHECK(ended.error().code == RefusalCode::unavailable);
}

TEST_CASE("options that say too little or too much are refused before anything runs") {
    Idle idle;
    const auto code_of = [&](auto change) {
        FrameworkOptions options = framework_options(1);
        change(options);
        const auto ended = try_run_framework(idle, options);
        REQUIRE_FALSE(ended.has_value());
        return ended.error().code;
    };
    using Options = FrameworkOptions;
    CHECK(code_of([](Options& o) { o.name.clear(); }) == RefusalCode::invalid);
    CHECK(code_of([](Options& o) { o.failover_timeout.reset(); }) == RefusalCode::invalid);
    CHECK(code_of([](Options& o) { o.failover_timeout = Duration{-1}; }) == RefusalCode::invalid);
    CHECK(code_of([](Options& o) { o.roles.clear(); }) == RefusalCode::invalid);
    CHECK(code_of([](Options& o) { o.roles = {"a//b"}; }) == RefusalCode::invalid);
    CHECK(code_of([](Options& o) { o.master = "nowhere"; }) == RefusalCode::malformed);
}

namespace {

/// Hears its id, and stops at once.
struct Passing {
    bool teardown = false;
    FrameworkId id;

    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
    void on_status(const TaskStatus&) {}
    void on_subscribed(FrameworkId given, Replies& replies) {
        id = given;
        replies.stop(teardown);
    }
};

}  // namespace

TEST_CASE("a scheduler that starts again finds its id in its file") {
    const auto master = start_master();
    const offerkit::testing::StoreFolder folder;
    FrameworkOptions options = framework_options(master->port());
    options.failover_timeout = std::chrono::hours{1};
    options.id_file = folder.root + "/id";
    Passing first;
    REQUIRE(try_run_framework(first, options).has_value());
    CHECK(read_file(options.id_file, 64).value() == format_id(first.id) + "\n");

    Passing second;
    second.teardown = true;
    REQUIRE(try_run_framework(second, options).has_value());
    CHECK(second.id == first.id);
    CHECK_FALSE(std::filesystem::exists(options.id_file));  // It has ended: so has its id.

    SECTION("an id that the master does not know any more: a new one") {
        REQUIRE(write_file(options.id_file, format_id(first.id) + "\n").has_value());
        Passing third;
        REQUIRE(try_run_framework(third, options).has_value());
        CHECK(third.id != first.id);
        CHECK(read_file(options.id_file, 64).value() == format_id(third.id) + "\n");
    }
    SECTION("a file that holds something else is not overwritten") {
        REQUIRE(write_file(options.id_file, "my notes\n").has_value());
        Passing third;
        const auto refused = try_run_framework(third, options);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == RefusalCode::malformed);
        CHECK(read_file(options.id_file, 64).value() == "my notes\n");
    }
    SECTION("a file that another process holds is refused") {
        const auto held = IdFile::open(options.id_file);
        REQUIRE(held.has_value());
        Passing third;
        const auto refused = try_run_framework(third, options);
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == RefusalCode::already_exists);
    }
}

TEST_CASE("an operator's call is answered once") {
    const auto master = start_master();
    Watch watch;
    std::vector<bool> answers;
    const auto note = [&](const protocol::OperatorAnswer& answer) {
        watch.change([&] { answers.push_back(answer.has_value()); });
    };
    RoleConfig config;
    config.role = *Role::parse("eng");
    master->ask(protocol::ConfigureRole{config}, "operator", note);
    master->ask(protocol::TeardownFramework{FrameworkId{1, 99}}, "operator", note);
    REQUIRE(watch.wait([&] { return answers.size() == 2; }));
    CHECK(std::ranges::count(answers, true) == 1);  // One is known; the other is no framework.
}
