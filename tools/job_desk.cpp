// SPDX-License-Identifier: Apache-2.0

#include "job_desk.hpp"

#include "user_folder.hpp"

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <system_error>
#include <utility>

namespace offerkit::tools {

namespace {

namespace fs = std::filesystem;

constexpr const char* prefix = "run-";
constexpr const char* suffix = ".sock";

/// Paths of sockets are short by an old rule of the system.
std::optional<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return std::nullopt;
    path.copy(address.sun_path, path.size());
    return address;
}

std::string ask_run(const std::string& path, const std::string& job) {
    const std::optional<sockaddr_un> address = address_of(path);
    const int peer = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!address || peer < 0) {
        if (peer >= 0) ::close(peer);
        return {};
    }
    // Runs look at their desk ten times a second; one that was stopped never does.
    const timeval patience{2, 0};
    ::setsockopt(peer, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(peer, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    std::string answer;
    const std::string question = job + "\n";
    if (::connect(peer, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0) {
        if (::send(peer, question.data(), question.size(), MSG_NOSIGNAL) > 0) {
            char piece[4096];
            for (ssize_t n = 0; (n = ::recv(peer, piece, sizeof piece, 0)) > 0;)
                answer.append(piece, static_cast<std::size_t>(n));
        }
    } else if (errno == ECONNREFUSED) {
        ::unlink(path.c_str());  // Of a run that was killed.
    }
    ::close(peer);
    return answer;
}

}  // namespace

JobDesk::JobDesk() {
    const Result<std::string> folder = make_user_folder();
    if (!folder) return;
    path_ = *folder + "/" + prefix + std::to_string(::getpid()) + suffix;
    const std::optional<sockaddr_un> address = address_of(path_);
    if (!address) return;
    ::unlink(path_.c_str());
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (listener_ < 0) return;
    if (::bind(listener_, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) == 0 &&
        ::listen(listener_, visitors_max) == 0) {
        return;
    }
    ::close(std::exchange(listener_, -1));
}

JobDesk::~JobDesk() {
    for (const Visitor& visitor : visitors_)
        ::close(visitor.descriptor);
    if (listener_ < 0) return;
    ::close(listener_);
    ::unlink(path_.c_str());
}

void JobDesk::look(const Answer& answer) {
    if (listener_ < 0) return;
    while (visitors_.size() < visitors_max) {
        const int visitor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (visitor < 0) break;
        visitors_.push_back({visitor, {}, 0});
    }
    std::erase_if(visitors_, [&](Visitor& visitor) {
        if (!serve(visitor, answer) && ++visitor.looks < looks_max) return false;
        ::close(visitor.descriptor);
        return true;
    });
}

/// True once there is nothing more to do for it.
bool JobDesk::serve(Visitor& visitor, const Answer& answer) {
    char piece[question_max];
    const ssize_t n = ::recv(visitor.descriptor, piece, sizeof piece, 0);
    if (n < 0) return errno != EAGAIN && errno != EINTR;
    visitor.question.append(piece, static_cast<std::size_t>(n));
    const std::size_t end = visitor.question.find('\n');
    if (end == std::string::npos) return n == 0 || visitor.question.size() > question_max;
    const std::string text = answer(visitor.question.substr(0, end));
    // One answer always has room in the buffer of a new socket.
    static_cast<void>(::send(visitor.descriptor, text.data(), text.size(), MSG_NOSIGNAL));
    return true;
}

std::vector<std::string> ask_runs(const std::string& job) {
    std::vector<std::string> answers;
    if (job.find('\n') != std::string::npos) return answers;
    const Result<std::string> folder = find_user_folder();
    if (!folder) return answers;  // Somebody else could answer there.
    std::error_code error;
    for (const fs::directory_entry& entry : fs::directory_iterator(*folder, error)) {
        const std::string name = entry.path().filename().string();
        if (!name.starts_with(prefix) || !name.ends_with(suffix)) continue;
        std::string answer = ask_run(entry.path().string(), job);
        if (!answer.empty()) answers.push_back(std::move(answer));
    }
    std::ranges::sort(answers);
    return answers;
}

}  // namespace offerkit::tools
