// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The agent's side of its launcher: turns what the executor machine asks for into requests, and
/// reports into its events. Starts a launcher if none answers, and again when one has died.

#include <daemons/agent/launcher/codec.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/executor/effect.hpp>
#include <offerkit/executor/event.hpp>
#include <offerkit/runtime/log.hpp>

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace offerkit::daemons {

struct LauncherOptions {
    std::string program;        // Path of offerkit-launcher.
    std::string work_dir;       // The agent's, absolute: sandboxes are below it.
    int exit_with_parent = -1;  // A descriptor that a launcher which we start inherits, or none.
    runtime::Log log;
};

class LauncherClient {
public:
    /// Called on the client's thread.
    using Deliver = std::function<void(std::vector<executor::Event>& events)>;

    /// Refuses: `unavailable` when no launcher answers and none can be started.
    static Result<std::unique_ptr<LauncherClient>> start(LauncherOptions options, Deliver deliver);
    LauncherClient(const LauncherClient&) = delete;
    LauncherClient& operator=(const LauncherClient&) = delete;
    ~LauncherClient();

    // One thread. Requests are collected; `flush` sends them. What is lost with a launcher is the
    // machine's to ask for again: a list follows whenever there is a new connection.
    void perform(executor::StartProcess& effect);
    void perform(const executor::ListProcesses& effect);
    void perform(const executor::KillProcess& effect);
    void perform(const executor::ForgetProcess& effect);
    void flush();

    /// Ends the launcher and all that it still runs, and waits for that for a few seconds.
    void shut_down();

private:
    /// A process that was asked for, here or before, and not forgotten.
    struct Process {
        executor::ProcessKey key;
        std::string sandbox;  // Absolute; empty if nobody knows this process.
        std::string program;  // To name it when it does not start.
    };

    LauncherClient(LauncherOptions options, Deliver deliver);

    [[nodiscard]] Result<void> connect();
    [[nodiscard]] Result<void> spawn_launcher() const;
    void greet();
    void run();
    void reconnect();
    [[nodiscard]] bool receive();
    void take(const launcher::Message& message);
    void hear(const launcher::HelloOk& report);
    void hear(const launcher::Refused& report);
    void hear(const launcher::Starting& report);
    void hear(const launcher::Started& report);
    void hear(const launcher::Failed& report);
    void hear(const launcher::Exited& report);
    void hear(const launcher::ListEnd& report);
    void hear(const launcher::Closing& report);
    void add(const std::string& key, Process process);  // Pre: the mutex is held.
    [[nodiscard]] Process find(std::string_view key);
    [[nodiscard]] std::string key_of(const executor::ProcessKey& process);

    /// A request as it is sent; empty, with `why`, if it breaks a limit of the launcher.
    template <class Request>
    [[nodiscard]] static launcher::Bytes pack(const Request& request, std::string& why) {
        launcher::Bytes message;
        if (const auto error = launcher::encode(request, message)) {
            why = std::string(error.field) + " " + launcher::describe(error.fault);
            message.clear();
        }
        return message;
    }
    void queue(launcher::Bytes message);
    void send_queued();  // Pre: the mutex is held.
    void wake() const;
    void close_socket();

    LauncherOptions options_;
    Deliver deliver_;
    std::string launcher_dir_;

    std::mutex mutex_;  // Guards what follows, up to the blank line.
    int socket_ = -1;
    std::deque<launcher::Bytes> packets_;
    std::map<std::string, Process, std::less<>> processes_;  // By the launcher's key.
    std::map<executor::ProcessKey, std::string> keys_;
    bool listing_ = false;  // The machine wants lists.
    bool stopping_ = false;

    int wake_ = -1;
    bool replaced_ = false;                // Another agent has taken over the launcher.
    std::vector<executor::Event> events_;  // Of the packet at hand.
    std::vector<std::byte> buffer_;
    std::vector<executor::Event> failed_;  // Of the machine's thread: never sent.
    std::thread thread_;
};

}  // namespace offerkit::daemons
