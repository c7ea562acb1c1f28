// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <offerkit/resources/impl/extras.ipp>
#include <offerkit/resources/resources.hpp>

#include <utility>

namespace offerkit {

#if defined(OFFERKIT_SEPARATE_COMPILATION)
template Extras* Boxed<Extras>::clone(const Extras& value);
template void Boxed<Extras>::destroy(Extras* pointer);
#endif

namespace detail {

inline const Particulars& particulars_of(const Resources& resources) {
    static const Particulars none;
    return resources.extras() == nullptr ? none : resources.extras()->particulars;
}

/// Replaces the element with the key of `element`, or removes it.
template <class T>
void put(std::vector<T>& list, T element, bool is_kept) {
    const std::size_t at = position_of(list, key_of(element), key_of);
    const bool is_there = at < list.size() && key_of(list[at]) == key_of(element);
    const auto where = list.begin() + static_cast<std::ptrdiff_t>(at);
    if (is_kept && is_there) {
        *where = std::move(element);
    } else if (is_kept) {
        list.insert(where, std::move(element));
    } else if (is_there) {
        list.erase(where);
    }
}

}  // namespace detail

OFFERKIT_INLINE std::span<const NamedAmount> Resources::named() const {
    return detail::particulars_of(*this).named;
}

OFFERKIT_INLINE std::int64_t Resources::named_units(std::string_view name) const {
    const NamedAmount* const found = detail::find_in(detail::particulars_of(*this).named, name);
    return found == nullptr ? 0 : found->units;
}

OFFERKIT_INLINE const Ranges& Resources::ranges(std::string_view name) const {
    static const Ranges none;
    const NamedRanges* const found = detail::find_in(detail::particulars_of(*this).ranges, name);
    return found == nullptr ? none : found->ranges;
}

OFFERKIT_INLINE std::span<const NamedRanges> Resources::all_ranges() const {
    return detail::particulars_of(*this).ranges;
}

OFFERKIT_INLINE std::span<const std::string> Resources::set(std::string_view name) const {
    const NamedSet* const found = detail::find_in(detail::particulars_of(*this).sets, name);
    return found == nullptr ? std::span<const std::string>{} : found->items;
}

OFFERKIT_INLINE std::span<const NamedSet> Resources::all_sets() const {
    return detail::particulars_of(*this).sets;
}

OFFERKIT_INLINE std::span<const std::int64_t> Resources::gpu_cards() const {
    return detail::particulars_of(*this).gpu_cards;
}

OFFERKIT_INLINE std::span<const Bundle> Resources::bundles() const {
    if (!extras_.is_set()) return {};
    return extras_.value().bundles;
}

OFFERKIT_INLINE const Bundle* Resources::find_bundle(BundleId id) const {
    return extras_.is_set() ? detail::find_in(extras_.value().bundles, id) : nullptr;
}

OFFERKIT_INLINE Amounts Resources::total_amounts() const {
    Amounts total = amounts_;
    for (const Bundle& bundle : bundles())
        total += bundle.amounts;
    return total;
}

OFFERKIT_INLINE Resources Resources::without_bundles() const {
    Resources rest = *this;
    if (!rest.extras_.is_set()) return rest;
    rest.extras_.value().bundles.clear();
    rest.drop_empty_extras();
    return rest;
}

OFFERKIT_INLINE Resources Resources::only_bundles() const {
    Resources rest;
    if (bundles().empty()) return rest;
    rest.extras_.make().bundles = extras_.value().bundles;
    return rest;
}

OFFERKIT_INLINE Resources Resources::with_ports(Ranges ports) const {
    Resources changed = *this;
    changed.put_ranges(Ports::name, std::move(ports));
    return changed;
}

OFFERKIT_INLINE void Resources::put_named(std::string_view name, std::int64_t units) {
    OFFERKIT_ASSERT(is_kind_name(name) && !is_reserved_kind_name(name));
    OFFERKIT_ASSERT(units >= 0 && units <= limits::amount_per_cluster_max);
    detail::put(extras_.make().particulars.named, {std::string(name), units}, units != 0);
    drop_empty_extras();
}

OFFERKIT_INLINE void Resources::put_ranges(std::string_view name, Ranges ranges) {
    OFFERKIT_ASSERT(is_kind_name(name) && !find_builtin(name));
    const bool is_kept = !ranges.is_empty();
    detail::put(extras_.make().particulars.ranges, {std::string(name), std::move(ranges)}, is_kept);
    drop_empty_extras();
}

OFFERKIT_INLINE void Resources::put_set(std::string_view name, std::vector<std::string> items) {
    OFFERKIT_ASSERT(is_kind_name(name) && !is_reserved_kind_name(name));
    NamedSet set{std::string(name), {}};
    detail::add_items(set.items, items);
    detail::put(extras_.make().particulars.sets, std::move(set), !items.empty());
    drop_empty_extras();
}

OFFERKIT_INLINE void Resources::put_gpu_cards(std::vector<std::int64_t> cards) {
    for (const std::int64_t card : cards) {
        OFFERKIT_ASSERT(card >= 0 && card <= detail::gpu_card_units);
    }
    amounts_.set(detail::gpus_slot, detail::sum_of(cards));
    detail::drop_trailing_zeros(cards);
    extras_.make().particulars.gpu_cards = std::move(cards);
    drop_empty_extras();
}

OFFERKIT_INLINE void Resources::put_bundle(Bundle bundle) {
    OFFERKIT_ASSERT(!bundle.id.is_none() && bundle.copies >= 1);
    OFFERKIT_ASSERT(bundle.copies == 1 || bundle.shared);
    detail::put(extras_.make().bundles, std::move(bundle), true);
}

OFFERKIT_INLINE void Resources::erase_bundle(BundleId id) {
    if (find_bundle(id) == nullptr) return;
    detail::erase_key(extras_.value().bundles, id);
    drop_empty_extras();
}

OFFERKIT_INLINE Resources Resources::content_of(const Bundle& bundle) {
    Resources content{bundle.amounts};
    if (!bundle.particulars.is_empty()) content.extras_.make().particulars = bundle.particulars;
    return content;
}

OFFERKIT_INLINE void Resources::fill_bundle(Bundle& bundle, const Resources& content) {
    OFFERKIT_ASSERT(content.bundles().empty());
    bundle.amounts = content.amounts_;
    bundle.particulars = detail::particulars_of(content);
}

OFFERKIT_INLINE void Resources::add_extras(const Resources& other) {
    if (!other.extras_.is_set()) return;
    const Extras& theirs = other.extras_.value();
    if (!extras_.is_set()) {
        extras_ = other.extras_;
        return;
    }
    Extras& mine = extras_.value();
    add(mine.particulars, theirs.particulars);
    add(mine.bundles, theirs.bundles);
}

OFFERKIT_INLINE void Resources::subtract_extras(const Resources& other) {
    if (!extras_.is_set()) {
        OFFERKIT_ASSERT(!other.extras_.is_set());
        return;
    }
    if (&other == this) {
        extras_.reset();
        return;
    }
    Extras& mine = extras_.value();
    subtract(mine.particulars, amounts_[detail::gpus_slot], detail::particulars_of(other),
             other.amounts_[detail::gpus_slot]);
    if (other.extras_.is_set()) subtract(mine.bundles, other.extras_.value().bundles);
    drop_empty_extras();
}

OFFERKIT_INLINE Extras* Resources::extras_of_sum(const Resources& left, const Resources& right) {
    Resources sum = left;
    sum.add_extras(right);
    return sum.extras_.release();
}

OFFERKIT_INLINE Extras* Resources::extras_of_difference(const Resources& left,
                                                        const Resources& right) {
    Resources rest = left;
    rest.subtract_extras(right);
    return rest.extras_.release();
}

OFFERKIT_INLINE bool Resources::contains_extras(const Resources& part) const {
    if (!offerkit::contains(detail::particulars_of(*this), amounts_[detail::gpus_slot],
                            detail::particulars_of(part), part.amounts_[detail::gpus_slot])) {
        return false;
    }
    if (part.bundles().empty()) return true;
    if (!extras_.is_set()) return false;
    return offerkit::contains(extras_.value().bundles, part.extras_.value().bundles);
}

OFFERKIT_INLINE bool Resources::has_same_extras(const Resources& other) const {
    if (extras_.is_set() != other.extras_.is_set()) return false;
    return !extras_.is_set() || extras_.value() == other.extras_.value();
}

OFFERKIT_INLINE void Resources::drop_empty_extras() {
    if (extras_.is_set() && extras_.value().is_empty()) extras_.reset();
}

}  // namespace offerkit
