// SPDX-License-Identifier: Apache-2.0

#include "commands.hpp"
#include "dev_cluster.hpp"

#include <csignal>
#include <cstdio>
#include <string>

namespace offerkit::tools {

namespace {

sigset_t signals_of_interest() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&set, number);
    return set;
}

}  // namespace

int dev(const DevOptions& options) {
    // Blocked from here on: a Ctrl-C while the cluster comes up must still end all of it.
    const sigset_t signals = signals_of_interest();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    Result<DevCluster> cluster = DevCluster::start(options);
    if (!cluster) return fail(exit_failed, format_refusal(cluster.error()));
    std::printf("A cluster of 1 master and %u agents is up.\n", options.agents);
    std::printf("  master      %s\n  http        %s\n", cluster->access().master.c_str(),
                cluster->access().http.c_str());
    std::printf("  work folder %s\n", cluster->work_dir().c_str());
    std::printf("Try, in another terminal:  offerkit agents   or   offerkit run -- hostname\n");
    std::printf("Ctrl-C ends it.\n");
    std::fflush(stdout);
    while (true) {
        int number = 0;
        if (sigwait(&signals, &number) != 0) continue;
        if (number != SIGCHLD) break;
        if (const std::string dead = cluster->find_dead(); !dead.empty()) {
            cluster->stop();
            return fail(exit_failed, dead);
        }
    }
    std::printf("Stopping.\n");
    std::fflush(stdout);
    cluster->stop();
    return exit_done;
}

}  // namespace offerkit::tools
