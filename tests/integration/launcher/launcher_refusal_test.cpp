// SPDX-License-Identifier: Apache-2.0
// What the launcher will not do, and that it lives on after saying so.

#include "launcher_fixture.hpp"

#include <random>

using namespace offerkit::launcher;
using namespace offerkit::launcher::test;

TEST_CASE("a key is used once until it is forgotten", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const std::string count = "echo run >>runs";
    launchers.run("one", count);
    launchers.send(launchers.make("one", count));
    const auto refused = launchers.expect<Refused>();
    CHECK(refused.request == MessageType::launch);
    CHECK(refused.reason == RefusedReason::already_exists);
    CHECK(refused.key == "one");
    CHECK(refused.message == "a task with this key already exists, use a new key");
    CHECK(read_text(launchers.box("one") / "runs") == "run\n");

    CHECK(launchers.list().size() == 1);
    launchers.send(ForgetRequest{"one"});
    launchers.send(ForgetRequest{"one"});
    CHECK(launchers.list().empty());
    launchers.run("one", count);
    CHECK(read_text(launchers.box("one") / "runs") == "run\nrun\n");
}

TEST_CASE("a forgotten record stays forgotten in the next launcher", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.run("one", "true");
    launchers.run("two", "true");
    launchers.send(ForgetRequest{"one"});
    CHECK(launchers.list().size() == 1);
    launchers.kill_launcher();
    launchers.start();
    const auto reports = launchers.list();
    REQUIRE(reports.size() == 1);
    CHECK(std::get<Exited>(reports[0].report).key == "two");
}

TEST_CASE("requests about no task or a running one are refused", "[launcher]") {
    Launchers launchers;
    launchers.start();
    launchers.send(KillRequest{"nobody", SIGTERM, 0});
    CHECK(launchers.expect<Refused>().reason == RefusedReason::unknown_key);
    launchers.launch("one", "exec sleep 1000");
    launchers.send(ForgetRequest{"one"});
    const auto refused = launchers.expect<Refused>();
    CHECK(refused.request == MessageType::forget);
    CHECK(refused.reason == RefusedReason::still_running);
}

TEST_CASE("the limit of tasks is refused by name and opens again", "[launcher]") {
    Launchers launchers;
    launchers.start(true, {"--tasks-max", "2"});
    launchers.launch("one", "exec sleep 1000");
    launchers.launch("two", "exec sleep 1000");
    launchers.send(launchers.make("three", "true"));
    const auto refused = launchers.expect<Refused>();
    CHECK(refused.reason == RefusedReason::too_many_tasks);
    CHECK(refused.message == "tasks-max: 2 tasks run already, launch again when one has ended");
    launchers.send(KillRequest{"one", SIGKILL, 0});
    launchers.expect<Exited>();
    CHECK(launchers.run("three", "exit 0").value == 0);
}

TEST_CASE("a client refuses what the launcher would refuse", "[launcher]") {
    Client client;
    LaunchRequest request;
    request.key = "key";
    request.sandbox = "/sandbox";
    request.arguments = {"program"};
    CHECK(client.add(request) == "");
    const auto check = [&](auto change, const std::string& why) {
        auto changed = request;
        change(changed);
        CHECK(client.add(changed) == why);
    };
    const std::string bad = " has a value that is not allowed";
    check([](auto& r) { r.key = ""; }, "key" + bad);
    check([](auto& r) { r.key = std::string(key_bytes_max + 1, 'k'); },
          "key is longer than its limit");
    check([](auto& r) { r.key = std::string(key_bytes_max, 'k'); }, "");
    check([](auto& r) { r.sandbox = "relative"; }, "sandbox" + bad);
    check([](auto& r) { r.sandbox = std::string("/a\0b", 4); },
          "sandbox holds a NUL byte or is not ended by one");
    check([](auto& r) { r.arguments = {}; }, "arguments" + bad);
    check([](auto& r) { r.arguments = {""}; }, "arguments" + bad);
    check([](auto& r) { r.arguments.resize(arguments_max + 1, "x"); },
          "arguments has more items than its limit");
    check([](auto& r) { r.arguments.resize(arguments_max, "x"); }, "");
    check([](auto& r) { r.arguments.push_back(std::string(packet_bytes_max, 'x')); },
          "message is longer than its limit");
    check([](auto& r) { r.environment = {"NAME"}; }, "environment" + bad);
    check([](auto& r) { r.environment = {"=value"}; }, "environment" + bad);
    check([](auto& r) { r.stdout_name = "a/b"; }, "stdout" + bad);
    check([](auto& r) { r.stderr_name = ".."; }, "stderr" + bad);
    check([](auto& r) { r.uid = UINT32_MAX; }, "uid" + bad);
    check([](auto& r) { r.groups = {1}; }, "groups" + bad);
    check([](auto& r) { r.umask = 01000; }, "umask" + bad);
    check([](auto& r) { r.limits.resize(rlimits_max + 1); },
          "limits has more items than its limit");
    CHECK(client.add(KillRequest{"key", 0, 0}) == "signal" + bad);
    CHECK(client.add(KillRequest{"key", 65, 0}) == "signal" + bad);
    CHECK(client.add(KillRequest{"key", 15, grace_ms_max + 1}) == "grace_ms" + bad);
}

namespace {

Bytes encode_launch(const LaunchRequest& request) {
    Bytes bytes;
    REQUIRE_FALSE(encode(request, bytes));
    return bytes;
}

void expect_refusal(Client& client, RefusedReason reason) {
    const auto report = client.next(patience);
    REQUIRE(report.has_value());
    const auto* const refused = std::get_if<Refused>(&report->report);
    REQUIRE(refused != nullptr);
    CHECK(refused->reason == reason);
}

}  // namespace

TEST_CASE("malformed packets are refused and the launcher lives", "[launcher]") {
    Launchers launchers;
    launchers.start();
    auto& client = launchers.client;
    const Bytes good = encode_launch(launchers.make("never", "echo never"));
    // Every cut of a good message, so that each field is once the one that is missing.
    for (std::size_t length = 1; length < good.size(); ++length) {
        Bytes cut(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
        if (length >= header_bytes) {
            const auto body = static_cast<std::uint32_t>(length - header_bytes);
            std::memcpy(cut.data() + 4, &body, sizeof body);
        }
        REQUIRE(client.send_packet(cut) == "");
        expect_refusal(client, RefusedReason::malformed);
    }
    Bytes trailing = good;
    trailing.push_back(std::byte{0});
    const auto body = static_cast<std::uint32_t>(trailing.size() - header_bytes);
    std::memcpy(trailing.data() + 4, &body, sizeof body);
    REQUIRE(client.send_packet(trailing) == "");
    expect_refusal(client, RefusedReason::malformed);

    Bytes other_version = good;
    other_version[0] = std::byte{2};
    REQUIRE(client.send_packet(other_version) == "");
    expect_refusal(client, RefusedReason::unsupported_version);

    Bytes report_type = good;
    report_type[2] = static_cast<std::byte>(MessageType::exited);
    REQUIRE(client.send_packet(report_type) == "");
    expect_refusal(client, RefusedReason::malformed);

    REQUIRE(client.send_packet(Bytes(packet_bytes_max + 1)) == "");
    expect_refusal(client, RefusedReason::malformed);

    CHECK(launchers.list().empty());
    CHECK(launchers.run("one", "exit 3").value == 3);
}

TEST_CASE("noise of every length is refused and the launcher lives", "[launcher]") {
    Launchers launchers;
    launchers.start();
    std::mt19937 random(20240601);  // NOLINT: the same noise in every run
    for (int round = 0; round < 400; ++round) {
        Bytes noise(1 + random() % 300);
        for (auto& byte : noise)
            byte = static_cast<std::byte>(random() & 0xff);
        // Half of them with a header that is good, so that bodies are reached too.
        if (round % 2 == 0 && noise.size() > header_bytes) {
            const std::uint16_t version = protocol_version;
            const auto type = static_cast<std::uint16_t>(2 + random() % 3);
            const auto length = static_cast<std::uint32_t>(noise.size() - header_bytes);
            std::memcpy(noise.data(), &version, sizeof version);
            std::memcpy(noise.data() + 2, &type, sizeof type);
            std::memcpy(noise.data() + 4, &length, sizeof length);
        }
        REQUIRE(launchers.client.send_packet(noise) == "");
        const auto refused = launchers.expect<Refused>();
        CHECK((refused.reason == RefusedReason::malformed ||
               refused.reason == RefusedReason::unsupported_version));
    }
    CHECK(launchers.list().empty());
    CHECK(launchers.run("one", "exit 3").value == 3);
}

TEST_CASE("a flood of refusals is answered in full to a peer that reads late", "[launcher]") {
    Launchers launchers;
    launchers.start();
    constexpr int packets = 6;
    Bytes message;
    REQUIRE_FALSE(encode(KillRequest{"nobody", SIGTERM, 0}, message));
    Bytes packet;
    std::size_t messages = 0;
    while (packet.size() + message.size() <= packet_bytes_max) {
        packet.insert(packet.end(), message.begin(), message.end());
        ++messages;
    }
    for (int i = 0; i < packets; ++i)
        REQUIRE(launchers.client.send_packet(packet) == "");
    for (std::size_t i = 0; i < packets * messages; ++i) {
        const auto report = launchers.client.next(patience);
        REQUIRE(report.has_value());
        REQUIRE(std::holds_alternative<Refused>(report->report));
    }
    CHECK(launchers.run("one", "exit 3").value == 3);
}

TEST_CASE("nothing is served before hello", "[launcher]") {
    Launchers launchers;
    launchers.start();
    Client stranger;
    REQUIRE(stranger.connect(launchers.work_dir().string(), patience) == "");
    REQUIRE(stranger.add(launchers.make("one", "true")) == "");
    REQUIRE(stranger.flush() == "");
    expect_refusal(stranger, RefusedReason::hello_needed);
    CHECK(launchers.list().empty());
}

TEST_CASE("wrong flags are answered with one line and status 2", "[launcher]") {
    const Folder folder;
    for (const std::string flags :
         {"", "--work-dir", "--nonsense", "--work-dir d --exit-with-parent", "--work-dir d extra",
          "--work-dir d --exit-with-parent x", "--work-dir d --exit-with-parent 1",
          "--work-dir d --exit-with-parent 999", "--work-dir d --tasks-max 0",
          "--work-dir d --tasks-max 4097", "--work-dir d --tasks-max 5x"}) {
        INFO(flags);
        const auto outcome = run_launcher(folder, flags);
        CHECK(outcome.status == 2);
        CHECK(outcome.out == "");
        CHECK(std::count(outcome.err.begin(), outcome.err.end(), '\n') == 1);
        CHECK(outcome.err.rfind("offerkit-launcher: ", 0) == 0);
    }
    const auto help = run_launcher(folder, "--help");
    CHECK(help.status == 0);
    CHECK(help.out.find("example: ") != std::string::npos);
}

TEST_CASE("a work folder has one launcher and is closed to others", "[launcher]") {
    Launchers launchers;
    launchers.start();
    const Folder folder;
    const auto second =
        run_launcher(folder, "--foreground --work-dir " + launchers.work_dir().string());
    CHECK(second.status == 1);
    CHECK(second.err == "offerkit-launcher: the work folder " + launchers.work_dir().string() +
                            " is served by process " + std::to_string(launchers.pid()) +
                            " already, stop that one or name another folder\n");
    CHECK(launchers.run("one", "exit 3").value == 3);

    std::filesystem::permissions(folder.path(), std::filesystem::perms::all);
    CHECK(run_launcher(folder, "--foreground --work-dir " + folder.path().string()).status == 1);
}

TEST_CASE("a launcher in the background is ready when its caller returns", "[launcher]") {
    const Folder folder;
    const auto work_dir = (folder.path() / "work").string();
    REQUIRE(run_launcher(folder, "--work-dir " + work_dir).status == 0);
    Client client;
    REQUIRE(client.connect(work_dir, 0ms) == "");
    REQUIRE(client.add(Hello{"test"}) == "");
    auto report = client.next(patience);
    REQUIRE(report.has_value());
    const auto pid = static_cast<pid_t>(std::get<HelloOk>(report->report).pid);
    REQUIRE(client.add(ShutdownRequest{true, 0}) == "");
    report = client.next(patience);
    REQUIRE(report.has_value());
    CHECK(std::get<Closing>(report->report).reason == ClosingReason::shutdown);
    CHECK(eventually([&] { return is_gone(pid); }));
}
