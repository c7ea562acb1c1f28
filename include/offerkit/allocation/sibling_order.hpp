// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Siblings in the order of their ranks: one heap per parent that knows where each child stands, so
/// that a changed rank moves one child and sorts nothing.

#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/assert.hpp>
#include <offerkit/resources/amounts.hpp>

#include <algorithm>
#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace offerkit {

/// `Rank` is compared by `<=>`; equal ranks are settled by `ClaimantNode::order`.
template <class Rank>
class SiblingOrder {
public:
    struct Entry {
        Rank rank;
        std::uint64_t order;
        NodeIndex node;
    };

    /// Makes room for nodes below `places`.
    void reserve(std::size_t places) {
        if (heaps_.size() >= places) return;
        heaps_.resize(places);
        position_.resize(places, absent);
        first_.resize(places);
    }

    [[nodiscard]] bool contains(NodeIndex child) const { return position_[child.value] != absent; }
    [[nodiscard]] std::size_t size(NodeIndex parent) const { return heaps_[parent.value].size(); }
    [[nodiscard]] bool is_empty(NodeIndex parent) const { return heaps_[parent.value].empty(); }

    /// None if there is none.
    [[nodiscard]] NodeIndex first(NodeIndex parent) const { return first_[parent.value]; }

    /// Puts a child in its place, whether it was there or not. Complexity: logarithmic.
    void put(NodeIndex parent, NodeIndex child, const Rank& rank, std::uint64_t order) {
        auto& heap = heaps_[parent.value];
        std::size_t at = position_[child.value];
        if (at == absent) {
            at = heap.size();
            heap.push_back({rank, order, child});
            rise(heap, at);
        } else {
            heap[at].rank = rank;
            heap[at].order = order;
            if (at == 0 || !rise(heap, at)) sink(heap, at);
        }
        first_[parent.value] = heap.front().node;
    }

    /// Takes a child out, if it is there. Complexity: logarithmic.
    void erase(NodeIndex parent, NodeIndex child) {
        const std::size_t at = position_[child.value];
        if (at == absent) return;
        auto& heap = heaps_[parent.value];
        position_[child.value] = absent;
        if (at + 1 == heap.size()) {
            heap.pop_back();
        } else {
            heap[at] = heap.back();
            heap.pop_back();
            position_[heap[at].node.value] = static_cast<std::uint32_t>(at);
            if (!rise(heap, at)) sink(heap, at);
        }
        first_[parent.value] = heap.empty() ? NodeIndex{} : heap.front().node;
    }

    /// Ranks all children of a parent again: `rank(entry)` gives the new `Entry`.
    /// Complexity: linear.
    template <class F>
    void rerank(NodeIndex parent, F&& rank) {
        auto& heap = heaps_[parent.value];
        for (Entry& entry : heap)
            entry = rank(entry);
        for (std::size_t at = heap.size() / 2; at-- > 0;)
            sink(heap, at);
        if (!heap.empty()) first_[parent.value] = heap.front().node;
    }

    /// Which of two children of one parent goes first. Pre: both are there.
    [[nodiscard]] bool precedes(NodeIndex parent, NodeIndex a, NodeIndex b) const {
        const auto& heap = heaps_[parent.value];
        return is_less(heap[position_[a.value]], heap[position_[b.value]]);
    }

    /// The children of one parent, least first, found as far as one looks: the n-th costs log n.
    class Walk {
    public:
        /// Begins anew, behind `first`; nothing may change the order until the walk is over.
        void start_after_first(const SiblingOrder& order, NodeIndex parent) {
            heap_ = &order.heaps_[parent.value];
            frontier_.clear();
            given_ = 0;
        }

        /// None at the end.
        [[nodiscard]] NodeIndex next() {
            push(2 * given_ + 1);
            push(2 * given_ + 2);
            if (frontier_.empty()) return {};
            std::ranges::pop_heap(frontier_, later());
            given_ = frontier_.back();
            frontier_.pop_back();
            return (*heap_)[given_].node;
        }

    private:
        // The candidates are a heap of places in the heap: the children of all that were given.
        void push(std::uint32_t place) {
            if (place >= heap_->size()) return;
            frontier_.push_back(place);
            std::ranges::push_heap(frontier_, later());
        }
        auto later() const {
            return [this](std::uint32_t a, std::uint32_t b) {
                return is_less((*heap_)[b], (*heap_)[a]);
            };
        }

        const std::vector<Entry>* heap_ = nullptr;
        std::vector<std::uint32_t> frontier_;
        std::uint32_t given_ = 0;  // The last one. The walk looks no further than it is asked.
    };

    /// Aborts unless every heap is one and knows its places.
    void check_invariants() const {
        std::size_t placed = 0;
        for (std::size_t parent = 0; parent < heaps_.size(); ++parent) {
            const auto& heap = heaps_[parent];
            OFFERKIT_ASSERT(first_[parent] == (heap.empty() ? NodeIndex{} : heap.front().node));
            for (std::size_t at = 0; at < heap.size(); ++at) {
                OFFERKIT_ASSERT(position_[heap[at].node.value] == at);
                OFFERKIT_ASSERT(at == 0 || !is_less(heap[at], heap[(at - 1) / 2]));
            }
            placed += heap.size();
        }
        for (const std::uint32_t at : position_)
            placed -= at != absent ? 1U : 0U;
        OFFERKIT_ASSERT(placed == 0);
    }

private:
    static constexpr std::uint32_t absent = std::numeric_limits<std::uint32_t>::max();

    [[nodiscard]] static bool is_less(const Entry& a, const Entry& b) {
        if constexpr (std::same_as<Rank, Share>) {
            // Siblings mostly have one weight and are dominated by one kind: nothing to multiply,
            // and nothing for the processor to guess.
            if (a.rank.of == b.rank.of) [[likely]] {
                return ((a.rank.held < b.rank.held) |
                        ((a.rank.held == b.rank.held) & (a.order < b.order))) != 0;
            }
        }
        const auto ranks = a.rank <=> b.rank;
        return ranks != 0 ? ranks < 0 : a.order < b.order;
    }

    bool rise(std::vector<Entry>& heap, std::size_t at) {
        const std::size_t from = at;
        const Entry moving = heap[at];
        while (at > 0 && is_less(moving, heap[(at - 1) / 2])) {
            set(heap, at, heap[(at - 1) / 2]);
            at = (at - 1) / 2;
        }
        set(heap, at, moving);
        return at != from;
    }

    // Who was served has the largest share of all, or nearly: so it goes down to the bottom with
    // one comparison for each level, and from there up again, which is mostly not far.
    void sink(std::vector<Entry>& heap, const std::size_t top) {
        Entry* const entries = heap.data();  // In locals, or each store would have them read again.
        std::uint32_t* const positions = position_.data();
        const std::size_t size = heap.size();
        const auto put_at = [=](std::size_t place, const Entry& entry) {
            entries[place] = entry;
            positions[entry.node.value] = static_cast<std::uint32_t>(place);
        };
        const Entry moving = entries[top];
        std::size_t at = top;
        std::size_t child = 2 * top + 1;
        for (; child + 1 < size; child = 2 * at + 1) {
            child += std::size_t{is_less(entries[child + 1], entries[child])};
            if (at == top && !is_less(entries[child], moving)) return put_at(at, moving);
            put_at(at, entries[child]);
            at = child;
        }
        if (child < size) {
            put_at(at, entries[child]);
            at = child;
        }
        for (; at > top && is_less(moving, entries[(at - 1) / 2]); at = (at - 1) / 2) {
            put_at(at, entries[(at - 1) / 2]);
        }
        put_at(at, moving);
    }

    void set(std::vector<Entry>& heap, std::size_t at, const Entry& entry) {
        heap[at] = entry;
        position_[entry.node.value] = static_cast<std::uint32_t>(at);
    }

    std::vector<std::vector<Entry>> heaps_;  // By parent.
    std::vector<std::uint32_t> position_;    // By child.
    std::vector<NodeIndex> first_;           // By parent: close together, for walks down.
};

}  // namespace offerkit
