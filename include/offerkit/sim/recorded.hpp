// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A scheduler in a world whose conversation is kept, to be put to another version of it
/// (`record/conversation.hpp`).

#include <offerkit/record/conversation.hpp>
#include <offerkit/sim/author.hpp>

namespace offerkit::sim {

/// As `World::add_framework(scheduler, info, kept)` adds it.
template <Scheduler S>
class RecordedAuthor : public SchedulerAuthor<S> {
public:
    RecordedAuthor(S& scheduler, Conversation& kept)
        : SchedulerAuthor<S>(scheduler), kept_(&kept) {}

    framework::AuthorReplied deliver(const framework::Deliver& delivery) override {
        framework::AuthorReplied replied = SchedulerAuthor<S>::deliver(delivery);
        kept_->push_back({delivery, {replied.offers, replied.requests}});
        return replied;
    }
    framework::AuthorAsked wake(Instant now) override {
        framework::AuthorAsked asked = SchedulerAuthor<S>::wake(now);
        kept_->push_back({now, asked});
        return asked;
    }

private:
    Conversation* kept_;
};

}  // namespace offerkit::sim
