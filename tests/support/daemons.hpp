// SPDX-License-Identifier: Apache-2.0
#pragma once

/// Daemons for tests and benchmarks: started on loopback with ports that the kernel chooses, in a
/// folder of their own, and ended with their owner.

#include <support/temporary_folder.hpp>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <sstream>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace offerkit::testing {

/// One child process, ended by its owner: asked first, then killed.
class Child {
public:
    Child(std::vector<std::string> arguments, const std::string& log) {
        std::vector<char*> argv;
        for (std::string& argument : arguments)
            argv.push_back(argument.data());
        argv.push_back(nullptr);
        pid_ = ::fork();
        if (pid_ < 0) throw std::runtime_error("fork failed");
        if (pid_ == 0) {
            const int out = ::open(log.c_str(), O_CREAT | O_WRONLY | O_APPEND, 0600);
            ::dup2(out, STDOUT_FILENO);
            ::dup2(out, STDERR_FILENO);
            ::execv(argv[0], argv.data());
            ::_exit(127);
        }
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() { stop(); }

    [[nodiscard]] pid_t pid() const { return pid_; }

    [[nodiscard]] bool has_ended() {
        int status = 0;
        if (pid_ > 0 && ::waitpid(pid_, &status, WNOHANG) == pid_) {
            pid_ = -1;
            exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
        }
        return pid_ < 0;
    }

    /// Or the negative signal. Pre: it has ended, unasked.
    [[nodiscard]] int exit_code() const { return exit_code_; }

    void stop() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        for (int i = 0; i < 2000 && !has_ended(); ++i) {
            std::this_thread::sleep_for(std::chrono::milliseconds{5});
        }
        if (pid_ <= 0) return;
        ::kill(pid_, SIGKILL);
        ::waitpid(pid_, nullptr, 0);
        pid_ = -1;
    }

    /// User and system time of all its threads so far, in seconds.
    [[nodiscard]] double cpu_seconds() const {
        std::ifstream file("/proc/" + std::to_string(pid_) + "/stat");
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        std::istringstream fields(text.substr(text.rfind(')') + 2));
        std::string skipped;
        for (int i = 0; i < 11; ++i)
            fields >> skipped;
        double user = 0;
        double system = 0;
        fields >> user >> system;
        return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
    }

private:
    pid_t pid_ = -1;
    int exit_code_ = 0;
};

/// Waits for a ready file, at most 30 s.
inline nlohmann::json await_ready(Child& child, const std::string& path, const std::string& log) {
    for (int i = 0; i < 6000; ++i) {
        std::ifstream file(path);
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        if (!text.empty()) return nlohmann::json::parse(text);
        if (child.has_ended()) break;
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
    }
    std::ifstream file(log);
    throw std::runtime_error("daemon did not come up: " +
                             std::string{std::istreambuf_iterator<char>(file), {}});
}

/// A master with a token of its own.
class MasterProcess {
public:
    explicit MasterProcess(const std::string& programs, std::vector<std::string> more = {})
        : programs_(programs) {
        std::ofstream(folder_.file("token")) << token() << '\n';
        ::chmod(token_file().c_str(), 0600);
        std::vector<std::string> arguments = {programs + "/offerkit-master",
                                              "--port",
                                              "0",
                                              "--http-port",
                                              "0",
                                              "--work-dir",
                                              folder_.file("master"),
                                              "--token-file",
                                              token_file(),
                                              "--ready-file",
                                              folder_.file("master.ready")};
        arguments.insert(arguments.end(), more.begin(), more.end());
        child_ = std::make_unique<Child>(arguments, folder_.file("master.log"));
        const auto ready =
            await_ready(*child_, folder_.file("master.ready"), folder_.file("master.log"));
        address_ = ready["master"].get<std::string>();
        http_ = ready["http"].get<std::string>();
    }

    [[nodiscard]] std::unique_ptr<Child> start_agent(const std::string& name,
                                                     const std::string& resources,
                                                     std::vector<std::string> more = {}) {
        const std::string ready = folder_.file(name + ".ready");
        const std::string log = folder_.file(name + ".log");
        std::vector<std::string> arguments = {programs_ + "/offerkit-agent",
                                              "--master",
                                              address_,
                                              "--token-file",
                                              token_file(),
                                              "--work-dir",
                                              folder_.file(name),
                                              "--resources",
                                              resources,
                                              "--http-port",
                                              "0",
                                              "--on-stop",
                                              "end",
                                              "--ready-file",
                                              ready};
        arguments.insert(arguments.end(), more.begin(), more.end());
        auto agent = std::make_unique<Child>(std::move(arguments), log);
        await_ready(*agent, ready, log);
        return agent;
    }

    [[nodiscard]] Child& child() { return *child_; }
    [[nodiscard]] const std::string& address() const { return address_; }
    [[nodiscard]] const std::string& http() const { return http_; }
    [[nodiscard]] std::string token_file() const { return folder_.file("token"); }
    [[nodiscard]] static std::string token() { return "only-for-tests-on-loopback"; }

private:
    std::string programs_;
    TemporaryFolder folder_;
    std::unique_ptr<Child> child_;
    std::string address_;
    std::string http_;
};

}  // namespace offerkit::testing
