// SPDX-License-Identifier: Apache-2.0

// How fast the launcher alone starts and buries tasks, against a bare posix_spawn-and-wait loop of
// the same program, one at a time, in the same run and in turns. `cpu_us_per_task` is what
// launcher, supervisors and tasks together used.
//
//     scripts/bench launcher [--tasks N] [--in-flight N] [--rounds N] [--program PATH]

#include "daemons/agent/launcher/client.hpp"

#include <support/temporary_folder.hpp>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace {

using namespace offerkit::launcher;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

struct Options {
    int tasks = 2000;
    int in_flight = 16;
    int rounds = 5;
    std::string program = "/bin/true";
};

[[noreturn]] void fail(const std::string& why) {
    std::fprintf(stderr, "launcher: %s\n", why.c_str());
    std::exit(1);
}

void require(const std::string& failure) {
    if (!failure.empty()) fail(failure);
}

Options parse(int count, char** arguments) {
    Options options;
    for (int i = 1; i < count; i += 2) {
        const std::string flag = arguments[i];
        if (i + 1 == count) fail(flag + " needs a value");
        if (flag == "--program") {
            options.program = arguments[i + 1];
            continue;
        }
        const int value = std::atoi(arguments[i + 1]);
        if (value < 1) fail(flag + " needs a number of at least 1");
        if (flag == "--tasks") {
            options.tasks = value;
        } else if (flag == "--in-flight") {
            options.in_flight = value;
        } else if (flag == "--rounds") {
            options.rounds = value;
        } else {
            fail("unknown flag " + flag + ", known are --tasks --in-flight --rounds --program");
        }
    }
    return options;
}

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

double run_bare(const Options& options) {
    std::string program = options.program;
    char* arguments[] = {program.data(), nullptr};
    char* environment[] = {nullptr};
    const auto start = Clock::now();
    for (int i = 0; i < options.tasks; ++i) {
        pid_t pid = 0;
        int status = 0;
        if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments, environment) != 0) {
            fail("cannot start " + program);
        }
        ::waitpid(pid, &status, 0);
    }
    return options.tasks / seconds_since(start);
}

double run_launcher(const Options& options, Client& client, const std::string& sandbox, int round) {
    LaunchRequest request;
    request.sandbox = sandbox;
    request.arguments = {options.program};
    const auto start = Clock::now();
    int sent = 0;
    int ended = 0;
    while (ended < options.tasks) {
        for (; sent < options.tasks && sent - ended < options.in_flight; ++sent) {
            request.key = std::to_string(round) + "-" + std::to_string(sent);
            require(client.add(request));
        }
        const auto report = client.next(30s);
        if (!report) fail("the launcher says nothing");
        if (const auto* const exited = std::get_if<Exited>(&report->report)) {
            if (exited->value != 0) fail("a task ended with another status than 0");
            require(client.add(ForgetRequest{exited->key}));
            ++ended;
        } else if (!std::holds_alternative<Started>(report->report)) {
            fail("a task was not started");
        }
    }
    return options.tasks / seconds_since(start);
}

/// Of the process and of all that it has reaped, in microseconds.
double cpu_us_of(pid_t pid) {
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string text{std::istreambuf_iterator<char>(in), {}};
    std::istringstream fields(text.substr(text.rfind(')') + 1));
    std::string skipped;
    for (int i = 0; i < 11; ++i)
        fields >> skipped;
    double ticks = 0;
    for (int i = 0; i < 4; ++i) {
        double value = 0;
        fields >> value;
        ticks += value;
    }
    return ticks * 1e6 / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

void print(const Options& options, const char* metric, double value, const char* unit) {
    const nlohmann::json line = {{"bench", "launcher"},
                                 {"workload", options.program},
                                 {"tasks", options.tasks},
                                 {"in_flight", options.in_flight},
                                 {"rounds", options.rounds},
                                 {"seed", nullptr},
                                 {"metric", metric},
                                 {"value", value},
                                 {"unit", unit}};
    std::printf("%s\n", line.dump().c_str());
}

double median(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    return values[values.size() / 2];
}

pid_t start_launcher(const std::string& work_dir) {
    const char* const named = std::getenv("OFFERKIT_LAUNCHER");
    std::string program = named != nullptr ? named : OFFERKIT_BIN_DIR "/offerkit-launcher";
    // Closed by the kernel when this program ends in whatever way: then the launcher ends too.
    int pipe[2];
    if (::pipe2(pipe, 0) != 0) fail("cannot open a pipe");
    ::fcntl(pipe[1], F_SETFD, FD_CLOEXEC);
    std::vector<std::string> words = {program,  "--foreground",       "--work-dir",
                                      work_dir, "--exit-with-parent", std::to_string(pipe[0])};
    std::vector<char*> arguments;
    for (auto& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t pid = 0;
    if (::posix_spawn(&pid, program.c_str(), nullptr, nullptr, arguments.data(), environ) != 0) {
        fail("cannot start " + program);
    }
    ::close(pipe[0]);
    return pid;
}

}  // namespace

int main(int count, char** arguments) {
    const Options options = parse(count, arguments);
    const offerkit::testing::TemporaryFolder temporary;
    const std::string& folder = temporary.path();
    const pid_t pid = start_launcher(folder);
    Client client;
    require(client.connect(folder, 10s));
    require(client.add(Hello{"bench"}));
    if (!client.next(10s)) fail("the launcher says nothing");
    std::vector<double> bare;
    std::vector<double> launched;
    std::vector<double> ratios;
    const double cpu_before_us = cpu_us_of(pid);
    for (int round = 0; round < options.rounds; ++round) {
        bare.push_back(run_bare(options));
        launched.push_back(run_launcher(options, client, folder + "/sandbox", round));
        ratios.push_back(launched.back() / bare.back());
    }
    const double cpu_us = cpu_us_of(pid) - cpu_before_us;
    require(client.add(ShutdownRequest{true, 0}));
    while (client.next(10s)) {
    }
    ::waitpid(pid, nullptr, 0);
    print(options, "bare_per_second", median(bare), "1/s");
    print(options, "launched_per_second", median(launched), "1/s");
    print(options, "ratio_to_bare", median(ratios), "ratio");
    print(options, "cpu_us_per_task", cpu_us / (1.0 * options.tasks * options.rounds), "us");
    return 0;
}
