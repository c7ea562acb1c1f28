// SPDX-License-Identifier: Apache-2.0
// Prints the fingerprints of two runs of a busy, faulty cluster, one line per virtual minute. Every
// build of it must print the same (scripts/lib/determinism): any compiler, any optimisation.
#include "../scenario.hpp"

#include <cinttypes>
#include <cstdio>

int main() {
    using namespace offerkit;
    for (const std::uint64_t seed : {3, 4}) {
        test::Plan plan = test::draw_plan(seed);
        plan.workload = 3;
        plan.agents = 12;
        plan.seconds = 300;
        plan.blows = 60;
        test::Scenario first{plan};
        test::Scenario second{plan};
        for (int minute = 1; minute <= 6; ++minute) {
            first.run_under_faults(std::chrono::minutes{1});
            second.run_under_faults(std::chrono::minutes{1});
            std::printf("seed %" PRIu64 " minute %d events %" PRIu64 " fingerprint %016" PRIx64
                        "%s\n",
                        seed, minute, first.world().machine_events(), first.world().fingerprint(),
                        first.world().fingerprint() == second.world().fingerprint()
                            ? ""
                            : " and a second run differs");
        }
        for (const std::string& violation : first.world().check())
            std::printf("%s\n", violation.c_str());
    }
    return 0;
}
