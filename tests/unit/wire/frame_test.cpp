// SPDX-License-Identifier: Apache-2.0
#include <offerkit/core/random.hpp>
#include <offerkit/wire/frame.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace offerkit::wire {

namespace {

struct Kept {
    FrameKind kind;
    std::uint32_t channel;
    std::string payload;
    friend bool operator==(const Kept&, const Kept&) = default;
};

/// All frames that are there; fails the test on a refusal.
std::vector<Kept> drain(FrameReader& reader) {
    std::vector<Kept> frames;
    while (true) {
        auto frame = reader.next();
        REQUIRE(frame.has_value());
        if (!frame->has_value()) return frames;
        frames.push_back({(*frame)->kind, (*frame)->channel, std::string((*frame)->payload)});
    }
}

Bytes header(std::uint32_t length, std::uint32_t channel, std::uint8_t kind) {
    Bytes bytes;
    for (const std::uint32_t number : {length, channel}) {
        for (int shift = 0; shift < 32; shift += 8)
            bytes += static_cast<char>(number >> shift);
    }
    return bytes + static_cast<char>(kind);
}

}  // namespace

TEST_CASE("a frame is nine bytes, little-endian, and its payload") {
    Bytes bytes = "x";
    append_frame(bytes, FrameKind::data, 0x01020304, "abc");
    CHECK(bytes == std::string("x\x03\0\0\0\x04\x03\x02\x01\x04", 10) + "abc");
    CHECK(bytes.size() == 1 + frame_header_bytes + 3);
}

TEST_CASE("frames come out as they went in, however the bytes are cut") {
    std::vector<Kept> sent;
    Bytes bytes;
    Rng rng{1};
    for (std::uint32_t i = 0; i < 200; ++i) {
        std::string payload(rng.below(rng.chance(1, 10) ? 5000 : 30), static_cast<char>(i));
        const auto kind = static_cast<FrameKind>(1 + rng.below(5));
        append_frame(bytes, kind, i * 7, payload);
        sent.push_back({kind, i * 7, payload});
    }
    for (std::uint64_t longest :
         {std::uint64_t{1}, std::uint64_t{10}, std::uint64_t{4000}, std::uint64_t{bytes.size()}}) {
        INFO("pieces of at most " << longest);
        FrameReader reader;
        std::vector<Kept> received;
        for (std::size_t at = 0; at < bytes.size();) {
            const std::size_t size =
                std::min<std::size_t>(1 + rng.below(longest), bytes.size() - at);
            reader.feed(std::string_view(bytes).substr(at, size));
            at += size;
            const auto frames = drain(reader);
            received.insert(received.end(), frames.begin(), frames.end());
        }
        CHECK(received == sent);
        CHECK(reader.pending_bytes() == 0);
    }
}

TEST_CASE("several frames of one feed stay valid until the next feed") {
    Bytes bytes;
    append_frame(bytes, FrameKind::data, 1, "one");
    append_frame(bytes, FrameKind::data, 2, "two");
    FrameReader reader;
    reader.feed(bytes);
    const auto first = reader.next();
    const auto second = reader.next();
    REQUIRE((first && first->has_value() && second && second->has_value()));
    CHECK((*first)->payload == "one");
    CHECK((*second)->payload == "two");
}

TEST_CASE("an incomplete frame is waited for") {
    Bytes bytes;
    append_frame(bytes, FrameKind::hello, 1, "payload");
    for (std::size_t size = 0; size < bytes.size(); ++size) {
        INFO(size << " bytes");
        FrameReader reader;
        reader.feed(std::string_view(bytes).substr(0, size));
        CHECK(drain(reader).empty());
        CHECK(reader.pending_bytes() == size);
    }
}

TEST_CASE("the largest frame is taken, one byte more is refused before it has come") {
    FrameReader reader;
    Bytes bytes;
    append_frame(bytes, FrameKind::data, 1, std::string(limits::frame_max, 'x'));
    reader.feed(bytes);
    const auto frames = drain(reader);
    REQUIRE(frames.size() == 1);
    CHECK(frames[0].payload.size() == limits::frame_max);

    FrameReader other;
    other.feed(header(limits::frame_max + 1, 1, 4));
    const auto refused = other.next();
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == RefusalCode::too_large);
    CHECK(refused.error().why == "it has 4194305 bytes, the most is 4194304");
    CHECK_FALSE(other.next().has_value());
}

TEST_CASE("kinds that do not exist are refused") {
    for (const std::uint8_t kind : {0, 6, 255}) {
        FrameReader reader;
        reader.feed(header(0, 1, kind));
        const auto refused = reader.next();
        REQUIRE_FALSE(refused.has_value());
        CHECK(refused.error().code == RefusalCode::malformed);
        CHECK_FALSE(reader.next().has_value());
    }
}

TEST_CASE("a client of another protocol is refused at its first words") {
    FrameReader reader;
    reader.feed("GET / HTTP/1.1\r\n");
    CHECK_FALSE(reader.next().has_value());
}

TEST_CASE("what was read does not pile up") {
    FrameReader reader;
    Bytes frame;
    append_frame(frame, FrameKind::data, 1, std::string(1000, 'x'));
    // Always half a frame left over: the buffer is never empty, yet must not grow.
    reader.feed(std::string_view(frame).substr(0, 500));
    for (int i = 0; i < 10'000; ++i) {
        reader.feed(std::string_view(frame).substr(500));
        reader.feed(std::string_view(frame).substr(0, 500));
        CHECK(drain(reader).size() == 1);
        CHECK(reader.pending_bytes() == 500);
    }
}

}  // namespace offerkit::wire
