// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The generic codec: how any plain value becomes bytes and comes back. The fields of
/// aggregates are found (`aggregate.hpp`), so that one that is added cannot be forgotten.
/// Costly to compile; `codec.hpp` is the door that everybody else uses.
///
///   bool, enum, unsigned    number                 variant    index, then the value
///   signed, times           zigzag number          optional   0, or 1 and the value
///   text                    length, then bytes     vector     length, then the elements
///   aggregate, pair, array  the fields in order    ids        their two numbers, or text
///   map, set                as a list, ascending
///   aggregate of ten fields or more: which of them are not empty, as bits, then those

#include <offerkit/core/id.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/record/aggregate.hpp>
#include <offerkit/record/bytes.hpp>
#include <offerkit/record/codec.hpp>
#include <offerkit/record/resources.hpp>

#include <array>
#include <concepts>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::record {

/// How values of `T` are written and read; specialised below for all that is no aggregate.
template <class T>
struct Fields;

template <class T>
void put(const T& value, ByteWriter& out) {
    Fields<T>::put(value, out);
}

template <class T>
void take(ByteReader& in, T& value) {
    Fields<T>::take(in, value);
}

namespace detail {

/// True if the enumeration has an enumerator of this value: compilers spell those by name, as
/// `Place::Name::one` or `(anonymous namespace)::one`, and all others as a cast, `(Place::Name)7`.
template <class E, E value>
consteval bool is_enumerator() {
    constexpr std::string_view spelled = __PRETTY_FUNCTION__;
    constexpr std::string_view mark = "value = ";
    constexpr std::string_view tail = spelled.substr(spelled.rfind(mark) + mark.size());
    constexpr std::size_t before = tail.find_last_of(":)");
    constexpr char first = tail[before == std::string_view::npos ? 0 : before + 1];
    return !(first >= '0' && first <= '9') && first != '-';
}

/// How many enumerators there are. Pre: they count up from zero, as all of ours do.
template <class E, std::uint8_t from = 0>
consteval std::size_t count_enumerators() {
    if constexpr (is_enumerator<E, static_cast<E>(from)>()) {
        return count_enumerators<E, from + 1>();
    } else {
        return from;
    }
}

}  // namespace detail

template <>
struct Fields<bool> {
    static void put(bool value, ByteWriter& out) { out.flag(value); }
    static void take(ByteReader& in, bool& value) { value = in.number_below(2) != 0; }
};

template <std::unsigned_integral T>
struct Fields<T> {
    static void put(T value, ByteWriter& out) { out.number(value); }
    static void take(ByteReader& in, T& value) {
        const std::uint64_t number = in.number();
        value = static_cast<T>(number);
        if (value != number) in.fail("a number does not fit its type");
    }
};

template <std::signed_integral T>
struct Fields<T> {
    static void put(T value, ByteWriter& out) { out.signed_number(value); }
    static void take(ByteReader& in, T& value) {
        const std::int64_t number = in.signed_number();
        value = static_cast<T>(number);
        if (value != number) in.fail("a number does not fit its type");
    }
};

template <class T>
    requires std::is_enum_v<T>
struct Fields<T> {
    static void put(T value, ByteWriter& out) { out.number(static_cast<std::uint64_t>(value)); }
    static void take(ByteReader& in, T& value) {
        value = static_cast<T>(in.number_below(detail::count_enumerators<T>()));
    }
};

template <>
struct Fields<std::string> {
    static void put(const std::string& value, ByteWriter& out) { out.text(value); }
    static void take(ByteReader& in, std::string& value) { value = in.text(); }
};

template <>
struct Fields<Duration> {
    static void put(Duration value, ByteWriter& out) { out.signed_number(value.count()); }
    static void take(ByteReader& in, Duration& value) { value = Duration{in.signed_number()}; }
};

// In two parts, since both are small where their sum is not: ids are half of most messages.
template <class Tag>
struct Fields<NumberedId<Tag>> {
    static void put(NumberedId<Tag> id, ByteWriter& out) {
        out.number(id.epoch());
        out.number(id.counter());
    }
    static void take(ByteReader& in, NumberedId<Tag>& id) {
        const std::uint64_t epoch = in.number_below(NumberedId<Tag>::epoch_max + 1);
        const std::uint64_t counter = in.number_below(NumberedId<Tag>::counter_max + 1);
        id = NumberedId<Tag>{epoch, counter};
    }
};

template <class Tag>
struct Fields<NamedId<Tag>> {
    static void put(const NamedId<Tag>& id, ByteWriter& out) { out.text(id.text()); }
    static void take(ByteReader& in, NamedId<Tag>& id) { id = NamedId<Tag>{in.text()}; }
};

template <>
struct Fields<Role> {
    static void put(const Role& role, ByteWriter& out) { out.text(role.path()); }
    static void take(ByteReader& in, Role& role) {
        auto parsed = Role::parse(in.text());
        if (!parsed) {
            in.fail("a role path is not well formed");
            return;
        }
        role = std::move(*parsed);
    }
};

template <>
struct Fields<Amounts> {
    static void put(const Amounts& value, ByteWriter& out) { put_amounts(value, out); }
    static void take(ByteReader& in, Amounts& value) { take_amounts(in, value); }
};

template <>
struct Fields<Ranges> {
    static void put(const Ranges& value, ByteWriter& out) { put_ranges(value, out); }
    static void take(ByteReader& in, Ranges& value) { take_ranges(in, value); }
};

template <>
struct Fields<Resources> {
    static void put(const Resources& value, ByteWriter& out) { put_resources(value, out); }
    static void take(ByteReader& in, Resources& value) { take_resources(in, value); }
};

template <class T>
struct Fields<std::optional<T>> {
    static void put(const std::optional<T>& value, ByteWriter& out) {
        record::put(value.has_value(), out);
        if (value) record::put(*value, out);
    }
    static void take(ByteReader& in, std::optional<T>& value) {
        value.reset();
        if (in.number_below(2) != 0) record::take(in, value.emplace());
    }
};

template <class T>
struct Fields<BoxedOptional<T>> {
    static void put(const BoxedOptional<T>& value, ByteWriter& out) {
        record::put(value.has_value(), out);
        if (value) record::put(*value, out);
    }
    static void take(ByteReader& in, BoxedOptional<T>& value) {
        value.reset();
        if (in.number_below(2) != 0) record::take(in, value.emplace());
    }
};

template <class T>
struct Fields<std::vector<T>> {
    static_assert(!std::is_empty_v<T>, "a list of nothing has no bound: count it instead");

    static void put(const std::vector<T>& values, ByteWriter& out) {
        out.number(values.size());
        for (const T& value : values)
            record::put(value, out);
    }
    // Grows as bytes prove that there is something to hold: a length alone reserves nothing.
    static void take(ByteReader& in, std::vector<T>& values) {
        values.clear();
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
            record::take(in, values.emplace_back());
        }
    }
};

template <class T, std::size_t size>
struct Fields<std::array<T, size>> {
    static void put(const std::array<T, size>& values, ByteWriter& out) {
        for (const T& value : values)
            record::put(value, out);
    }
    static void take(ByteReader& in, std::array<T, size>& values) {
        for (T& value : values)
            record::take(in, value);
    }
};

template <class A, class B>
struct Fields<std::pair<A, B>> {
    static void put(const std::pair<A, B>& value, ByteWriter& out) {
        record::put(value.first, out);
        record::put(value.second, out);
    }
    static void take(ByteReader& in, std::pair<A, B>& value) {
        record::take(in, value.first);
        record::take(in, value.second);
    }
};

template <class T>
struct Fields<std::deque<T>> {
    static void put(const std::deque<T>& values, ByteWriter& out) {
        out.number(values.size());
        for (const T& value : values)
            record::put(value, out);
    }
    static void take(ByteReader& in, std::deque<T>& values) {
        values.clear();
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
            record::take(in, values.emplace_back());
        }
    }
};

// Keys ascend, or one map would have many encodings.
template <class K, class V, class Less>
struct Fields<std::map<K, V, Less>> {
    static void put(const std::map<K, V, Less>& values, ByteWriter& out) {
        out.number(values.size());
        for (const auto& [key, value] : values) {
            record::put(key, out);
            record::put(value, out);
        }
    }
    static void take(ByteReader& in, std::map<K, V, Less>& values) {
        values.clear();
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
            K key{};
            record::take(in, key);
            if (!values.empty() && !(values.rbegin()->first < key)) {
                in.fail("keys are not ascending");
                return;
            }
            record::take(in, values.emplace_hint(values.end(), std::move(key), V{})->second);
        }
    }
};

template <class K>
struct Fields<std::set<K>> {
    static void put(const std::set<K>& values, ByteWriter& out) {
        out.number(values.size());
        for (const K& value : values)
            record::put(value, out);
    }
    static void take(ByteReader& in, std::set<K>& values) {
        values.clear();
        const std::size_t count = in.count();
        for (std::size_t i = 0; i < count && !in.has_failed(); ++i) {
            K value{};
            record::take(in, value);
            if (!values.empty() && !(*values.rbegin() < value)) {
                in.fail("elements are not ascending");
                return;
            }
            values.insert(values.end(), std::move(value));
        }
    }
};

template <class... Ts>
struct Fields<std::variant<Ts...>> {
    static void put(const std::variant<Ts...>& value, ByteWriter& out) {
        out.number(value.index());
        std::visit([&](const auto& held) { record::put(held, out); }, value);
    }
    static void take(ByteReader& in, std::variant<Ts...>& value) {
        const std::uint64_t index = in.number_below(sizeof...(Ts));
        take_held(in, value, index, std::index_sequence_for<Ts...>{});
    }

private:
    template <std::size_t... I>
    static void take_held(ByteReader& in, std::variant<Ts...>& value, std::uint64_t index,
                          std::index_sequence<I...>) {
        ((I == index ? record::take(in, value.template emplace<I>()) : void()), ...);
    }
};

}  // namespace offerkit::record

#include <offerkit/record/struct_fields.hpp>

namespace offerkit::record {

template <class T>
void Codec<T>::encode(const T& value, ByteWriter& out) {
    record::put(value, out);
}

template <class T>
void Codec<T>::decode_next(ByteReader& in, T& value) {
    record::take(in, value);
}

}  // namespace offerkit::record
