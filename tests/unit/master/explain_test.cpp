// SPDX-License-Identifier: Apache-2.0
#include <offerkit/master/explain.hpp>
#include <offerkit/resources/text.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace offerkit;
using namespace offerkit::master;

namespace {

constexpr FrameworkId asker{1, 1};
constexpr FrameworkId other{1, 2};

Resources res(const char* text) { return parse_resources(text).value(); }

/// A read model that is told what a test wants it to know, a second at a time.
class Told {
public:
    Told() {
        framework(asker, "asker");
        framework(other, "other");
    }

    void framework(FrameworkId id, const char* name) {
        FrameworkPut put;
        put.id = id;
        put.info.name = name;
        put.info.roles = {Role{}};
        put.at = tick();
        model.apply(put);
    }

    AgentId agent(const char* resources, AgentCondition condition = AgentCondition::active) {
        AgentPut put;
        put.id = AgentId{1, ++agents_};
        put.info.resources = res(resources);
        put.condition = condition;
        put.at = tick();
        model.apply(put);
        return put.id;
    }

    void use(AgentId agent, const char* used, const char* offered = "") {
        model.apply(AgentUsagePut{agent, res(used), res(offered)});
    }

    void offer(FrameworkId to, AgentId agent, const char* resources) {
        OfferPut put;
        put.offer.id = OfferId{1, ++offers_};
        put.offer.framework = to;
        put.offer.agent = agent;
        put.offer.resources = res(resources);
        put.at = tick();
        model.apply(put);
    }

    void filter(AgentId agent, const char* refused, WallTime until) {
        model.apply(FilterPut{asker, Role{}, agent, res(refused), tick(), until,
                              DeclineReason::constraint, "not there"});
    }

    void count(NoOfferReason reason) {
        ReasonsPut put{asker, Role{}, {}, {}, tick()};
        put.not_offered[static_cast<std::size_t>(reason)] = ++counted_;
        model.apply(put);
    }

    [[nodiscard]] RoleWait ask(const char* wanted = "") const {
        std::vector<Resources> shapes;
        if (*wanted != '\0') shapes.push_back(res(wanted));
        return explain(model, model.frameworks().at(asker), Role{}, std::move(shapes), now);
    }

    /// "in_use 2, draining 1"
    [[nodiscard]] std::string causes(const char* wanted = "") const {
        std::string text;
        for (const Wait& wait : ask(wanted).causes) {
            text += (text.empty() ? "" : ", ") + std::string(format_wait_cause(wait.cause)) + " " +
                    std::to_string(wait.agents.size());
        }
        return text;
    }

    WallTime tick() {
        now.ns += 1'000'000'000;
        return now;
    }

    ReadModel model{{.ended_tasks = 10, .notes = 10, .filters = 2}};
    WallTime now;

private:
    std::uint64_t agents_ = 0;
    std::uint64_t offers_ = 0;
    std::uint64_t counted_ = 0;
};

}  // namespace

TEST_CASE("each agent is under one cause, and what agents can never give comes last") {
    Told told;
    CHECK(told.causes() == "no_agents 0");
    (void)told.agent("cpus:1;mem:64", AgentCondition::draining);
    (void)told.agent("cpus:1;mem:64", AgentCondition::recovering);
    (void)told.agent("cpus:1;mem:64", AgentCondition::disconnected);
    CHECK(told.causes() == "unreachable 2, draining 1");
    const AgentId full = told.agent("cpus:2;mem:64");
    told.use(full, "cpus:2;mem:32");
    CHECK(told.causes() == "in_use 1, unreachable 2, draining 1");
    CHECK(told.causes("cpus:4") == "unreachable 2, draining 1, does_not_fit 1");
    const Wait unfit = told.ask("cpus:4").causes.back();
    CHECK(unfit.agents.at(0).kind == "cpus");
    CHECK(unfit.agents.at(0).needed == 4000);
    CHECK(unfit.agents.at(0).there == 2000);
}

TEST_CASE(
    "a filter is the cause while it holds, and as long as there is no more than was refused") {
    Told told;
    const AgentId agent = told.agent("cpus:4;mem:64");
    told.use(agent, "cpus:2");
    told.filter(agent, "cpus:2;mem:64", never_expires);
    CHECK(told.causes() == "declined 1");
    CHECK(told.ask().causes[0].agents[0].detail == "not there");
    told.use(agent, "cpus:1");
    CHECK(told.causes() == "available 1");
    told.filter(agent, "cpus:4;mem:64", WallTime{told.now.ns + 3'000'000'000});
    CHECK(told.causes() == "declined 1");
    told.tick();
    told.tick();
    CHECK(told.causes() == "available 1");
    told.filter(agent, "cpus:4;mem:64", never_expires);
    told.model.apply(FiltersCleared{asker, Role{}});
    CHECK(told.causes() == "available 1");
}

TEST_CASE("of filters the latest are known, and how many are not is said") {
    Told told;
    for (int i = 0; i < 3; ++i)
        told.filter(told.agent("cpus:1;mem:64"), "cpus:1;mem:64", never_expires);
    CHECK(told.causes() == "declined 2, available 1");
    CHECK(told.model.filters_dropped() == 1);
    told.model.apply(FrameworkRemoved{asker, "over", told.tick()});
    told.framework(asker, "again");
    CHECK(told.causes() == "available 3");
}

TEST_CASE("offers are named with who holds them") {
    Told told;
    const AgentId mine = told.agent("cpus:1;mem:64");
    const AgentId theirs = told.agent("cpus:1;mem:64");
    told.use(mine, "", "cpus:1;mem:64");
    told.use(theirs, "", "cpus:1;mem:64");
    told.offer(asker, mine, "cpus:1;mem:64");
    told.offer(other, theirs, "cpus:1;mem:64");
    CHECK(told.causes() == "on_offer 1, offered_to_other 1");
    CHECK(told.ask().causes[1].agents[0].others == std::vector<FrameworkId>{other});
}

TEST_CASE("what the allocator counted is a cause until the next offer") {
    Told told;
    const AgentId agent = told.agent("cpus:1;mem:64");
    told.count(NoOfferReason::headroom);
    CHECK(told.causes() == "headroom 1");
    told.count(NoOfferReason::reserved);
    CHECK(told.causes() == "reserved 1");
    told.offer(asker, agent, "cpus:1;mem:64");
    told.model.apply(OfferRemoved{OfferId{1, 1}, OfferEnd::rescinded, {}});
    CHECK(told.causes() == "available 1");
}

TEST_CASE("a limit counts what the whole subtree has, and what is wanted") {
    Told told;
    const AgentId agent = told.agent("cpus:8;mem:64");
    RolePut role;
    role.config.quota.limits = {{"cpus", 2000}};
    told.model.apply(role);
    CHECK(told.causes() == "available 1");
    TaskPut task{other, TaskId{"t"}, "", agent, Role{}, res("cpus:1"), TaskState::running, {}};
    told.model.apply(task);
    CHECK(told.causes("cpus:1") == "available 1");
    CHECK(told.causes("cpus:2") == "quota_limit 0, available 1");
    const Wait wait = told.ask("cpus:2").causes[0];
    CHECK((wait.limit == 2000 && wait.used == 1000 && wait.kind == "cpus"));
}

TEST_CASE("what becomes of an agent is the cause of what becomes of its tasks") {
    Told told;
    const AgentId agent = told.agent("cpus:1;mem:64");
    const TaskId id{"t"};
    told.model.apply(
        TaskPut{asker, id, "", agent, Role{}, res("cpus:1"), TaskState::staging, told.tick()});
    const auto last = [&] { return told.model.events().events().back(); };
    const std::uint64_t launch = last().id;
    CHECK(last().cause == launch);
    told.model.apply(TaskChanged{asker, id, TaskState::running, {}, "", {}, "", told.tick()});
    CHECK(last().cause == launch);
    told.model.apply(TaskChanged{
        asker, id, TaskState::gone, StatusReason::agent_removed, "", {}, "", told.tick()});
    const Notable gone = last();
    CHECK(gone.cause == launch + 2);  // The agent loses its tasks; then they are told.
    told.model.apply(AgentRemoved{agent, "it has left", told.tick()});
    CHECK(last().cause == gone.cause);
    CHECK(last().what == "removed");
}

TEST_CASE("the ring drops its oldest events and says how many") {
    NotableRing ring{3};
    for (int i = 0; i < 5; ++i)
        ring.add(NotableKind::note, {}, "noted", std::to_string(i));
    CHECK(ring.dropped() == 2);
    CHECK(ring.events().front().id == 3);
    CHECK(ring.events().back().text == "4");
}
