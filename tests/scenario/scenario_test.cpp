// SPDX-License-Identifier: Apache-2.0
// Runs every tests/scenario/**/*.scenario. A file says which machine it is about, then blocks of
// commands and, below a line of dashes, what the machine asked for. OFFERKIT_ACCEPT=1 rewrites the
// files to what happens now: the diff is the review. Each file is then run again once per effect
// with that effect failing, for the machine's invariants alone.
#include "script.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

namespace offerkit::test {
namespace {

namespace fs = std::filesystem;

struct Block {
    std::vector<std::string> preface;  // Comments and blank lines above it.
    std::vector<std::string> commands;
};

struct Scenario {
    std::vector<std::string> head;  // Up to and with the line that names the machine.
    std::string machine;
    std::vector<Block> blocks;
};

std::string read_file(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    return text.str();
}

bool is_comment(const std::string& line) { return line.empty() || line.front() == '#'; }

Scenario parse(const std::string& text) {
    Scenario scenario;
    std::istringstream in(text);
    std::string line;
    Block block;
    bool below_dashes = false;
    while (std::getline(in, line)) {
        if (scenario.machine.empty()) {
            scenario.head.push_back(line);
            if (!is_comment(line)) scenario.machine = line;
            continue;
        }
        if (below_dashes) {  // Written by the machine, up to a blank line.
            below_dashes = !line.empty();
            if (below_dashes) continue;
        }
        if (line == "----") {
            scenario.blocks.push_back(std::exchange(block, {}));
            below_dashes = true;
        } else if (!is_comment(line)) {
            block.commands.push_back(line);
        } else if (!line.empty()) {
            block.preface.push_back(line);
        }
    }
    if (!block.commands.empty()) throw std::runtime_error("scenario: the last block has no ----");
    return scenario;
}

std::unique_ptr<MachineScript> make_script(const std::string& line) {
    Words words{line};
    if (words.next("machine") != "machine") words.fail("expected: machine NAME [OPTIONS]");
    const std::string name = words.next("master, framework, agent or executor");
    if (name == "master") return make_master_script(words);
    if (name == "framework") return make_framework_script(words);
    if (name == "agent") return make_agent_script(words);
    if (name == "executor") return make_executor_script(words);
    words.fail("there is no such machine");
}

/// Runs all blocks, and calls `show` with the lines of each.
template <class F>
void run(const Scenario& scenario, MachineScript& script, F&& show) {
    Instant now;
    for (const Block& block : scenario.blocks) {
        for (const std::string& command : block.commands) {
            Words words{command};
            const std::string verb = words.next("command");
            if (verb == "at") {
                const Instant at = Instant{} + words.duration("time");
                if (at < now) words.fail("time does not go back");
                now = at;
            } else if (verb != "wake") {  // A step without events.
                script.command(verb, words);
            }
            words.expect_end();
        }
        show(block, script.step(now));
    }
}

std::string transcript(const Scenario& scenario) {
    std::string text;
    const auto append = [&](const std::string& line) { text += line + '\n'; };
    std::ranges::for_each(scenario.head, append);
    const auto script = make_script(scenario.machine);
    run(scenario, *script, [&](const Block& block, const std::vector<std::string>& lines) {
        text += '\n';
        std::ranges::for_each(block.preface, append);
        std::ranges::for_each(block.commands, append);
        append("----");
        std::ranges::for_each(lines, append);
    });
    return text;
}

std::size_t run_with_failures(const Scenario& scenario) {
    const auto ignore = [](const Block&, const std::vector<std::string>&) {};
    const auto whole = make_script(scenario.machine);
    run(scenario, *whole, ignore);
    for (std::size_t number = 0; number < whole->effects(); ++number) {
        INFO("with effect " << number << " failing");
        const auto script = make_script(scenario.machine);
        script->fail_effect(number);
        run(scenario, *script, ignore);
    }
    return whole->effects();
}

std::vector<fs::path> find_scenarios() {
    std::vector<fs::path> files;
    const fs::path folder = fs::path(OFFERKIT_SOURCE_DIR) / "tests" / "scenario";
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
        if (entry.path().extension() == ".scenario") files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

TEST_CASE("every scenario is as it was accepted", "[scenario]") {
    const std::vector<fs::path> files = find_scenarios();
    REQUIRE(files.size() >= 4);
    for (const fs::path& file : files) {
        INFO(file.string());
        const std::string text = read_file(file);
        const std::string now = transcript(parse(text));
        if (std::getenv("OFFERKIT_ACCEPT") != nullptr) {
            if (now != text) std::ofstream(file, std::ios::binary) << now;
            continue;
        }
        CHECK(now == text);
    }
}

TEST_CASE("every machine holds its invariants whichever effect fails", "[scenario]") {
    for (const fs::path& file : find_scenarios()) {
        INFO(file.string());
        CHECK(run_with_failures(parse(read_file(file))) > 0);
    }
}

TEST_CASE("a scenario that is not understood is refused with its line", "[scenario]") {
    const auto run_text = [](const std::string& text) { return transcript(parse(text)); };
    CHECK_THROWS_WITH(run_text("machine robot\n"), Catch::Contains("there is no such machine"));
    CHECK_THROWS_WITH(run_text("machine master\n\nfly\n----\n"), Catch::Contains("\"fly\""));
    CHECK_THROWS_WITH(run_text("machine master\n\nat soon\n----\n"),
                      Catch::Contains("soon is no duration"));
    CHECK_THROWS_WITH(run_text("machine master\n\nstored 1\n----\n"),
                      Catch::Contains("\"1\" is not understood"));
    CHECK_THROWS_WITH(run_text("machine master\n\nat 2s\n----\n\nat 1s\n----\n"),
                      Catch::Contains("time does not go back"));
    CHECK_THROWS_WITH(run_text("machine master\n\nwake\n"), Catch::Contains("has no ----"));
}

}  // namespace offerkit::test
