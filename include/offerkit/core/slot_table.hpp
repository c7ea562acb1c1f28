// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A table with dense places: an entry keeps its index while it lives, and the index is reused
/// afterwards, lowest first, so that two runs place alike. Iteration is in the order of the places.

#include <offerkit/core/assert.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace offerkit {

template <class IndexType, class T>
class SlotTable {
public:
    /// Puts an entry into the lowest place that is not in use. Complexity: logarithmic in the
    /// number of places that are not.
    IndexType insert(T entry) {
        ++size_;
        if (vacant_.empty()) {
            places_.emplace_back(std::move(entry));
            return IndexType{static_cast<std::uint32_t>(places_.size() - 1)};
        }
        std::ranges::pop_heap(vacant_, std::greater{});
        const std::uint32_t place = vacant_.back();
        vacant_.pop_back();
        places_[place].emplace(std::move(entry));
        return IndexType{place};
    }

    /// Pre: `contains(index)`.
    void erase(IndexType index) {
        OFFERKIT_ASSERT(contains(index));
        places_[index.value].reset();
        vacant_.push_back(index.value);
        std::ranges::push_heap(vacant_, std::greater{});
        --size_;
    }

    [[nodiscard]] bool contains(IndexType index) const {
        return index.value < places_.size() && places_[index.value].has_value();
    }

    /// Pre: `contains(index)`.
    [[nodiscard]] T& operator[](IndexType index) {
        OFFERKIT_ASSERT(contains(index));
        return *places_[index.value];
    }
    [[nodiscard]] const T& operator[](IndexType index) const {
        OFFERKIT_ASSERT(contains(index));
        return *places_[index.value];
    }

    [[nodiscard]] std::size_t size() const { return size_; }

    /// One past the highest place ever used: what loops over places run to.
    [[nodiscard]] std::uint32_t places() const {
        return static_cast<std::uint32_t>(places_.size());
    }

    /// Calls `f(index, entry)` for each entry. `f` may erase the entry it is called with.
    template <class F>
    void for_each(F&& f) {
        for (std::uint32_t i = 0; i < places(); ++i) {
            if (places_[i]) f(IndexType{i}, *places_[i]);
        }
    }
    template <class F>
    void for_each(F&& f) const {
        for (std::uint32_t i = 0; i < places(); ++i) {
            if (places_[i]) f(IndexType{i}, std::as_const(*places_[i]));
        }
    }

    /// All places, vacant ones too: for snapshots, which restore them with `assign`.
    [[nodiscard]] const std::vector<std::optional<T>>& entries() const { return places_; }
    void assign(std::vector<std::optional<T>> entries) {
        places_ = std::move(entries);
        vacant_.clear();
        for (std::uint32_t i = 0; i < places(); ++i) {
            if (!places_[i]) vacant_.push_back(i);  // Ascending is a heap.
        }
        size_ = places_.size() - vacant_.size();
    }

private:
    std::vector<std::optional<T>> places_;
    std::vector<std::uint32_t> vacant_;  // A heap, lowest first.
    std::size_t size_ = 0;
};

}  // namespace offerkit
