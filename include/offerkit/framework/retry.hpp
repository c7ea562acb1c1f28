// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Trying again, later: how long to wait after each failure, and who waits until when. For any
/// scheduler; nothing here knows of tasks.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>

namespace offerkit::framework {

/// Waits that double from `first` up to `at_most`. Each is cut by chance to between half of that
/// and all of it, so that what failed together does not come back together.
struct Backoff {
    Duration first = std::chrono::seconds{1};
    Duration at_most = std::chrono::minutes{5};

    /// The longest wait after the `failures`-th failure in a row. Pre: `failures >= 1`, and no
    /// duration is negative.
    [[nodiscard]] constexpr Duration longest_wait(int failures) const {
        OFFERKIT_ASSERT(failures >= 1 && first >= Duration{0} && at_most >= Duration{0});
        Duration wait = std::min(first, at_most);
        for (int i = 1; i < failures && wait > Duration{0} && wait < at_most; ++i) {
            wait = wait > at_most / 2 ? at_most : wait * 2;
        }
        return wait;
    }

    /// The wait itself. Pre: as `longest_wait`.
    [[nodiscard]] constexpr Duration wait(int failures, Rng& rng) const {
        const std::int64_t longest = longest_wait(failures).count();
        return Duration{rng.between(longest - longest / 2, longest)};
    }

    friend bool operator==(const Backoff&, const Backoff&) = default;
};

/// Who waits until when. A scheduler asks `next()` in its `next_wake`, and takes the due keys out
/// in its `on_wake`. `Key` is small, copyable and totally ordered. Memory: one entry per waiting
/// key.
template <class Key>
class RetryQueue {
public:
    explicit RetryQueue(Backoff backoff, Rng rng = Rng{0}) : backoff_(backoff), rng_(rng) {}

    /// `key` has failed for the `failures`-th time in a row: it is due again after a while. Returns
    /// when. Complexity: logarithmic. Pre: `failures >= 1`.
    Instant put(Instant now, Key key, int failures) {
        const Instant due = now + backoff_.wait(failures, rng_);
        waiting_.arm(due, std::move(key));
        return due;
    }

    /// When the first is due; `never()` if none waits.
    [[nodiscard]] Instant next() const { return waiting_.next(); }

    /// Takes out the first that is due, ties in the order of the keys.
    [[nodiscard]] std::optional<Key> take_due(Instant now) { return waiting_.take_due(now); }

    [[nodiscard]] std::size_t size() const { return waiting_.size(); }

private:
    Backoff backoff_;
    Rng rng_;
    Deadlines<Key> waiting_;
};

}  // namespace offerkit::framework

namespace offerkit {

using framework::Backoff;
using framework::RetryQueue;

}  // namespace offerkit
