// SPDX-License-Identifier: Apache-2.0
#include <tools/replay.hpp>

#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <offerkit/record/build_id.hpp>
#include <offerkit/record/log.hpp>
#include <offerkit/record/snapshot.hpp>

#include <array>
#include <fstream>

using namespace offerkit;

namespace {

/// A folder with the log of an executor: two steps, a second apart.
struct LogFile {
    LogFile() {
        record::LogHeader header;
        header.machine = record::Machine::executor;
        header.build = record::build_text();
        executor::Executor machine;
        REQUIRE(record::encode_snapshot(machine, header.snapshot));
        record::LogWriter writer{header, bytes};
        executor::Effects effects;
        for (std::int64_t second = 1; second <= 2; ++second) {
            std::array<executor::Event, 1> events{
                executor::ProcessStarted{{FrameworkId{1, 1}, TaskId{"t"}}, 7, "/sandbox"}};
            const Batch<executor::Event> batch{{second * 1'000'000'000}, {}, events};
            writer.begin_step(batch);
            effects.clear();
            const Instant wake = machine.step(batch, effects);
            writer.end_step(effects, wake, bytes);
        }
        write();
    }

    void write() const { std::ofstream{path, std::ios::binary} << bytes; }
    [[nodiscard]] tools::ReplayCommand command() const {
        tools::ReplayCommand command;
        command.log = path;
        command.json = true;
        return command;
    }

    testing::TemporaryFolder folder;
    std::string path = folder.file("log");
    record::Bytes bytes;
};

}  // namespace

TEST_CASE("a moment is a step or a time", "[tools][replay]") {
    CHECK(tools::parse_moment("12")->step == 12U);
    CHECK(tools::parse_moment("75.5s")->ns == 75'500'000'000);
    CHECK(tools::parse_moment("300ms")->ns == 300'000'000);
    CHECK(tools::parse_moment("0.000001ms")->ns == 1);
    CHECK(tools::parse_moment("2min")->ns == 120'000'000'000);
    CHECK(tools::parse_moment("1h")->ns == 3'600'000'000'000);
    for (const char* const bad :
         {"s", "-1", "1.s", "1.5", "1d", "1 s", "99999999999999999999", "9000000000000h", "1.s5"}) {
        INFO(bad);
        const auto refused = tools::parse_moment(bad);
        REQUIRE_FALSE(refused);
        CHECK(refused.error().code == RefusalCode::malformed);
    }
}

TEST_CASE("a log replays to any moment, and the exit code says how it went", "[tools][replay]") {
    LogFile log;
    tools::ReplayCommand command = log.command();
    CHECK(tools::replay(command) == 0);
    command.state = true;
    command.until = "1.5s";
    CHECK(tools::replay(command) == 0);
    command.json = false;
    command.break_on = "process_started";
    CHECK(tools::replay(command) == 0);

    SECTION("a kind that there is not is refused") {
        command.break_on = "process_startet";
        CHECK(tools::replay(command) == 2);
    }
    SECTION("a moment that is none is refused") {
        command.until = "soon";
        CHECK(tools::replay(command) == 2);
    }
    SECTION("a file that is not there is refused") {
        command.log += "s";
        CHECK(tools::replay(command) == 2);
    }
    SECTION("a log that is cut off replays up to there") {
        log.bytes.pop_back();
        log.write();
        command.until.clear();
        command.break_on.clear();
        CHECK(tools::replay(command) == 0);
    }
    SECTION("a log that is damaged is refused") {
        log.bytes[log.bytes.size() - 3] ^= 1;
        log.write();
        command.until.clear();
        command.break_on.clear();
        CHECK(tools::replay(command) == 2);
    }
}
