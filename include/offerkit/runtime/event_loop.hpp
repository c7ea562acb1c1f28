// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The loop around a machine: events come in from any thread, one thread takes them in batches and
/// is woken when a deadline comes. What a turn does (step, record, perform) is the caller's.

#include <offerkit/core/batch.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/runtime/clock.hpp>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <span>
#include <utility>
#include <vector>

namespace offerkit::runtime {

/// A bounded queue with many writers, and the one thread that empties it. The bound is a request:
/// a writer that finds it reached stops taking in more (it stops reading its sockets), but what it
/// has already read is never thrown away.
template <class Event>
class EventLoop {
public:
    explicit EventLoop(std::size_t bound = limits::inbound_events_max) : bound_(bound) {}
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    /// Called, on the loop's thread, when a full queue has been taken. Set before `run`.
    void when_drained(std::function<void()> call) { drained_ = std::move(call); }

    /// Any thread. Appends all, in order, and leaves `events` empty. Returns false when the queue
    /// is full now: the writer should pause until `when_drained`.
    bool push(std::vector<Event>& events) {
        if (events.empty()) return !is_full();
        {
            const std::lock_guard lock{mutex_};
            if (queue_.empty()) {
                queue_.swap(events);
            } else {
                queue_.insert(queue_.end(), std::move_iterator(events.begin()),
                              std::move_iterator(events.end()));
            }
            note_size();
        }
        events.clear();
        wake_.notify_one();
        return !is_full();
    }

    bool push_one(Event event) {
        {
            const std::lock_guard lock{mutex_};
            queue_.push_back(std::move(event));
            note_size();
        }
        wake_.notify_one();
        return !is_full();
    }

    [[nodiscard]] bool is_full() const { return full_.load(std::memory_order_relaxed); }

    /// Any thread. The loop returns after the turn it is in; what still waits is not handled.
    void stop() {
        {
            const std::lock_guard lock{mutex_};
            stopped_ = true;
        }
        wake_.notify_one();
    }

    /// Runs until `stop`. `turn(batch) -> Instant` says when to be woken at the latest; the first
    /// turn comes at once, with an empty batch if nothing has happened yet.
    template <class Turn>
    void run(const WorldClock& clock, Turn&& turn) {
        std::vector<Event> taken;
        Instant wake{0};
        while (take(clock, wake, taken)) {
            std::size_t at = 0;
            do {
                const std::size_t count = std::min(taken.size() - at, limits::batch_events_max);
                wake = turn(Batch<Event>{clock.mono_now(), WorldClock::wall_now(),
                                         std::span{taken}.subspan(at, count)});
                at += count;
            } while (at < taken.size() && !is_stopped());
            taken.clear();
        }
    }

private:
    void note_size() {
        if (queue_.size() >= bound_) full_.store(true, std::memory_order_relaxed);
    }

    bool is_stopped() {
        const std::lock_guard lock{mutex_};
        return stopped_;
    }

    /// Waits for events or the wake, and takes all events there are. False: stopped.
    bool take(const WorldClock& clock, Instant wake, std::vector<Event>& taken) {
        bool was_full = false;
        {
            std::unique_lock lock{mutex_};
            wake_.wait_until(lock, clock.steady(wake),
                             [this] { return stopped_ || !queue_.empty(); });
            if (stopped_) return false;
            taken.swap(queue_);
            was_full = full_.exchange(false, std::memory_order_relaxed);
        }
        if (was_full && drained_) drained_();
        return true;
    }

    const std::size_t bound_;
    std::function<void()> drained_;
    std::mutex mutex_;
    std::condition_variable wake_;
    std::vector<Event> queue_;
    bool stopped_ = false;
    std::atomic<bool> full_ = false;
};

}  // namespace offerkit::runtime
