// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What the tests of a restarted agent look at: processes, and a scheduler that keeps what it
/// hears.

#include <offerkit/runtime/run_framework.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace offerkit::testing {

using namespace offerkit::literals;

inline constexpr auto patience = std::chrono::seconds{60};

inline bool eventually(const std::function<bool()>& is_so) {
    const auto until = std::chrono::steady_clock::now() + patience;
    while (!is_so()) {
        if (std::chrono::steady_clock::now() > until) return false;
        std::this_thread::sleep_for(std::chrono::milliseconds{10});
    }
    return true;
}

/// Empty if it cannot be read: a file of /proc goes away between its opening and its reading.
inline std::string read_text(const std::string& path) {
    std::ifstream file(path);
    try {
        return {std::istreambuf_iterator<char>(file), {}};
    } catch (const std::ios_base::failure&) {
        return {};
    }
}

/// The parent of a process; 0 if it is gone.
inline pid_t parent_of(pid_t pid) {
    const std::string text = read_text("/proc/" + std::to_string(pid) + "/stat");
    const std::size_t end = text.rfind(')');
    if (end == std::string::npos || text.size() < end + 4 || text[end + 2] == 'Z') return 0;
    return static_cast<pid_t>(std::stol(text.substr(end + 4)));
}

inline bool is_running(pid_t pid) { return parent_of(pid) != 0; }

inline std::vector<pid_t> processes_naming(const std::string& text) {
    std::vector<pid_t> found;
    for (const auto& entry : std::filesystem::directory_iterator{"/proc"}) {
        const std::string name = entry.path().filename().string();
        if (name.find_first_not_of("0123456789") != std::string::npos) continue;
        const auto pid = static_cast<pid_t>(std::stol(name));
        if (pid == ::getpid() || !is_running(pid)) continue;
        const std::string line = read_text(entry.path().string() + "/cmdline");
        if (line.find(text) != std::string::npos) found.push_back(pid);
    }
    return found;
}

/// Launches shell texts and keeps what is said of them.
class Tasks {
public:
    explicit Tasks(std::vector<std::string> texts) : texts_(std::move(texts)) {}

    OfferReply on_offer(const Offer& offer) {
        const std::lock_guard lock{mutex_};
        Accept accept{.offer = offer.id};
        Resources left = offer.resources;
        const Resources each = Resources{0.5_cpus} + 64_MiB;
        while (launched_ < texts_.size() && left.contains(each)) {
            left -= each;
            TaskInfo task;
            task.id = TaskId{"t" + std::to_string(launched_)};
            task.resources = each;
            task.command.shell = texts_[launched_++];
            accept.launch.push_back(std::move(task));
        }
        if (accept.launch.empty()) return Decline{offer.id};
        return accept;
    }

    void on_status(const TaskStatus& status) {
        const std::lock_guard lock{mutex_};
        statuses_[status.task.text()].push_back(status);
    }

    bool is_done() {
        const std::lock_guard lock{mutex_};
        std::size_t ended = 0;
        for (const auto& [id, all] : statuses_)
            ended += std::ranges::any_of(all, [](const auto& s) { return is_terminal(s.state); });
        return ended == texts_.size();
    }

    [[nodiscard]] std::vector<TaskStatus> statuses(const std::string& id) {
        const std::lock_guard lock{mutex_};
        return statuses_[id];
    }

private:
    std::mutex mutex_;
    std::vector<std::string> texts_;
    std::size_t launched_ = 0;
    std::map<std::string, std::vector<TaskStatus>> statuses_;
};

/// Says that it has begun, waits for the file `go`, and ends with a code.
inline std::string waiting_task(int code) {
    return "echo $$ >> begun; while [ ! -e go ]; do sleep 0.02; done; exit " + std::to_string(code);
}

}  // namespace offerkit::testing
