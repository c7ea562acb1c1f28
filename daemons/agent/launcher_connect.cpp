// SPDX-License-Identifier: Apache-2.0
// How an agent gets hold of its launcher: by its socket, or by starting one.
#include "launcher_client.hpp"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <spawn.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

extern char** environ;

namespace offerkit::daemons {

namespace {

Refusal no_launcher(const std::string& what, const std::string& why) {
    return {RefusalCode::unavailable, "launcher", what, why,
            "see launcher/launcher.log in the work folder, or give --launcher"};
}

/// A socket's path is short by law of the kernel, a work folder's is not: go by its descriptor.
int connect_once(const std::string& folder) {
    const int opened = ::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0) return -1;
    const int made = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/launcher.sock",
                  opened);
    const bool connected =
        made >= 0 && ::connect(made, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
    ::close(opened);
    if (connected) {
        const int buffer = 2 * static_cast<int>(launcher::packet_bytes_max);
        ::setsockopt(made, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof buffer);
        return made;
    }
    if (made >= 0) ::close(made);
    return -1;
}

}  // namespace

Result<void> LauncherClient::spawn_launcher() const {
    std::vector<std::string> words = {options_.program, "--work-dir", launcher_dir_};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    if (options_.exit_with_parent >= 0) {
        words.emplace_back("--exit-with-parent");
        words.push_back(std::to_string(options_.exit_with_parent));
        // The same number on both sides: that clears close-on-exec in the child alone.
        ::posix_spawn_file_actions_adddup2(&actions, options_.exit_with_parent,
                                           options_.exit_with_parent);
    }
    std::vector<char*> arguments;
    for (std::string& word : words)
        arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    const int error = ::posix_spawn(&child, options_.program.c_str(), &actions, nullptr,
                                    arguments.data(), environ);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error != 0) return no_launcher("start " + options_.program, std::strerror(error));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
    return no_launcher("start " + options_.program, "it did not become ready");
}

Result<void> LauncherClient::connect() {
    if (::mkdir(launcher_dir_.c_str(), 0700) != 0 && errno != EEXIST) {
        return no_launcher("make folder " + launcher_dir_, std::strerror(errno));
    }
    int connected = connect_once(launcher_dir_);
    if (connected < 0) {
        if (auto spawned = spawn_launcher(); !spawned) return spawned;
        connected = connect_once(launcher_dir_);
    }
    if (connected < 0) return no_launcher("connect", std::strerror(errno));
    const std::lock_guard lock{mutex_};
    socket_ = connected;
    return {};
}

}  // namespace offerkit::daemons
