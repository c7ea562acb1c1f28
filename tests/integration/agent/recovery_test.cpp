// SPDX-License-Identifier: Apache-2.0
// A real agent, its launcher and the supervisors of its tasks, each killed while tasks run.
#include "tasks.hpp"

#include <offerkit/runtime/run_framework.hpp>

#include <support/daemons.hpp>

#include <catch2/catch.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

using namespace offerkit;
using namespace offerkit::testing;

namespace {

class Cluster {
public:
    explicit Cluster(std::vector<std::string> texts)
        : tasks_(std::move(texts)), master_(std::string(OFFERKIT_BIN_DIR)) {
        start_agent();
        FrameworkOptions options;
        options.name = "test";
        options.failover_timeout = Duration{0};
        options.master = master_.address();
        options.token = MasterProcess::token();
        options.stop_on_signals = false;
        options.connect_timeout = std::chrono::seconds{5};
        options.log = [](runtime::LogLevel, const std::string&) {};
        framework_ = std::thread([this, options] { (void)try_run_framework(tasks_, options); });
    }
    Cluster(const Cluster&) = delete;
    Cluster& operator=(const Cluster&) = delete;
    ~Cluster() {
        if (agent_) agent_->stop();
        master_.child().stop();
        framework_.join();
        // Only after a failure: supervisors name our folder too, and their tasks end with them.
        for (const pid_t pid : processes_naming(folder_.file("")))
            ::kill(pid, SIGKILL);
    }

    void start_agent(std::vector<std::string> more = {}) {
        std::filesystem::remove(folder_.file("ready"));
        agent_ = std::make_unique<Child>(agent_words(std::move(more)), log());
        agent_ready_ = offerkit::testing::await_ready(*agent_, folder_.file("ready"), log());
    }

    /// Starts one that is expected to end by itself. Returns its exit code.
    int run_agent(std::vector<std::string> more = {}) {
        Child agent{agent_words(std::move(more)), folder_.file("refused.log")};
        REQUIRE(eventually([&] { return agent.has_ended(); }));
        return agent.exit_code();
    }

    void kill_agent() {
        ::kill(agent_->pid(), SIGKILL);
        REQUIRE(eventually([&] { return agent_->has_ended(); }));
    }

    /// As an operator does.
    void stop_agent() { agent_->stop(); }

    void kill_launcher() {
        const pid_t pid = launcher();
        ::kill(pid, SIGKILL);
        REQUIRE(eventually([&] { return !is_running(pid); }));
    }

    /// The launcher that answered last.
    [[nodiscard]] pid_t launcher() const {
        const std::string text = read_text(log());
        const std::string mark = "the launcher answers, process ";
        const std::size_t at = text.rfind(mark);
        REQUIRE(at != std::string::npos);
        return static_cast<pid_t>(std::stol(text.substr(at + mark.size())));
    }

    /// The sandbox of a task, once it runs.
    [[nodiscard]] std::string sandbox(const std::string& id) {
        std::string found;
        REQUIRE(eventually([&] {
            for (const TaskStatus& status : tasks_.statuses(id)) {
                if (!status.sandbox.empty()) found = status.sandbox;
            }
            return !found.empty() && !read_text(found + "/begun").empty();
        }));
        return found;
    }

    /// Every process id that ever began this task.
    [[nodiscard]] std::vector<pid_t> begun(const std::string& id) {
        std::vector<pid_t> found;
        std::ifstream file(sandbox(id) + "/begun");
        for (pid_t pid = 0; file >> pid;)
            found.push_back(pid);
        return found;
    }

    void let_go(const std::string& id) { std::ofstream(sandbox(id) + "/go") << "go"; }

    /// The last status, which must be the only terminal one.
    [[nodiscard]] TaskStatus end_of(const std::string& id) {
        std::optional<TaskStatus> last;
        REQUIRE(eventually([&] {
            for (const TaskStatus& status : tasks_.statuses(id)) {
                if (is_terminal(status.state)) last = status;
            }
            return last.has_value();
        }));
        StatusId end;
        bool running = false;
        for (const TaskStatus& status : tasks_.statuses(id)) {
            running = running || status.state == TaskState::running;
            if (!is_terminal(status.state)) continue;
            CHECK((end.is_none() || end == status.id));
            end = status.id;
        }
        CHECK(running);
        return *last;
    }

    [[nodiscard]] std::string log() const { return folder_.file("agent.log"); }
    [[nodiscard]] std::string refused_log() const { return folder_.file("refused.log"); }
    [[nodiscard]] std::string work_dir() const { return folder_.file("agent"); }

    /// Once all tasks have ended: nothing of the agent may be left when it has stopped.
    void check_nothing_left() {
        stop_agent();
        CHECK(eventually([&] { return processes_naming(folder_.file("")).empty(); }));
    }

private:
    [[nodiscard]] std::vector<std::string> agent_words(std::vector<std::string> more) const {
        std::vector<std::string> words = {std::string(OFFERKIT_BIN_DIR) + "/offerkit-agent",
                                          "--master",
                                          master_.address(),
                                          "--token-file",
                                          master_.token_file(),
                                          "--work-dir",
                                          work_dir(),
                                          "--http-port",
                                          "0",
                                          "--ready-file",
                                          folder_.file("ready")};
        if (std::ranges::find(more, "--resources") == more.end()) {
            words.insert(words.end(), {"--resources", "cpus:4;mem:4096"});
        }
        words.insert(words.end(), more.begin(), more.end());
        return words;
    }

    TemporaryFolder folder_;
    Tasks tasks_;
    MasterProcess master_;
    std::unique_ptr<Child> agent_;
    nlohmann::json agent_ready_;
    std::thread framework_;
};

}  // namespace

TEST_CASE("tasks outlive their agent, and their ends are told when it comes back") {
    Cluster cluster{{waiting_task(0), waiting_task(7), waiting_task(0)}};
    const auto first = cluster.begun("t0");
    REQUIRE(first.size() == 1);
    const pid_t ends_alone = cluster.begun("t1").at(0);
    const pid_t killed = cluster.begun("t2").at(0);

    cluster.kill_agent();
    CHECK(is_running(first[0]));
    cluster.let_go("t1");
    ::kill(killed, SIGUSR1);
    REQUIRE(eventually([&] { return !is_running(ends_alone) && !is_running(killed); }));

    cluster.start_agent();
    CHECK(cluster.end_of("t1").exit->code == 7);
    CHECK(cluster.end_of("t2").exit->signal == SIGUSR1);
    CHECK(is_running(first[0]));
    for (int i = 0; i < 3; ++i) {
        cluster.kill_agent();
        cluster.start_agent();
    }
    CHECK(is_running(first[0]));
    cluster.let_go("t0");
    CHECK(cluster.end_of("t0").state == TaskState::finished);
    CHECK(cluster.begun("t0") == first);
    CHECK(cluster.begun("t1").size() == 1);
    cluster.check_nothing_left();
}

TEST_CASE("tasks outlive agent and launcher") {
    Cluster cluster{{waiting_task(0), waiting_task(5)}};
    const auto first = cluster.begun("t0");
    const pid_t ends_alone = cluster.begun("t1").at(0);

    SECTION("both at once") {
        cluster.kill_agent();
        cluster.kill_launcher();
        cluster.let_go("t1");
        REQUIRE(eventually([&] { return !is_running(ends_alone); }));
        cluster.start_agent();
    }
    SECTION("the launcher alone, for which the agent starts another") {
        const pid_t before = cluster.launcher();
        cluster.kill_launcher();
        REQUIRE(eventually([&] { return cluster.launcher() != before; }));
        cluster.let_go("t1");
    }
    CHECK(cluster.end_of("t1").exit->code == 5);
    CHECK(is_running(first[0]));
    cluster.let_go("t0");
    CHECK(cluster.end_of("t0").state == TaskState::finished);
    CHECK(cluster.begun("t0") == first);
    cluster.check_nothing_left();
}

TEST_CASE("a task whose supervisor dies ends, and that is told once") {
    Cluster cluster{{waiting_task(0), waiting_task(0)}};
    const pid_t task = cluster.begun("t0").at(0);
    const pid_t other = cluster.begun("t1").at(0);
    const pid_t supervisor = parent_of(task);
    REQUIRE(supervisor > 1);

    bool launcher_too = false;
    SECTION("while the agent is away") {
        cluster.kill_agent();
        ::kill(supervisor, SIGKILL);
        REQUIRE(eventually([&] { return !is_running(task); }));
        cluster.start_agent();
    }
    SECTION("while the agent is there") { ::kill(supervisor, SIGKILL); }
    SECTION("and the launcher with it") {
        launcher_too = true;
        cluster.kill_agent();
        cluster.kill_launcher();
        ::kill(supervisor, SIGKILL);
        REQUIRE(eventually([&] { return !is_running(task); }));
        cluster.start_agent();
    }
    const TaskStatus end = cluster.end_of("t0");
    CHECK(end.state == TaskState::failed);
    if (launcher_too) CHECK(end.reason == StatusReason::launcher_lost);
    CHECK(is_running(other));
    cluster.let_go("t1");
    CHECK(cluster.end_of("t1").state == TaskState::finished);
    cluster.check_nothing_left();
}

TEST_CASE("an agent that is told to stop keeps its tasks for the next one") {
    Cluster cluster{{waiting_task(0)}};
    const auto first = cluster.begun("t0");
    cluster.stop_agent();
    CHECK(is_running(first[0]));
    CHECK(read_text(cluster.log()).find("tasks go on") != std::string::npos);

    SECTION("as it was") {
        cluster.start_agent();
        cluster.let_go("t0");
        CHECK(cluster.end_of("t0").state == TaskState::finished);
        CHECK(cluster.begun("t0") == first);
    }
    SECTION("with other resources, which is refused in words unless they have only grown") {
        CHECK(cluster.run_agent({"--resources", "cpus:8;mem:4096"}) == 1);
        const std::string text = read_text(cluster.refused_log());
        CHECK_THAT(text, Catch::Contains("cpus:4") && Catch::Contains("cpus:8"));
        CHECK_THAT(text, Catch::Contains("--reconfiguration-policy additive"));
        CHECK(is_running(first[0]));
        cluster.start_agent();
        cluster.let_go("t0");
        CHECK(cluster.end_of("t0").state == TaskState::finished);
    }
    SECTION("with a checkpoint that is damaged, which is refused in words") {
        const std::string path = cluster.work_dir() + "/checkpoint/entries.db";
        const std::string whole = read_text(path);
        REQUIRE(whole.size() > 4096);
        std::string damaged = whole;
        for (std::size_t at = 4096; at < damaged.size(); at += 64)
            damaged[at] = static_cast<char>(damaged[at] ^ 4);
        std::ofstream(path, std::ios::binary) << damaged;
        CHECK(cluster.run_agent() == 3);
        CHECK_THAT(read_text(cluster.refused_log()), Catch::Contains("checkpoint"));
        CHECK(is_running(first[0]));
        std::ofstream(path, std::ios::binary) << whole;
        cluster.start_agent();
        cluster.let_go("t0");
        CHECK(cluster.end_of("t0").state == TaskState::finished);
    }
    SECTION("and one that is to end them does") {
        const std::size_t before = read_text(cluster.log()).size();
        cluster.start_agent({"--on-stop", "end"});
        REQUIRE(eventually([&] {
            return read_text(cluster.log()).find("registered as", before) != std::string::npos;
        }));
        cluster.stop_agent();
        CHECK_FALSE(is_running(first[0]));
        CHECK(cluster.end_of("t0").state == TaskState::killed);
    }
    cluster.check_nothing_left();
}

TEST_CASE("an agent without its checkpoint ends what it finds running") {
    Cluster cluster{{waiting_task(0)}};
    const pid_t task = cluster.begun("t0").at(0);
    cluster.stop_agent();
    std::filesystem::remove_all(cluster.work_dir() + "/checkpoint");
    cluster.start_agent();
    CHECK(eventually([&] { return !is_running(task); }));
    CHECK_THAT(read_text(cluster.log()), Catch::Contains("which nobody knows: killed"));
}
