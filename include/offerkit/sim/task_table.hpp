// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a checker remembers of each task that there ever was: found in one or two steps however
/// many there are, walked in the order in which they came.

#include <offerkit/core/fingerprint.hpp>
#include <offerkit/core/id.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

namespace offerkit::sim {

template <class T>
class TaskTable {
public:
    using Name = std::pair<FrameworkId, const TaskId&>;
    struct Entry {
        FrameworkId framework;
        TaskId id;
        T task;
    };

    /// Null: there is none. Valid for good.
    [[nodiscard]] T* find(Name name) {
        const std::uint32_t entry = places_.empty() ? none : places_[place_of(name)];
        return entry == none ? nullptr : &entries_[entry].task;
    }

    /// Made empty if there was none.
    T& operator[](Name name) {
        if ((entries_.size() + 1) * 2 > places_.size()) grow();
        std::uint32_t& entry = places_[place_of(name)];
        if (entry == none) {
            entry = static_cast<std::uint32_t>(entries_.size());
            entries_.push_back({name.first, name.second, T{}});
        }
        return entries_[entry].task;
    }

    [[nodiscard]] auto begin() { return entries_.begin(); }
    [[nodiscard]] auto end() { return entries_.end(); }
    [[nodiscard]] auto begin() const { return entries_.begin(); }
    [[nodiscard]] auto end() const { return entries_.end(); }

private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    static constexpr std::size_t places_at_first = 64;

    // Where it is, or would be: the first place from its own on that is its or free.
    [[nodiscard]] std::size_t place_of(Name name) const {
        Fingerprint sum;
        sum.add(name.first.value());
        sum.add(name.second.text());
        const std::size_t mask = places_.size() - 1;
        std::size_t place = sum.value() & mask;
        while (places_[place] != none && !is(entries_[places_[place]], name))
            place = (place + 1) & mask;
        return place;
    }
    [[nodiscard]] static bool is(const Entry& entry, Name name) {
        return entry.framework == name.first && entry.id == name.second;
    }
    void grow() {
        places_.assign(places_.empty() ? places_at_first : places_.size() * 2, none);
        for (std::uint32_t i = 0; i < entries_.size(); ++i)
            places_[place_of({entries_[i].framework, entries_[i].id})] = i;
    }

    std::deque<Entry> entries_;
    std::vector<std::uint32_t> places_;  // A power of two of them, at most half of them taken.
};

}  // namespace offerkit::sim
