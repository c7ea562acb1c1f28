// SPDX-License-Identifier: Apache-2.0
#include "connection.hpp"

#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>

namespace offerkit::launcher {

void Connection::open(int fd, std::byte* packet) {
    const int buffer_bytes = 2 * static_cast<int>(packet_bytes_max);
    ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer_bytes, sizeof buffer_bytes);
    fd_ = fd;
    in_ = packet;
    has_control = false;
    list_at = list_idle;
    pending = {};
    is_blocked_ = false;
    out_used_ = 0;
}

void Connection::close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
    has_control = false;
    pending = {};
}

bool Connection::receive(bool& too_long) {
    too_long = false;
    const ssize_t length = ::recv(fd_, in_, packet_bytes_max, MSG_DONTWAIT | MSG_TRUNC);
    if (length < 0) return errno == EAGAIN || errno == EINTR;
    if (length == 0) return false;
    too_long = static_cast<std::size_t>(length) > packet_bytes_max;
    if (!too_long) pending = std::span<const std::byte>(in_, static_cast<std::size_t>(length));
    return true;
}

bool Connection::add(const Report& report) {
    const std::size_t length = encode(report, std::span<std::byte>(out_).subspan(out_used_));
    out_used_ += length;
    return length != 0;
}

bool Connection::flush() {
    is_blocked_ = false;
    if (out_used_ == 0) return true;
    const ssize_t sent = ::send(fd_, out_, out_used_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
        is_blocked_ = errno == EAGAIN || errno == EINTR || errno == ENOBUFS;
        return is_blocked_;
    }
    out_used_ = 0;
    return true;
}

}  // namespace offerkit::launcher
