// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A scheduler of any type, as the world calls it: one virtual call per delivery, never inside a
/// step. The handlers run through the same code as in the live driver.

#include <offerkit/framework/deliver.hpp>

namespace offerkit::sim {

class Author {
public:
    Author() = default;
    Author(const Author&) = delete;
    Author& operator=(const Author&) = delete;
    virtual ~Author() = default;

    [[nodiscard]] virtual framework::AuthorReplied deliver(const framework::Deliver& delivery) = 0;
    [[nodiscard]] virtual framework::AuthorAsked wake(Instant now) = 0;
    [[nodiscard]] virtual Instant next_wake() const = 0;
};

/// Lends a scheduler that lives elsewhere, so that a test can look at it.
template <Scheduler S>
class SchedulerAuthor : public Author {
public:
    explicit SchedulerAuthor(S& scheduler) : scheduler_(&scheduler) {}

    framework::AuthorReplied deliver(const framework::Deliver& delivery) override {
        return framework::call_handlers(*scheduler_, delivery);
    }
    framework::AuthorAsked wake(Instant now) override {
        return framework::call_wake(*scheduler_, now);
    }
    Instant next_wake() const override { return framework::next_wake(*scheduler_); }

private:
    S* scheduler_;
};

}  // namespace offerkit::sim
