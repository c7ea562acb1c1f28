// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/packer.hpp>
#include <unit/framework/parts.hpp>

#include <catch2/catch.hpp>

#include <map>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace offerkit;
using offerkit::testing::make_offer;
using offerkit::testing::make_task;
using offerkit::testing::resources;

namespace {

std::vector<OfferReply> answers(Packer& packer) {
    Replies replies;
    packer.answer(replies);
    return replies.take_offers();
}

const Accept& accept(const OfferReply& reply) { return std::get<Accept>(reply); }
const Decline& decline(const OfferReply& reply) { return std::get<Decline>(reply); }

}  // namespace

TEST_CASE("first fit takes the first agent with room, best fit the fullest") {
    const std::vector<Offer> offers{make_offer(1, 1, "cpus:8;mem:8192"),
                                    make_offer(2, 2, "cpus:2;mem:2048")};
    Packer first{offers, Fit::first};
    CHECK(first.place(make_task("t", "cpus:1;mem:512"))->id == OfferId{1, 1});
    Packer best{offers, Fit::best};
    CHECK(best.place(make_task("t", "cpus:1;mem:512"))->id == OfferId{1, 2});
    CHECK(best.place(make_task("u", "cpus:4;mem:512"))->id == OfferId{1, 1});
    CHECK(best.place(make_task("v", "cpus:5;mem:512")) == nullptr);
    CHECK(best.placed() == 2);
}

TEST_CASE("best fit weighs each kind by how much of it there is") {
    // Little memory is left on the first, few cpus on the second; memory is what is scarce.
    const std::vector<Offer> offers{make_offer(1, 1, "cpus:60;mem:1024"),
                                    make_offer(2, 2, "cpus:40;mem:3072")};
    Packer packer{offers, Fit::best};
    CHECK(packer.place(make_task("t", "cpus:1;mem:512"))->id == OfferId{1, 1});
}

TEST_CASE("offers of one agent and role are one place, and one accept") {
    std::vector<Offer> offers{make_offer(1, 1, "cpus:1"), make_offer(2, 1, "cpus:2"),
                              make_offer(3, 1, "cpus:4")};
    offers[2].role = Role::parse("other").value();
    Packer packer{offers};
    REQUIRE(packer.place(make_task("t", "cpus:3")));
    CHECK(packer.is_used(OfferId{1, 2}));
    CHECK(packer.is_used(OfferId{1, 3}) == false);
    const auto replies = answers(packer);
    REQUIRE(replies.size() == 2);
    CHECK(accept(replies[0]).offer == OfferId{1, 1});
    CHECK(accept(replies[0]).more_offers == std::vector<OfferId>{{1, 2}});
    REQUIRE(accept(replies[0]).launch.size() == 1);
    CHECK(decline(replies[1]).offer == OfferId{1, 3});
}

TEST_CASE("several shapes go where they fit, the largest first") {
    const std::vector<Offer> offers{make_offer(1, 1, "cpus:4;mem:4096"),
                                    make_offer(2, 2, "cpus:4;mem:4096")};
    Packer packer{offers};
    const auto rest = packer.place_all(
        {make_task("small", "cpus:1;mem:128"), make_task("huge", "cpus:5;mem:128"),
         make_task("large", "cpus:4;mem:128"), make_task("middle", "cpus:3;mem:128")});
    REQUIRE(rest.size() == 1);
    CHECK(rest[0].id == TaskId{"huge"});
    const auto replies = answers(packer);
    CHECK(accept(replies[0]).launch.size() == 1);
    CHECK(accept(replies[1]).launch.size() == 2);
}

TEST_CASE("a decline says why: no work, too small, or the constraint") {
    const std::vector<Offer> offers{make_offer(1, 1, "cpus:4"), make_offer(2, 2, "cpus:1")};
    Packer idle{offers};
    for (const OfferReply& reply : answers(idle))
        CHECK(decline(reply).reason == DeclineReason::no_work);

    Packer packer{offers};
    Constraints only{{constraint::Equals{"@hostname", "host-9"}}};
    CHECK(packer.place(make_task("t", "cpus:2"), only) == nullptr);
    const auto replies = answers(packer);
    CHECK(decline(replies[0]).reason == DeclineReason::constraint);
    CHECK(decline(replies[0]).detail == "@hostname is host-1, want host-9");
    CHECK(decline(replies[1]).reason == DeclineReason::too_small);
    CHECK(decline(replies[1]).detail.empty());
}

TEST_CASE("constraints count what the packer places, and nothing of a gang that does not fit") {
    const std::vector<Offer> offers{make_offer(1, 1, "cpus:4"), make_offer(2, 2, "cpus:4")};
    Constraints apart{{constraint::AtMost{"@hostname", 1}}};
    Packer packer{offers};
    CHECK_FALSE(packer.place_together(
        {make_task("a", "cpus:1"), make_task("b", "cpus:1"), make_task("c", "cpus:1")}, apart));
    CHECK(packer.placed() == 0);
    CHECK(apart.placed() == 0);
    CHECK(packer.place_together({make_task("a", "cpus:1"), make_task("b", "cpus:1")}, apart));
    CHECK(packer.placed() == 2);
    CHECK(apart.placed() == 2);
    CHECK(packer.place(make_task("c", "cpus:1"), apart) == nullptr);
    const auto replies = answers(packer);
    CHECK(accept(replies[0]).launch.size() == 1);
    CHECK(accept(replies[1]).launch.size() == 1);
}

TEST_CASE("ports and an author's own kind are packed too") {
    const std::vector<Offer> offers{make_offer(1, 1, "cpus:4;ports:[80-81];licenses:1")};
    Packer packer{offers};
    CHECK(packer.place(make_task("a", "cpus:1;ports:[80-80];licenses:1")));
    CHECK_FALSE(packer.place(make_task("b", "cpus:1;ports:[80-80]")));
    CHECK_FALSE(packer.place(make_task("c", "cpus:1;licenses:1")));
    CHECK(packer.place(make_task("d", "cpus:1;ports:[81-81]")));
}

// Whatever comes: no agent is given more than it offered, every offer is answered exactly once, and
// every task is either launched once or handed back.
TEST_CASE("a packer conserves tasks, offers and resources") {
    Rng rng{17};
    for (int round = 0; round < 300; ++round) {
        std::vector<Offer> offers;
        std::map<AgentId, Resources> offered;
        for (std::uint64_t number = 1 + rng.below(8); number > 0; --number) {
            const std::string text = "cpus:" + std::to_string(1 + rng.below(8)) +
                                     ";mem:" + std::to_string(64 * (1 + rng.below(8)));
            offers.push_back(make_offer(number, rng.below(4), text));
            offered[offers.back().agent] += offers.back().resources;
        }
        std::vector<TaskInfo> tasks;
        for (std::uint64_t number = rng.below(20); number > 0; --number) {
            const std::string text = "cpus:" + std::to_string(1 + rng.below(5)) +
                                     ";mem:" + std::to_string(32 * (1 + rng.below(8)));
            tasks.push_back(make_task(std::to_string(number), text));
        }
        Packer packer{offers, rng.chance(1, 2) ? Fit::best : Fit::first};
        const auto rest = packer.place_all(tasks);
        std::set<OfferId> answered;
        std::set<TaskId> seen;
        for (const TaskInfo& task : rest)
            REQUIRE(seen.insert(task.id).second);
        for (const OfferReply& reply : answers(packer)) {
            if (const auto* declined = std::get_if<Decline>(&reply)) {
                REQUIRE(answered.insert(declined->offer).second);
                continue;
            }
            REQUIRE(answered.insert(accept(reply).offer).second);
            AgentId agent;
            for (const Offer& offer : offers) {
                if (offer.id == accept(reply).offer) agent = offer.agent;
            }
            for (const OfferId more : accept(reply).more_offers)
                REQUIRE(answered.insert(more).second);
            Resources used;
            for (const TaskInfo& task : accept(reply).launch) {
                REQUIRE(seen.insert(task.id).second);
                used += task.resources;
            }
            REQUIRE(offered[agent].contains(used));
            for (const TaskInfo& task : rest)  // First fit means: nothing left over still fits.
                REQUIRE_FALSE((offered[agent] - used).contains(task.resources));
        }
        REQUIRE(answered.size() == offers.size());
        REQUIRE(seen.size() == tasks.size());
    }
}
