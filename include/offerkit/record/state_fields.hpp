// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The generic codec (`fields.hpp`) for what only the state of a machine holds: tables, deadlines,
/// generators, and the ledgers of the allocation cycle, which show their parts.

#include <offerkit/core/deadlines.hpp>
#include <offerkit/core/random.hpp>
#include <offerkit/core/slot_table.hpp>
#include <offerkit/record/fields.hpp>
#include <offerkit/resources/kind_table.hpp>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace offerkit::record {

namespace detail {

/// Shows everything that it remembers, by `T::parts`.
template <class T>
concept HasParts = requires(T& value) { T::parts(value, [](auto&...) {}); };

}  // namespace detail

template <detail::HasParts T>
struct Fields<T> {
    static void put(const T& value, ByteWriter& out) {
        T::parts(value, [&](const auto&... part) { (record::put(part, out), ...); });
    }
    static void take(ByteReader& in, T& value) {
        T::parts(value, [&](auto&... part) { (record::take(in, part), ...); });
    }
};

template <>
struct Fields<Rng> {
    static void put(const Rng& rng, ByteWriter& out) { out.number(rng.state()); }
    static void take(ByteReader& in, Rng& rng) { rng = Rng{in.number()}; }
};

template <class IndexType, class T>
struct Fields<SlotTable<IndexType, T>> {
    static void put(const SlotTable<IndexType, T>& table, ByteWriter& out) {
        record::put(table.entries(), out);
    }
    static void take(ByteReader& in, SlotTable<IndexType, T>& table) {
        std::vector<std::optional<T>> entries;
        record::take(in, entries);
        table.assign(std::move(entries));
    }
};

template <class Key>
struct Fields<Deadlines<Key>> {
    static void put(const Deadlines<Key>& deadlines, ByteWriter& out) {
        record::put(deadlines.entries(), out);
    }
    static void take(ByteReader& in, Deadlines<Key>& deadlines) {
        std::vector<typename Deadlines<Key>::Entry> entries;
        record::take(in, entries);
        if (!std::ranges::is_heap(entries, std::greater{})) in.fail("deadlines are out of order");
        deadlines.assign(std::move(entries));
    }
};

template <>
struct Fields<KindTable> {
    static void put(const KindTable& kinds, ByteWriter& out) { record::put(kinds.save(), out); }
    static void take(ByteReader& in, KindTable& kinds) {
        std::vector<KindTable::Entry> entries;
        record::take(in, entries);
        if (in.has_failed()) return;
        Result<KindTable> loaded = KindTable::load(entries);
        if (!loaded) {
            in.fail("the table of kinds is not well formed");
            return;
        }
        kinds = std::move(*loaded);
    }
};

}  // namespace offerkit::record
