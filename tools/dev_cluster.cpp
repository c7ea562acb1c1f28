// SPDX-License-Identifier: Apache-2.0

#include "dev_cluster.hpp"

#include "http_peer.hpp"
#include "user_folder.hpp"

#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>
#include <system_error>
#include <thread>

namespace offerkit::tools {

namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto ready_within = 30s;
constexpr int stop_grace_ms = 10'000;

Refusal refuse(RefusalCode code, std::string who, std::string what, std::string why,
               std::string todo) {
    return {code, std::move(who), std::move(what), std::move(why), std::move(todo)};
}

/// A program beside ours, as they are built and installed; else one on the PATH.
std::string find_program(const std::string& name) {
    std::error_code error;
    const fs::path self = fs::read_symlink("/proc/self/exe", error);
    if (!error && fs::exists(self.parent_path() / name, error)) return self.parent_path() / name;
    const char* const path = std::getenv("PATH");
    std::istringstream folders{path == nullptr ? "" : path};
    for (std::string folder; std::getline(folders, folder, ':');) {
        if (::access((folder + "/" + name).c_str(), X_OK) == 0) return folder + "/" + name;
    }
    return {};
}

std::string read_file(const std::string& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// An equal part of this machine: whole thousandths of cpus, three quarters of the memory.
std::string equal_part(std::uint32_t agents) {
    const std::int64_t cpus = std::max<std::int64_t>(
        1000, 1000 * static_cast<std::int64_t>(std::thread::hardware_concurrency()) / agents);
    const std::int64_t pages = ::sysconf(_SC_PHYS_PAGES);
    const std::int64_t mem = pages / 4 * 3 / agents * ::sysconf(_SC_PAGESIZE) / (1024 * 1024);
    return "cpus:" + format_amount(cpus) +
           ";mem:" + std::to_string(std::max<std::int64_t>(mem, 64));
}

}  // namespace

DevCluster::DevCluster(DevCluster&& other) noexcept
    : is_cancelled_(std::move(other.is_cancelled_)),
      access_(std::move(other.access_)),
      work_dir_(std::move(other.work_dir_)),
      work_dir_is_ours_(std::exchange(other.work_dir_is_ours_, false)),
      dev_file_written_(std::exchange(other.dev_file_written_, false)),
      lock_(std::exchange(other.lock_, -1)),
      lifeline_read_(std::exchange(other.lifeline_read_, -1)),
      lifeline_write_(std::exchange(other.lifeline_write_, -1)),
      children_(std::exchange(other.children_, {})) {}

DevCluster::~DevCluster() { stop(); }

Result<DevCluster> DevCluster::start(const DevOptions& options, IsCancelled is_cancelled) {
    if (!options.resources.empty()) {
        Result<Resources> resources = parse_resources(options.resources);
        if (!resources) {
            Refusal why = std::move(resources).error();
            why.who = "flag --resources " + options.resources.substr(0, 64);
            return why;
        }
    }
    DevCluster cluster;
    cluster.is_cancelled_ = std::move(is_cancelled);
    if (Result<void> locked = cluster.lock(); !locked) return std::move(locked).error();
    if (Result<void> made = cluster.make_work_dir(options.work_dir); !made) {
        return std::move(made).error();
    }
    if (Result<void> started = cluster.start_all(options); !started) {
        return std::move(started).error();
    }
    return cluster;
}

// One per user and runtime folder: the file by which the tool finds the cluster names only one.
Result<void> DevCluster::lock() {
    const std::string path = runtime::dev_file_path();
    if (const Result<std::string> folder = make_user_folder(); !folder) return folder.error();
    // Whoever held it may have removed the file while we opened it: then it locks nothing.
    while (lock_ < 0) {
        const std::string lock = path + ".lock";
        lock_ = ::open(lock.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
        if (lock_ < 0 || ::flock(lock_, LOCK_EX | LOCK_NB) != 0) {
            if (lock_ >= 0) ::close(std::exchange(lock_, -1));
            return refuse(RefusalCode::already_exists, "offerkit dev", "start a cluster",
                          "another one runs for this user (" + path + ")",
                          "end the other one, or set XDG_RUNTIME_DIR to another folder");
        }
        struct stat held{};
        struct stat named{};
        if (::fstat(lock_, &held) == 0 && ::stat(lock.c_str(), &named) == 0 &&
            held.st_ino == named.st_ino) {
            return {};
        }
        ::close(std::exchange(lock_, -1));
    }
    return {};
}

Result<void> DevCluster::make_work_dir(const std::string& asked) {
    std::error_code error;
    if (!asked.empty()) {
        fs::create_directories(asked, error);
        const fs::path absolute = fs::absolute(asked, error);
        if (error) {
            return refuse(RefusalCode::unavailable, "folder " + asked, "make", error.message(),
                          "give another --work-dir");
        }
        work_dir_ = absolute.lexically_normal();
        return {};
    }
    std::string pattern = (fs::temp_directory_path(error) / "offerkit-dev-XXXXXX").string();
    if (::mkdtemp(pattern.data()) == nullptr) {
        return refuse(RefusalCode::unavailable, "folder " + pattern, "make", std::strerror(errno),
                      "give a --work-dir");
    }
    work_dir_ = pattern;
    work_dir_is_ours_ = true;
    return {};
}

Result<void> DevCluster::start_all(const DevOptions& options) {
    int lifeline[2];
    if (::pipe2(lifeline, O_CLOEXEC) != 0) {
        return refuse(RefusalCode::unavailable, "kernel", "make a pipe", std::strerror(errno),
                      "close other programs");
    }
    lifeline_read_ = lifeline[0];
    lifeline_write_ = lifeline[1];
    if (Result<void> started = start_master(options); !started) return started;
    for (std::uint32_t i = 1; i <= options.agents; ++i) {
        if (Result<void> started = start_agent(options, i); !started) return started;
    }
    if (Result<void> registered = await_agents(options.agents); !registered) return registered;
    Result<void> written =
        runtime::write_file(runtime::dev_file_path(), runtime::format_dev_file(access_));
    dev_file_written_ = written.has_value();
    return written;
}

Result<void> DevCluster::start_master(const DevOptions& options) {
    Result<std::string> token = runtime::make_token();
    if (!token) return std::move(token).error();
    access_.token = *token;
    if (Result<void> written = runtime::write_file(work_dir_ + "/token", *token + "\n"); !written) {
        return written;
    }
    const std::string ready = work_dir_ + "/master.ready";
    ::unlink(ready.c_str());  // Of an earlier run in the same folder.
    std::vector<std::string> arguments = {"--port",       "0",
                                          "--http-port",  "0",
                                          "--work-dir",   work_dir_ + "/master",
                                          "--token-file", work_dir_ + "/token",
                                          "--ready-file", ready};
    if (!options.policy.empty()) {
        arguments.insert(arguments.end(), {"--policy", options.policy});
    }
    if (Result<void> spawned = add_child("offerkit-master", "master", arguments); !spawned) {
        return spawned;
    }
    std::string text;
    Result<void> is_ready = await("the master", [&] {
        text = read_file(ready);
        return !text.empty();
    });
    if (!is_ready) return is_ready;
    const auto json = nlohmann::json::parse(text, nullptr, false);
    if (!json.is_object()) {
        return refuse(RefusalCode::malformed, "file " + ready, "read", "is not a JSON object",
                      "use daemons of the tool's version");
    }
    access_.master = json.value("master", "");
    access_.http = json.value("http", "");
    // Where it is looked for from now on, also when it has to be started again.
    std::vector<std::string>& again = children_.front().arguments;
    again[1] = access_.master.substr(access_.master.rfind(':') + 1);
    again[3] = access_.http.substr(access_.http.rfind(':') + 1);
    return {};
}

Result<void> DevCluster::start_agent(const DevOptions& options, std::uint32_t number) {
    const std::string name = "agent-" + std::to_string(number);
    std::string resources =
        options.resources.empty() ? equal_part(options.agents) : options.resources;
    if (resources.find("ports:") == std::string::npos) {
        // Agents on one computer must not give the same port twice.
        constexpr std::uint32_t ports_each = 15;
        const std::uint32_t first = 31'000 + (number - 1) * ports_each;
        resources +=
            ";ports:[" + std::to_string(first) + "-" + std::to_string(first + ports_each - 1) + "]";
    }
    return add_child("offerkit-agent", name,
                     {"--master", access_.master, "--token-file", work_dir_ + "/token",
                      "--work-dir", work_dir_ + "/" + name, "--resources", resources, "--http-port",
                      "0", "--hostname", "localhost"});
}

Result<void> DevCluster::add_child(const std::string& program, const std::string& name,
                                   std::vector<std::string> arguments) {
    const std::string path = find_program(program);
    if (path.empty()) {
        return refuse(RefusalCode::not_found, program, "start",
                      "is neither beside this program nor on the PATH", "build or install it");
    }
    arguments.insert(arguments.end(), {"--exit-with-parent-fd", std::to_string(lifeline_read_)});
    Child child;
    child.name = name;
    child.program = path;
    child.arguments = std::move(arguments);
    child.log = work_dir_ + "/" + name + ".log";
    children_.push_back(std::move(child));
    return spawn(children_.back());
}

Result<void> DevCluster::await(const std::string& what, const std::function<bool()>& is_so) {
    const auto give_up = std::chrono::steady_clock::now() + ready_within;
    while (std::chrono::steady_clock::now() < give_up) {
        if (is_so()) return {};
        if (is_cancelled_()) {
            return refuse(RefusalCode::cancelled, "offerkit dev", "start a cluster",
                          "it was asked to end", "start it again");
        }
        if (const std::string dead = find_dead(); !dead.empty()) {
            return refuse(RefusalCode::unavailable, "offerkit dev", "start a cluster", dead,
                          "mend what it says");
        }
        std::this_thread::sleep_for(5ms);
    }
    const Child& last = children_.back();
    return refuse(RefusalCode::unavailable, what, "come up",
                  "not ready after 30 s; " + last.name + " says: " + tail_of(last.log),
                  "give the machine more time, or look at what else it does");
}

Result<void> DevCluster::await_agents(std::uint32_t count) {
    Result<HttpPeer> master = HttpPeer::at(access_.http, access_.token);
    if (!master) return std::move(master).error();
    std::optional<Refusal> refused;
    Result<void> all_there = await("the agents", [&] {
        const Result<std::string> body = master->get("/v1/agents");
        if (!body) refused = body.error();
        if (!body) return true;
        const auto json = nlohmann::json::parse(*body, nullptr, false);
        return json.is_object() && json.contains("agents") && json["agents"].size() >= count;
    });
    if (refused) return *refused;
    return all_there;
}

void DevCluster::stop() {
    if (lock_ < 0) return;
    if (dev_file_written_) ::unlink(runtime::dev_file_path().c_str());
    // Agents first, so that they can still tell the master how their tasks ended.
    if (!children_.empty()) {
        end_children(1, children_.size(), SIGTERM, stop_grace_ms);
        end_children(0, 1, SIGTERM, stop_grace_ms);
        end_children(0, children_.size(), SIGKILL, stop_grace_ms);
        children_.clear();
    }
    for (int* descriptor : {&lifeline_read_, &lifeline_write_}) {
        if (*descriptor >= 0) ::close(std::exchange(*descriptor, -1));
    }
    std::error_code error;
    if (work_dir_is_ours_) fs::remove_all(work_dir_, error);
    ::unlink((runtime::dev_file_path() + ".lock").c_str());
    ::close(std::exchange(lock_, -1));
}

}  // namespace offerkit::tools
