// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/record/crc32c.hpp>
#include <offerkit/record/log.hpp>

#include <array>

using namespace offerkit;

namespace {

struct Logged {
    record::Bytes bytes;
    record::LogHeader header;
    std::size_t first_step_at = 0;
    std::size_t second_step_at = 0;
};

/// A log of two steps: a peer that opens and is closed, then a wake without events.
Logged make_log() {
    Logged logged;
    logged.header.build = "offerkit 0.1.0";
    logged.header.policy = "drf";
    record::encode(master::Options{}, logged.header.options);
    record::LogWriter writer{logged.header, logged.bytes};

    logged.first_step_at = logged.bytes.size();
    std::array<master::Event, 2> events{
        master::PeerOpened{PeerId{0, 1}, protocol::PeerKind::agent, "ada"},
        master::PeerClosed{PeerId{0, 1}, "it left"}};
    master::Effects effects;
    effects.list.emplace_back(master::ClosePeer{PeerId{0, 1}, {}});
    effects.deltas.emplace_back(master::Noted{WallTime{5}, "peer", "left"});
    writer.begin_step(Batch<master::Event>{Instant{10}, WallTime{20}, events});
    writer.end_step(effects, Instant{30}, logged.bytes);

    logged.second_step_at = logged.bytes.size();
    writer.begin_step(Batch<master::Event>{Instant{30}, WallTime{40}, {}});
    writer.end_step(master::Effects{}, Instant::never(), logged.bytes);
    return logged;
}

}  // namespace

TEST_CASE("a log gives back its header and its steps", "[record][log]") {
    const Logged logged = make_log();
    auto reader = record::LogReader::open(logged.bytes);
    REQUIRE(reader);
    CHECK(reader->header() == logged.header);

    auto first = reader->next();
    REQUIRE(first);
    REQUIRE(first->has_value());
    CHECK((*first)->mono_now == Instant{10});
    CHECK((*first)->wall_now == WallTime{20});
    CHECK((*first)->event_count == 2);
    CHECK((*first)->effect_count == 2);
    CHECK((*first)->next_wake == Instant{30});
    record::ByteReader events{(*first)->events};
    master::Event event;
    record::decode_next(events, event);
    CHECK(event ==
          master::Event{master::PeerOpened{PeerId{0, 1}, protocol::PeerKind::agent, "ada"}});

    auto second = reader->next();
    REQUIRE(second);
    REQUIRE(second->has_value());
    CHECK((*second)->event_count == 0);
    CHECK((*second)->next_wake == Instant::never());

    const auto end = reader->next();
    REQUIRE(end);
    CHECK_FALSE(end->has_value());
    CHECK_FALSE(reader->is_cut_off());
}

TEST_CASE("a log that is cut off anywhere gives the steps before that", "[record][log]") {
    const Logged logged = make_log();
    for (std::size_t size = 0; size < logged.bytes.size(); ++size) {
        INFO("cut after " << size << " bytes");
        auto reader = record::LogReader::open(std::string_view(logged.bytes).substr(0, size));
        if (size < logged.first_step_at) {
            REQUIRE_FALSE(reader);
            CHECK(reader.error().code == RefusalCode::malformed);
            continue;
        }
        REQUIRE(reader);
        const bool first_is_whole = size >= logged.second_step_at;
        const bool at_border = size == logged.first_step_at || size == logged.second_step_at;
        auto step = reader->next();
        if (first_is_whole) {
            REQUIRE(step);
            REQUIRE(step->has_value());
            step = reader->next();
        }
        CHECK(step.has_value() == at_border);
        CHECK(reader->is_cut_off() == !at_border);
    }
}

TEST_CASE("a flipped bit anywhere in a log is noticed", "[record][log]") {
    Logged logged = make_log();
    for (std::size_t at = 0; at < logged.bytes.size(); ++at) {
        for (int bit = 0; bit < 8; ++bit) {
            INFO("bit " << bit << " of byte " << at);
            logged.bytes[at] = static_cast<char>(logged.bytes[at] ^ (1 << bit));
            auto reader = record::LogReader::open(logged.bytes);
            bool refused = !reader;
            for (int steps = 0; !refused && steps < 3; ++steps)
                refused = !reader->next();
            CHECK(refused);
            logged.bytes[at] = static_cast<char>(logged.bytes[at] ^ (1 << bit));
        }
    }
}

TEST_CASE("a log of another format is refused by name", "[record][log]") {
    record::LogHeader header;
    header.format = record::log_format_version + 1;
    record::Bytes bytes;
    record::LogWriter writer{header, bytes};
    const auto reader = record::LogReader::open(bytes);
    REQUIRE_FALSE(reader);
    CHECK(reader.error().code == RefusalCode::unsupported);
    CHECK(reader.error().why == "has format 2, this build reads format 1");
}

TEST_CASE("the checksum is CRC-32C", "[record]") {
    CHECK(record::crc32c("") == 0);
    CHECK(record::crc32c("123456789") == 0xe3069283U);
    CHECK(record::crc32c(std::string(32, '\0')) == 0x8a9136aaU);  // RFC 3720, B.4.
    CHECK(record::crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
}
