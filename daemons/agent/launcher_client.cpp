// SPDX-License-Identifier: Apache-2.0
#include "launcher_client.hpp"

#include "users.hpp"

#include <offerkit/core/id.hpp>

#include <sys/eventfd.h>
#include <sys/socket.h>

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <utility>

namespace offerkit::daemons {

namespace {

using runtime::LogLevel;

/// The launcher's keys are shorter than our ids may be. The last folder of a sandbox is a run and a
/// number in it, which no other task ever has.
std::string make_key(const executor::ProcessKey& process, std::string_view sandbox) {
    return format_id(process.framework) + "/" +
           std::string(sandbox.substr(sandbox.find_last_of('/') + 1));
}

std::uint32_t milliseconds(Duration duration) {
    const auto count = std::chrono::ceil<std::chrono::milliseconds>(duration).count();
    return static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(count, 0, std::int64_t{launcher::grace_ms_max}));
}

launcher::LaunchRequest make_launch(executor::StartProcess& effect, const std::string& key,
                                    const std::string& sandbox) {
    launcher::LaunchRequest request;
    request.key = key;
    request.sandbox = sandbox;
    request.arguments = std::move(effect.argv);
    for (const auto& [name, value] : effect.environment) {
        request.environment.push_back(name + "=" + value);
    }
    request.environment.push_back("OFFERKIT_SANDBOX=" + sandbox);
    request.directory = std::move(effect.working_directory);
    return request;
}

}  // namespace

Result<std::unique_ptr<LauncherClient>> LauncherClient::start(LauncherOptions options,
                                                              Deliver deliver) {
    std::unique_ptr<LauncherClient> client{
        new LauncherClient{std::move(options), std::move(deliver)}};
    if (auto connected = client->connect(); !connected) return std::move(connected).error();
    client->thread_ = std::thread([raw = client.get()] { raw->run(); });
    return client;
}

LauncherClient::LauncherClient(LauncherOptions options, Deliver deliver)
    : options_(std::move(options)),
      deliver_(std::move(deliver)),
      launcher_dir_(options_.work_dir + "/launcher"),
      wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      buffer_(launcher::packet_bytes_max) {}

LauncherClient::~LauncherClient() {
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
    }
    wake();
    if (thread_.joinable()) thread_.join();
    close_socket();
    if (wake_ >= 0) ::close(wake_);
}

// --- requests ---

void LauncherClient::perform(executor::StartProcess& effect) {
    const std::string key = make_key(effect.key, effect.sandbox);
    const std::string sandbox = options_.work_dir + "/" + effect.sandbox;
    std::string program = effect.argv.empty() ? std::string{} : effect.argv.front();
    auto request = make_launch(effect, key, sandbox);
    std::string why;
    auto user = find_user(effect.user);
    if (!user) {
        why = format_refusal(user.error());
    } else if (*user) {
        request.uid = (*user)->uid;
        request.gid = (*user)->gid;
        request.groups = std::move((*user)->groups);
    }
    // The launcher makes the sandbox alone, not the folders above it.
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path{sandbox}.parent_path(), error);
    if (error && why.empty()) why = "could not make folders of the sandbox: " + error.message();
    launcher::Bytes message;
    if (why.empty()) message = pack(request, why);
    if (!why.empty()) {
        failed_.emplace_back(executor::ProcessNotStarted{effect.key, std::move(why)});
        return;
    }
    const std::lock_guard lock{mutex_};
    add(key, Process{effect.key, sandbox, std::move(program)});
    queue(std::move(message));
}

void LauncherClient::perform(const executor::ListProcesses& effect) {
    {
        const std::lock_guard lock{mutex_};
        for (const auto& known : effect.known) {
            add(make_key(known.key, known.sandbox),
                Process{known.key, options_.work_dir + "/" + known.sandbox, {}});
        }
        listing_ = true;
    }
    greet();
}

void LauncherClient::perform(const executor::KillProcess& effect) {
    const std::lock_guard lock{mutex_};
    std::string why;
    queue(pack(launcher::KillRequest{key_of(effect.key), 15, milliseconds(effect.grace)}, why));
}

void LauncherClient::perform(const executor::ForgetProcess& effect) {
    const std::lock_guard lock{mutex_};
    const std::string key = key_of(effect.key);
    std::string why;
    queue(pack(launcher::ForgetRequest{key}, why));
    keys_.erase(effect.key);
    processes_.erase(key);
}

void LauncherClient::add(const std::string& key, Process process) {
    keys_[process.key] = key;
    processes_[key] = std::move(process);
}

/// A process that was never asked for by a name that we know has the launcher's key for its name.
std::string LauncherClient::key_of(const executor::ProcessKey& process) {
    const auto found = keys_.find(process);
    return found == keys_.end() ? process.task.text() : found->second;
}

void LauncherClient::queue(launcher::Bytes message) {
    const bool fits =
        !packets_.empty() && packets_.back().size() + message.size() <= launcher::packet_bytes_max;
    if (fits) {
        packets_.back().insert(packets_.back().end(), message.begin(), message.end());
    } else {
        packets_.push_back(std::move(message));
    }
}

void LauncherClient::flush() {
    if (!failed_.empty()) {
        deliver_(failed_);
        failed_.clear();
    }
    const std::lock_guard lock{mutex_};
    send_queued();
    if (!packets_.empty()) wake();
}

void LauncherClient::send_queued() {
    while (socket_ >= 0 && !packets_.empty()) {
        const auto& packet = packets_.front();
        const ssize_t sent =
            ::send(socket_, packet.data(), packet.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return;  // Later; a broken connection is seen by the reader.
        packets_.pop_front();
    }
}

void LauncherClient::wake() const {
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
}

// --- the client's thread ---

/// The first words of a connection: who we are, and what is there?
void LauncherClient::greet() {
    std::string why;
    const std::lock_guard lock{mutex_};
    if (!listing_) return;
    packets_.clear();  // What was under way is asked for again after the list.
    queue(pack(launcher::Hello{"offerkit-agent"}, why));
    queue(pack(launcher::ListRequest{}, why));
    send_queued();
}

void LauncherClient::run() {
    while (true) {
        pollfd waiting[2] = {{-1, POLLIN, 0}, {wake_, POLLIN, 0}};
        {
            const std::lock_guard lock{mutex_};
            if (stopping_) return;
            waiting[0].fd = socket_;
            if (!packets_.empty()) waiting[0].events = POLLIN | POLLOUT;
        }
        ::poll(waiting, 2, -1);
        std::uint64_t ignored = 0;
        (void)!::read(wake_, &ignored, sizeof ignored);
        {
            const std::lock_guard lock{mutex_};
            send_queued();
        }
        if (waiting[0].revents != 0 && !receive()) reconnect();
    }
}

/// Takes what has come. False: the connection is gone.
bool LauncherClient::receive() {
    while (true) {
        const ssize_t length = ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT);
        if (length < 0 && errno == EINTR) continue;
        if (length < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
        if (length <= 0) return false;
        std::span<const std::byte> rest{buffer_.data(), static_cast<std::size_t>(length)};
        while (!rest.empty()) {
            launcher::Message message;
            if (launcher::next_message(rest, message)) return false;
            take(message);
        }
    }
    if (!events_.empty()) deliver_(events_);
    events_.clear();
    return true;
}

void LauncherClient::reconnect() {
    close_socket();
    if (!events_.empty()) deliver_(events_);
    events_.clear();
    {
        const std::lock_guard lock{mutex_};
        if (stopping_ || replaced_) return;
    }
    write_log(options_.log, LogLevel::warning, "the launcher is gone, starting another");
    auto connected = connect();
    while (!connected) {
        write_log(options_.log, LogLevel::error, format_refusal(connected.error()));
        pollfd waiting = {wake_, POLLIN, 0};
        ::poll(&waiting, 1, 1000);
        {
            const std::lock_guard lock{mutex_};
            if (stopping_) return;
        }
        connected = connect();  // Takes the lock itself.
    }
    greet();
}

void LauncherClient::close_socket() {
    const std::lock_guard lock{mutex_};
    if (socket_ >= 0) ::close(socket_);
    socket_ = -1;
}

void LauncherClient::shut_down() {
    std::string why;
    {
        const std::lock_guard lock{mutex_};
        stopping_ = true;
        queue(pack(launcher::ShutdownRequest{true, 0}, why));
        send_queued();
    }
    wake();
    if (thread_.joinable()) thread_.join();
    // Until it hangs up: then it has ended.
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (socket_ >= 0 && std::chrono::steady_clock::now() < until) {
        pollfd waiting = {socket_, POLLIN, 0};
        if (::poll(&waiting, 1, 100) > 0 &&
            ::recv(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT) == 0) {
            break;
        }
    }
}

}  // namespace offerkit::daemons
