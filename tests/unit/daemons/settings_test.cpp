// SPDX-License-Identifier: Apache-2.0
#include <daemons/agent/options.hpp>
#include <daemons/common/settings.hpp>

#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <string>
#include <vector>

using namespace offerkit;
using namespace offerkit::daemons;
using namespace std::chrono_literals;

namespace {

constexpr Setting settings[] = {
    {"port", "a number"},
    {"wait", "a length of time"},
    {"loud", "yes or no", Setting::Kind::yes_or_no},
    {"secret", "never a flag", Setting::Kind::text, "TEST_SETTINGS_ODD_NAME", false},
};
constexpr Program program{"test", "Tests.", "TEST_SETTINGS_", "test --port 1", settings};

Result<Settings> read(std::vector<const char*> flags) {
    flags.insert(flags.begin(), "test");
    return Settings::read(program, static_cast<int>(flags.size()), flags.data());
}

/// A TOML file and an environment that go with the test.
struct Surroundings {
    ~Surroundings() {
        for (const char* name : {"TEST_SETTINGS_PORT", "TEST_SETTINGS_LOUD",
                                 "TEST_SETTINGS_ODD_NAME", "TEST_SETTINGS_CONFIG"}) {
            ::unsetenv(name);
        }
    }
    std::string file(const std::string& text) const {
        const std::string path = folder.file("settings.toml");
        std::ofstream{path} << text;
        return path;
    }
    testing::TemporaryFolder folder;
};

}  // namespace

TEST_CASE("flags win over the environment, the environment over the file") {
    const Surroundings around;
    const std::string path = around.file("port = 1\nwait = '2s'\nloud = true\n");
    auto given = read({"--config", path.c_str()});
    REQUIRE(given.has_value());
    CHECK(given->find("port")->text == "1");
    CHECK(given->find("port")->where == path + " line 1");
    CHECK(*given->duration_of("wait", 1s, 0s, 1h) == 2s);
    CHECK(given->is_on("loud"));

    ::setenv("TEST_SETTINGS_PORT", "2", 1);
    ::setenv("TEST_SETTINGS_ODD_NAME", "hush", 1);
    ::setenv("TEST_SETTINGS_CONFIG", path.c_str(), 1);
    given = read({});
    REQUIRE(given.has_value());
    CHECK(given->find("port")->text == "2");
    CHECK(given->find("port")->where == "environment TEST_SETTINGS_PORT");
    CHECK(given->text_of("secret", "") == "hush");

    given = read({"--port", "3"});
    REQUIRE(given.has_value());
    CHECK(*given->number_of("port", 0, 0, 9) == 3);
    CHECK(given->find("port")->where == "flag --port");
}

TEST_CASE("what is not said has its default") {
    const auto given = read({});
    REQUIRE(given.has_value());
    CHECK(given->find("port") == nullptr);
    CHECK(*given->number_of("port", 7, 10, 20) == 7);
    CHECK(given->text_of("wait", "x") == "x");
    CHECK_FALSE(given->is_on("loud"));
}

TEST_CASE("unknown flags, keys and values are refused with their place") {
    const Surroundings around;
    CHECK_FALSE(read({"--prot", "1"}).has_value());
    CHECK_FALSE(read({"--secret", "x"}).has_value());
    CHECK_FALSE(read({"port"}).has_value());
    CHECK_FALSE(read({"--port"}).has_value());
    CHECK(read({"--config", "/no/such/file"}).error().code == RefusalCode::not_found);
    for (const char* text : {"colour = 'red'", "port = 1.5", "port = [1]", "[port]"}) {
        INFO(text);
        const auto given = read({"--config", around.file(text).c_str()});
        REQUIRE(given.has_value());
        REQUIRE(given->problems().size() == 1);
        CHECK(given->problems()[0].code == RefusalCode::malformed);
        CHECK(given->problems()[0].who.find("settings.toml line 1") != std::string::npos);
    }
    ::setenv("TEST_SETTINGS_LOUD", "very", 1);
    CHECK(read({})->problems().at(0).who == "environment TEST_SETTINGS_LOUD");
}

TEST_CASE("all that is wrong is told at once, but what is no TOML stands alone") {
    const Surroundings around;
    auto given = read({"--config", around.file("prot = 1\nport = 'x'\nwait = '5'\n").c_str()});
    REQUIRE(given.has_value());
    CHECK(given->number("port", 7, 0, 9) == 7);
    CHECK(given->duration("wait", 1s, 10ms, 1h) == 1s);
    REQUIRE(given->problems().size() == 3);
    CHECK(given->problems()[0].why == "it is not a setting, did you mean port?");
    CHECK(given->problems()[1].who.find("line 2") != std::string::npos);
    CHECK(given->problems()[2].who.find("line 3") != std::string::npos);
    const auto broken = read({"--config", around.file("prot = 1\nport =\n").c_str()});
    REQUIRE_FALSE(broken.has_value());
    CHECK(broken.error().why.find("line 2") != std::string::npos);
}

TEST_CASE("numbers and lengths of time are read strictly") {
    for (const char* text : {"", "x", "1x", " 1", "-1", "10", "99999999999999999999"}) {
        INFO(text);
        const auto given = read({"--port", text});
        if (given) CHECK_FALSE(given->number_of("port", 0, 0, 9).has_value());
    }
    CHECK(*read({"--port", "9"})->number_of("port", 0, 0, 9) == 9);
    for (const char* text : {"5", "s", "5 s", "5m", "-5s", "1.5s", "999999999999999999h", "2h"}) {
        INFO(text);
        const auto given = read({"--wait", text});
        if (given) CHECK_FALSE(given->duration_of("wait", 1s, 10ms, 1h).has_value());
    }
    CHECK_FALSE(read({"--wait", "9ms"})->duration_of("wait", 1s, 10ms, 1h).has_value());
    CHECK(*read({"--wait", "10ms"})->duration_of("wait", 1s, 10ms, 1h) == 10ms);
    CHECK(*read({"--wait", "1h"})->duration_of("wait", 1s, 10ms, 1h) == 1h);
    CHECK(*read({"--wait", "2min"})->duration_of("wait", 1s, 10ms, 1h) == 2min);
}

TEST_CASE("help is an answer, not an error") {
    const auto given = read({"--help"});
    REQUIRE(given.has_value());
    REQUIRE(given->text().has_value());
    CHECK(given->text()->find("test --port 1") != std::string::npos);
    CHECK(given->text()->find("--secret") == std::string::npos);
}

TEST_CASE("attributes are read as text, or as an amount where they are one") {
    const auto attributes = parse_attributes("rack:r1;slots:4;note:a:b");
    REQUIRE(attributes.has_value());
    REQUIRE(attributes->size() == 3);
    CHECK(attributes->at(0) == Attribute{"rack", "r1"});
    CHECK(attributes->at(1) == Attribute{"slots", std::int64_t{4000}});
    CHECK(attributes->at(2) == Attribute{"note", "a:b"});
    CHECK(parse_attributes("")->empty());
    for (const char* text : {"rack", "rack:", ":r1", "a:1;a:2", ";", "a:1;;b:2"}) {
        INFO(text);
        CHECK(parse_attributes(text).error().code == RefusalCode::malformed);
    }
    std::string many;
    for (int i = 0; i < 65; ++i)
        many += "n" + std::to_string(i) + ":x;";
    CHECK(parse_attributes(many).error().code == RefusalCode::too_large);
}
