// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/gang.hpp>
#include <unit/framework/parts.hpp>

#include <catch2/catch.hpp>

#include <chrono>
#include <set>
#include <string>
#include <variant>
#include <vector>

using namespace offerkit;
using namespace std::chrono_literals;
using offerkit::testing::make_offer;
using offerkit::testing::make_status;
using offerkit::testing::make_task;
using Phase = GangAssembler::Phase;

namespace {

constexpr Instant start{1'000'000'000};

std::vector<TaskInfo> members(int count, const std::string& text = "cpus:1") {
    std::vector<TaskInfo> tasks;
    for (int i = 0; i < count; ++i)
        tasks.push_back(make_task("w" + std::to_string(i), text));
    return tasks;
}

template <class T>
std::size_t count_of(const std::vector<OfferReply>& replies) {
    std::size_t count = 0;
    for (const OfferReply& reply : replies)
        count += std::holds_alternative<T>(reply) ? 1 : 0;
    return count;
}

/// Offers one after the other, and what the gang answered to the last.
struct Story {
    GangAssembler gang;
    Instant now = start;
    std::vector<OfferReply> replies{};
    std::vector<framework::Request> requests{};

    bool offer(std::vector<Offer> offers) {
        Replies out{now};
        const bool launched = gang.on_offers(offers, out);
        take(out);
        return launched;
    }
    void status(const std::string& task, TaskState state) {
        Replies out{now};
        CHECK(gang.on_status(make_status(TaskId{task}, state), out));
        take(out);
    }
    void wake_at(Instant at) {
        now = at;
        Replies out{now};
        gang.on_wake(now, out);
        take(out);
    }
    void take(Replies& out) {
        replies = out.take_offers();
        requests = out.take_requests();
    }
};

}  // namespace

TEST_CASE("offers are held until all members fit, and then all are launched") {
    Story story{GangAssembler{members(3)}};
    CHECK_FALSE(story.offer({make_offer(1, 1, "cpus:1")}));
    CHECK(count_of<Hold>(story.replies) == 1);
    CHECK_FALSE(story.offer({make_offer(2, 2, "cpus:1"), make_offer(3, 3, "cpus:0.5")}));
    CHECK(count_of<Hold>(story.replies) == 1);
    CHECK(count_of<Decline>(story.replies) == 1);  // Of no use to any member.
    CHECK(story.gang.held() == 2);
    CHECK(story.offer({make_offer(4, 4, "cpus:1")}));
    CHECK(count_of<Accept>(story.replies) == 3);
    CHECK(story.gang.held() == 0);
    CHECK(story.gang.phase() == Phase::starting);
    CHECK(story.gang.members() == std::vector{TaskId{"w0.1"}, TaskId{"w1.1"}, TaskId{"w2.1"}});
    CHECK(story.gang.next_wake() == Instant::never());
    for (const char* task : {"w0.1", "w1.1", "w2.1"}) {
        CHECK(story.gang.phase() == Phase::starting);
        story.status(task, TaskState::running);
    }
    CHECK(story.gang.phase() == Phase::running);
    CHECK_FALSE(story.gang.has_ended());
    for (const char* task : {"w0.1", "w1.1", "w2.1"})
        story.status(task, TaskState::finished);
    CHECK(story.gang.has_ended());
}

TEST_CASE("what is held too long is given back, all at once and for longer each time") {
    GangOptions options;
    options.hold_at_most = 10s;
    options.backoff = {8s, 1min};
    Story story{GangAssembler{members(3), options}};
    CHECK_FALSE(story.offer({make_offer(1, 1, "cpus:1")}));
    story.now = start + 4s;
    CHECK_FALSE(story.offer({make_offer(2, 2, "cpus:1")}));
    CHECK(story.gang.next_wake() == start + 10s);
    story.wake_at(start + 9s);
    CHECK(story.replies.empty());
    story.wake_at(start + 10s);
    REQUIRE(count_of<Decline>(story.replies) == 2);
    const auto& first = std::get<Decline>(story.replies[0]);
    CHECK(first.reason == DeclineReason::gang);
    CHECK(first.detail == "2 offers held, not enough for all 3 members");
    const Duration first_pause = first.refuse_for;
    CHECK(first_pause >= 4s);
    CHECK(first_pause <= 8s);
    CHECK(story.gang.held() == 0);
    CHECK_FALSE(story.offer({make_offer(3, 1, "cpus:1")}));
    CHECK(std::get<Decline>(story.replies.at(0)).refuse_for == first_pause);
    story.now = story.now + first_pause;
    CHECK_FALSE(story.offer({make_offer(4, 1, "cpus:1")}));
    story.wake_at(story.gang.next_wake());
    CHECK(std::get<Decline>(story.replies.at(0)).refuse_for >= 8s);
}

TEST_CASE("an offer is given back before it expires by itself") {
    Story story{GangAssembler{members(2)}};
    Offer brief = make_offer(1, 1, "cpus:1");
    brief.expires_in = 8s;
    CHECK_FALSE(story.offer({brief}));
    CHECK(story.gang.next_wake() == start + 7s);
}

TEST_CASE("offers that are gone are not counted on") {
    Story story{GangAssembler{members(2)}};
    CHECK_FALSE(story.offer({make_offer(1, 1, "cpus:1")}));
    story.gang.on_rescind(OfferId{1, 1});
    CHECK_FALSE(story.offer({make_offer(2, 2, "cpus:1")}));
    story.gang.on_disconnected();
    CHECK_FALSE(story.offer({make_offer(3, 3, "cpus:1")}));
    CHECK(story.offer({make_offer(4, 4, "cpus:1")}));
    REQUIRE(count_of<Accept>(story.replies) == 2);
    CHECK(std::get<Accept>(story.replies[0]).offer == OfferId{1, 3});
}

TEST_CASE("a member that does not start takes the others with it, and all begin anew") {
    GangOptions options;
    options.backoff = {4s, 1min};
    Story story{GangAssembler{members(3), options}};
    REQUIRE(story.offer({make_offer(1, 1, "cpus:3")}));
    story.status("w0.1", TaskState::running);
    story.status("w1.1", TaskState::dropped);
    CHECK(story.gang.phase() == Phase::breaking);
    REQUIRE(story.requests.size() == 2);
    CHECK(std::get<framework::KillTask>(story.requests[0]).task == TaskId{"w0.1"});
    CHECK(std::get<framework::KillTask>(story.requests[1]).task == TaskId{"w2.1"});
    CHECK_FALSE(story.offer({make_offer(2, 1, "cpus:3")}));
    story.status("w2.1", TaskState::running);
    story.status("w2.1", TaskState::killed);
    CHECK(story.gang.phase() == Phase::breaking);
    story.status("w0.1", TaskState::killed);
    CHECK(story.gang.phase() == Phase::assembling);

    CHECK_FALSE(story.offer({make_offer(3, 1, "cpus:3")}));  // After a failure, not at once.
    CHECK(std::get<Decline>(story.replies.at(0)).reason == DeclineReason::delay);
    story.now = story.now + 4s;
    CHECK(story.offer({make_offer(4, 1, "cpus:3")}));
    CHECK(story.gang.launches() == 2);
    CHECK(story.gang.members().front() == TaskId{"w0.2"});
    Replies out{story.now};
    CHECK_FALSE(story.gang.on_status(make_status(TaskId{"w0.1"}, TaskState::failed), out));
    CHECK(story.gang.phase() == Phase::starting);
}

TEST_CASE("a gang does not wait for members that the master has given up on") {
    const TaskState over = GENERATE(TaskState::unknown, TaskState::gone_by_operator);
    GangOptions options;
    options.backoff = {4s, 1min};
    Story story{GangAssembler{members(2), options}};
    REQUIRE(story.offer({make_offer(1, 1, "cpus:2")}));
    story.status("w0.1", over);
    CHECK(story.gang.phase() == Phase::breaking);
    story.status("w1.1", over);
    CHECK(story.gang.phase() == Phase::assembling);
}

TEST_CASE("a running gang is its scheduler's, which may have it begin anew") {
    Story story{GangAssembler{members(2)}};
    REQUIRE(story.offer({make_offer(1, 1, "cpus:2")}));
    story.status("w0.1", TaskState::running);
    story.status("w1.1", TaskState::running);
    story.status("w1.1", TaskState::failed);
    CHECK(story.gang.phase() == Phase::running);
    CHECK(story.requests.empty());
    Replies out{story.now};
    story.gang.restart(out);
    CHECK(out.take_requests().size() == 1);
    story.status("w0.1", TaskState::killed);
    CHECK(story.gang.phase() == Phase::assembling);
}

TEST_CASE("members that must stand apart are held for that too") {
    Story story{GangAssembler{members(2), {}, Constraints{{constraint::AtMost{"@hostname", 1}}}}};
    CHECK_FALSE(story.offer({make_offer(1, 1, "cpus:9")}));
    CHECK(story.offer({make_offer(2, 2, "cpus:9")}));
    CHECK(count_of<Accept>(story.replies) == 2);
}

// Two gangs that each need all of the cluster: one of them runs, then the other.
TEST_CASE("gangs that block each other both run") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        GangOptions options;
        options.hold_at_most = 5s;
        std::vector<Story> gangs;
        for (std::uint64_t i = 0; i < 2; ++i)
            gangs.push_back({GangAssembler{members(4), options, {}, Rng{seed * 2 + i}}});
        // Four agents of one cpu; each second those that are free are offered to one that does not
        // refuse them.
        struct Agent {
            int owner = -1;
            Instant until[2] = {};
        };
        std::vector<Agent> agents(4);
        std::set<std::size_t> ran;
        std::uint64_t number = 0;
        Rng rng{seed};
        for (Instant now = start; now < start + 600s && ran.size() < 2; now = now + 1s) {
            for (std::size_t g = 0; g < 2; ++g) {
                Story& story = gangs[g];
                story.now = now;
                if (story.gang.next_wake() > now) continue;
                story.wake_at(now);
                for (Agent& agent : agents) {
                    if (agent.owner != static_cast<int>(g)) continue;
                    agent.owner = -1;
                    agent.until[g] = now + std::get<Decline>(story.replies.at(0)).refuse_for;
                }
            }
            for (std::size_t a = 0; a < agents.size(); ++a) {
                const std::size_t g = rng.below(2);  // Both are as good.
                if (agents[a].owner >= 0 || agents[a].until[g] > now || ran.contains(g)) continue;
                const bool launched = gangs[g].offer({make_offer(++number, a, "cpus:1")});
                if (const auto* declined = std::get_if<Decline>(&gangs[g].replies.at(0))) {
                    agents[a].until[g] = now + declined->refuse_for;
                    continue;
                }
                agents[a].owner = static_cast<int>(g);
                if (!launched) continue;
                ran.insert(g);
                for (Agent& agent : agents)
                    agent.owner = -1;  // It has run and ended.
            }
        }
        INFO("seed " << seed);
        CHECK(ran.size() == 2);
    }
}
