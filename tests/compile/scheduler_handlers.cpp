// SPDX-License-Identifier: Apache-2.0
// An optional handler that cannot be called as documented is an error: it would never be called.
#include <offerkit/framework/deliver.hpp>

using namespace offerkit;

struct Base {
    OfferReply on_offer(const Offer& offer) { return Decline{offer.id}; }
    void on_status(const TaskStatus&) {}
};

struct Fine : Base {
    void on_subscribed(FrameworkId) {}
    void on_disconnected() {}
    void on_rescind(OfferId) {}
    void on_agent_lost(const AgentId&) {}
    void on_message(AgentId, const ExecutorId&, std::string) {}
    void on_refused(const Refusal&) {}
    void on_inverse_offer(const InverseOffer&, Replies&) {}
    void on_wake(Instant, Replies&) {}
    Instant next_wake() { return Instant::never(); }
    bool is_done() { return false; }
};

template <class S>
auto drive(S& scheduler, const framework::Deliver& delivery) {
    return framework::call_handlers(scheduler, delivery);
}

[[maybe_unused]] auto fine(Fine& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}

// case: a subscription without its id
// expect: want: .*on_subscribed
#if CASE == 1
struct Wrong : Base {
    void on_subscribed() {}
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif

// case: a rescinded offer instead of its id
// expect: want: .*on_rescind
#if CASE == 2
struct Wrong : Base {
    void on_rescind(const Offer&) {}
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif

// case: a lost agent by name
// expect: want: .*on_agent_lost
#if CASE == 3
struct Wrong : Base {
    void on_agent_lost(const std::string&) {}
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif

// case: a refusal that is wanted to change
// expect: want: .*on_refused
#if CASE == 4
struct Wrong : Base {
    void on_refused(Refusal&) {}
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif

// case: a wake without replies
// expect: want: .*on_wake
#if CASE == 5
struct Wrong : Base {
    void on_wake(Instant) {}
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif

// case: a wake in plain seconds
// expect: want: .*next_wake
#if CASE == 6
struct Wrong : Base {
    int next_wake() { return 5; }
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif

// case: a done that tells nothing
// expect: want: .*is_done
#if CASE == 7
struct Wrong : Base {
    void is_done() {}
};
auto use(Wrong& scheduler, const framework::Deliver& delivery) {
    return drive(scheduler, delivery);
}
#endif
