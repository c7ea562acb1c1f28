// SPDX-License-Identifier: Apache-2.0

/// The daemons of `offerkit dev` as processes: started, seen to end, started again, ended.

#include "dev_cluster.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <iterator>
#include <thread>
#include <utility>

namespace offerkit::tools {

namespace {

using namespace std::chrono_literals;

constexpr auto soon = 5s;  // A daemon that ends within this has not really run.
constexpr std::uint32_t falls_max = 6;

}  // namespace

std::string tail_of(const std::string& path) {
    std::ifstream file(path);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    while (text.ends_with('\n'))
        text.pop_back();
    const std::size_t line = text.find_last_of('\n');
    return line == std::string::npos ? text : text.substr(line + 1);
}

Result<void> DevCluster::spawn(Child& child) {
    std::vector<char*> argv = {child.program.data()};
    for (std::string& argument : child.arguments)
        argv.push_back(argument.data());
    argv.push_back(nullptr);
    child.started = std::chrono::steady_clock::now();
    child.pid = ::fork();
    if (child.pid < 0) {
        return Refusal{RefusalCode::unavailable, child.program, "start", std::strerror(errno),
                       "close other programs"};
    }
    if (child.pid == 0) {
        // Its own group: Ctrl-C is for us alone, and we end the daemons in order.
        ::setpgid(0, 0);
        sigset_t none;
        sigemptyset(&none);
        ::sigprocmask(SIG_SETMASK, &none, nullptr);
        const int out = ::open(child.log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
        const int in = ::open("/dev/null", O_RDONLY);
        if (out < 0 || in < 0) ::_exit(126);
        ::dup2(in, STDIN_FILENO);
        ::dup2(out, STDOUT_FILENO);
        ::dup2(out, STDERR_FILENO);
        ::fcntl(lifeline_read_, F_SETFD, 0);
        ::execv(child.program.c_str(), argv.data());
        ::_exit(127);
    }
    return {};
}

std::string DevCluster::find_dead() {
    for (Child& child : children_) {
        if (std::string end = find_end(child); !end.empty()) return end + ": " + tail_of(child.log);
    }
    return {};
}

std::string DevCluster::find_end(Child& child) {
    int status = 0;
    if (child.pid < 0 || ::waitpid(child.pid, &status, WNOHANG) != child.pid) return {};
    child.pid = -1;
    return child.name + (WIFSIGNALED(status)
                             ? " was ended by signal " + std::to_string(WTERMSIG(status))
                             : " ended with exit code " + std::to_string(WEXITSTATUS(status)));
}

Result<std::vector<std::string>> DevCluster::revive() {
    std::vector<std::string> said;
    const Moment now = std::chrono::steady_clock::now();
    for (Child& child : children_) {
        if (std::string end = find_end(child); !end.empty()) {
            child.falls = now - child.started < soon ? child.falls + 1 : 0;
            if (child.falls == falls_max) {
                return Refusal{RefusalCode::unavailable, "offerkit dev", "go on",
                               end + ", and so each time it was started: " + tail_of(child.log),
                               "mend what it says"};
            }
            child.start_at = now + 50ms * (1U << child.falls);
            said.push_back(std::move(end) + "; it is started again");
        }
        if (child.pid < 0 && child.start_at <= now) {
            if (Result<void> spawned = spawn(child); !spawned) return std::move(spawned).error();
        }
    }
    return said;
}

int DevCluster::next_revival_ms() const {
    int next = -1;
    for (const Child& child : children_) {
        if (child.pid >= 0) continue;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(
            child.start_at - std::chrono::steady_clock::now());
        const int wait = std::max(0, static_cast<int>(left.count()));
        next = next < 0 ? wait : std::min(next, wait);
    }
    return next;
}

void DevCluster::end_children(std::size_t first, std::size_t last, int signal_number, int wait_ms) {
    for (std::size_t i = first; i < last; ++i) {
        if (children_[i].pid > 0) ::kill(children_[i].pid, signal_number);
    }
    const auto give_up = std::chrono::steady_clock::now() + std::chrono::milliseconds{wait_ms};
    bool left = true;
    while (left && std::chrono::steady_clock::now() < give_up) {
        left = false;
        for (std::size_t i = first; i < last; ++i) {
            Child& child = children_[i];
            if (child.pid > 0 && ::waitpid(child.pid, nullptr, WNOHANG) == child.pid)
                child.pid = -1;
            left = left || child.pid > 0;
        }
        if (left) std::this_thread::sleep_for(5ms);
    }
}

}  // namespace offerkit::tools
