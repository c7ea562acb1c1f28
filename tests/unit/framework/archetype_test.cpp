// SPDX-License-Identifier: Apache-2.0
// The least that a scheduler, a state store may be: what they promise and nothing else. Whatever
// compiles here asks for no more than the concepts say.
#include <offerkit/framework/deliver.hpp>
#include <offerkit/framework/state_store.hpp>
#include <unit/framework/parts.hpp>

#include <catch2/catch.hpp>

#include <string>
#include <vector>

using namespace offerkit;
using offerkit::testing::make_offer;
using offerkit::testing::make_status;

namespace {

/// Neither made, copied, moved nor compared by anybody but its owner.
struct Unwieldy {
    explicit Unwieldy(int) {}
    Unwieldy(const Unwieldy&) = delete;
    Unwieldy& operator=(const Unwieldy&) = delete;
    bool operator&() const = delete;
};

struct ConvertibleReply {
    OfferId offer;
    operator OfferReply() const { return Decline{offer}; }
};

struct OneByOne : Unwieldy {
    using Unwieldy::Unwieldy;
    ConvertibleReply on_offer(const Offer& offer) { return {offer.id}; }
    void on_status(const TaskStatus& status) { heard.push_back(status.task.text()); }
    std::vector<std::string> heard{};
};
static_assert(Scheduler<OneByOne> && check_scheduler<OneByOne>());

struct Together : Unwieldy {
    using Unwieldy::Unwieldy;
    int on_offers(std::span<const Offer> offers,
                  Replies& replies) {  // Its result is not looked at.
        for (const Offer& offer : offers)
            replies.hold({offer.id});
        return 7;
    }
    void on_status(const TaskStatus&, Replies& replies) { replies.revive(); }
};
static_assert(Scheduler<Together> && check_scheduler<Together>());

struct NoOffers : Unwieldy {
    void on_status(const TaskStatus&) {}
};
struct NoStatuses : Unwieldy {
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
};
static_assert(!Scheduler<NoOffers> && !Scheduler<NoStatuses> && !Scheduler<int>);

/// Says of every key that it holds nothing.
struct Forgetful : Unwieldy {
    using Unwieldy::Unwieldy;
    Result<void> put(std::string_view, const Bytes&) { return {}; }
    Result<std::optional<Bytes>> find(std::string_view) const { return std::optional<Bytes>{}; }
    Result<void> erase(std::string_view) { return {}; }
    std::vector<std::string> keys() const { return {}; }
};
static_assert(StateStore<Forgetful> && !StateStore<OneByOne>);

framework::Deliver delivery() {
    framework::Deliver all;
    all.delivery = 3;
    all.now = Instant{42};
    all.offers = {make_offer(1, 1, "cpus:1"), make_offer(2, 2, "cpus:1")};
    all.statuses = {make_status(TaskId{"t"}, TaskState::running)};
    all.disconnected = true;
    all.subscribed = FrameworkId{1, 1};
    all.rescinded = {OfferId{1, 9}};
    all.agents_lost = {AgentId{1, 9}};
    all.messages.emplace_back();
    all.refusals.emplace_back();
    all.inverse_offers.emplace_back();
    return all;
}

}  // namespace

TEST_CASE("the least of schedulers is driven, and what it leaves out is not missed") {
    OneByOne scheduler{0};
    const auto replied = framework::call_handlers(scheduler, delivery());
    CHECK(replied.delivery == 3);
    REQUIRE(replied.offers.size() == 2);
    CHECK(std::get<Decline>(replied.offers[1]).offer == OfferId{1, 2});
    CHECK(scheduler.heard == std::vector<std::string>{"t"});
    CHECK(framework::next_wake(scheduler) == Instant::never());
    CHECK(framework::call_wake(scheduler, Instant{1}) == framework::AuthorAsked{});
    CHECK_FALSE(framework::is_done(scheduler));
}

TEST_CASE("a scheduler that answers offers together is driven too") {
    Together scheduler{0};
    const auto replied = framework::call_handlers(scheduler, delivery());
    CHECK(replied.offers.size() == 2);
    CHECK(replied.requests.size() == 1);
}

TEST_CASE("handlers are told when a delivery was made, and when they are woken") {
    struct Timed {
        std::vector<Instant> times{};
        void on_offers(std::span<const Offer>, Replies& replies) { times.push_back(replies.now()); }
        void on_status(const TaskStatus&, Replies& replies) { times.push_back(replies.now()); }
        void on_wake(Instant, Replies& replies) { times.push_back(replies.now()); }
    };
    Timed scheduler;
    (void)framework::call_handlers(scheduler, delivery());
    (void)framework::call_wake(scheduler, Instant{50});
    CHECK(scheduler.times == std::vector{Instant{42}, Instant{42}, Instant{50}});
}
