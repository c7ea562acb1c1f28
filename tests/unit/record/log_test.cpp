// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include <offerkit/record/crc32c.hpp>
#include <offerkit/record/log.hpp>

#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>

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
    CHECK((*first)->kinds.count == 2);
    CHECK((*first)->effects);
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
    CHECK(reader.error().why ==
          "has format " + std::to_string(record::log_format_version + 1) +
              ", this build reads format " + std::to_string(record::log_format_version));
}

TEST_CASE("effects are left out as often as the header says, unless there is time",
          "[record][log]") {
    record::LogHeader header;
    header.left_out = 3;
    record::Bytes bytes;
    record::LogWriter writer{header, bytes};
    master::Effects two;
    two.deltas.emplace_back(master::Noted{WallTime{5}, "peer", "left"});
    two.deltas.emplace_back(master::Noted{WallTime{5}, "peer", "came"});
    Instant now;
    const auto step = [&](Duration after, const master::Effects& effects) {
        now = now + after;
        writer.begin_step(Batch<master::Event>{now, {}, {}});
        writer.end_step(effects, Instant::never(), bytes);
    };
    const Duration enough = 2 * record::LogWriter::time_per_effect;
    for (int i = 0; i < 9; ++i)
        step(Duration{1}, two);  // Three without after each that has them.
    step(enough - Duration{1}, two);
    step(Duration{1}, two);
    step(enough, master::Effects{});
    step(Duration{1}, two);  // None left nothing to wait for.

    auto reader = record::LogReader::open(bytes);
    REQUIRE(reader);
    CHECK(reader->header().left_out == 3);
    std::string written;
    record::Bytes encoded;
    record::encode_effects(two, encoded);
    while (true) {
        const auto read = reader->next();
        REQUIRE(read);
        if (!*read) break;
        if ((*read)->effects && (*read)->kinds.count == 2) CHECK(*(*read)->effects == encoded);
        written += (*read)->effects ? '+' : '-';
    }
    CHECK(written == "+---+---+-+++");
}

TEST_CASE("kinds tell effects apart by number and order", "[record][log]") {
    master::Effects one;
    one.list.emplace_back(master::ClosePeer{});
    one.list.emplace_back(master::SendAgent{});
    master::Effects other;
    other.list.emplace_back(master::SendAgent{});
    other.list.emplace_back(master::ClosePeer{});
    CHECK(record::kinds_of(one).count == 2);
    CHECK(record::kinds_of(one) != record::kinds_of(other));
    other.list.pop_back();
    CHECK(record::kinds_of(one) != record::kinds_of(other));
    CHECK(record::kinds_of(master::Effects{}) == record::EffectKinds{});
}

TEST_CASE("a log may end with the state that was reached", "[record][log]") {
    Logged logged = make_log();
    record::LogWriter::end("the state", logged.bytes);
    const auto read_all = [](std::string_view bytes) {
        auto reader = record::LogReader::open(bytes);
        REQUIRE(reader);
        auto step = reader->next();
        while (step && *step)
            step = reader->next();
        return std::pair{step.has_value(), reader->state_sum()};
    };
    CHECK(read_all(logged.bytes) == std::pair{true, std::optional{record::crc32c("the state")}});
    CHECK(read_all(make_log().bytes) == std::pair{true, std::optional<std::uint32_t>{}});

    INFO("nothing comes after the end");
    logged.bytes += std::string_view{logged.bytes}.substr(logged.second_step_at);
    CHECK_FALSE(read_all(logged.bytes).first);
}

TEST_CASE("the checksum is CRC-32C", "[record]") {
    CHECK(record::crc32c("") == 0);
    CHECK(record::crc32c("123456789") == 0xe3069283U);
    CHECK(record::crc32c(std::string(32, '\0')) == 0x8a9136aaU);  // RFC 3720, B.4.
    CHECK(record::crc32c(std::string(32, '\xff')) == 0x62a8ab43U);
}

TEST_CASE("the checksum is the same with the processor's help and without", "[record]") {
    std::string bytes;
    for (int i = 0; i < 100; ++i) {
        INFO(i << " bytes");
        for (std::size_t skipped = 0; skipped < 9 && skipped <= bytes.size(); ++skipped) {
            const std::string_view part = std::string_view{bytes}.substr(skipped);
            CHECK(record::crc32c(part) == ~record::detail::crc32c_by_tables(part, ~0U));
        }
        bytes += static_cast<char>(i * 37);
    }
}
