// SPDX-License-Identifier: Apache-2.0
#pragma once

// A real offerkit-launcher in a folder of its own, and what tests ask about processes. Everything
// is bounded in time, and a launcher never outlives its test: it watches a pipe that the test
// holds.

#include "daemons/agent/launcher/client.hpp"

#include <support/temporary_folder.hpp>

#include <algorithm>
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <cstdlib>
#include <thread>

#ifndef OFFERKIT_LAUNCHER_PATH
#define OFFERKIT_LAUNCHER_PATH OFFERKIT_BIN_DIR "/offerkit-launcher"
#endif

namespace offerkit::launcher::test {

using namespace std::chrono_literals;
using Milliseconds = std::chrono::milliseconds;
inline constexpr Milliseconds patience = 30s;

inline std::string launcher_path() {
    const char* const path = std::getenv("OFFERKIT_LAUNCHER");
    return path != nullptr ? path : OFFERKIT_LAUNCHER_PATH;
}

inline bool eventually(const std::function<bool()>& is_true, Milliseconds limit = patience) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!is_true()) {
        if (std::chrono::steady_clock::now() >= deadline) return false;
        std::this_thread::sleep_for(2ms);
    }
    return true;
}

inline std::string read_text(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::ostringstream out;
    out << in.rdbuf();
    return out.str();
}

/// A zombie counts as gone: it runs no more.
inline bool is_gone(pid_t pid) {
    const auto text = read_text("/proc/" + std::to_string(pid) + "/stat");
    const auto at = text.rfind(')');
    return at == std::string::npos || text.at(at + 2) == 'Z';
}

/// A process id that a task wrote into a file.
inline pid_t read_pid(const std::filesystem::path& path) {
    const bool is_written =
        eventually([&] { return read_text(path).find('\n') != std::string::npos; });
    REQUIRE(is_written);
    return static_cast<pid_t>(std::stol(read_text(path)));
}

inline pid_t parent_of(pid_t pid) {
    std::istringstream in(read_text("/proc/" + std::to_string(pid) + "/status"));
    for (std::string line; std::getline(in, line);) {
        if (line.rfind("PPid:", 0) == 0) return static_cast<pid_t>(std::stol(line.substr(5)));
    }
    return 0;
}

struct Outcome {
    int status = 0;
    std::string out;
    std::string err;
};

class Folder {
public:
    [[nodiscard]] std::filesystem::path path() const { return folder_.path(); }

private:
    testing::TemporaryFolder folder_;
};

/// Runs the launcher as a command that is expected to end by itself.
inline Outcome run_launcher(const Folder& folder, const std::string& arguments) {
    const auto out = folder.path() / "command.out";
    const auto err = folder.path() / "command.err";
    const std::string command =
        launcher_path() + " " + arguments + " >" + out.string() + " 2>" + err.string();
    const int status = std::system(command.c_str());
    return {WEXITSTATUS(status), read_text(out), read_text(err)};
}

class Launchers {
public:
    Launchers() {
        REQUIRE(::pipe2(pipe_, O_CLOEXEC) == 0);
        std::filesystem::create_directory(folder_.path() / "work");
        std::filesystem::permissions(work_dir(), std::filesystem::perms::owner_all);
    }

    ~Launchers() {
        client.close();
        close_parent_pipe();
        if (!watched_) {
            // Only a failed test leaves anything here; without the pipe nobody else ends it.
            if (pid_ > 0) ::kill(pid_, SIGKILL);
            for (const pid_t pid : task_pids_) {
                if (!is_gone(pid)) ::kill(-pid, SIGKILL);
            }
        }
        if (pid_ > 0) wait_end();
        // Tasks of launchers that were killed are ended by their supervisors, which saw the pipe.
        for (const pid_t pid : task_pids_) {
            (void)eventually([&] { return is_gone(pid); });
        }
    }

    [[nodiscard]] std::filesystem::path work_dir() const { return folder_.path() / "work"; }
    [[nodiscard]] std::filesystem::path box(const std::string& key) const {
        return folder_.path() / key;
    }
    [[nodiscard]] std::string out(const std::string& key) const {
        return read_text(box(key) / "stdout");
    }
    [[nodiscard]] pid_t pid() const { return pid_; }

    /// Starts a launcher and connects to it. With `watched`, it ends when the test's pipe closes.
    void start(bool watched = true, const std::vector<std::string>& more = {}) {
        std::vector<std::string> arguments = {launcher_path(), "--foreground", "--work-dir",
                                              work_dir().string()};
        watched_ = watched;
        const int kept = ::fcntl(pipe_[0], F_DUPFD, 10);
        REQUIRE(kept >= 0);
        if (watched) {
            arguments.insert(arguments.end(), {"--exit-with-parent", std::to_string(kept)});
        }
        arguments.insert(arguments.end(), more.begin(), more.end());
        std::vector<char*> pointers;
        for (auto& argument : arguments)
            pointers.push_back(argument.data());
        pointers.push_back(nullptr);
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 2, (folder_.path() / "log").c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        REQUIRE(::posix_spawn(&pid_, pointers[0], &actions, nullptr, pointers.data(), environ) ==
                0);
        ::posix_spawn_file_actions_destroy(&actions);
        ::close(kept);
        connect();
    }

    /// Tries again if it got through to a launcher that is gone: what that one has just forked may
    /// still hold its socket.
    void connect() {
        news_.clear();
        CHECK(eventually([&] {
            REQUIRE(client.connect(work_dir().string(), patience) == "");
            REQUIRE(client.add(Hello{"test"}) == "");
            const auto report = client.next(patience);
            return report.has_value() && std::holds_alternative<HelloOk>(report->report);
        }));
    }

    static void say_hello(Client& client) {
        REQUIRE(client.add(Hello{"test"}) == "");
        const auto report = client.next(patience);
        REQUIRE(report.has_value());
        REQUIRE(std::holds_alternative<HelloOk>(report->report));
    }

    [[nodiscard]] LaunchRequest make(const std::string& key, const std::string& script) const {
        LaunchRequest request;
        request.key = key;
        request.sandbox = box(key).string();
        request.arguments = {"/bin/sh", "-c", script};
        request.environment = {"PATH=/usr/bin:/bin"};
        return request;
    }

    template <typename Request>
    void send(const Request& request) {
        REQUIRE(client.add(request) == "");
        REQUIRE(client.flush() == "");
    }

    /// The next report, which must be of this kind. It stays valid until the next call.
    template <typename Kind>
    Kind expect() {
        if (news_.empty()) {
            last_ = client.next(patience);
        } else {
            last_ = std::move(news_.front());
            news_.erase(news_.begin());
        }
        REQUIRE(last_.has_value());
        INFO("report number " << last_->report.index());
        REQUIRE(std::holds_alternative<Kind>(last_->report));
        const auto report = std::get<Kind>(last_->report);
        if constexpr (std::is_same_v<Kind, Started>) {
            task_pids_.push_back(static_cast<pid_t>(report.pid));
        }
        return report;
    }

    /// Launches a script and waits until it runs. Returns its process id.
    pid_t launch(const std::string& key, const std::string& script) {
        send(make(key, script));
        return static_cast<pid_t>(expect<Started>().pid);
    }

    Exited run(const LaunchRequest& request) {
        send(request);
        expect<Started>();
        return expect<Exited>();
    }
    Exited run(const std::string& key, const std::string& script) { return run(make(key, script)); }

    /// The answer to `list`. News that came with it are kept for `expect`.
    std::vector<OwnedReport> list() {
        send(ListRequest{});
        std::vector<OwnedReport> reports;
        for (;;) {
            auto report = client.next(patience);
            REQUIRE(report.has_value());
            if (const auto* const end = std::get_if<ListEnd>(&report->report)) {
                REQUIRE(end->count == reports.size());
                return reports;
            }
            (is_listed(report->report) ? reports : news_).push_back(std::move(*report));
        }
    }

    void kill_launcher() {
        REQUIRE(::kill(pid_, SIGKILL) == 0);
        wait_end();
        client.close();
    }

    /// The launcher's exit status, or -1 if it had to be killed.
    int wait_end() {
        int status = 0;
        const bool ended = eventually([&] { return ::waitpid(pid_, &status, WNOHANG) == pid_; });
        if (!ended) {
            ::kill(pid_, SIGKILL);
            ::waitpid(pid_, &status, 0);
        }
        pid_ = -1;
        return ended && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

    void close_parent_pipe() {
        for (int& fd : pipe_) {
            if (fd >= 0) ::close(fd);
            fd = -1;
        }
    }

    Client client;

private:
    static bool is_listed(const Report& report) {
        if (const auto* const started = std::get_if<Started>(&report)) return started->listed;
        if (const auto* const exited = std::get_if<Exited>(&report)) return exited->listed;
        if (const auto* const failed = std::get_if<Failed>(&report)) return failed->listed;
        return std::holds_alternative<Starting>(report);
    }

    Folder folder_;
    int pipe_[2] = {-1, -1};
    pid_t pid_ = -1;
    bool watched_ = true;
    std::optional<OwnedReport> last_;
    std::vector<OwnedReport> news_;
    std::vector<pid_t> task_pids_;
};

}  // namespace offerkit::launcher::test
