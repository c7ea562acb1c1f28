// SPDX-License-Identifier: Apache-2.0
#pragma once

/// An amount of one kind. The kind is in the type, so that cpus and mem cannot be mixed up, and
/// literals are exact because they read their own characters.

#include <offerkit/core/assert.hpp>
#include <offerkit/core/limits.hpp>
#include <offerkit/resources/decimal.hpp>
#include <offerkit/resources/kind.hpp>

#include <compare>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace offerkit {

/// How much of the kind `K`, in thousandths of its display unit, never negative.
template <ResourceKind K>
class Quantity {
    static_assert(is_kind_name(K::name),
                  "a kind's name is a letter followed by letters, digits and _ - . /");
    static_assert(detail::is_builtin<K> || !is_reserved_kind_name(K::name),
                  "this name belongs to a built-in kind: use that kind, or choose another name");

public:
    using Kind = K;

    constexpr Quantity() = default;

    /// Pre: `0 <= units <= limits::amount_per_cluster_max`.
    [[nodiscard]] static constexpr Quantity from_units(std::int64_t units) {
        OFFERKIT_ASSERT(units >= 0 && units <= limits::amount_per_cluster_max);
        Quantity quantity;
        quantity.units_ = units;
        return quantity;
    }

    /// Thousandths of the display unit: 1500 for 1.5 cpus.
    [[nodiscard]] constexpr std::int64_t units() const { return units_; }

    constexpr Quantity& operator+=(Quantity other) { return *this = *this + other; }
    constexpr Quantity& operator-=(Quantity other) { return *this = *this - other; }

    friend constexpr Quantity operator+(Quantity left, Quantity right) {
        return from_units(left.units_ + right.units_);
    }
    /// Pre: `left >= right`.
    friend constexpr Quantity operator-(Quantity left, Quantity right) {
        return from_units(left.units_ - right.units_);
    }
    /// Pre: `count` is not negative, and the product is at most the cluster's maximum.
    friend constexpr Quantity operator*(Quantity quantity, std::int64_t count) {
        OFFERKIT_ASSERT(count >= 0);
        OFFERKIT_ASSERT(count == 0 || quantity.units_ <= limits::amount_per_cluster_max / count);
        return from_units(quantity.units_ * count);
    }
    friend constexpr Quantity operator*(std::int64_t count, Quantity quantity) {
        return quantity * count;
    }

    friend constexpr auto operator<=>(Quantity, Quantity) = default;

    // Two kinds never meet in one amount. `cpus + mem` makes Resources (resources.hpp); these say
    // by name what is wrong instead of listing every operator there is.
    template <ResourceKind Other>
        requires(!std::same_as<K, Other>)
    constexpr Quantity& operator+=(Quantity<Other> of_another_kind) = delete;
    template <ResourceKind Other>
        requires(!std::same_as<K, Other>)
    constexpr Quantity& operator-=(Quantity<Other> of_another_kind) = delete;

private:
    std::int64_t units_ = 0;
};

template <ResourceKind K, ResourceKind Other>
    requires(!std::same_as<K, Other>)
constexpr bool operator==(Quantity<K> quantity, Quantity<Other> of_another_kind) = delete;
template <ResourceKind K, ResourceKind Other>
    requires(!std::same_as<K, Other>)
constexpr auto operator<=>(Quantity<K> quantity, Quantity<Other> of_another_kind) = delete;
template <ResourceKind K, ResourceKind Other>
    requires(!std::same_as<K, Other>)
constexpr auto operator-(Quantity<K> quantity, Quantity<Other> of_another_kind) = delete;

namespace detail {

/// Reads a literal's characters; digit separators are dropped, everything else is as in text.
template <ResourceKind K, std::int64_t multiplier, char... Characters>
consteval Quantity<K> quantity_literal() {
    constexpr Decimal read = [] {
        constexpr char all[] = {Characters...};
        char kept[sizeof...(Characters)] = {};
        std::size_t count = 0;
        for (const char c : all) {
            if (c != '\'') kept[count++] = c;
        }
        return parse_decimal({kept, count}, limits::amount_per_agent_max / multiplier);
    }();
    static_assert(read.error != DecimalError::malformed,
                  "a resource literal is plain decimal: no hex, no octal, no exponent");
    static_assert(read.error != DecimalError::too_precise,
                  "a resource literal has at most three decimals");
    static_assert(read.error != DecimalError::too_large,
                  "a resource literal is larger than one agent may have");
    return Quantity<K>::from_units(read.units * multiplier);
}

}  // namespace detail

/// `using namespace offerkit::literals;` then `0.5_cpus + 4_GiB + 10_GiB_disk`.
namespace literals {

template <char... C>
consteval Quantity<Cpus> operator""_cpus() {
    return detail::quantity_literal<Cpus, 1, C...>();
}
template <char... C>
consteval Quantity<Gpus> operator""_gpus() {
    return detail::quantity_literal<Gpus, 1, C...>();
}
template <char... C>
consteval Quantity<Mem> operator""_MiB() {
    return detail::quantity_literal<Mem, 1, C...>();
}
template <char... C>
consteval Quantity<Mem> operator""_GiB() {
    return detail::quantity_literal<Mem, 1024, C...>();
}
template <char... C>
consteval Quantity<Disk> operator""_MiB_disk() {
    return detail::quantity_literal<Disk, 1, C...>();
}
template <char... C>
consteval Quantity<Disk> operator""_GiB_disk() {
    return detail::quantity_literal<Disk, 1024, C...>();
}

}  // namespace literals
}  // namespace offerkit
