// SPDX-License-Identifier: Apache-2.0
#include "client.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <cerrno>
#include <cstdio>
#include <thread>

namespace offerkit::launcher {
namespace {

using Clock = std::chrono::steady_clock;

std::string describe_errno(const char* what) {
    return std::string("cannot ") + what + ": " + std::strerror(errno);
}

/// A socket's path is short by law of the kernel, a work folder's is not: go by its descriptor.
int connect_once(const std::string& work_dir) {
    const int folder = ::open(work_dir.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -1;
    const int fd = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/launcher.sock",
                  folder);
    const bool is_connected =
        fd >= 0 && ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    const int error = errno;
    ::close(folder);
    if (is_connected) return fd;
    if (fd >= 0) ::close(fd);
    errno = error;
    return -1;
}

}  // namespace

Client::~Client() { close(); }

void Client::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    packet_.clear();
}

std::string Client::connect(const std::string& work_dir, std::chrono::milliseconds patience) {
    close();
    reports_.clear();
    const auto deadline = Clock::now() + patience;
    for (;;) {
        fd_ = connect_once(work_dir);
        if (fd_ >= 0) {
            const int buffer_bytes = 2 * static_cast<int>(packet_bytes_max);
            ::setsockopt(fd_, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
            return {};
        }
        if (Clock::now() >= deadline) return describe_errno("connect to launcher.sock");
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
}

std::string Client::describe_error(const DecodeError& error) {
    return std::string(error.field) + " " + describe(error.fault);
}

std::string Client::flush() {
    if (packet_.empty()) return {};
    auto failure = send_packet(packet_);
    packet_.clear();
    return failure;
}

std::string Client::send_packet(std::span<const std::byte> packet) {
    if (fd_ < 0) return "the connection is closed";
    for (;;) {
        if (::send(fd_, packet.data(), packet.size(), MSG_NOSIGNAL) >= 0) return {};
        if (errno != EINTR) return describe_errno("send");
    }
}

std::optional<OwnedReport> Client::next(std::chrono::milliseconds patience) {
    (void)flush();
    const auto deadline = Clock::now() + patience;
    while (reports_.empty()) {
        if (fd_ < 0) return std::nullopt;
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now());
        pollfd waiting = {fd_, POLLIN, 0};
        const int ready = ::poll(&waiting, 1, static_cast<int>(std::max<long>(left.count(), 0)));
        if (ready < 0 && errno == EINTR) continue;
        if (ready <= 0) return std::nullopt;
        Bytes packet(packet_bytes_max);
        const ssize_t length = ::recv(fd_, packet.data(), packet.size(), 0);
        if (length <= 0) {
            close();
            return std::nullopt;
        }
        packet.resize(static_cast<std::size_t>(length));
        take_packet(packet);
    }
    OwnedReport report = std::move(reports_.front());
    reports_.pop_front();
    return report;
}

void Client::take_packet(const Bytes& packet) {
    std::span<const std::byte> rest(packet);
    while (!rest.empty()) {
        Message message;
        if (next_message(rest, message)) {
            close();
            return;
        }
        OwnedReport owned;
        owned.text.assign(message.body.begin(), message.body.end());
        // Moving the vector keeps its memory, so the views stay good.
        if (decode(Message{message.type, owned.text}, owned.report)) {
            close();
            return;
        }
        reports_.push_back(std::move(owned));
    }
}

}  // namespace offerkit::launcher
