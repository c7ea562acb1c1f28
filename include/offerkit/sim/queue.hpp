// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The order of everything that will happen in a simulated world: by time, then by who was first to
/// ask. Small fixed-size items; what they carry lies in slabs, so that nothing is allocated per
/// item in steady state.

#include <offerkit/core/time.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace offerkit::sim {

/// What is about to happen.
enum class What : std::uint8_t {
    step,             // A machine is to be stepped: its inbox or its wake is due.
    arrival,          // An event (in a slab) reaches the inbox of a machine.
    connect,          // An attempt to connect reaches the master.
    connect_failed,   // A client notices by itself that its attempt comes to nothing.
    link_opened,      // A client hears that it was let in.
    link_closed,      // One side hears that its connection is gone.
    author,           // A scheduler's own wake is due.
    stored,           // Writes are durable, or have failed.
    process_started,  // A process begins to run, or turns out not to.
    process_ended,    // A process comes to its end.
    script,           // Something that the test or workload has planned.
};

/// Which machine. Executors share the number of their agent.
enum class MachineKind : std::uint8_t { master, agent, executor, framework };

struct Item {
    Instant at;
    std::uint64_t sequence = 0;
    std::uint64_t connection = 0;  // Zero: none. Of a store: the entry.
    std::uint32_t machine = 0;
    std::uint32_t generation = 0;  // Of the machine: what was meant for a dead one is lost.
    std::uint32_t slot = 0;
    What what = What::step;
    MachineKind kind = MachineKind::master;
    bool counts = false;  // Keeps the world from being idle.
    bool again = false;   // Of an arrival: a repeat.

    friend bool operator>(const Item& a, const Item& b) {
        return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
    }
};

class Queue {
public:
    void push(Item item) {
        item.sequence = ++sequence_;
        counting_ += item.counts ? 1 : 0;
        heap_.push_back(item);
        std::ranges::push_heap(heap_, std::greater{});
    }

    [[nodiscard]] bool is_empty() const { return heap_.empty(); }

    /// When the next item is due; `never()` if there is none.
    [[nodiscard]] Instant next_at() const {
        return heap_.empty() ? Instant::never() : heap_.front().at;
    }

    /// Pre: not empty.
    Item pop() {
        std::ranges::pop_heap(heap_, std::greater{});
        const Item item = heap_.back();
        heap_.pop_back();
        counting_ -= item.counts ? 1 : 0;
        return item;
    }

    /// How many items there are that keep the world from being idle.
    [[nodiscard]] std::size_t counting() const { return counting_; }

private:
    std::vector<Item> heap_;
    std::uint64_t sequence_ = 0;
    std::size_t counting_ = 0;
};

/// Values under way, named by small reused numbers.
template <class T>
class Slab {
public:
    std::uint32_t put(T value) {
        if (vacant_.empty()) {
            values_.push_back(std::move(value));
            return static_cast<std::uint32_t>(values_.size() - 1);
        }
        const std::uint32_t slot = vacant_.back();
        vacant_.pop_back();
        values_[slot] = std::move(value);
        return slot;
    }

    [[nodiscard]] const T& peek(std::uint32_t slot) const { return values_[slot]; }

    T take(std::uint32_t slot) {
        vacant_.push_back(slot);
        return std::exchange(values_[slot], T{});
    }

private:
    std::vector<T> values_;
    std::vector<std::uint32_t> vacant_;
};

}  // namespace offerkit::sim
