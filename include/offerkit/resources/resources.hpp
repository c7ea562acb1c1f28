// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Resources: how much there is of everything. One type for what an agent has, what an offer holds
/// and what a task needs. The sixteen slots are straight vector code; everything rarer sits behind
/// one pointer that most resources do not have.
///
/// Two forms. *Portable*: kinds that the compiler does not know are kept by name, and slots from
/// `builtin_scalar_count` on are zero; authors, peers and files see only this. *Local*: inside one
/// machine a `KindTable` has moved the named amounts into those slots. Forms are never mixed.

#include <offerkit/core/boxed.hpp>
#include <offerkit/resources/amounts.hpp>
#include <offerkit/resources/extras.hpp>
#include <offerkit/resources/kind.hpp>
#include <offerkit/resources/quantity.hpp>
#include <offerkit/resources/ranges.hpp>

#include <concepts>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace offerkit {

#if defined(OFFERKIT_SEPARATE_COMPILATION)
// Everybody copies resources, and nearly nobody has extras.
extern template Extras* Boxed<Extras>::clone(const Extras& value);
extern template void Boxed<Extras>::destroy(Extras* pointer);
#endif

class Resources {
public:
    constexpr Resources() = default;

    constexpr explicit Resources(const Amounts& amounts) : amounts_(amounts) {}

    /// So that `0.5_cpus` is resources wherever resources are wanted.
    template <ResourceKind K>
    constexpr Resources(Quantity<K> quantity) {
        if constexpr (detail::is_builtin<K>) {
            amounts_.set(*slot_of<K>, quantity.units());
        } else {
            put_named(K::name, quantity.units());
        }
    }

    /// The slots. Bundles are not counted in them: `total_amounts` does that.
    [[nodiscard]] constexpr const Amounts& amounts() const { return amounts_; }
    [[nodiscard]] constexpr Amounts& amounts() { return amounts_; }

    template <ResourceKind K>
    [[nodiscard]] constexpr Quantity<K> get() const {
        if constexpr (detail::is_builtin<K>) {
            return Quantity<K>::from_units(amounts_[*slot_of<K>]);
        } else {
            return Quantity<K>::from_units(named_units(K::name));
        }
    }

    /// Replaces the amount of one kind.
    template <ResourceKind K>
    constexpr void put(Quantity<K> quantity) {
        if constexpr (detail::is_builtin<K>) {
            amounts_.set(*slot_of<K>, quantity.units());
        } else {
            put_named(K::name, quantity.units());
        }
    }

    /// True if `part` can be carved out of this. Gpus that `part` wants on no card in particular
    /// must be found on our cards: a whole on one card, a fraction on one card.
    [[nodiscard]] constexpr bool contains(const Resources& part) const {
        if (any_set(extras_, part.extras_)) [[unlikely]] {
            return amounts_.contains(part.amounts_) && contains_extras(part);
        }
        return amounts_.contains(part.amounts_);
    }

    [[nodiscard]] constexpr bool is_empty() const {
        return amounts_.is_zero() && !extras_.is_set();
    }

    /// Ranges and sets are united, so a sum over several agents should be taken of `amounts()`.
    /// Pre: bundles of one id are parts of one bundle.
    constexpr Resources& operator+=(const Resources& other) {
        amounts_ += other.amounts_;
        if (other.extras_.is_set()) [[unlikely]]
            add_extras(other);
        return *this;
    }

    /// Pre: `contains(other)`. A shortfall is a bug in the caller and never becomes zero.
    constexpr Resources& operator-=(const Resources& other) {
        if (any_set(extras_, other.extras_)) [[unlikely]]
            subtract_extras(other);
        amounts_ -= other.amounts_;
        return *this;
    }

    friend constexpr Resources operator+(const Resources& left, const Resources& right) {
        Resources sum{left.amounts_ + right.amounts_};
        if (any_set(left.extras_, right.extras_)) [[unlikely]] {
            sum.extras_ = Boxed<Extras>::adopt(extras_of_sum(left, right));
        }
        return sum;
    }

    /// Pre: `left.contains(right)`.
    friend constexpr Resources operator-(const Resources& left, const Resources& right) {
        Resources rest{left.amounts_ - right.amounts_};
        if (any_set(left.extras_, right.extras_)) [[unlikely]] {
            rest.extras_ = Boxed<Extras>::adopt(extras_of_difference(left, right));
        }
        return rest;
    }

    friend constexpr bool operator==(const Resources& a, const Resources& b) {
        if (any_set(a.extras_, b.extras_)) [[unlikely]] {
            return a.amounts_ == b.amounts_ && a.has_same_extras(b);
        }
        return a.amounts_ == b.amounts_;
    }

    // Kinds without a compile-time slot, sorted by name, in portable form.
    [[nodiscard]] std::span<const NamedAmount> named() const;
    [[nodiscard]] std::int64_t named_units(std::string_view name) const;  // Zero if absent.

    [[nodiscard]] const Ranges& ports() const { return ranges(Ports::name); }
    [[nodiscard]] const Ranges& ranges(std::string_view name) const;  // Empty if absent.
    [[nodiscard]] std::span<const NamedRanges> all_ranges() const;
    [[nodiscard]] std::span<const std::string> set(std::string_view name) const;
    [[nodiscard]] std::span<const NamedSet> all_sets() const;
    [[nodiscard]] std::span<const std::int64_t> gpu_cards() const;  // Milli-gpus per card.
    [[nodiscard]] std::span<const Bundle> bundles() const;
    [[nodiscard]] const Bundle* find_bundle(BundleId id) const;

    /// The slots of everything, bundles included.
    [[nodiscard]] Amounts total_amounts() const;

    /// Everything but the bundles; and the bundles alone.
    [[nodiscard]] Resources without_bundles() const;
    [[nodiscard]] Resources only_bundles() const;

    [[nodiscard]] Resources with_ports(Ranges ports) const;

    // Each replaces what was there; zero or empty removes it. Pre: values are within
    // `limits.hpp`; text and peers go through `ResourcesBuilder`, which refuses what is not.
    void put_named(std::string_view name, std::int64_t units);
    void put_ranges(std::string_view name, Ranges ranges);
    void put_set(std::string_view name, std::vector<std::string> items);  // In any order.
    void put_gpu_cards(std::vector<std::int64_t> cards);  // Also sets the gpus slot to the sum.
    void put_bundle(Bundle bundle);
    void erase_bundle(BundleId id);

    /// Null if there is nothing beside the slots.
    [[nodiscard]] constexpr const Extras* extras() const { return extras_.find(); }

    /// What a bundle holds, as resources of their own; and back. Pre of `fill_bundle`: `content`
    /// has no bundles.
    [[nodiscard]] static Resources content_of(const Bundle& bundle);
    static void fill_bundle(Bundle& bundle, const Resources& content);

private:
    friend class KindTable;

    // Out of line, so that what is inlined everywhere is the slots and one branch.
    [[gnu::cold]] void add_extras(const Resources& other);
    [[gnu::cold]] void subtract_extras(const Resources& other);
    [[nodiscard, gnu::cold]] static Extras* extras_of_sum(const Resources& left,
                                                          const Resources& right);
    [[nodiscard, gnu::cold]] static Extras* extras_of_difference(const Resources& left,
                                                                 const Resources& right);
    [[nodiscard, gnu::cold]] bool contains_extras(const Resources& part) const;
    [[nodiscard, gnu::cold]] bool has_same_extras(const Resources& other) const;
    void drop_empty_extras();

    Amounts amounts_;
    Boxed<Extras> extras_;  // Never set to extras that are empty.
};

/// `get<Mem>(resources)`: how much there is of one kind.
template <ResourceKind K>
[[nodiscard]] constexpr Quantity<K> get(const Resources& resources) {
    return resources.get<K>();
}

/// `0.5_cpus + 128_MiB`: amounts of two kinds are resources.
template <ResourceKind K, ResourceKind Other>
    requires(!std::same_as<K, Other>)
constexpr Resources operator+(Quantity<K> left, Quantity<Other> right) {
    return Resources{left} + Resources{right};
}

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/resources.ipp>
#endif
