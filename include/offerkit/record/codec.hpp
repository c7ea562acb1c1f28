// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Values as bytes, deterministic on every compiler and machine: what event logs hold and what
/// fingerprints are taken over. One value has one encoding, and what is decoded encodes to the same
/// bytes. The format follows the structs: it is read by the same build that wrote it (`log.hpp`).
///
/// The definitions live in `fields.hpp` and are compiled once, for the types listed at the end;
/// include that header to record a type of your own.

#include <offerkit/agent/effect.hpp>
#include <offerkit/agent/event.hpp>
#include <offerkit/agent/options.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/executor/effect.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/event.hpp>
#include <offerkit/framework/state.hpp>
#include <offerkit/master/effect.hpp>
#include <offerkit/master/event.hpp>
#include <offerkit/master/options.hpp>
#include <offerkit/record/bytes.hpp>

#include <string_view>

namespace offerkit::record {

/// The compiled door to one type.
template <class T>
struct Codec {
    static void encode(const T& value, ByteWriter& out);
    static void decode_next(ByteReader& in, T& value);
};

/// Appends `value` to `out`.
template <class T>
void encode(const T& value, ByteWriter& out) {
    Codec<T>::encode(value, out);
}

template <class T>
void encode(const T& value, Bytes& out) {
    ByteWriter writer{out};
    Codec<T>::encode(value, writer);
}

/// Reads one value and goes on after it; whether that went well is asked of `in`.
template <class T>
void decode_next(ByteReader& in, T& value) {
    Codec<T>::decode_next(in, value);
}

/// What to say of bytes that could not be read. Pre: `in.has_failed()`.
[[nodiscard]] Refusal refuse_bytes(const ByteReader& in, std::string_view what);

/// Reads one value that fills all of `bytes`. Refuses: `malformed`, naming the place.
template <class T>
[[nodiscard]] Result<T> decode(std::string_view bytes) {
    ByteReader in{bytes};
    T value{};
    Codec<T>::decode_next(in, value);
    if (!in.rest().empty()) in.fail("something follows the value");
    if (in.has_failed()) return refuse_bytes(in, "read value");
    return value;
}

extern template struct Codec<master::Options>;
extern template struct Codec<master::Event>;
extern template struct Codec<master::Effect>;
extern template struct Codec<master::Delta>;
extern template struct Codec<agent::Options>;
extern template struct Codec<agent::Event>;
extern template struct Codec<agent::Effect>;
extern template struct Codec<agent::Delta>;
extern template struct Codec<framework::Options>;
extern template struct Codec<framework::Event>;
extern template struct Codec<framework::Effect>;
extern template struct Codec<executor::Event>;
extern template struct Codec<executor::Effect>;

}  // namespace offerkit::record
