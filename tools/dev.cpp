// SPDX-License-Identifier: Apache-2.0

/// `offerkit dev` is two processes: the one that was started, which only waits, and a keeper, which
/// holds the cluster. The keeper ends it when the first one asks or is gone, so that even a
/// `kill -9` leaves no process and no file.

#include "commands.hpp"
#include "dev_cluster.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>

namespace offerkit::tools {

namespace {

sigset_t signals_of_interest() {
    sigset_t set;
    sigemptyset(&set);
    for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGCHLD})
        sigaddset(&set, number);
    return set;
}

/// Whether the one who was started asks for the end, or is gone.
bool is_asked_to_end(int parent) {
    pollfd waiting{parent, POLLIN, 0};
    return ::poll(&waiting, 1, 0) > 0;
}

void say_what_is_up(const DevCluster& cluster, const DevOptions& options) {
    std::printf("A cluster of 1 master and %u agents is up.\n", options.agents);
    std::printf("  master      %s\n  http        %s\n", cluster.access().master.c_str(),
                cluster.access().http.c_str());
    std::printf("  work folder %s\n", cluster.work_dir().c_str());
    std::printf("Try, in another terminal:  offerkit agents   or   offerkit run -- hostname\n");
    std::printf("Ctrl-C ends it.\n");
    std::fflush(stdout);
}

/// The keeper. Returns the exit code of both.
int keep(const DevOptions& options, int parent) {
    const sigset_t signals = signals_of_interest();
    const int signal_events = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (signal_events < 0) return fail(exit_failed, std::strerror(errno));
    Result<DevCluster> cluster =
        DevCluster::start(options, [parent] { return is_asked_to_end(parent); });
    if (!cluster && is_asked_to_end(parent)) return exit_done;
    if (!cluster) {
        const bool is_usage = cluster.error().code == RefusalCode::malformed ||
                              cluster.error().code == RefusalCode::invalid;
        return fail(is_usage ? exit_usage : exit_failed, format_refusal(cluster.error()));
    }
    say_what_is_up(*cluster, options);
    while (true) {
        pollfd waiting[2] = {{parent, POLLIN, 0}, {signal_events, POLLIN, 0}};
        if (::poll(waiting, 2, cluster->next_revival_ms()) < 0) continue;
        if (waiting[0].revents != 0) break;
        signalfd_siginfo signal{};
        const bool signalled = ::read(signal_events, &signal, sizeof signal) == sizeof signal;
        if (signalled && signal.ssi_signo != SIGCHLD) break;
        const Result<std::vector<std::string>> revived = cluster->revive();
        if (!revived) {
            cluster->stop();
            return fail(exit_failed, format_refusal(revived.error()));
        }
        for (const std::string& each : *revived)
            std::printf("%s\n", each.c_str());
        std::fflush(stdout);
    }
    std::printf("Stopping.\n");
    std::fflush(stdout);
    cluster->stop();
    return exit_done;
}

/// Waits for the keeper, and passes on that the end is wanted.
int wait_for_keeper(pid_t keeper, int lifeline) {
    const sigset_t signals = signals_of_interest();
    while (true) {
        int number = 0;
        if (sigwait(&signals, &number) != 0) continue;
        if (number != SIGCHLD) {
            if (lifeline >= 0) ::close(lifeline);
            lifeline = -1;
            continue;
        }
        int status = 0;
        if (::waitpid(keeper, &status, WNOHANG) != keeper) continue;
        if (WIFEXITED(status)) return WEXITSTATUS(status);
        return fail(exit_failed, "dev: the process that keeps the cluster was ended by signal " +
                                     std::to_string(WTERMSIG(status)) +
                                     "; the daemons end by themselves");
    }
}

}  // namespace

int dev(const DevOptions& options) {
    // Blocked from here on: a Ctrl-C while the cluster comes up must still end all of it.
    const sigset_t signals = signals_of_interest();
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    int lifeline[2];
    if (::pipe2(lifeline, O_CLOEXEC) != 0) return fail(exit_failed, std::strerror(errno));
    const pid_t keeper = ::fork();
    if (keeper < 0) return fail(exit_failed, std::strerror(errno));
    if (keeper == 0) {
        ::close(lifeline[1]);
        ::setpgid(0, 0);  // Ctrl-C is for the other one, who asks in turn.
        return keep(options, lifeline[0]);
    }
    ::close(lifeline[0]);
    return wait_for_keeper(keeper, lifeline[1]);
}

}  // namespace offerkit::tools
