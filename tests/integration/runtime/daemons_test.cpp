// SPDX-License-Identifier: Apache-2.0
// A real master and a real agent, as processes on loopback, and a scheduler in this one.
#include <offerkit/runtime/run_framework.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

extern char** environ;

using namespace offerkit;
using namespace offerkit::literals;

namespace {

constexpr auto patience = std::chrono::seconds{60};

/// A child that is ended with this, if it has not ended before.
class Child {
public:
    Child(std::vector<std::string> words, const std::string& error_file, int inherited = -1) {
        posix_spawn_file_actions_t actions;
        ::posix_spawn_file_actions_init(&actions);
        ::posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
        ::posix_spawn_file_actions_addopen(&actions, 2, error_file.c_str(),
                                           O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (inherited >= 0) {
            ::posix_spawn_file_actions_adddup2(&actions, inherited, inherited);
        }
        std::vector<char*> arguments;
        for (std::string& word : words)
            arguments.push_back(word.data());
        arguments.push_back(nullptr);
        REQUIRE(::posix_spawn(&pid_, words.front().c_str(), &actions, nullptr, arguments.data(),
                              environ) == 0);
        ::posix_spawn_file_actions_destroy(&actions);
    }
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (pid_ <= 0) return;
        ::kill(pid_, SIGTERM);
        (void)wait();
    }

    void signal(int number) const { ::kill(pid_, number); }

    /// The exit code, or the negative signal.
    int wait() {
        int status = 0;
        while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
        }
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    }

    [[nodiscard]] pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
};

std::string program(const char* name) { return std::string(OFFERKIT_BIN_DIR) + "/" + name; }

nlohmann::json wait_for_ready(const std::string& path) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!std::filesystem::exists(path)) {
        REQUIRE(std::chrono::steady_clock::now() < until);
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return nlohmann::json::parse(*runtime::read_file(path, 64 * 1024));
}

/// True once no process of that number is left.
bool wait_for_end(pid_t pid) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (::kill(pid, 0) == 0) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}

/// True once no process has this in its command line: daemons and launchers name their folder.
bool wait_for_none(const std::string& text) {
    const auto is_there = [&] {
        for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
            const std::string name = entry.path().filename().string();
            if (name.find_first_not_of("0123456789") != std::string::npos) continue;
            const auto line = runtime::read_file(entry.path().string() + "/cmdline", 1024 * 1024);
            if (line && line->find(text) != std::string::npos) return true;
        }
        return false;
    };
    const auto until = std::chrono::steady_clock::now() + patience;
    while (is_there()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
    }
    return true;
}

std::string find_file(const std::string& folder, const std::string& name) {
    if (!std::filesystem::exists(folder)) return {};
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
        if (entry.path().filename() == name) return entry.path().string();
    }
    return {};
}

struct Cluster {
    explicit Cluster(int inherited = -1)
        : master(master_words(inherited), folder.file("master.err"), inherited) {
        const auto ready = wait_for_ready(folder.file("master.json"));
        address = ready.at("master");
        agent =
            std::make_unique<Child>(agent_words(inherited), folder.file("agent.err"), inherited);
        (void)wait_for_ready(folder.file("agent.json"));
    }

    [[nodiscard]] std::vector<std::string> master_words(int inherited) const {
        std::vector<std::string> words = {program("offerkit-master"),
                                          "--work-dir",
                                          folder.file("master"),
                                          "--port",
                                          "0",
                                          "--http-port",
                                          "0",
                                          "--ready-file",
                                          folder.file("master.json"),
                                          "--record",
                                          folder.file("record")};
        watch_parent(words, inherited);
        return words;
    }

    [[nodiscard]] std::vector<std::string> agent_words(int inherited) const {
        std::vector<std::string> words = {program("offerkit-agent"),
                                          "--work-dir",
                                          folder.file("agent"),
                                          "--master",
                                          address,
                                          "--http-port",
                                          "0",
                                          "--token-file",
                                          folder.file("master") + "/token",
                                          "--ready-file",
                                          folder.file("agent.json"),
                                          "--resources",
                                          "cpus:4;mem:4096"};
        watch_parent(words, inherited);
        return words;
    }

    static void watch_parent(std::vector<std::string>& words, int inherited) {
        if (inherited < 0) return;
        words.emplace_back("--exit-with-parent-fd");
        words.push_back(std::to_string(inherited));
    }

    [[nodiscard]] FrameworkOptions options() const {
        FrameworkOptions options;
        options.name = "test";
        options.failover_timeout = Duration{0};
        options.master = address;
        options.token = *runtime::read_file(folder.file("master") + "/token", 100);
        options.token.pop_back();
        options.stop_on_signals = false;
        options.log = [](runtime::LogLevel, const std::string&) {};
        return options;
    }

    testing::TemporaryFolder folder;
    Child master;
    std::string address;
    std::unique_ptr<Child> agent;
};

/// Runs shell texts, as many at a time as fit, and keeps the last status of each.
struct Shells {
    std::vector<std::string> texts;
    std::size_t launched = 0;
    std::map<TaskId, TaskStatus> ended;

    OfferReply on_offer(const Offer& offer) {
        Accept accept{.offer = offer.id};
        Resources left = offer.resources;
        const Resources each = Resources{0.5_cpus} + 64_MiB;
        while (launched < texts.size() && left.contains(each)) {
            left -= each;
            TaskInfo task;
            task.id = TaskId{"t" + std::to_string(launched)};
            task.resources = each;
            task.command.shell = texts[launched++];
            accept.launch.push_back(std::move(task));
        }
        if (accept.launch.empty()) return Decline{offer.id};
        return accept;
    }
    void on_status(const TaskStatus& status) {
        if (is_terminal(status.state)) ended[status.task] = status;
    }
    bool is_done() const { return ended.size() == texts.size(); }
};

}  // namespace

TEST_CASE("commands run on a real cluster and say how they ended") {
    Cluster cluster;
    Shells shells;
    shells.texts = {"echo hello", "exit 3", "kill -9 $$", "cat /etc/hostname && pwd"};
    for (int i = 0; i < 40; ++i)
        shells.texts.push_back("echo " + std::to_string(i));
    const auto ended = try_run_framework(shells, cluster.options());
    INFO((ended ? std::string{} : format_refusal(ended.error())));
    REQUIRE(ended.has_value());
    REQUIRE(shells.ended.size() == 44);
    const auto& hello = shells.ended.at(TaskId{"t0"});
    CHECK(hello.state == TaskState::finished);
    CHECK(*runtime::read_file(hello.sandbox + "/stdout", 100) == "hello\n");
    const auto& three = shells.ended.at(TaskId{"t1"});
    CHECK(three.state == TaskState::failed);
    REQUIRE(three.exit.has_value());
    CHECK(three.exit->code == 3);
    const auto& killed = shells.ended.at(TaskId{"t2"});
    CHECK(killed.state == TaskState::failed);
    REQUIRE(killed.exit.has_value());
    CHECK(killed.exit->signal == SIGKILL);
    for (int i = 0; i < 40; ++i) {
        const auto& status = shells.ended.at(TaskId{"t" + std::to_string(i + 4)});
        CHECK(*runtime::read_file(status.sandbox + "/stdout", 100) == std::to_string(i) + "\n");
    }
    cluster.agent->signal(SIGTERM);
    CHECK(cluster.agent->wait() == 0);
    cluster.master.signal(SIGTERM);
    CHECK(cluster.master.wait() == 0);
    CHECK(wait_for_none(cluster.folder.path()));
}

TEST_CASE("daemons end with their parent, and so do the tasks") {
    int ends[2] = {-1, -1};
    REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
    Cluster cluster{ends[0]};
    Shells shells;
    shells.texts = {"echo $$ > pid; sleep 1000 & echo $! >> pid; wait"};
    FrameworkOptions options = cluster.options();
    options.connect_timeout = std::chrono::seconds{1};  // Once its master is no more.
    std::thread framework{[&] { (void)try_run_framework(shells, options); }};
    std::string pid_file;
    const auto until = std::chrono::steady_clock::now() + patience;
    const auto is_whole = [](const std::string& text) {
        return std::ranges::count(text, '\n') == 2;
    };
    std::string pids;
    while (!is_whole(pids) && std::chrono::steady_clock::now() < until) {
        std::this_thread::sleep_for(std::chrono::milliseconds{20});
        pid_file = find_file(cluster.folder.file("agent/frameworks"), "pid");
        if (!pid_file.empty()) pids = *runtime::read_file(pid_file, 100);
    }
    REQUIRE(is_whole(pids));
    ::close(ends[1]);
    CHECK(cluster.agent->wait() == 0);
    CHECK(cluster.master.wait() == 0);
    for (std::size_t at = 0; at < pids.size(); at = pids.find('\n', at) + 1) {
        CHECK(wait_for_end(static_cast<pid_t>(std::stol(pids.substr(at)))));
    }
    ::close(ends[0]);
    CHECK(wait_for_none(cluster.folder.path()));
    framework.join();
}

TEST_CASE("what daemons are told wrongly is refused with the place, and exit code 2") {
    const testing::TemporaryFolder folder;
    const auto run = [&](std::vector<std::string> words) {
        const std::string error_file = folder.file("err");
        std::filesystem::remove(error_file);
        Child child{std::move(words), error_file};
        const int code = child.wait();
        return std::pair{code, *runtime::read_file(error_file, 64 * 1024)};
    };
    const auto refused = [&](const char* daemon, std::vector<std::string> flags,
                             const std::string& part) {
        flags.insert(flags.begin(), program(daemon));
        const auto [code, text] = run(flags);
        INFO(text);
        CHECK(code == 2);
        CHECK(text.find(part) != std::string::npos);
    };
    const char* const master = "offerkit-master";
    const char* const agent = "offerkit-agent";
    refused(master, {"--prot", "1"}, "--prot");
    refused(master, {"--port", "65536"}, "flag --port");
    refused(master, {"--port", "many"}, "not a whole number");
    refused(master, {"--address", "0.0.0.0"}, "--insecure-listen");
    refused(master, {"--policy", "fifoo"}, "fifoo");
    refused(master, {"--offer-timeout", "5"}, "500ms");
    refused(master, {"--peer-timeout", "20s"}, "heartbeat");
    refused(master, {"--config", folder.file("none.toml")}, "none.toml");
    REQUIRE(
        runtime::write_file(folder.file("bad.toml"), "port = 5050\ncolour = 'red'\n").has_value());
    refused(master, {"--config", folder.file("bad.toml")}, "colour");
    REQUIRE(runtime::write_file(folder.file("worse.toml"), "port = = 1\n").has_value());
    refused(master, {"--config", folder.file("worse.toml")}, "line 1");
    refused(agent, {"--master", "nowhere"}, "HOST:PORT");
    refused(agent, {"--master", "192.0.2.1:5050"}, "--insecure-master");
    refused(agent, {"--master", "127.0.0.1:1", "--resources", "cpus:-1"}, "--resources");
    refused(agent, {"--master", "127.0.0.1:1", "--attributes", "rack"}, "NAME:VALUE");
    refused(agent, {"--master", "127.0.0.1:1", "--token-file", folder.file("no")}, "no");
}
