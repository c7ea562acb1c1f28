// SPDX-License-Identifier: Apache-2.0
// What is no scheduler is told so in one line that names the missing piece, wherever it is handed
// in.
#include <offerkit/runtime/run_framework.hpp>

using namespace offerkit;

struct Fine {
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
    void on_status(const TaskStatus&) {}
};
static_assert(Scheduler<Fine> && check_scheduler<Fine>());

template <class S>
int run() {
    S scheduler;
    return run_framework(scheduler, {.name = "test"});
}
[[maybe_unused]] int run_fine() { return run<Fine>(); }

// case: nothing answers offers
// expect: a scheduler is missing: OfferReply on_offer\(const Offer&\)
// errors: 1
#if CASE == 1
struct Wrong {
    void on_status(const TaskStatus&) {}
};
int use() { return run<Wrong>(); }
#endif

// case: offers are answered with nothing
// expect: want: OfferReply on_offer\(const Offer&\)
// errors: 1
#if CASE == 2
struct Wrong {
    void on_offer(const Offer&) {}
    void on_status(const TaskStatus&) {}
};
int use() { return run<Wrong>(); }
#endif

// case: offers together, without the replies
// expect: want: OfferReply on_offer\(const Offer&\), or void on_offers
// errors: 1
#if CASE == 3
struct Wrong {
    void on_offers(std::span<const Offer>) {}
    void on_status(const TaskStatus&) {}
};
int use() { return run<Wrong>(); }
#endif

// case: statuses are not heard
// expect: a scheduler is missing: void on_status\(const TaskStatus&\)
// errors: 1
#if CASE == 4
struct Wrong {
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
};
int use() { return run<Wrong>(); }
#endif

// case: statuses as states
// expect: want: void on_status\(const TaskStatus&\)
// errors: 1
#if CASE == 5
struct Wrong {
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
    void on_status(TaskState) {}
};
int use() { return run<Wrong>(); }
#endif

// case: a handler may be left out, but not misspelt in its arguments
// expect: want: .*on_wake
// errors: 1
#if CASE == 6
struct Wrong : Fine {
    void on_wake() {}
};
int use() { return run<Wrong>(); }
#endif
