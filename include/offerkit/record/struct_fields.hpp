// SPDX-License-Identifier: Apache-2.0
#pragma once

/// How structs are written and read: field by field, and those of many fields without the empty
/// ones. The last part of `fields.hpp`, since a struct may hold anything.

#include <offerkit/core/time.hpp>
#include <offerkit/record/aggregate.hpp>
#include <offerkit/record/bytes.hpp>
#include <offerkit/record/fields.hpp>
#include <offerkit/resources/resources.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace offerkit::record {

namespace detail {

/// Structs with so many fields say first which of them are there: most are empty in most messages.
inline constexpr std::size_t fields_with_marks_min = 10;

/// True if the field is left out there: zero or empty. Structs within structs never are, but for
/// those around one number, such as a time.
template <class T>
constexpr bool is_zero(const T& value) {
    if constexpr (requires { value.empty(); }) {
        return value.empty();
    } else if constexpr (requires { value.has_value(); }) {
        return !value.has_value();
    } else if constexpr (requires { value.is_none(); }) {
        return value.is_none();
    } else if constexpr (std::is_arithmetic_v<T> || std::is_enum_v<T> ||
                         std::is_same_v<T, Duration>) {
        return value == T{};
    } else if constexpr (std::is_same_v<T, Resources>) {
        return value.is_empty();
    } else if constexpr (std::is_same_v<T, Instant> || std::is_same_v<T, WallTime>) {
        return value.ns == 0;
    } else {
        return false;
    }
}

}  // namespace detail

template <class T>
    requires(std::is_aggregate_v<T> && std::is_class_v<T>)
struct Fields<T> {
    static constexpr bool has_marks = detail::field_count<T> >= detail::fields_with_marks_min;

    static void put(const T& value, ByteWriter& out) {
        detail::with_fields(value, [&](const auto&... fields) {
            if constexpr (has_marks) {
                std::uint64_t marks = 0;
                int at = 0;
                ((marks |= std::uint64_t{!detail::is_zero(fields)} << at++), ...);
                out.number(marks);
                ((marks & 1 ? record::put(fields, out) : void(), marks >>= 1), ...);
            } else {
                (record::put(fields, out), ...);
            }
        });
    }

    static void take(ByteReader& in, T& value) {
        detail::with_fields(value, [&](auto&... fields) {
            if constexpr (has_marks) {
                std::uint64_t marks = in.number_below(std::uint64_t{1} << sizeof...(fields));
                ((take_marked(in, fields, (marks & 1) != 0), marks >>= 1), ...);
            } else {
                (record::take(in, fields), ...);
            }
        });
    }

private:
    // What is marked and empty would be a second encoding of the same.
    template <class Field>
    static void take_marked(ByteReader& in, Field& field, bool is_there) {
        if (is_there) {
            record::take(in, field);
            if (!in.has_failed() && detail::is_zero(field)) {
                in.fail("a field is marked and empty");
            }
        } else {
            if constexpr (std::default_initializable<Field>) field = Field{};
            if (!detail::is_zero(field)) in.fail("a field is missing");
        }
    }
};

}  // namespace offerkit::record
