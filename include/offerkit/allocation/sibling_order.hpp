// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Siblings in the order of their ranks: one heap per parent that knows where each child stands, so
/// that a changed rank moves one child and sorts nothing.

#include <offerkit/allocation/role_tree.hpp>
#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <compare>
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
    }

    [[nodiscard]] bool contains(NodeIndex child) const { return position_[child.value] != absent; }
    [[nodiscard]] bool is_empty(NodeIndex parent) const { return heaps_[parent.value].empty(); }

    /// Pre: `!is_empty(parent)`.
    [[nodiscard]] NodeIndex first(NodeIndex parent) const {
        return heaps_[parent.value].front().node;
    }

    /// Puts a child in its place, whether it was there or not. Complexity: logarithmic.
    void put(NodeIndex parent, NodeIndex child, const Rank& rank, std::uint64_t order) {
        auto& heap = heaps_[parent.value];
        std::size_t at = position_[child.value];
        if (at == absent) {
            at = heap.size();
            heap.push_back({rank, order, child});
            rise(heap, at);
            return;
        }
        heap[at].rank = rank;
        heap[at].order = order;
        if (!rise(heap, at)) sink(heap, at);
    }

    /// Takes a child out, if it is there. Complexity: logarithmic.
    void erase(NodeIndex parent, NodeIndex child) {
        const std::size_t at = position_[child.value];
        if (at == absent) return;
        auto& heap = heaps_[parent.value];
        position_[child.value] = absent;
        if (at + 1 == heap.size()) return heap.pop_back();
        heap[at] = heap.back();
        heap.pop_back();
        position_[heap[at].node.value] = static_cast<std::uint32_t>(at);
        if (!rise(heap, at)) sink(heap, at);
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
    }

    /// Which of two children of one parent goes first. Pre: both are there.
    [[nodiscard]] bool precedes(NodeIndex parent, NodeIndex a, NodeIndex b) const {
        const auto& heap = heaps_[parent.value];
        return is_less(heap[position_[a.value]], heap[position_[b.value]]);
    }

    /// The children of one parent, least first, found as far as one looks: the n-th costs log n.
    class Walk {
    public:
        /// Begins anew; nothing may change the order until the walk is over.
        void start(const SiblingOrder& order, NodeIndex parent) {
            heap_ = &order.heaps_[parent.value];
            frontier_.clear();
            next_ = 0;
        }

        /// None at the end.
        [[nodiscard]] NodeIndex next() {
            if (next_ >= heap_->size()) return {};
            const std::uint32_t found = next_;
            advance(found);
            return (*heap_)[found].node;
        }

    private:
        // The candidates are a heap of places in the heap: the children of all that were given.
        void advance(std::uint32_t found) {
            push(2 * found + 1);
            push(2 * found + 2);
            if (frontier_.empty()) {
                next_ = std::numeric_limits<std::uint32_t>::max();
                return;
            }
            std::ranges::pop_heap(frontier_, later());
            next_ = frontier_.back();
            frontier_.pop_back();
        }
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
        std::uint32_t next_ = 0;
    };

    /// Aborts unless every heap is one and knows its places.
    void check_invariants() const {
        std::size_t placed = 0;
        for (const auto& heap : heaps_) {
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

    void sink(std::vector<Entry>& heap, std::size_t at) {
        const Entry moving = heap[at];
        for (std::size_t child = 2 * at + 1; child < heap.size(); child = 2 * at + 1) {
            if (child + 1 < heap.size() && is_less(heap[child + 1], heap[child])) ++child;
            if (!is_less(heap[child], moving)) break;
            set(heap, at, heap[child]);
            at = child;
        }
        set(heap, at, moving);
    }

    void set(std::vector<Entry>& heap, std::size_t at, const Entry& entry) {
        heap[at] = entry;
        position_[entry.node.value] = static_cast<std::uint32_t>(at);
    }

    std::vector<std::vector<Entry>> heaps_;  // By parent.
    std::vector<std::uint32_t> position_;    // By child.
};

}  // namespace offerkit
