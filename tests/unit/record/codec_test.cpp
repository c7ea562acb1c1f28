// SPDX-License-Identifier: Apache-2.0
#include "draw.hpp"

#include <catch2/catch.hpp>

#include <offerkit/record/codec.hpp>

using namespace offerkit;

namespace {

template <class T>
void check_round_trips(std::uint64_t seed) {
    Rng rng{seed};
    for (int i = 0; i < 300; ++i) {
        INFO("seed " << seed << ", value " << i);
        const T value = test::draw<T>(rng);
        record::Bytes bytes;
        record::encode(value, bytes);
        const auto decoded = record::decode<T>(bytes);
        REQUIRE(decoded);
        REQUIRE(*decoded == value);
    }
}

/// Decodes, and if that goes well, demands that the value has no other encoding.
template <class T>
void check_canonical(const record::Bytes& bytes) {
    const auto decoded = record::decode<T>(bytes);
    if (!decoded) {
        CHECK(decoded.error().code == RefusalCode::malformed);
        return;
    }
    record::Bytes again;
    record::encode(*decoded, again);
    CHECK(again == bytes);
}

template <class T>
void check_damage(std::uint64_t seed) {
    Rng rng{seed};
    for (int i = 0; i < 30; ++i) {
        INFO("seed " << seed << ", value " << i);
        record::Bytes bytes;
        record::encode(test::draw<T>(rng), bytes);
        for (std::size_t size = 0; size < bytes.size(); ++size) {
            CHECK_FALSE(record::decode<T>(std::string_view(bytes).substr(0, size)));
        }
        CHECK_FALSE(record::decode<T>(bytes + '\0'));
        for (char& byte : bytes) {
            const char kept = byte;
            for (const int change : {1, 2, 0x10, 0x7f, 0x80, 0xff}) {
                byte = static_cast<char>(kept ^ change);
                check_canonical<T>(bytes);
            }
            byte = kept;
        }
    }
}

/// The fewest fields of a struct that says which are there.
struct Ten {
    std::uint64_t a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0;
    std::string i, j;
};

enum class Three : std::uint8_t { one, two, three };

}  // namespace

TEMPLATE_TEST_CASE("what a machine says and hears comes back from its bytes", "[record]",
                   master::Options, master::Event, master::Effect, master::Delta, agent::Options,
                   agent::Event, agent::Effect, agent::Delta, framework::Options, framework::Event,
                   framework::Effect, executor::Event, executor::Effect) {
    check_round_trips<TestType>(11);
}

TEMPLATE_TEST_CASE("damaged bytes are refused or are another value in its only encoding",
                   "[record]", master::Event, master::Delta, agent::Effect, framework::Event,
                   executor::Event) {
    check_damage<TestType>(12);
}

TEST_CASE("the codec writes the bytes that its header documents", "[record]") {
    const auto bytes_of = [](const auto& value) {
        record::Bytes bytes;
        {
            record::ByteWriter writer{bytes};
            record::put(value, writer);
        }
        return bytes;
    };
    using namespace std::string_literals;

    CHECK(bytes_of(std::uint64_t{0}) == "\0"s);
    CHECK(bytes_of(std::uint64_t{0xf7}) == "\xf7"s);
    CHECK(bytes_of(std::uint64_t{0xf8}) == "\xf8\xf8"s);
    CHECK(bytes_of(std::uint64_t{0x1ff}) == "\xf9\xff\x01"s);
    CHECK(bytes_of(~std::uint64_t{0}) == "\xff" + std::string(8, '\xff'));
    CHECK(bytes_of(std::int64_t{-1}) == "\x01"s);
    CHECK(bytes_of(std::int64_t{1}) == "\x02"s);
    CHECK(bytes_of("ab"s) == "\x02"s + "ab");
    CHECK(bytes_of(std::optional<bool>{}) == "\0"s);
    CHECK(bytes_of(std::optional<bool>{false}) == "\1\0"s);
    CHECK(bytes_of(std::vector<std::uint64_t>{1, 2}) == "\2\1\2"s);
    CHECK(bytes_of(std::variant<std::uint64_t, std::string>{"a"s}) == "\1\1"s + "a");
    CHECK(bytes_of(Three::three) == "\2"s);
    CHECK(bytes_of(AgentId{3, 17}) == "\3\x11"s);
    CHECK(bytes_of(Ten{}) == "\0"s);
    CHECK(bytes_of(Ten{.b = 7, .i = "x", .j = {}}) == "\xf9\x02\x01\x07\x01x"s);
}

TEST_CASE("a struct says of each field once whether it is empty", "[record]") {
    Ten value;
    for (const auto& wrong : {std::string{"\2\0", 2}, std::string{"\xf9\0\4", 3}}) {
        ByteReader in{wrong};
        record::take(in, value);
        CHECK(in.has_failed());
    }
    ByteReader in{std::string_view{"\0", 1}};
    value = Ten{.b = 7, .i = "x", .j = {}};
    record::take(in, value);
    CHECK_FALSE(in.has_failed());
    CHECK(value.b == 0);
    CHECK(value.i.empty());
}

TEST_CASE("numbers are read up to their type's bounds and not beyond", "[record]") {
    const auto read = [](auto type, std::string_view bytes) -> bool {
        using T = decltype(type);
        record::ByteReader in{bytes};
        T value{};
        record::take(in, value);
        return !in.has_failed() && in.rest().empty();
    };
    using namespace std::string_view_literals;

    CHECK(read(std::uint64_t{}, "\xff\xff\xff\xff\xff\xff\xff\xff\xff"sv));
    CHECK_FALSE(read(std::uint64_t{}, "\xff\xff\xff\xff\xff\xff\xff\xff"sv));
    CHECK_FALSE(read(std::uint64_t{}, "\xf8\xf7"sv));
    CHECK_FALSE(read(std::uint64_t{}, "\xf9\xff\x00"sv));
    CHECK(read(std::uint16_t{}, "\xf9\xff\xff"sv));
    CHECK_FALSE(read(std::uint16_t{}, "\xfa\x00\x00\x01"sv));
    CHECK(read(std::int32_t{}, "\xfb\xff\xff\xff\xff"sv));
    CHECK_FALSE(read(std::int32_t{}, "\xfc\x00\x00\x00\x00\x01"sv));
    CHECK(read(Three{}, "\2"sv));
    CHECK_FALSE(read(Three{}, "\3"sv));
    CHECK_FALSE(read(false, "\2"sv));
}

TEST_CASE("the length of a list reserves nothing by itself", "[record]") {
    record::Bytes bytes;
    record::put_number(std::uint64_t{1} << 60, bytes);
    record::ByteReader in{bytes};
    std::vector<std::string> values;
    record::take(in, values);
    CHECK(in.has_failed());
    CHECK(values.empty());
}

TEST_CASE("what is written in pieces is the same however the pieces fall", "[record]") {
    for (std::size_t before = 1000; before < 1050; ++before) {
        INFO(before << " bytes before");
        record::Bytes bytes;
        record::Bytes expected(before, '\x01');
        {
            record::ByteWriter writer{bytes};
            for (std::size_t i = 0; i < before; ++i)
                writer.flag(true);
            for (const std::uint64_t number : {std::uint64_t{7}, ~std::uint64_t{0}}) {
                writer.number(number);
                record::put_number(number, expected);
            }
            for (const std::size_t size : {std::size_t{0}, std::size_t{20}, std::size_t{5000}}) {
                const std::string text(size, 'x');
                writer.text(text);
                record::put_text(text, expected);
            }
            writer.signed_number(-300);
            record::put_signed(-300, expected);
        }
        CHECK(bytes == expected);
    }
}
