// SPDX-License-Identifier: Apache-2.0
// The other side of recovery.py's measurement of a restarted master: emulated agents that keep
// their tasks, and the framework that launched them.
//
//   recovery MASTER TOKEN_FILE AGENTS TASKS
//
// Says "running" when every task runs, and stays until its standard input ends.

#include "emulated_agents.hpp"

#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/run_framework.hpp>

#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace offerkit;
using namespace offerkit::literals;

/// Launches at most ten tasks per agent, and says when the last one runs.
class Launcher {
public:
    explicit Launcher(std::size_t tasks) : tasks_(tasks) {}

    OfferReply on_offer(const Offer& offer) {
        if (launched_ == tasks_) {
            return Decline{offer.id, std::chrono::hours{1}, DeclineReason::no_work, {}};
        }
        Accept accept{.offer = offer.id};
        accept.refuse_for = std::chrono::hours{1};
        while (launched_ < tasks_ && accept.launch.size() < 10) {
            TaskInfo task;
            task.id = TaskId{"t" + std::to_string(launched_++)};
            task.resources = 1_cpus + 32_MiB;
            task.command.argv = {"/bin/true"};
            accept.launch.push_back(std::move(task));
        }
        return accept;
    }

    void on_status(const TaskStatus& status) {
        if (status.state != TaskState::running || !running_.insert(status.task).second) return;
        if (running_.size() < tasks_) return;
        std::puts("running");
        std::fflush(stdout);
    }

private:
    std::size_t tasks_;
    std::size_t launched_ = 0;
    std::set<TaskId> running_;
};

int run(const std::string& master, const std::string& token, std::size_t agents,
        std::size_t tasks) {
    const bench::EmulatedAgents fleet{{.master = master,
                                       .token = token,
                                       .agents = agents,
                                       .resources = "cpus:10;mem:10240",
                                       .tasks_end = false}};
    std::thread{[=] {
        Launcher launcher{tasks};
        FrameworkOptions options;
        options.name = "bench";
        options.failover_timeout = std::chrono::hours{1};
        options.master = master;
        options.token = token;
        const auto ended = try_run_framework(launcher, options);
        if (!ended) std::fprintf(stderr, "%s\n", format_refusal(ended.error()).c_str());
        std::exit(1);  // It is not told to stop.
    }}.detach();
    while (std::getchar() != EOF) {
    }
    std::_Exit(0);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) {
        std::fprintf(stderr, "recovery: want MASTER TOKEN_FILE AGENTS TASKS\n");
        return 2;
    }
    const auto token = runtime::read_token_file(argv[2]);
    if (!token) {
        std::fprintf(stderr, "recovery: %s\n", format_refusal(token.error()).c_str());
        return 2;
    }
    return run(argv[1], *token, std::strtoull(argv[3], nullptr, 10),
               std::strtoull(argv[4], nullptr, 10));
}
