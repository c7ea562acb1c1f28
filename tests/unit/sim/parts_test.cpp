// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/sim/checker.hpp>
#include <offerkit/sim/network.hpp>
#include <offerkit/sim/process.hpp>
#include <offerkit/sim/queue.hpp>

using namespace offerkit;
using namespace offerkit::literals;
using namespace std::chrono_literals;

TEST_CASE("what happens at the same time happens in the order it was asked for", "[sim][queue]") {
    sim::Queue queue;
    for (const auto& [at, slot] : {std::pair{5, 0U}, {3, 1U}, {5, 2U}, {3, 3U}, {4, 4U}}) {
        sim::Item item;
        item.at = Instant{at};
        item.slot = slot;
        item.counts = slot != 4;
        queue.push(item);
    }
    CHECK(queue.counting() == 4);
    std::vector<std::uint32_t> order;
    while (!queue.is_empty())
        order.push_back(queue.pop().slot);
    CHECK(order == std::vector<std::uint32_t>{1, 3, 4, 0, 2});
    CHECK(queue.counting() == 0);
    CHECK(queue.next_at() == Instant::never());
}

TEST_CASE("a delay stays within its bounds, but for its spikes", "[sim][network]") {
    Rng rng{5};
    const sim::Delay plain{2ms, 4ms};
    const sim::Delay spiky{2ms, 4ms, 100, 1s};
    int spikes = 0;
    for (int i = 0; i < 1000; ++i) {
        const Duration drawn = plain.draw(rng);
        CHECK((drawn >= 2ms && drawn <= 4ms));
        spikes += spiky.draw(rng) >= 1s ? 1 : 0;
    }
    CHECK((spikes > 50 && spikes < 200));
}

TEST_CASE("messages of one connection keep their order unless they are to be reordered",
          "[sim][network]") {
    Rng rng{6};
    sim::NetworkOptions options;
    Instant last;
    Instant before;
    for (int i = 0; i < 1000; ++i) {
        const auto passage = sim::draw_passage(options, rng, Instant{i * 10'000}, last);
        CHECK(passage.arrives >= before);
        CHECK_FALSE((passage.breaks || passage.dropped || passage.repeated));
        before = passage.arrives;
    }
    options.reorders = 500;
    bool overtaken = false;
    for (int i = 0; i < 1000; ++i) {
        const auto passage = sim::draw_passage(options, rng, Instant{i * 10'000}, last);
        overtaken = overtaken || passage.arrives < before;
        before = passage.arrives;
    }
    CHECK(overtaken);
}

TEST_CASE("connections are forgotten once both ends are closed", "[sim][network]") {
    sim::Connections connections;
    const auto first = connections.open(sim::agent_link(0), 0, 0);
    const auto second = connections.open(sim::framework_link(0), 0, 0);
    CHECK(first == 1);
    CHECK(second == 2);
    connections.find(first)->client_open = false;
    CHECK(connections.open(sim::agent_link(1), 0, 0) == 3);
    CHECK(connections.find(first) == nullptr);
    CHECK(connections.find(second)->link == sim::framework_link(0));
    CHECK(connections.find(0) == nullptr);
    CHECK(connections.find(4) == nullptr);
    CHECK(sim::Connections::number_of(sim::Connections::peer_of(3)) == 3);
}

TEST_CASE("commands that say what they do are believed", "[sim][process]") {
    const auto plan = [](std::vector<std::string> argv) { return sim::read_plan(argv); };
    CHECK(plan({"true"})->code == 0);
    CHECK(plan({"/bin/sh", "-c", "false"})->code == 1);
    CHECK(plan({"/bin/sh", "-c", "exit 3"})->code == 3);
    CHECK(plan({"sleep", "1.5"})->run_time == 1500ms);
    CHECK(plan({"/bin/sh", "-c", "sleep infinity"})->run_time == Duration::max());
    CHECK_FALSE(plan({"sleep", "-1"}));
    CHECK_FALSE(plan({"exit", "256"}));
    CHECK_FALSE(plan({"/bin/sh", "-c", "make all"}));
    CHECK_FALSE(plan({}));
}

TEST_CASE("other commands run for a drawn time", "[sim][process]") {
    Rng rng{7};
    sim::ProcessOptions options;
    options.run_time = {2s, 3s};
    options.fails = 1000;
    const sim::ProcessPlan plan = sim::draw_plan(options, rng, {"make", "all"});
    CHECK((plan.run_time >= 2s && plan.run_time <= 3s));
    CHECK(plan.code == 1);
    CHECK(plan.starts);
}

namespace {

const AgentId node{1, 1};
const FrameworkId owner{1, 2};

std::vector<master::Delta> agent_put() {
    AgentInfo info;
    info.resources = 4_cpus + 1_GiB;
    return {master::AgentPut{node, info, {}, {}, {}, {}}};
}

master::OfferPut offer_put(std::uint64_t number, Resources resources) {
    Offer offer;
    offer.id = OfferId{1, number};
    offer.agent = node;
    offer.framework = owner;
    offer.resources = std::move(resources);
    return {std::move(offer), {}};
}

}  // namespace

TEST_CASE("the checker is content with an account that adds up", "[sim][checker]") {
    sim::Checker checker;
    checker.look_at_master(agent_put(), Instant{1});
    checker.look_at_master({offer_put(1, 4_cpus), master::AgentUsagePut{node, {}, 4_cpus}},
                           Instant{2});
    checker.look_at_master({master::OfferRemoved{OfferId{1, 1}, {}, {}},
                            master::TaskPut{owner, TaskId{"t"}, "t", node, {}, 1_cpus, {}, {}},
                            master::AgentUsagePut{node, 1_cpus, {}}},
                           Instant{3});
    checker.look_at_master(
        {master::TaskChanged{owner, TaskId{"t"}, TaskState::finished, {}, {}, {}, {}, {}},
         master::AgentUsagePut{node, {}, {}}, master::FrameworkRemoved{owner, "done"},
         master::AgentRemoved{node, "done"}},
        Instant{4});
    CHECK(checker.violations().empty());
}

TEST_CASE("the checker notices what does not add up", "[sim][checker]") {
    sim::Checker checker;
    checker.look_at_master(agent_put(), Instant{1});
    const auto complaint = [&]() -> std::string {
        return checker.violations().empty() ? "none" : checker.violations().back();
    };

    SECTION("an offer of more than there is") {
        checker.look_at_master({offer_put(1, 5_cpus), master::AgentUsagePut{node, {}, 5_cpus}},
                               Instant{2});
        CHECK_THAT(complaint(), Catch::Contains("used and offered together is cpus:5"));
    }
    SECTION("an offer that is not in the agent's account") {
        checker.look_at_master({offer_put(1, 1_cpus)}, Instant{2});
        CHECK_THAT(complaint(), Catch::Contains("offered is"));
    }
    SECTION("an offer that ends twice") {
        checker.look_at_master({master::OfferRemoved{OfferId{1, 1}, {}, {}}}, Instant{2});
        CHECK_THAT(complaint(), Catch::Contains("was not outstanding"));
    }
    SECTION("an agent that is removed with an offer left") {
        checker.look_at_master({offer_put(1, 1_cpus), master::AgentRemoved{node, "gone"}},
                               Instant{2});
        CHECK_THAT(complaint(), Catch::Contains("1 offers left"));
    }
    SECTION("a framework that is removed with a task left") {
        checker.look_at_master(
            {master::TaskPut{owner, TaskId{"t"}, "t", node, {}, 1_cpus, {}, {}},
             master::AgentUsagePut{node, 1_cpus, {}}, master::FrameworkRemoved{owner, "gone"}},
            Instant{2});
        CHECK_THAT(complaint(), Catch::Contains("with task t left"));
    }
    SECTION("a task that is started twice") {
        const executor::ProcessKey key{owner, TaskId{"t"}};
        checker.process_started(0, key, 1_cpus, 4_cpus, Instant{2});
        checker.process_ended(0, key);
        CHECK(checker.violations().empty());
        checker.process_started(1, key, 1_cpus, 4_cpus, Instant{3});
        CHECK_THAT(complaint(), Catch::Contains("was started twice"));
    }
    SECTION("more processes than fit") {
        checker.process_started(0, {owner, TaskId{"t"}}, 3_cpus, 4_cpus, Instant{2});
        checker.process_started(0, {owner, TaskId{"u"}}, 3_cpus, 4_cpus, Instant{3});
        CHECK_THAT(complaint(), Catch::Contains("runs cpus:6 and has cpus:4"));
    }
    SECTION("a task that lives again") {
        framework::Deliver delivery;
        TaskStatus status;
        status.task = TaskId{"t"};
        for (const TaskState state :
             {TaskState::running, TaskState::finished, TaskState::finished, TaskState::unknown}) {
            status.state = state;
            delivery.statuses.push_back(status);
        }
        checker.look_at_delivery(0, delivery, Instant{2});
        CHECK(checker.violations().empty());
        delivery.statuses.resize(1);
        checker.look_at_delivery(0, delivery, Instant{3});
        CHECK_THAT(complaint(), Catch::Contains("had ended finished and is now told running"));
    }
    SECTION("a task whose life is told again because nobody acknowledged it: nothing") {
        framework::Deliver delivery;
        TaskStatus status;
        status.task = TaskId{"t"};
        status.agent = node;
        for (const TaskState state : {TaskState::running, TaskState::finished}) {
            status.state = state;
            status.id = StatusId{1, delivery.statuses.size() + 1};
            delivery.statuses.push_back(status);
        }
        checker.look_at_delivery(0, delivery, Instant{2});
        checker.look_at_delivery(0, delivery, Instant{3});
        CHECK(checker.violations().empty());
    }
}
