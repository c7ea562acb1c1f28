// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/resources/extras.hpp>
#include <offerkit/resources/kind.hpp>

#include <cstddef>

namespace offerkit {

namespace detail {

inline constexpr std::int64_t gpu_card_units = 1000;
inline constexpr std::size_t gpus_slot = *slot_of<Gpus>;

/// Where the element with this key is, or would have to be inserted, in a list sorted by `key_of`.
template <class T, class Key, class KeyOf>
std::size_t position_of(const std::vector<T>& list, const Key& key, KeyOf key_of) {
    std::size_t low = 0;
    std::size_t high = list.size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if (key_of(list[middle]) < key) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/// By name, or by id for bundles.
inline constexpr auto key_of = []<class T>(const T& element) -> const auto& {
    if constexpr (requires { element.name; }) {
        return element.name;
    } else {
        return element.id;
    }
};

template <class T, class Key>
const T* find_in(const std::vector<T>& list, const Key& key) {
    const std::size_t at = position_of(list, key, key_of);
    return at < list.size() && key_of(list[at]) == key ? &list[at] : nullptr;
}

/// The element with the key of `like`; a copy of `like` is inserted if there is none.
/// Returns the element, and whether it was there before.
template <class T>
std::pair<T*, bool> find_or_insert(std::vector<T>& list, const T& like) {
    const std::size_t at = position_of(list, key_of(like), key_of);
    if (at < list.size() && key_of(list[at]) == key_of(like)) return {&list[at], true};
    return {&*list.insert(list.begin() + static_cast<std::ptrdiff_t>(at), like), false};
}

/// Pre: the element is there.
template <class T, class Key>
T& at_key(std::vector<T>& list, const Key& key) {
    const std::size_t at = position_of(list, key, key_of);
    OFFERKIT_ASSERT(at < list.size() && key_of(list[at]) == key);
    return list[at];
}

template <class T, class Key>
void erase_key(std::vector<T>& list, const Key& key) {
    const std::size_t at = position_of(list, key, key_of);
    OFFERKIT_ASSERT(at < list.size() && key_of(list[at]) == key);
    list.erase(list.begin() + static_cast<std::ptrdiff_t>(at));
}

inline bool contains_item(const std::vector<std::string>& items, const std::string& item) {
    const auto self = [](const std::string& s) -> const std::string& { return s; };
    const std::size_t at = position_of(items, item, self);
    return at < items.size() && items[at] == item;
}

inline bool contains_items(const std::vector<std::string>& whole,
                           const std::vector<std::string>& part) {
    for (const std::string& item : part) {
        if (!contains_item(whole, item)) return false;
    }
    return true;
}

inline void add_items(std::vector<std::string>& into, const std::vector<std::string>& other) {
    const auto self = [](const std::string& s) -> const std::string& { return s; };
    for (const std::string& item : other) {
        const std::size_t at = position_of(into, item, self);
        if (at < into.size() && into[at] == item) continue;
        into.insert(into.begin() + static_cast<std::ptrdiff_t>(at), item);
    }
}

inline void subtract_items(std::vector<std::string>& from, const std::vector<std::string>& part) {
    std::vector<std::string> left;
    for (std::string& item : from) {
        if (!contains_item(part, item)) left.push_back(std::move(item));
    }
    from = std::move(left);
}

inline std::int64_t sum_of(const std::vector<std::int64_t>& cards) {
    std::int64_t sum = 0;
    for (const std::int64_t card : cards)
        sum += card;
    return sum;
}

/// Cards that both sides number, cut out of one another; nothing if one has not enough.
inline std::optional<std::vector<std::int64_t>> cards_less(std::vector<std::int64_t> cards,
                                                           const std::vector<std::int64_t>& part) {
    if (part.size() > cards.size()) return std::nullopt;
    for (std::size_t card = 0; card < part.size(); ++card) {
        if (part[card] > cards[card]) return std::nullopt;
        cards[card] -= part[card];
    }
    return cards;
}

inline void drop_trailing_zeros(std::vector<std::int64_t>& cards) {
    while (!cards.empty() && cards.back() == 0)
        cards.pop_back();
}

/// The cards that are left once `part` is cut out of `whole`, also where `part` does not say which
/// cards it means; nothing if that is impossible.
inline std::optional<std::vector<std::int64_t>> gpu_cards_left(const Particulars& whole,
                                                               std::int64_t whole_gpus,
                                                               const Particulars& part,
                                                               std::int64_t part_gpus) {
    auto left = cards_less(whole.gpu_cards, part.gpu_cards);
    if (!left) return std::nullopt;
    const std::int64_t on_any_card = part_gpus - sum_of(part.gpu_cards);
    const std::int64_t on_no_card = whole_gpus - sum_of(whole.gpu_cards);
    if (on_any_card > on_no_card) {
        const auto chosen = choose_gpu_cards(*left, on_any_card);
        if (!chosen) return std::nullopt;
        left = cards_less(std::move(*left), *chosen);
    }
    drop_trailing_zeros(*left);
    return left;
}

}  // namespace detail

OFFERKIT_INLINE std::optional<std::vector<std::int64_t>> choose_gpu_cards(
    const std::vector<std::int64_t>& cards, std::int64_t units) {
    std::vector<std::int64_t> chosen(cards.size(), 0);
    const std::int64_t fraction = units % detail::gpu_card_units;
    if (fraction != 0) {
        std::size_t best = cards.size();
        for (std::size_t card = 0; card < cards.size(); ++card) {
            if (cards[card] < fraction) continue;
            if (best == cards.size() || cards[card] < cards[best]) best = card;
        }
        if (best == cards.size()) return std::nullopt;
        chosen[best] = fraction;
    }
    std::int64_t whole = units / detail::gpu_card_units;
    for (std::size_t card = 0; card < cards.size() && whole > 0; ++card) {
        if (chosen[card] != 0 || cards[card] < detail::gpu_card_units) continue;
        chosen[card] = detail::gpu_card_units;
        --whole;
    }
    if (whole > 0) return std::nullopt;
    return chosen;
}

OFFERKIT_INLINE bool contains(const Particulars& whole, std::int64_t whole_gpus,
                              const Particulars& part, std::int64_t part_gpus) {
    for (const NamedAmount& amount : part.named) {
        const NamedAmount* const has = detail::find_in(whole.named, amount.name);
        if (has == nullptr || has->units < amount.units) return false;
    }
    for (const NamedRanges& wanted : part.ranges) {
        const NamedRanges* const has = detail::find_in(whole.ranges, wanted.name);
        if (has == nullptr || !has->ranges.contains(wanted.ranges)) return false;
    }
    for (const NamedSet& wanted : part.sets) {
        const NamedSet* const has = detail::find_in(whole.sets, wanted.name);
        if (has == nullptr || !detail::contains_items(has->items, wanted.items)) return false;
    }
    if (whole.gpu_cards.empty() && part.gpu_cards.empty()) return true;
    return detail::gpu_cards_left(whole, whole_gpus, part, part_gpus).has_value();
}

OFFERKIT_INLINE void add(Particulars& into, const Particulars& other) {
    for (const NamedAmount& amount : other.named) {
        const auto [mine, was_there] = detail::find_or_insert(into.named, amount);
        if (was_there) mine->units += amount.units;
    }
    for (const NamedRanges& ranges : other.ranges) {
        const auto [mine, was_there] = detail::find_or_insert(into.ranges, ranges);
        if (was_there) mine->ranges.add(ranges.ranges);
    }
    for (const NamedSet& set : other.sets) {
        const auto [mine, was_there] = detail::find_or_insert(into.sets, set);
        if (was_there) detail::add_items(mine->items, set.items);
    }
    if (into.gpu_cards.size() < other.gpu_cards.size()) {
        into.gpu_cards.resize(other.gpu_cards.size(), 0);
    }
    for (std::size_t card = 0; card < other.gpu_cards.size(); ++card) {
        into.gpu_cards[card] += other.gpu_cards[card];
    }
}

OFFERKIT_INLINE void subtract(Particulars& from, std::int64_t from_gpus, const Particulars& part,
                              std::int64_t part_gpus) {
    if (!from.gpu_cards.empty() || !part.gpu_cards.empty()) {
        auto left = detail::gpu_cards_left(from, from_gpus, part, part_gpus);
        OFFERKIT_ASSERT(left.has_value());
        from.gpu_cards = std::move(*left);
    }
    for (const NamedAmount& amount : part.named) {
        NamedAmount& mine = detail::at_key(from.named, amount.name);
        OFFERKIT_ASSERT(mine.units >= amount.units);
        mine.units -= amount.units;
        if (mine.units == 0) detail::erase_key(from.named, amount.name);
    }
    for (const NamedRanges& ranges : part.ranges) {
        NamedRanges& mine = detail::at_key(from.ranges, ranges.name);
        OFFERKIT_ASSERT(mine.ranges.contains(ranges.ranges));
        mine.ranges.subtract(ranges.ranges);
        if (mine.ranges.is_empty()) detail::erase_key(from.ranges, ranges.name);
    }
    for (const NamedSet& set : part.sets) {
        NamedSet& mine = detail::at_key(from.sets, set.name);
        OFFERKIT_ASSERT(detail::contains_items(mine.items, set.items));
        detail::subtract_items(mine.items, set.items);
        if (mine.items.empty()) detail::erase_key(from.sets, set.name);
    }
}

OFFERKIT_INLINE bool is_same_bundle(const Bundle& a, const Bundle& b) {
    return a.id == b.id && a.reservations == b.reservations && a.volume == b.volume &&
           a.revocable == b.revocable && a.shared == b.shared;
}

namespace detail {

/// Volumes and shared bundles are not divided; they are there, a number of times, or not.
inline bool is_indivisible(const Bundle& bundle) {
    return bundle.volume.has_value() || bundle.shared;
}

inline bool contains_bundle(const Bundle& whole, const Bundle& part) {
    if (!is_same_bundle(whole, part)) return false;
    if (is_indivisible(whole)) {
        return whole.copies >= part.copies && whole.amounts == part.amounts &&
               whole.particulars == part.particulars;
    }
    return whole.amounts.contains(part.amounts) &&
           contains(whole.particulars, whole.amounts[gpus_slot], part.particulars,
                    part.amounts[gpus_slot]);
}

}  // namespace detail

OFFERKIT_INLINE bool contains(const std::vector<Bundle>& whole, const std::vector<Bundle>& part) {
    for (const Bundle& bundle : part) {
        const Bundle* const has = detail::find_in(whole, bundle.id);
        if (has == nullptr || !detail::contains_bundle(*has, bundle)) return false;
    }
    return true;
}

OFFERKIT_INLINE void add(std::vector<Bundle>& into, const std::vector<Bundle>& other) {
    for (const Bundle& bundle : other) {
        const auto [mine, was_there] = detail::find_or_insert(into, bundle);
        if (!was_there) continue;
        OFFERKIT_ASSERT(is_same_bundle(*mine, bundle));
        if (detail::is_indivisible(bundle)) {
            OFFERKIT_ASSERT(bundle.shared && mine->amounts == bundle.amounts);
            mine->copies += bundle.copies;
            continue;
        }
        mine->amounts += bundle.amounts;
        add(mine->particulars, bundle.particulars);
    }
}

OFFERKIT_INLINE void subtract(std::vector<Bundle>& from, const std::vector<Bundle>& part) {
    for (const Bundle& bundle : part) {
        Bundle& mine = detail::at_key(from, bundle.id);
        OFFERKIT_ASSERT(detail::contains_bundle(mine, bundle));
        bool is_gone = false;
        if (detail::is_indivisible(mine)) {
            mine.copies -= bundle.copies;
            is_gone = mine.copies == 0;
        } else {
            subtract(mine.particulars, mine.amounts[detail::gpus_slot], bundle.particulars,
                     bundle.amounts[detail::gpus_slot]);
            mine.amounts -= bundle.amounts;
            is_gone = mine.amounts.is_zero() && mine.particulars.is_empty();
        }
        if (is_gone) detail::erase_key(from, bundle.id);
    }
}

}  // namespace offerkit
