// SPDX-License-Identifier: Apache-2.0

// What a cycle of weighted DRF costs: everything offered anew, one agent changed, nothing changed.
// Next to it a bare heap loop, which does nothing but pick the least share and raise it.
//
//     scripts/bench allocation [--agents A] [--frameworks F] [--rounds N]

#include <offerkit/allocation/cycle.hpp>
#include <offerkit/allocation/weighted_drf.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>
#include <queue>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace offerkit;
using namespace offerkit::literals;

struct Options {
    std::uint32_t agents = 10'000;
    std::uint32_t frameworks = 1'000;
    int rounds = 9;
};

double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

// The median of the rounds, each prepared off the clock.
double median_of(int rounds, const std::function<void()>& prepare,
                 const std::function<void()>& measured) {
    std::vector<double> seconds;
    for (int i = 0; i < rounds; ++i) {
        prepare();
        const double begin = cpu_seconds();
        measured();
        seconds.push_back(cpu_seconds() - begin);
    }
    std::ranges::sort(seconds);
    return seconds[seconds.size() / 2];
}

class Measured {
public:
    explicit Measured(const Options& options) : options_(options) {
        const Resources total = (16_cpus + 64_GiB + 500_GiB_disk).with_ports({{31000, 32000}});
        for (std::uint32_t i = 0; i < options.agents; ++i) {
            cycle_.on(allocator_event::AgentPut{{i}, {1, i + 1}, total}, {});
        }
        for (std::uint32_t i = 0; i < options.frameworks; ++i) {
            const Result<Role> role = Role::parse("role" + std::to_string(i));
            cycle_.on(allocator_event::ClaimantPut{{i}, {1, i + 1}, *role, {}}, {});
        }
    }

    void measure() {
        const auto run = [this] { cycle_.run({}, outcome_); };
        report("full_cycle_cpu_seconds", median_of(options_.rounds, [this] { give_back(); }, run));
        report("bare_heap_loop_cpu_seconds",
               median_of(options_.rounds, [] {}, [this] { bare_heap_loop(); }));
        report("one_agent_cycle_cpu_seconds", median_of(101, [this] { give_back_first(); }, run));
        report("idle_check_cpu_seconds", median_of(
                                             101, [] {},
                                             [this] {
                                                 if (cycle_.is_dirty({})) std::abort();
                                             }));
    }

private:
    void give_back() {
        if (outcome_.grants.size() == 1) outcome_.grants = all_;
        for (const Grant& grant : outcome_.grants)
            recover(grant);
    }
    void give_back_first() {
        if (outcome_.grants.size() != 1) all_ = outcome_.grants;
        recover(outcome_.grants.front());
    }
    void recover(const Grant& grant) {
        cycle_.on(allocator_event::Recovered{grant.claimant, grant.agent, grant.resources}, {});
    }

    void bare_heap_loop() {
        using Held = std::pair<std::int64_t, std::uint32_t>;
        std::priority_queue<Held, std::vector<Held>, std::greater<>> heap;
        for (std::uint32_t i = 0; i < options_.frameworks; ++i)
            heap.push({0, i});
        for (std::uint32_t i = 0; i < options_.agents; ++i) {
            const auto [held, framework] = heap.top();
            heap.pop();
            heap.push({held + 16'000, framework});
        }
        if (heap.size() != options_.frameworks) std::abort();
    }

    void report(std::string_view metric, double value) const {
        std::cout << nlohmann::json{{"bench", "allocation"},
                                    {"workload", std::to_string(options_.agents) + "x" +
                                                     std::to_string(options_.frameworks) +
                                                     " one role each, ports, weighted DRF"},
                                    {"seed", 1},
                                    {"metric", metric},
                                    {"value", value},
                                    {"unit", "s"}}
                  << std::endl;
    }

    Options options_;
    Cycle<WeightedDrf> cycle_;
    CycleOutcome outcome_;
    std::vector<Grant> all_;
};

}  // namespace

int main(int argc, char** argv) {
    Options options;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view flag = argv[i];
        const int value = std::atoi(argv[i + 1]);
        if (value > 0 && flag == "--agents") {
            options.agents = static_cast<std::uint32_t>(value);
        } else if (value > 0 && flag == "--frameworks") {
            options.frameworks = static_cast<std::uint32_t>(value);
        } else if (value > 0 && flag == "--rounds") {
            options.rounds = value;
        } else {
            std::cerr << "allocation: do not know " << flag << ' ' << argv[i + 1]
                      << "; use --agents, --frameworks and --rounds with a number above 0\n";
            return 2;
        }
    }
    if (argc % 2 == 0) {
        std::cerr << "allocation: " << argv[argc - 1] << " needs a number\n";
        return 2;
    }
    Measured{options}.measure();
}
