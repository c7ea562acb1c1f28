// SPDX-License-Identifier: Apache-2.0
// One launcher, one task: what the task gets, how it ends, and what is told of it.

#include "launcher_fixture.hpp"

#include <sys/resource.h>
#include <sys/stat.h>

using namespace offerkit::launcher;
using namespace offerkit::launcher::test;

TEST_CASE("a launched task writes into its sandbox and its status is told", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto exited = launchers.run("one", "echo out; echo err >&2; exit 3");
    CHECK(exited.key == "one");
    CHECK(exited.cause == ExitCause::exited);
    CHECK(exited.value == 3);
    CHECK_FALSE(exited.kill_requested);
    CHECK_FALSE(exited.killed_after_grace);
    CHECK_FALSE(exited.supervisor_lost);
    CHECK(exited.end_wall_ns >= exited.start_wall_ns);
    CHECK(exited.memory_kib_max > 0);
    CHECK(launchers.out("one") == "out\n");
    CHECK(read_text(launchers.box("one") / "stderr") == "err\n");
    struct stat status = {};
    REQUIRE(::stat(launchers.box("one").c_str(), &status) == 0);
    CHECK((status.st_mode & 0777) == 0700);
}

TEST_CASE("a task gets exactly its environment", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request = launchers.make("one", "");
    request.arguments = {"/usr/bin/env"};
    request.environment = {"A=1", "B=two words", "EMPTY="};
    launchers.run(request);
    CHECK(launchers.out("one") == "A=1\nB=two words\nEMPTY=\n");
}

TEST_CASE("a task starts in its sandbox or in the folder that it names", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.run("plain", "pwd -P");
    CHECK(launchers.out("plain") ==
          std::filesystem::canonical(launchers.box("plain")).string() + "\n");
    auto elsewhere = launchers.make("elsewhere", "pwd -P");
    elsewhere.directory = "/";
    launchers.run(elsewhere);
    CHECK(launchers.out("elsewhere") == "/\n");
    auto within = launchers.make("within", "basename $(pwd -P)");
    std::filesystem::create_directories(launchers.box("within") / "below");
    within.directory = "below";
    launchers.run(within);
    CHECK(launchers.out("within") == "below\n");
}

TEST_CASE("a task inherits no descriptor, no signal setting and an empty input", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.run("fds", "ls /proc/self/fd; readlink /proc/self/fd/0; cat");
    // The fourth is ls reading the folder.
    CHECK(launchers.out("fds") == "0\n1\n2\n3\n/dev/null\n");
    launchers.run("signals", "grep -E '^Sig(Blk|Ign|Pnd)|^ShdPnd' /proc/self/status | cut -f2");
    const std::string zero = "0000000000000000\n";
    CHECK(launchers.out("signals") == zero + zero + zero + zero);
    launchers.run("session", "test $(cut -d' ' -f6 /proc/$$/stat) = $$");
}

TEST_CASE("limits, umask and output names are those of the request", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request = launchers.make("one", "ulimit -n; umask; echo to stderr >&2");
    request.limits = {{RLIMIT_NOFILE, 77, 77}};
    request.umask = 077;
    request.stdout_name = "both";
    request.stderr_name = "both";
    CHECK(launchers.run(request).value == 0);
    CHECK(read_text(launchers.box("one") / "both") == "77\n0077\nto stderr\n");
    request.key = "two";
    CHECK(launchers.run(request).value == 0);
    CHECK(read_text(launchers.box("one") / "both") == "77\n0077\nto stderr\n77\n0077\nto stderr\n");
}

TEST_CASE("a program without a slash is looked up in the PATH of the task", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request = launchers.make("found", "");
    request.arguments = {"true"};
    request.environment = {"PATH=/nonexistent:/usr/bin:/bin"};
    CHECK(launchers.run(request).value == 0);
    request.key = "missing";
    request.environment = {"PATH=/nonexistent"};
    launchers.send(request);
    CHECK(launchers.expect<Failed>().error == ENOENT);
}

TEST_CASE("death by signal is told as such", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto exited = launchers.run("one", "kill -USR1 $$");
    CHECK(exited.cause == ExitCause::signaled);
    CHECK(exited.value == SIGUSR1);
    CHECK_FALSE(exited.kill_requested);
}

namespace {

void check_failure(Launchers& launchers, const LaunchRequest& request, LaunchStep step, int error) {
    launchers.send(request);
    const auto failed = launchers.expect<Failed>();
    CHECK(failed.key == request.key);
    CHECK(failed.step == step);
    CHECK(failed.error == static_cast<std::uint32_t>(error));
    CHECK(failed.message == std::string("cannot ") + name_of(step) + ": " + std::strerror(error));
}

}  // namespace

TEST_CASE("what keeps a task from starting is told truly", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request = launchers.make("no program", "");
    request.arguments = {"/nonexistent/program"};
    check_failure(launchers, request, LaunchStep::execute, ENOENT);

    request = launchers.make("no permission", "");
    request.arguments = {"/etc/passwd"};
    check_failure(launchers, request, LaunchStep::execute, EACCES);

    request = launchers.make("no folder", "true");
    request.directory = "/nonexistent";
    check_failure(launchers, request, LaunchStep::enter_directory, ENOENT);

    request = launchers.make("no parent", "true");
    request.sandbox = (launchers.work_dir() / "a" / "b").string();
    check_failure(launchers, request, LaunchStep::make_sandbox, ENOENT);

    request = launchers.make("file", "true");
    request.sandbox = "/etc/passwd";
    check_failure(launchers, request, LaunchStep::enter_sandbox, ENOTDIR);

    request = launchers.make("link", "true");
    std::filesystem::create_directory(launchers.box("link"));
    std::filesystem::create_symlink("elsewhere", launchers.box("link") / "stdout");
    check_failure(launchers, request, LaunchStep::open_stdout, ELOOP);

    request = launchers.make("pipe", "true");
    std::filesystem::create_directory(launchers.box("pipe"));
    REQUIRE(::mkfifo((launchers.box("pipe") / "stderr").c_str(), 0600) == 0);
    check_failure(launchers, request, LaunchStep::open_stderr, ENXIO);

    request = launchers.make("limit", "true");
    request.limits = {{RLIMIT_NOFILE, 20, 10}};
    check_failure(launchers, request, LaunchStep::set_limits, EINVAL);

    CHECK(launchers.list().size() == 8);
}

TEST_CASE("a task runs as the user that it names or not at all", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request = launchers.make("one", "id -u; id -g; id -G; echo $(stat -c '%u:%g' .)");
    request.uid = 65534;
    request.gid = 65534;
    request.groups = {65533};
    if (::geteuid() != 0) {
        check_failure(launchers, request, LaunchStep::set_groups, EPERM);
        return;
    }
    // The task must be able to reach its sandbox.
    std::filesystem::permissions(
        launchers.work_dir().parent_path(),
        std::filesystem::perms::owner_all | std::filesystem::perms::others_exec);
    CHECK(launchers.run(request).value == 0);
    CHECK(launchers.out("one") == "65534\n65534\n65534 65533\n65534:65534\n");
}

TEST_CASE("a kill ends the task within its grace", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.launch("polite", "exec sleep 1000");
    launchers.send(KillRequest{"polite", SIGTERM, 600'000});
    const auto polite = launchers.expect<Exited>();
    CHECK(polite.cause == ExitCause::signaled);
    CHECK(polite.value == SIGTERM);
    CHECK(polite.kill_requested);
    CHECK_FALSE(polite.killed_after_grace);

    const auto stubborn_pid =
        launchers.launch("stubborn", "trap '' TERM; echo $$ >ready; while :; do sleep 1000; done");
    CHECK(read_pid(launchers.box("stubborn") / "ready") == stubborn_pid);
    launchers.send(KillRequest{"stubborn", SIGTERM, 100});
    const auto stubborn = launchers.expect<Exited>();
    CHECK(stubborn.cause == ExitCause::signaled);
    CHECK(stubborn.value == SIGKILL);
    CHECK(stubborn.kill_requested);
    CHECK(stubborn.killed_after_grace);
}

TEST_CASE("a kill may begin with any signal and a later one may shorten the grace", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.launch("one",
                     "trap 'echo usr1; exit 9' USR1; echo $$ >ready; while :; do sleep 0.01; done");
    read_pid(launchers.box("one") / "ready");
    launchers.send(KillRequest{"one", SIGUSR1, 600'000});
    CHECK(launchers.expect<Exited>().value == 9);
    CHECK(launchers.out("one") == "usr1\n");

    launchers.launch("two", "trap '' TERM; echo $$ >ready; while :; do sleep 1000; done");
    read_pid(launchers.box("two") / "ready");
    launchers.send(KillRequest{"two", SIGTERM, 600'000});
    launchers.send(KillRequest{"two", SIGTERM, 0});
    CHECK(launchers.expect<Exited>().value == SIGKILL);
}

TEST_CASE("a kill reaches the whole process group", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.launch("one",
                     "sleep 1000 & echo $! >a; sh -c 'sleep 1000 & echo $! >b; wait' & wait");
    const auto a = read_pid(launchers.box("one") / "a");
    const auto b = read_pid(launchers.box("one") / "b");
    launchers.send(KillRequest{"one", SIGTERM, 600'000});
    CHECK(launchers.expect<Exited>().cause == ExitCause::signaled);
    CHECK(is_gone(a));
    CHECK(is_gone(b));
}

namespace {

/// Leaves its group and session, and its parent dies: only the reaper above knows it.
const char* const daemonize =
    "setsid sh -c 'trap \"\" TERM; sleep 1000 & echo $! >inner; echo $$ >outer; "
    "while :; do wait; done' & while ! [ -s outer ]; do sleep 0.01; done; ";

}  // namespace

TEST_CASE("a kill reaches processes that left group and session", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.launch("one", std::string(daemonize) + "sleep 1000");
    const auto outer = read_pid(launchers.box("one") / "outer");
    const auto inner = read_pid(launchers.box("one") / "inner");
    launchers.send(KillRequest{"one", SIGTERM, 50});
    const auto exited = launchers.expect<Exited>();
    CHECK(exited.kill_requested);
    CHECK(exited.killed_after_grace);
    CHECK(is_gone(outer));
    CHECK(is_gone(inner));
}

TEST_CASE("what a task leaves behind is ended and the status is the task's own", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request = launchers.make("one", std::string(daemonize) + "exit 7");
    request.leftover_grace_ms = 50;
    const auto exited = launchers.run(request);
    CHECK(exited.cause == ExitCause::exited);
    CHECK(exited.value == 7);
    CHECK_FALSE(exited.kill_requested);
    CHECK(exited.killed_after_grace);
    CHECK(is_gone(read_pid(launchers.box("one") / "outer")));
    CHECK(is_gone(read_pid(launchers.box("one") / "inner")));

    request = launchers.make("two", "sleep 1000 & echo $! >left; exit 0");
    request.leftover_grace_ms = 600'000;
    const auto tidy = launchers.run(request);
    CHECK(tidy.value == 0);
    CHECK_FALSE(tidy.killed_after_grace);
    CHECK(is_gone(read_pid(launchers.box("two") / "left")));
}

TEST_CASE("many short tasks leave no zombie and no descriptor", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto folder = "/proc/" + std::to_string(launchers.pid()) + "/fd";
    const auto count_fds = [&] {
        const std::filesystem::directory_iterator begin(folder);
        return std::distance(begin, std::filesystem::directory_iterator());
    };
    const auto fds_before = count_fds();
    constexpr int tasks = 500;
    for (int i = 0; i < tasks; ++i) {
        auto request = launchers.make("task" + std::to_string(i), "");
        request.sandbox = launchers.box("shared").string();
        request.arguments = {"/bin/true"};
        REQUIRE(launchers.client.add(request) == "");
    }
    int ended = 0;
    while (ended < tasks) {
        const auto report = launchers.client.next(patience);
        REQUIRE(report.has_value());
        if (const auto* const exited = std::get_if<Exited>(&report->report)) {
            CHECK(exited->value == 0);
            REQUIRE(launchers.client.add(ForgetRequest{exited->key}) == "");
            ++ended;
        }
    }
    CHECK(launchers.list().empty());
    CHECK(count_fds() == fds_before);
    const auto pid = std::to_string(launchers.pid());
    CHECK(read_text("/proc/" + pid + "/task/" + pid + "/children") == "");
}
