// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What one thread has for an I/O thread to do: pushed in bulk, taken in bulk, one wake per bulk.

#include <condition_variable>
#include <cstddef>
#include <iterator>
#include <mutex>
#include <utility>
#include <vector>

namespace offerkit::runtime::detail {

template <class Item>
class Outbox {
public:
    /// Blocks while more than this waits, so that a writer which is faster than the I/O thread
    /// costs bounded memory.
    static constexpr std::size_t waiting_max = 65'536;

    /// Appends all, leaves `items` empty. True: the reader must be woken.
    bool push(std::vector<Item>& items) {
        std::unique_lock lock{mutex_};
        room_.wait(lock, [this] { return closed_ || items_.size() < waiting_max; });
        const bool was_empty = items_.empty();
        if (was_empty) {
            items_.swap(items);
        } else {
            items_.insert(items_.end(), std::move_iterator(items.begin()),
                          std::move_iterator(items.end()));
        }
        items.clear();
        return was_empty && !items_.empty();
    }

    /// As `push`, for one item, and never blocks.
    bool push_one(Item item) {
        const std::lock_guard lock{mutex_};
        items_.push_back(std::move(item));
        return items_.size() == 1;
    }

    /// `items` must be empty.
    void take(std::vector<Item>& items) {
        {
            const std::lock_guard lock{mutex_};
            items.swap(items_);
        }
        room_.notify_all();
    }

    /// Nobody takes any more: writers no longer wait.
    void close() {
        {
            const std::lock_guard lock{mutex_};
            closed_ = true;
        }
        room_.notify_all();
    }

private:
    std::mutex mutex_;
    std::condition_variable room_;
    std::vector<Item> items_;
    bool closed_ = false;
};

}  // namespace offerkit::runtime::detail
