// SPDX-License-Identifier: Apache-2.0
// Who may die, in which order, and what the others make of it.

#include "launcher_fixture.hpp"

using namespace offerkit::launcher;
using namespace offerkit::launcher::test;

namespace {

/// Ends when told so by a file, with status 5.
const char* const wait_for_go = "echo $$ >ready; while ! [ -e go ]; do sleep 0.01; done; exit 5";

void let_go(const Launchers& launchers, const std::string& key) {
    std::ofstream(launchers.box(key) / "go") << "go\n";
}

template <typename Kind>
Kind only(const std::vector<OwnedReport>& reports) {
    REQUIRE(reports.size() == 1);
    REQUIRE(std::holds_alternative<Kind>(reports[0].report));
    return std::get<Kind>(reports[0].report);
}

}  // namespace

TEST_CASE("an agent that comes back finds its tasks by list", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("running", wait_for_go);
    launchers.run("ended", "exit 4");
    auto nowhere = launchers.make("failed", "");
    nowhere.arguments = {"/nonexistent/program"};
    launchers.send(nowhere);
    launchers.expect<Failed>();

    launchers.client.close();
    launchers.connect();
    const auto reports = launchers.list();
    REQUIRE(reports.size() == 3);
    int found = 0;
    for (const auto& each : reports) {
        if (const auto* const started = std::get_if<Started>(&each.report)) {
            CHECK(started->key == "running");
            CHECK(started->pid == static_cast<std::uint32_t>(pid));
            CHECK(started->listed);
            ++found;
        } else if (const auto* const exited = std::get_if<Exited>(&each.report)) {
            CHECK(exited->key == "ended");
            CHECK(exited->value == 4);
            CHECK(exited->listed);
            ++found;
        } else if (const auto* const failed = std::get_if<Failed>(&each.report)) {
            CHECK(failed->key == "failed");
            CHECK(failed->step == LaunchStep::execute);
            CHECK(failed->listed);
            ++found;
        }
    }
    CHECK(found == 3);
    let_go(launchers, "running");
    const auto exited = launchers.expect<Exited>();
    CHECK(exited.value == 5);
    CHECK_FALSE(exited.listed);
}

TEST_CASE("a task that ends while no agent is there is listed to the next one", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("one", wait_for_go);
    launchers.client.close();
    let_go(launchers, "one");
    CHECK(eventually([&] { return is_gone(pid); }));
    launchers.connect();
    CHECK(eventually([&] {
        const auto reports = launchers.list();
        return std::holds_alternative<Exited>(reports.at(0).report);
    }));
    CHECK(only<Exited>(launchers.list()).value == 5);
}

TEST_CASE("a newer connection takes over and the older one is told", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.launch("one", wait_for_go);
    Client newer;
    REQUIRE(newer.connect(launchers.work_dir().string(), patience) == "");
    // A connection alone takes nothing away.
    CHECK(launchers.list().size() == 1);
    Launchers::say_hello(newer);
    CHECK(launchers.expect<Closing>().reason == ClosingReason::replaced);
    CHECK_FALSE(launchers.client.next(patience).has_value());
    CHECK(launchers.client.is_closed());
    let_go(launchers, "one");
    const auto report = newer.next(patience);
    REQUIRE(report.has_value());
    CHECK(std::get<Exited>(report->report).value == 5);
}

TEST_CASE("the next launcher finds a running task and tells its end", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("one", wait_for_go);
    launchers.launch("two", wait_for_go);
    launchers.kill_launcher();
    launchers.start();
    auto reports = launchers.list();
    REQUIRE(reports.size() == 2);
    for (const auto& each : reports)
        CHECK(std::holds_alternative<Started>(each.report));
    let_go(launchers, "one");
    const auto one = launchers.expect<Exited>();
    CHECK(one.key == "one");
    CHECK(one.value == 5);
    CHECK(one.pid == static_cast<std::uint32_t>(pid));
    CHECK_FALSE(one.supervisor_lost);
    launchers.send(KillRequest{"two", SIGTERM, 600'000});
    const auto two = launchers.expect<Exited>();
    CHECK(two.value == SIGTERM);
    CHECK(two.kill_requested);
    CHECK(launchers.list().size() == 2);
    launchers.send(launchers.make("one", "true"));
    CHECK(launchers.expect<Refused>().reason == RefusedReason::already_exists);
}

TEST_CASE("a task that ends while there is no launcher is told by the next", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("one", wait_for_go);
    const auto supervisor = parent_of(pid);
    launchers.kill_launcher();
    let_go(launchers, "one");
    CHECK(eventually([&] { return is_gone(supervisor); }));
    launchers.start();
    const auto exited = only<Exited>(launchers.list());
    CHECK(exited.value == 5);
    CHECK_FALSE(exited.supervisor_lost);
}

TEST_CASE("a task whose supervisor is killed is ended and told once", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("one", std::string("sleep 1000 & echo $! >child; "
                                                         "setsid sleep 1000 & echo $! >away; ") +
                                                 wait_for_go);
    launchers.launch("other", wait_for_go);
    const auto child = read_pid(launchers.box("one") / "child");
    const auto away = read_pid(launchers.box("one") / "away");
    const auto supervisor = parent_of(pid);
    REQUIRE(supervisor != launchers.pid());
    REQUIRE(::kill(supervisor, SIGKILL) == 0);
    const auto exited = launchers.expect<Exited>();
    CHECK(exited.key == "one");
    CHECK(exited.cause == ExitCause::signaled);
    CHECK(exited.value == SIGKILL);
    CHECK(exited.supervisor_lost);
    CHECK(eventually([&] { return is_gone(pid) && is_gone(child) && is_gone(away); }));
    // The other task was not touched, and nothing is told twice.
    let_go(launchers, "other");
    CHECK(launchers.expect<Exited>().key == "other");
    CHECK(launchers.list().size() == 2);
}

TEST_CASE("a supervisor killed while it clears up keeps the status of the task", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto request =
        launchers.make("one",
                       "setsid sh -c 'trap \"\" TERM; echo $$ >left; "
                       "while :; do sleep 1000; done' & "
                       "while ! [ -s left ] || ! [ -e go ]; do sleep 0.01; done; exit 6");
    request.leftover_grace_ms = 600'000;
    launchers.send(request);
    const auto pid = static_cast<pid_t>(launchers.expect<Started>().pid);
    const auto supervisor = parent_of(pid);
    const auto left = read_pid(launchers.box("one") / "left");
    let_go(launchers, "one");
    CHECK(eventually([&] { return is_gone(pid) && parent_of(left) == supervisor; }));
    // The first task's end part: the status is on record while the rest is still being ended.
    CHECK(eventually(
        [&] { return read_text(launchers.work_dir() / "records").at(4096 + 320) != 0; }));
    REQUIRE(::kill(supervisor, SIGKILL) == 0);
    const auto exited = launchers.expect<Exited>();
    CHECK(exited.cause == ExitCause::exited);
    CHECK(exited.value == 6);
    CHECK(exited.supervisor_lost);
    CHECK(eventually([&] { return is_gone(left); }));
}

TEST_CASE("when launcher and supervisor are killed the task is ended and told once", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid =
        launchers.launch("one", std::string("sleep 1000 & echo $! >child; ") + wait_for_go);
    const auto child = read_pid(launchers.box("one") / "child");
    read_pid(launchers.box("one") / "ready");
    const auto supervisor = parent_of(pid);
    launchers.kill_launcher();
    REQUIRE(::kill(supervisor, SIGKILL) == 0);
    CHECK(eventually([&] { return is_gone(supervisor); }));
    launchers.start();
    std::vector<OwnedReport> reports;
    CHECK(eventually([&] {
        reports = launchers.list();
        return std::holds_alternative<Exited>(reports.at(0).report);
    }));
    const auto exited = only<Exited>(reports);
    CHECK(exited.cause == ExitCause::lost);
    CHECK(exited.supervisor_lost);
    CHECK(exited.pid == static_cast<std::uint32_t>(pid));
    CHECK(eventually([&] { return is_gone(pid) && is_gone(child); }));
}

TEST_CASE("after a restart of the machine what ran is lost", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.run("ended", "exit 4");
    launchers.launch("running", wait_for_go);
    launchers.send(KillRequest{"running", SIGKILL, 0});
    launchers.expect<Exited>();
    launchers.kill_launcher();
    // As if another boot had written it: another boot id in the header, no end for the second task.
    std::fstream records(launchers.work_dir() / "records",
                         std::ios::in | std::ios::out | std::ios::binary);
    records.seekp(24);
    records << "00000000";
    for (int slot = 0; slot < 2; ++slot) {
        const auto at = 4096 + slot * 512;
        char key[7] = {};
        records.seekg(at + 16);
        records.read(key, sizeof key);
        if (std::string(key, sizeof key) != "running") continue;
        records.seekp(at + 320);
        records << std::string(64, '\0');
    }
    records.close();
    launchers.start();
    const auto reports = launchers.list();
    REQUIRE(reports.size() == 2);
    for (const auto& each : reports) {
        const auto exited = std::get<Exited>(each.report);
        if (exited.key == "ended") {
            CHECK(exited.value == 4);
        } else {
            CHECK(exited.cause == ExitCause::lost);
            CHECK(exited.supervisor_lost);
        }
    }
}

TEST_CASE("shutdown with kill leaves no process and keeps the records", "[launcher]") {
    Launchers launchers;
    launchers.start(false);
    const auto polite = launchers.launch("polite", "exec sleep 1000");
    const auto stubborn =
        launchers.launch("stubborn", "trap '' TERM; echo $$ >ready; while :; do sleep 1000; done");
    read_pid(launchers.box("stubborn") / "ready");
    launchers.send(ShutdownRequest{true, 100});
    CHECK(launchers.expect<Exited>().kill_requested);
    CHECK(launchers.expect<Exited>().kill_requested);
    CHECK(launchers.expect<Closing>().reason == ClosingReason::shutdown);
    CHECK(launchers.wait_end() == 0);
    CHECK(is_gone(polite));
    CHECK(is_gone(stubborn));
    CHECK_FALSE(std::filesystem::exists(launchers.work_dir() / "launcher.sock"));
    launchers.start();
    CHECK(launchers.list().size() == 2);
}

TEST_CASE("shutdown without kill and SIGTERM leave tasks to the next launcher", "[launcher]") {
    Launchers launchers;
    launchers.start(false);
    const auto pid = launchers.launch("one", wait_for_go);
    launchers.send(ShutdownRequest{false, 0});
    CHECK(launchers.expect<Closing>().reason == ClosingReason::shutdown);
    CHECK(launchers.wait_end() == 0);
    CHECK_FALSE(is_gone(pid));
    launchers.start(false);
    CHECK(only<Started>(launchers.list()).key == "one");
    REQUIRE(::kill(launchers.pid(), SIGTERM) == 0);
    CHECK(launchers.expect<Closing>().reason == ClosingReason::shutdown);
    CHECK(launchers.wait_end() == 0);
    CHECK_FALSE(is_gone(pid));
    launchers.start();
    let_go(launchers, "one");
    CHECK(eventually([&] { return is_gone(pid); }));
}

TEST_CASE("while it shuts down a launcher starts nothing", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.launch("one", "trap '' TERM; echo $$ >ready; while :; do sleep 1000; done");
    read_pid(launchers.box("one") / "ready");
    launchers.send(ShutdownRequest{true, 600'000});
    launchers.send(launchers.make("two", "true"));
    CHECK(launchers.expect<Refused>().reason == RefusedReason::shutting_down);
    launchers.send(KillRequest{"one", SIGTERM, 0});
    CHECK(launchers.expect<Exited>().killed_after_grace);
    CHECK(launchers.wait_end() == 0);
}

TEST_CASE("everything ends when the watched parent goes", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("one", wait_for_go);
    launchers.close_parent_pipe();
    const auto exited = launchers.expect<Exited>();
    CHECK(exited.kill_requested);
    CHECK(launchers.expect<Closing>().reason == ClosingReason::parent_gone);
    CHECK(launchers.wait_end() == 0);
    CHECK(is_gone(pid));
}

TEST_CASE("tasks end when the watched parent goes even without a launcher", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const auto pid = launchers.launch("one", wait_for_go);
    const auto supervisor = parent_of(pid);
    launchers.kill_launcher();
    CHECK_FALSE(is_gone(pid));
    launchers.close_parent_pipe();
    CHECK(eventually([&] { return is_gone(pid) && is_gone(supervisor); }));
}

TEST_CASE("a launcher killed amid launches runs each task at most once and tells truly",
          "[launcher]") {
    Launchers launchers;
    launchers.start();
    constexpr int tasks = 150;
    const auto key_of = [](int number) { return "task" + std::to_string(number); };
    for (int i = 0; i < tasks; ++i) {
        REQUIRE(launchers.client.add(launchers.make(key_of(i), "echo run >>runs; exit 0")) == "");
    }
    int ended = 0;
    while (ended < tasks / 3) {
        const auto report = launchers.client.next(patience);
        REQUIRE(report.has_value());
        if (std::holds_alternative<Exited>(report->report)) ++ended;
    }
    launchers.kill_launcher();
    launchers.start();
    std::vector<OwnedReport> reports;
    CHECK(eventually([&] {
        reports = launchers.list();
        return std::all_of(reports.begin(), reports.end(), [](const auto& each) {
            return std::holds_alternative<Exited>(each.report) ||
                   std::holds_alternative<Failed>(each.report);
        });
    }));
    std::vector<std::string> ran;
    for (const auto& each : reports) {
        if (const auto* const exited = std::get_if<Exited>(&each.report)) {
            CHECK(exited->cause == ExitCause::exited);
            CHECK(exited->value == 0);
            ran.emplace_back(exited->key);
        } else {
            CHECK(std::get<Failed>(each.report).step == LaunchStep::supervise);
        }
    }
    CHECK(ran.size() >= static_cast<std::size_t>(ended));
    for (int i = 0; i < tasks; ++i) {
        const bool has_run = std::find(ran.begin(), ran.end(), key_of(i)) != ran.end();
        CHECK(read_text(launchers.box(key_of(i)) / "runs") == (has_run ? "run\n" : ""));
    }
}
