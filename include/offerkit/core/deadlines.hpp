// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Deadlines as state: one ordered heap, keyed by the entity that is waiting. Re-arming is lazy:
/// the entity's current deadline lives with the entity, the heap may hold older, earlier entries,
/// and an early wake is harmless because the owner looks at the entity before it acts.

#include <offerkit/core/time.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace offerkit {

/// An ordered heap of (when, key). `Key` is small, copyable and totally ordered.
template <class Key>
class Deadlines {
public:
    struct Entry {
        Instant at;
        Key key;
        friend auto operator<=>(const Entry&, const Entry&) = default;
    };

    /// Adds a wake for `key`. An entity may have several; its owner ignores those that are early
    /// or void. `never()` is not stored. Complexity: logarithmic.
    void arm(Instant at, Key key) {
        if (at == Instant::never()) return;
        heap_.push_back({at, key});
        std::ranges::push_heap(heap_, std::greater{});
    }

    /// When to be woken at the latest; `never()` if nothing waits.
    [[nodiscard]] Instant next() const {
        return heap_.empty() ? Instant::never() : heap_.front().at;
    }

    /// Takes out the earliest key whose time has come, ties in the order of the keys.
    [[nodiscard]] std::optional<Key> take_due(Instant now) {
        if (heap_.empty() || heap_.front().at > now) return std::nullopt;
        std::ranges::pop_heap(heap_, std::greater{});
        const Key key = heap_.back().key;
        heap_.pop_back();
        return key;
    }

    [[nodiscard]] std::size_t size() const { return heap_.size(); }

    /// All entries, in heap order: for snapshots, which restore them with `assign`.
    [[nodiscard]] const std::vector<Entry>& entries() const { return heap_; }
    void assign(std::vector<Entry> entries) {
        heap_ = std::move(entries);
        std::ranges::make_heap(heap_, std::greater{});
    }

private:
    std::vector<Entry> heap_;
};

}  // namespace offerkit
