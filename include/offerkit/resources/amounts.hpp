// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The scalar part of resources: sixteen slots of thousandths, and the exact arithmetic that
/// allocation spends its time in. Amounts are bounded where they enter (`limits.hpp`), so sums need
/// no check and differences cannot wrap.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/core/result.hpp>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

namespace offerkit {

__extension__ using int128 = __int128;

/// Calls `f` once, with the numbers of all slots as constants: the fold that all element-wise work
/// goes through. g++ -O2 leaves a plain loop over the array four times slower.
template <class F>
constexpr decltype(auto) over_slots(F&& f) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
        return f(std::integral_constant<std::size_t, I>{}...);
    }(std::make_index_sequence<limits::slots>{});
}

namespace detail {

/// Two slots side by side, as one register. The compilers find this form themselves only where no
/// branch is near; written out, it survives inlining into whatever surrounds it.
using SlotPair = std::int64_t __attribute__((vector_size(16), may_alias));
inline constexpr std::size_t slot_pairs = limits::slots / 2;

template <class F>
inline decltype(auto) over_slot_pairs(F&& f) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) -> decltype(auto) {
        return f(std::integral_constant<std::size_t, I>{}...);
    }(std::make_index_sequence<slot_pairs>{});
}

}  // namespace detail

/// How much there is in each slot, in thousandths of the kind's display unit, never negative.
/// Which kind a slot means is said by `slot_of` (built-in) or by a machine's `KindTable`. Aligned
/// so that x86-64 takes a pair straight from memory into an addition.
class alignas(16) Amounts {
public:
    constexpr Amounts() = default;

    [[nodiscard]] constexpr std::int64_t operator[](std::size_t slot) const {
        return values_[slot];
    }

    /// Pre: `slot < limits::slots`, `0 <= units <= limits::amount_per_cluster_max`.
    constexpr void set(std::size_t slot, std::int64_t units) {
        OFFERKIT_ASSERT(slot < limits::slots);
        OFFERKIT_ASSERT(units >= 0 && units <= limits::amount_per_cluster_max);
        values_[slot] = units;
    }

    [[nodiscard]] constexpr std::span<const std::int64_t, limits::slots> slots() const {
        return values_;
    }

    /// True if `part` can be carved out of this: no slot of `part` exceeds ours.
    [[nodiscard]] constexpr bool contains(const Amounts& part) const {
        // Differences of bounded amounts cannot wrap, so one sign bit answers for all slots; this
        // is half the instructions of sixteen comparisons.
        if (std::is_constant_evaluated()) {
            return over_slots(
                [&](auto... slot) { return ((values_[slot] - part.values_[slot]) | ...) >= 0; });
        }
        return detail::over_slot_pairs([&](auto... pair) {
            const detail::SlotPair signs = ((load(pair) - part.load(pair)) | ...);
            return (signs[0] | signs[1]) >= 0;
        });
    }

    [[nodiscard]] constexpr bool is_zero() const { return *this == Amounts{}; }

    constexpr Amounts& operator+=(const Amounts& other) {
        if (std::is_constant_evaluated()) return *this = *this + other;
        // All sums before any store: `other` may be this very object, and a compiler that cannot
        // rule that out goes back and forth instead.
        detail::over_slot_pairs([&](auto... pair) {
            const detail::SlotPair sums[] = {(load(pair) + other.load(pair))...};
            (store(pair, sums[pair]), ...);
        });
        return *this;
    }

    /// Pre: `contains(other)`. A shortfall is a bug in the caller and never becomes zero.
    constexpr Amounts& operator-=(const Amounts& other) { return *this = *this - other; }

    friend constexpr Amounts operator+(const Amounts& left, const Amounts& right) {
        Amounts sum;
        if (std::is_constant_evaluated()) {
            over_slots([&](auto... slot) {
                ((sum.values_[slot] = left.values_[slot] + right.values_[slot]), ...);
            });
            return sum;
        }
        detail::over_slot_pairs(
            [&](auto... pair) { (sum.store(pair, left.load(pair) + right.load(pair)), ...); });
        return sum;
    }

    /// Pre: `left.contains(right)`.
    friend constexpr Amounts operator-(const Amounts& left, const Amounts& right) {
        Amounts rest;
        if (std::is_constant_evaluated()) {
            OFFERKIT_ASSERT(left.contains(right));
            over_slots([&](auto... slot) {
                ((rest.values_[slot] = left.values_[slot] - right.values_[slot]), ...);
            });
            return rest;
        }
        detail::over_slot_pairs([&](auto... pair) {
            (rest.store(pair, left.load(pair) - right.load(pair)), ...);
            const detail::SlotPair signs = (rest.load(pair) | ...);
            OFFERKIT_ASSERT((signs[0] | signs[1]) >= 0);  // Is `left.contains(right)`, see there.
        });
        return rest;
    }

    friend constexpr bool operator==(const Amounts& left, const Amounts& right) {
        if (std::is_constant_evaluated()) return left.values_ == right.values_;
        return detail::over_slot_pairs([&](auto... pair) {
            const detail::SlotPair bits = ((left.load(pair) ^ right.load(pair)) | ...);
            return (bits[0] | bits[1]) == 0;
        });
    }

    /// `count` times this. Refuses: `too_large`, if a slot would exceed the cluster's maximum, and
    /// `invalid`, if `count` is negative.
    [[nodiscard]] Result<Amounts> try_multiply(std::int64_t count) const;

private:
    // `SlotPair` may alias its elements, and we are aligned for it.
    [[nodiscard]] detail::SlotPair load(std::size_t pair) const {
        return *reinterpret_cast<const detail::SlotPair*>(values_.data() + 2 * pair);
    }
    void store(std::size_t pair, detail::SlotPair values) {
        *reinterpret_cast<detail::SlotPair*>(values_.data() + 2 * pair) = values;
    }

    std::array<std::int64_t, limits::slots> values_{};
};

/// `held / of`, kept exact and compared by cross-multiplying. With `held` at most 2^53 and `of` at
/// most 2^53 times a weight of 10^6, the products stay below 2^126.
struct Share {
    std::int64_t held = 0;
    int128 of = 1;

    friend constexpr std::strong_ordering operator<=>(const Share& a, const Share& b) {
        return int128{a.held} * b.of <=> int128{b.held} * a.of;
    }
    friend constexpr bool operator==(const Share& a, const Share& b) { return (a <=> b) == 0; }
};

namespace detail {

__extension__ using uint128 = unsigned __int128;
constexpr uint128 multiply(std::uint64_t a, std::uint64_t b) { return uint128{a} * b; }

}  // namespace detail

/// The largest share of any one kind that `held` is of `total`, divided by the weight.
/// Kinds that `total` lacks do not count: nobody dominates what the cluster has not got.
/// Pre: `1 <= weight <= limits::weight_max`, in thousandths.
[[nodiscard]] constexpr Share dominant_share(const Amounts& held, const Amounts& total,
                                             std::int64_t weight = 1000) {
    OFFERKIT_ASSERT(weight >= 1 && weight <= limits::weight_max);
    // Unsigned, because two 64-bit factors then cost one multiplication.
    std::uint64_t best_held = 0;
    std::uint64_t best_total = 1;
    const auto consider = [&](std::int64_t slot_held, std::int64_t slot_total) {
        // Most holders have few kinds, so the empty slots must cost next to nothing.
        if (slot_held == 0 || slot_total == 0) return;
        const auto h = static_cast<std::uint64_t>(slot_held);
        const auto t = static_cast<std::uint64_t>(slot_total);
        if (detail::multiply(h, best_total) > detail::multiply(best_held, t)) {
            best_held = h;
            best_total = t;
        }
    };
    over_slots([&](auto... slot) { (consider(held[slot], total[slot]), ...); });
    return {static_cast<std::int64_t>(best_held),
            static_cast<int128>(detail::multiply(best_total, static_cast<std::uint64_t>(weight)))};
}

}  // namespace offerkit

#if !defined(OFFERKIT_SEPARATE_COMPILATION)
#include <offerkit/resources/impl/amounts.ipp>
#endif
