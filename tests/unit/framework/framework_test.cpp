// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/framework/framework.hpp>
#include <offerkit/resources/text.hpp>

#include <chrono>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

namespace {

constexpr FrameworkId batch{1, 1};
constexpr AgentId host{1, 1};

TaskInfo make_task(const std::string& id) {
    TaskInfo task;
    task.id = TaskId{id};
    task.resources = 1_cpus;
    task.command.shell = "true";
    return task;
}

TaskStatus make_status(const std::string& task, TaskState state, std::uint64_t number,
                       AgentId from = host) {
    TaskStatus status;
    status.task = TaskId{task};
    status.state = state;
    if (number != 0) status.id = StatusId{1, number};
    status.agent = from;
    return status;
}

/// Plays the master and the author of one framework.
class Driver {
public:
    explicit Driver(framework::Options options = {}) : machine_(std::move(options)) {
        step(std::vector<framework::Event>{});
    }

    void step(std::vector<framework::Event> events) {
        effects_.clear();
        wake_ = machine_.step({now_, WallTime{now_.ns}, events}, effects_);
        for (framework::Effect& effect : effects_.list) {
            if (auto* send = std::get_if<framework::SendMaster>(&effect)) {
                calls_.push_back(send->call);
            } else if (auto* delivery = std::get_if<framework::Deliver>(&effect)) {
                deliveries_.push_back(std::move(*delivery));
            } else if (std::holds_alternative<framework::Ended>(effect)) {
                ended = true;
            }
        }
    }
    void step(framework::Event event) {
        std::vector<framework::Event> events;
        events.push_back(std::move(event));
        step(std::move(events));
    }
    void hear(protocol::SchedulerEvent event) { step(framework::MasterSaid{std::move(event)}); }
    void advance(Duration by) {
        now_ = now_ + by;
        step(std::vector<framework::Event>{});
    }

    void subscribe(std::uint64_t epoch = 1) {
        protocol::Welcome welcome;
        welcome.epoch = epoch;
        step(framework::LinkOpened{welcome});
        hear(protocol::Subscribed{batch, "offerkit", epoch, 15s});
    }
    void break_link() {
        step(framework::LinkClosed{{RefusalCode::unavailable, "link", "stay", "broken", "again"}});
        advance(1s);
    }
    void offer(OfferId id, AgentId of = host) {
        Offer made;
        made.id = id;
        made.framework = batch;
        made.agent = of;
        made.resources = 4_cpus;
        made.expires_in = 30s;
        hear(protocol::Offers{{made}});
    }

    /// The handlers run over what waits, and answer with this.
    void reply(std::vector<OfferReply> offers = {}, std::vector<framework::Request> requests = {}) {
        REQUIRE(!deliveries_.empty());
        framework::AuthorReplied replied;
        replied.delivery = deliveries_.back().delivery;
        replied.offers = std::move(offers);
        replied.requests = std::move(requests);
        step(std::move(replied));
    }
    void launch(OfferId id, std::vector<TaskInfo> tasks) {
        Accept accept;
        accept.offer = id;
        accept.launch = std::move(tasks);
        reply({accept});
    }

    template <class Call>
    [[nodiscard]] std::vector<Call> calls() const {
        std::vector<Call> found;
        for (const protocol::SchedulerCall& call : calls_) {
            if (const auto* match = std::get_if<Call>(&call)) found.push_back(*match);
        }
        return found;
    }
    void forget() {
        calls_.clear();
        deliveries_.clear();
    }
    [[nodiscard]] const std::vector<framework::Deliver>& deliveries() const { return deliveries_; }
    [[nodiscard]] const framework::Framework& machine() const { return machine_; }

    bool ended = false;

private:
    framework::Framework machine_;
    framework::Effects effects_;
    std::vector<protocol::SchedulerCall> calls_;
    std::vector<framework::Deliver> deliveries_;
    Instant now_{1'000'000'000};
    Instant wake_;
};

/// Subscribed, with task t launched and all answered.
Driver with_task() {
    Driver driver;
    driver.subscribe();
    driver.offer(OfferId{1, 1});
    driver.reply();
    driver.launch(OfferId{1, 1}, {make_task("t")});
    driver.forget();
    return driver;
}

}  // namespace

SCENARIO("a status reaches the scheduler once, and is acknowledged as often as it takes",
         "[framework][status]") {
    GIVEN("a task that has ended, seen by the scheduler") {
        Driver driver = with_task();
        driver.hear(protocol::Statuses{{make_status("t", TaskState::killing, 1)}});
        driver.reply();
        driver.hear(protocol::Statuses{{make_status("t", TaskState::killed, 2)}});
        driver.reply();
        REQUIRE(driver.calls<protocol::Acknowledge>().size() == 2);
        driver.forget();

        WHEN("both are told again, because the receipts were lost") {
            driver.hear(protocol::Statuses{
                {make_status("t", TaskState::killing, 1), make_status("t", TaskState::killed, 2)}});
            THEN("the scheduler hears nothing, and both are acknowledged") {
                CHECK(driver.deliveries().empty());
                REQUIRE(driver.calls<protocol::Acknowledge>().size() == 1);
                CHECK(driver.calls<protocol::Acknowledge>()[0].receipts.size() == 2);
            }
        }
        WHEN("its id is used again on the same agent") {
            driver.offer(OfferId{1, 2});
            driver.launch(OfferId{1, 2}, {make_task("t")});
            driver.forget();
            driver.hear(protocol::Statuses{{make_status("t", TaskState::running, 3)}});
            THEN("its statuses are news") { CHECK(driver.deliveries().size() == 1); }
        }
        WHEN("its id is used again on another agent, whose counter is lower") {
            driver.offer(OfferId{1, 2}, AgentId{1, 2});
            driver.launch(OfferId{1, 2}, {make_task("t")});
            driver.forget();
            driver.hear(
                protocol::Statuses{{make_status("t", TaskState::running, 1, AgentId{1, 2})}});
            THEN("its statuses are news") { CHECK(driver.deliveries().size() == 1); }
        }
    }
    GIVEN("a status that the handlers are busy with") {
        Driver driver = with_task();
        driver.hear(protocol::Statuses{{make_status("t", TaskState::running, 1)}});
        WHEN("it is told again") {
            driver.hear(protocol::Statuses{{make_status("t", TaskState::running, 1)}});
            THEN("there is one receipt, once the handlers are done") {
                CHECK(driver.calls<protocol::Acknowledge>().empty());
                driver.reply();
                REQUIRE(driver.calls<protocol::Acknowledge>().size() == 1);
                CHECK(driver.calls<protocol::Acknowledge>()[0].receipts.size() == 1);
                CHECK(driver.deliveries().size() == 1);
            }
        }
    }
    GIVEN("more tasks that have ended than are remembered") {
        Driver driver = with_task();
        protocol::Statuses many;
        for (std::size_t i = 0; i <= limits::tasks_ended_kept_max; ++i) {
            many.statuses.push_back(
                make_status("t" + std::to_string(i), TaskState::finished, i + 1));
        }
        driver.hear(many);
        THEN("the oldest is forgotten, and what still runs is not") {
            const auto& tasks = driver.machine().state().tasks;
            CHECK(tasks.size() == limits::tasks_ended_kept_max + 1);
            CHECK_FALSE(tasks.contains(TaskId{"t0"}));
            CHECK(tasks.contains(TaskId{"t"}));
        }
        THEN("the receipts come in messages that the master takes") {
            driver.reply();
            std::size_t receipts = 0;
            for (const auto& call : driver.calls<protocol::Acknowledge>()) {
                CHECK(call.receipts.size() <= limits::statuses_per_message_max);
                receipts += call.receipts.size();
            }
            CHECK(receipts == many.statuses.size());
        }
    }
}

SCENARIO("a task that breaks a rule is refused alone", "[framework][launch]") {
    TaskInfo silent = make_task("silent");
    silent.command.shell.clear();
    TaskInfo long_named = make_task(std::string(limits::task_id_max + 1, 'x'));
    Driver driver;
    driver.subscribe();
    driver.offer(OfferId{1, 1});
    driver.reply();
    driver.launch(OfferId{1, 1}, {make_task("good"), silent, long_named});
    const auto calls = driver.calls<protocol::Accept>();
    REQUIRE(calls.size() == 1);
    REQUIRE(calls[0].operations.size() == 1);
    const auto& launched = std::get<Launch>(calls[0].operations[0].action).tasks;
    REQUIRE(launched.size() == 1);
    CHECK(launched[0].id == TaskId{"good"});
    const auto& told = driver.deliveries().back().statuses;
    REQUIRE(told.size() == 2);
    for (const TaskStatus& status : told) {
        CHECK(status.state == TaskState::error);
        CHECK(status.reason == StatusReason::task_invalid);
        CHECK_FALSE(status.message.empty());
    }
}

SCENARIO("a scheduler's process that starts again asks for all of its tasks", "[framework]") {
    framework::Options options;
    options.id = batch;
    Driver driver{options};
    driver.subscribe(2);
    REQUIRE(driver.calls<protocol::Subscribe>().size() == 1);
    CHECK(driver.calls<protocol::Subscribe>()[0].id == batch);
    REQUIRE(driver.calls<protocol::Reconcile>().size() == 1);
    CHECK(driver.calls<protocol::Reconcile>()[0].tasks.empty());

    WHEN("it has learned of one, and the connection breaks") {
        driver.hear(protocol::Statuses{{make_status("t", TaskState::running, 0)}});
        driver.reply();
        driver.forget();
        driver.break_link();
        driver.subscribe(3);
        THEN("it asks for that one, and says where it runs") {
            REQUIRE(driver.calls<protocol::Reconcile>().size() == 1);
            REQUIRE(driver.calls<protocol::Reconcile>()[0].tasks.size() == 1);
            CHECK(driver.calls<protocol::Reconcile>()[0].tasks[0].agent == host);
        }
    }
}

SCENARIO("a kill is said again until the task has ended", "[framework][kill]") {
    GIVEN("a kill that was lost with the connection") {
        Driver driver = with_task();
        driver.hear(protocol::Statuses{{make_status("t", TaskState::running, 1)}});
        driver.reply({}, {framework::KillTask{TaskId{"t"}, 2s}});
        CHECK(driver.calls<protocol::Kill>().size() == 1);
        driver.forget();
        driver.break_link();
        driver.subscribe(2);
        REQUIRE(driver.calls<protocol::Kill>().size() == 1);
        CHECK(driver.calls<protocol::Kill>()[0].grace == Duration{2s});

        WHEN("the task is told to run on, since its agent was away") {
            driver.forget();
            TaskStatus status = make_status("t", TaskState::running, 0);
            status.reason = StatusReason::reconciliation;
            driver.hear(protocol::Statuses{{status}});
            THEN("it is said again") { CHECK(driver.calls<protocol::Kill>().size() == 1); }
        }
        WHEN("it has ended") {
            driver.hear(protocol::Statuses{{make_status("t", TaskState::killed, 2)}});
            driver.forget();
            driver.break_link();
            driver.subscribe(3);
            THEN("it is not said any more") { CHECK(driver.calls<protocol::Kill>().empty()); }
        }
    }
}

SCENARIO("a teardown is asked for until it is durable", "[framework]") {
    Driver driver = with_task();
    driver.step(framework::AuthorAsked{{}, {framework::Stop{true}}});
    CHECK(driver.calls<protocol::Teardown>().size() == 1);
    driver.hear(protocol::CallRefused{
        {RefusalCode::unavailable, "framework", "be ended", "the registry takes no writes", ""}});
    CHECK_FALSE(driver.ended);
    driver.advance(15s);
    CHECK(driver.calls<protocol::Teardown>().size() == 2);
    driver.hear(protocol::SubscriptionEnded{
        {RefusalCode::cancelled, "framework", "live on", "torn down", ""}});
    CHECK(driver.ended);
}

SCENARIO("an inverse offer reaches the scheduler", "[framework][drain]") {
    Driver driver = with_task();
    InverseOffer asked;
    asked.id = OfferId{1, 9};
    asked.agent = host;
    driver.hear(protocol::InverseOffers{{asked}});
    REQUIRE(driver.deliveries().size() == 1);
    REQUIRE(driver.deliveries()[0].inverse_offers.size() == 1);
    CHECK(driver.deliveries()[0].inverse_offers[0].agent == host);
}
