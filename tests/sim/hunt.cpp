// SPDX-License-Identifier: Apache-2.0
#include "hunt.hpp"

#include <offerkit/core/fingerprint.hpp>

#include <algorithm>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <numeric>
#include <system_error>

#include <unistd.h>

namespace offerkit::test {
namespace {

constexpr std::size_t lines_shown = 40;

std::string repeat_command(const Plan& plan) {
    return "OFFERKIT_REPLAY='" + format_plan(plan) +
           "' " OFFERKIT_BIN_DIR "/simulations '[replay]'";
}

std::string last_lines(const sim::World& world) {
    std::string text;
    const std::vector<std::string>& lines = world.timeline();
    for (std::size_t i = lines.size() - std::min(lines.size(), lines_shown); i < lines.size(); ++i)
        text += lines[i] + '\n';
    return text;
}

/// What an abort is to say, and what it is to leave.
struct Last {
    std::string words;
    std::string plan;
    const sim::World* world = nullptr;  // Traced; or none.
    std::string folder;
};
Last& last() {
    static Last instance;
    return instance;
}

void say(const std::string& words) {
    if (::write(STDERR_FILENO, words.data(), words.size()) < 0) std::_Exit(3);
}

// Reached through abort(), from an assertion of a machine: not in the middle of anything of ours.
// A run that was not traced is repeated as one that is, in place of this process.
extern "C" void say_last_words(int) {
    say(last().words);
    std::signal(SIGABRT, SIG_DFL);
    if (last().world != nullptr) {
        say("the last of it:\n" + last_lines(*last().world));
        say(leave_logs(*last().world, last().folder));
    } else {
        ::setenv("OFFERKIT_REPLAY", last().plan.c_str(), 1);
        ::execl("/proc/self/exe", "simulations", "[replay]", static_cast<char*>(nullptr));
    }
    std::raise(SIGABRT);
}

}  // namespace

LastWords::LastWords(const Plan& plan, const sim::World* traced) {
    last() = {"an assertion failed; repeat with\n  " + repeat_command(plan) + "\n",
              format_plan(plan), traced, failure_folder(plan)};
    before_ = std::signal(SIGABRT, say_last_words);
}

LastWords::~LastWords() { std::signal(SIGABRT, before_); }

namespace {

bool fails(const Plan& plan) { return !run_plan(plan).finding.empty(); }

std::vector<std::uint32_t> all_of(const Plan& plan) {
    if (plan.kept) return *plan.kept;
    std::vector<std::uint32_t> numbers(plan.blows);
    std::iota(numbers.begin(), numbers.end(), 0U);
    return numbers;
}

/// Leaves out ever smaller parts of the blows, as long as it still fails.
void drop_blows(Plan& plan, int& runs) {
    for (std::size_t part = std::max<std::size_t>(1, all_of(plan).size() / 2); part != 0;
         part /= 2) {
        for (std::size_t at = 0; at < all_of(plan).size() && runs > 0;) {
            Plan smaller = plan;
            smaller.kept = all_of(plan);
            const auto first = smaller.kept->begin() + static_cast<std::ptrdiff_t>(at);
            const std::size_t length = std::min(part, smaller.kept->size() - at);
            smaller.kept->erase(first, first + static_cast<std::ptrdiff_t>(length));
            --runs;
            if (fails(smaller)) {
                plan = smaller;
            } else {
                at += part;
            }
        }
    }
}

}  // namespace

Outcome run_plan(const Plan& plan) {
    const LastWords guard{plan};
    Scenario scenario{plan};
    Outcome outcome;
    const std::vector<std::string>& found = scenario.run();
    if (!found.empty()) outcome.finding = found.front();
    outcome.reached = scenario.world().reached();
    outcome.time_to_rest = scenario.time_to_rest();
    outcome.events = scenario.world().machine_events();
    return outcome;
}

// Which numbers mean which agent depends on how many there are, so those come last.
Plan shrink(const Plan& plan, int runs_max) {
    Plan best = plan;
    int runs = runs_max;
    drop_blows(best, runs);
    for (std::uint32_t agents = 1; agents < best.agents && runs > 0; ++agents) {
        Plan smaller = best;
        smaller.agents = agents;
        --runs;
        if (!fails(smaller)) continue;
        best = smaller;
        break;
    }
    return best;
}

std::string report(const Plan& failed) {
    const Plan small = shrink(failed);
    Scenario scenario{small, true};
    const LastWords guard{small, &scenario.world()};
    const std::vector<std::string>& found = scenario.run();
    std::string text = found.empty() ? "a second run differs from the first" : found.front();
    text += "\nrepeat with\n  " + repeat_command(failed) + "\nor, smaller, with\n  " +
            repeat_command(small) + "\nthe last of it:\n";
    text += last_lines(scenario.world());
    return text + leave_logs(scenario.world(), failure_folder(small));
}

std::string failure_folder(const Plan& plan) {
    const char* const set = std::getenv("OFFERKIT_FAILURES");
    const std::string root =
        set != nullptr && *set != '\0' ? set : OFFERKIT_BIN_DIR "/../sim-failures";
    return (std::filesystem::path{root}.lexically_normal() / ("seed-" + std::to_string(plan.seed)))
        .string();
}

std::string leave_logs(const sim::World& world, const std::string& folder) {
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    std::filesystem::create_directories(folder, error);
    std::size_t files = 0;
    for (const sim::NamedLog& log : world.logs()) {
        std::ofstream file{folder + '/' + log.name + ".log", std::ios::binary};
        file.write(log.bytes->data(), static_cast<std::streamsize>(log.bytes->size()));
        files += file.flush() ? 1 : 0;
    }
    if (files != world.logs().size()) return "its event logs cannot be written to " + folder + '\n';
    return "event logs of its " + std::to_string(files) + " processes are in " + folder +
           ", replay with\n  " OFFERKIT_BIN_DIR "/offerkit replay " + folder + "/master-1.log\n";
}

std::uint64_t base_seed() {
    const char* const text = std::getenv("OFFERKIT_SEED");
    if (text == nullptr || *text == '\0') return 1;
    Fingerprint print;
    print.add(std::string_view{text});
    return print.value();
}

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* const text = std::getenv(variable);
    if (text == nullptr) return otherwise;
    const std::string_view digits{text};
    std::uint64_t number = otherwise;
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

}  // namespace offerkit::test
