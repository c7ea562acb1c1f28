// SPDX-License-Identifier: Apache-2.0
// Prints the fingerprints of two runs of a busy, faulty cluster, one line per virtual minute. Every
// build of it must print the same (scripts/lib/determinism): any compiler, any optimisation.
#include "../workloads.hpp"

#include <cinttypes>
#include <cstdio>

int main() {
    using namespace offerkit;
    for (const std::uint64_t seed : {3, 4}) {
        test::RushHour first{seed};
        test::RushHour second{seed};
        for (int minute = 1; minute <= 10; ++minute) {
            first.run_for(std::chrono::minutes{1});
            second.run_for(std::chrono::minutes{1});
            std::printf("seed %" PRIu64 " minute %d events %" PRIu64 " fingerprint %016" PRIx64
                        "%s\n",
                        seed, minute, first.world().machine_events(), first.world().fingerprint(),
                        first.world().fingerprint() == second.world().fingerprint()
                            ? ""
                            : " and a second run differs");
        }
        for (const std::string& violation : first.world().check()) {
            std::printf("%s\n", violation.c_str());
        }
    }
    return 0;
}
