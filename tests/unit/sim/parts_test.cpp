// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/sim/network.hpp>
#include <offerkit/sim/process.hpp>
#include <offerkit/sim/queue.hpp>
#include <offerkit/sim/store.hpp>

#include <array>
#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
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

struct Numbers {
    std::vector<int> all;
};
void append(Numbers& numbers, const int& number) { numbers.all.push_back(number); }
using NumberStore = sim::ModelledStore<Numbers, int, &append>;

}  // namespace

TEST_CASE("writes become durable in their order", "[sim][store]") {
    NumberStore store;
    for (int i = 1; i <= 4; ++i)
        store.ask(static_cast<std::uint64_t>(i), i);
    store.complete(2);
    CHECK(store.durable().all == std::vector{1, 2});
    store.begin_failure(3);
    store.ask(5, 5);
    CHECK_FALSE(store.works());
    CHECK(store.end_failure() == 5);
    CHECK(store.durable().all == std::vector{1, 2});
    store.ask(6, 6);
    store.complete(6);
    CHECK(store.durable().all == std::vector{1, 2, 6});
    CHECK(store.works());
}

TEST_CASE("a crash tears a group of writes at any place, and never out of order", "[sim][store]") {
    Rng rng{11};
    std::array<int, 4> kept{};
    int torn = 0;
    for (int run = 0; run < 400; ++run) {
        NumberStore store;
        for (int i = 1; i <= 3; ++i)
            store.ask(static_cast<std::uint64_t>(i), i);
        torn += store.crash(rng) ? 1 : 0;
        const std::vector<int>& all = store.durable().all;
        for (std::size_t i = 0; i < all.size(); ++i)
            REQUIRE(all[i] == static_cast<int>(i) + 1);
        ++kept[all.size()];
    }
    CHECK(torn == kept[1] + kept[2]);
    for (const int each : kept)
        CHECK(each > 50);
}
