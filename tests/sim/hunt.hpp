// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Runs scenarios; of one that fails, says how to repeat it, makes it smaller, and shows its end.

#include "scenario.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace offerkit::test {

struct Outcome {
    std::string finding;  // Empty: all was well.
    sim::Reached reached;
    Duration time_to_rest{0};
    std::uint64_t events = 0;
};

/// While it lives, an abort says how to repeat the run, and leaves its event logs.
class LastWords {
public:
    /// `traced`: the world of the run, if it keeps logs; else the run is repeated as one that does.
    explicit LastWords(const Plan& plan, const sim::World* traced = nullptr);
    LastWords(const LastWords&) = delete;
    LastWords& operator=(const LastWords&) = delete;
    ~LastWords();

private:
    void (*before_)(int);
};

/// Runs one plan. Should an assertion abort it, the command that repeats it is printed first.
[[nodiscard]] Outcome run_plan(const Plan& plan);

/// A plan that fails as well, with less in it. Pre: `plan` fails. At most so many runs.
[[nodiscard]] Plan shrink(const Plan& plan, int runs_max = 60);

/// The finding, the command that repeats it, the last lines of what happened, and where the event
/// logs of all processes are now: for a smaller plan that fails as well.
[[nodiscard]] std::string report(const Plan& failed);

/// Writes the event logs of a traced world into a folder, one file for each process, and returns
/// what to say of them. The folder is emptied first.
std::string leave_logs(const sim::World& world, const std::string& folder);

/// Below OFFERKIT_FAILURES, or else build/.../sim-failures.
[[nodiscard]] std::string failure_folder(const Plan& plan);

/// OFFERKIT_SEED, whatever text it is, as a number; 1 if it is not set.
[[nodiscard]] std::uint64_t base_seed();

/// A number from the environment.
[[nodiscard]] std::uint64_t number_from(const char* variable, std::uint64_t otherwise);

}  // namespace offerkit::test
