// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Names of types and enumerators as the source spells them, for people: no list of them can be
/// forgotten or out of date. Costly to compile, like `fields.hpp`.

#include <offerkit/record/fields.hpp>

#include <array>
#include <cctype>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::record {

namespace detail {

/// The last word of what a compiler spells as `WHAT = offerkit::place::Name;` or `]`.
constexpr std::string_view last_word(std::string_view spelled, std::string_view what) {
    spelled.remove_prefix(spelled.rfind(what) + what.size());
    spelled = spelled.substr(0, spelled.find_first_of(";]"));
    const std::size_t colon = spelled.rfind(':');
    return colon == std::string_view::npos ? spelled : spelled.substr(colon + 1);
}

template <class Spelled>
constexpr std::string_view type_name() {
    return last_word(__PRETTY_FUNCTION__, "Spelled = ");
}

template <class E, E enumerator>
constexpr std::string_view enumerator_name() {
    return last_word(__PRETTY_FUNCTION__, "enumerator = ");
}

template <class T>
inline constexpr bool is_variant = false;
template <class... Ts>
inline constexpr bool is_variant<std::variant<Ts...>> = true;

template <class T>
inline constexpr bool has_fields = std::is_aggregate_v<T> && std::is_class_v<T>;

template <class... Ts>
struct Types {};

template <class T>
constexpr auto field_types(const T& value) {
    return with_fields(value, []<class... Fields>(const Fields&...) { return Types<Fields...>{}; });
}

}  // namespace detail

/// "peer_opened" for `PeerOpened`.
template <class T>
[[nodiscard]] std::string kind_of() {
    std::string kind;
    for (const char c : detail::type_name<T>()) {
        if (std::isupper(static_cast<unsigned char>(c)) != 0) {
            if (!kind.empty()) kind += '_';
            kind += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        } else {
            kind += c;
        }
    }
    return kind;
}

/// Adds the kind of what a variant holds, and of what that holds in turn: "agent_said", "beat".
template <class Variant>
void add_kinds(const Variant& value, std::vector<std::string>& kinds) {
    const auto look = [&]<class Field>(const Field& field) {
        if constexpr (detail::is_variant<Field>) add_kinds(field, kinds);
    };
    std::visit(
        [&]<class T>(const T& held) {
            kinds.push_back(kind_of<T>());
            if constexpr (detail::has_fields<T>) {
                detail::with_fields(held, [&](const auto&... fields) { (look(fields), ...); });
            }
        },
        value);
}

/// Adds every kind that `add_kinds` may add.
template <class Variant>
void add_all_kinds(std::vector<std::string>& kinds) {
    const auto look = [&]<class Field>(std::type_identity<Field>) {
        if constexpr (detail::is_variant<Field>) add_all_kinds<Field>(kinds);
    };
    const auto look_at_all = [&]<class... Fields>(detail::Types<Fields...>) {
        (look(std::type_identity<Fields>{}), ...);
    };
    const auto add = [&]<class T>(std::type_identity<T>) {
        kinds.push_back(kind_of<T>());
        if constexpr (detail::has_fields<T>) {
            look_at_all(decltype(detail::field_types(std::declval<const T&>())){});
        }
    };
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        (add(std::type_identity<std::variant_alternative_t<I, Variant>>{}), ...);
    }(std::make_index_sequence<std::variant_size_v<Variant>>{});
}

/// "subscribed" for `Phase::subscribed`.
template <class E>
[[nodiscard]] std::string_view name_of(E value) {
    constexpr std::size_t count = detail::count_enumerators<E>();
    static constexpr auto names = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array{detail::enumerator_name<E, static_cast<E>(I)>()...};
    }(std::make_index_sequence<count>{});
    const auto index = static_cast<std::size_t>(value);
    return index < count ? names[index] : std::string_view{"?"};
}

}  // namespace offerkit::record
