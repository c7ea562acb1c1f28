// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A kind of resource is a type. The built-in scalar kinds have slots that the compiler knows, by a
/// Hana map; an author's own kind is one line and travels by its name.

#include <offerkit/core/limits.hpp>

#include <array>
#include <boost/hana/at_key.hpp>
#include <boost/hana/contains.hpp>
#include <boost/hana/integral_constant.hpp>
#include <boost/hana/keys.hpp>
#include <boost/hana/length.hpp>
#include <boost/hana/map.hpp>
#include <boost/hana/pair.hpp>
#include <boost/hana/type.hpp>
#include <boost/hana/unpack.hpp>
#include <concepts>
#include <cstddef>
#include <optional>
#include <string_view>
#include <type_traits>

namespace offerkit {

/// A kind of resource that is counted and divided.
/// Requires `K::name`, its name on the wire and in logs, and `K::unit`, what one of it is.
/// Example: `struct Licenses { static constexpr auto name = "licenses", unit = "milli-license"; };`
template <class K>
concept ResourceKind = requires {
    { K::name } -> std::convertible_to<std::string_view>;
    { K::unit } -> std::convertible_to<std::string_view>;
};

/// A kind of resource whose pieces have numbers, such as ports.
/// Requires `K::name`, and no `K::unit`: its pieces are not amounts.
template <class K>
concept RangeKind = !ResourceKind<K> && requires {
    { K::name } -> std::convertible_to<std::string_view>;
};

// clang-format off
struct Cpus { static constexpr auto name = "cpus", unit = "milli-cpu"; };
struct Mem  { static constexpr auto name = "mem",  unit = "milli-MiB"; };
struct Disk { static constexpr auto name = "disk", unit = "milli-MiB"; };
struct Gpus { static constexpr auto name = "gpus", unit = "milli-gpu"; };

struct Ports { static constexpr auto name = "ports"; };
// clang-format on

namespace detail {

namespace hana = boost::hana;

inline constexpr auto builtin_slots =
    hana::make_map(hana::make_pair(hana::type_c<Cpus>, hana::size_c<0>),
                   hana::make_pair(hana::type_c<Mem>, hana::size_c<1>),
                   hana::make_pair(hana::type_c<Disk>, hana::size_c<2>),
                   hana::make_pair(hana::type_c<Gpus>, hana::size_c<3>));

template <class K>
inline constexpr bool is_builtin = decltype(hana::contains(builtin_slots, hana::type_c<K>))::value;

template <class K>
constexpr std::optional<std::size_t> find_slot() {
    if constexpr (is_builtin<K>) {
        return std::decay_t<decltype(builtin_slots[hana::type_c<K>])>::value;
    } else {
        return std::nullopt;
    }
}

}  // namespace detail

/// How many kinds have a slot at compile time; the rest of `limits::slots` is given at run time.
inline constexpr std::size_t builtin_scalar_count =
    decltype(detail::hana::length(detail::builtin_slots))::value;

/// The slot of a built-in kind; nothing for an author's own.
template <ResourceKind K>
inline constexpr std::optional<std::size_t> slot_of = detail::find_slot<K>();

/// The names of the built-in scalar kinds, in the order of their slots.
inline constexpr std::array<std::string_view, builtin_scalar_count> builtin_names =
    detail::hana::unpack(detail::hana::keys(detail::builtin_slots), [](auto... kinds) {
        std::array<std::string_view, sizeof...(kinds)> names;
        ((names[*slot_of<typename decltype(kinds)::type>] = decltype(kinds)::type::name), ...);
        return names;
    });

/// The slot of the built-in scalar kind with this name, if there is one.
[[nodiscard]] constexpr std::optional<std::size_t> find_builtin(std::string_view name) {
    for (std::size_t slot = 0; slot < builtin_names.size(); ++slot) {
        if (builtin_names[slot] == name) return slot;
    }
    return std::nullopt;
}

/// True for the names of the built-in kinds, which an author's own kind must not take.
[[nodiscard]] constexpr bool is_reserved_kind_name(std::string_view name) {
    return name == std::string_view{Ports::name} || find_builtin(name).has_value();
}

/// True for a letter followed by letters, digits and `_ - . /`, at most `kind_name_max` long.
[[nodiscard]] constexpr bool is_kind_name(std::string_view name) {
    const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    if (name.empty() || name.size() > limits::kind_name_max || !is_letter(name.front())) {
        return false;
    }
    for (const char c : name) {
        const bool is_digit = c >= '0' && c <= '9';
        if (!is_letter(c) && !is_digit && c != '_' && c != '-' && c != '.' && c != '/') {
            return false;
        }
    }
    return true;
}

}  // namespace offerkit
