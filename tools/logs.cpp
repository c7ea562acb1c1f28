// SPDX-License-Identifier: Apache-2.0

/// `offerkit logs`: what tasks have written, of several at once, and until they end.

#include <offerkit/core/nearest.hpp>
#include "commands.hpp"
#include "document.hpp"
#include "sandbox.hpp"

#include <offerkit/core/id.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace offerkit::tools {

namespace {

constexpr std::chrono::milliseconds logs_pause{200};
/// An agent that starts again has its files still, at another port.
constexpr std::chrono::seconds patience{60};

/// One of the two files of a task: passed on as it grows.
class LogFile {
public:
    LogFile(std::FILE* to, const char* name, std::string prefix, std::optional<std::size_t> tail)
        : to_(to), name_(name), prefix_(std::move(prefix)), tail_(tail) {}

    /// Passes on what is new. `is_last`: the task has ended, so a line without an end is one.
    Result<void> pass_on(SandboxReader& reader, AgentId agent, const std::string& sandbox,
                         bool is_last) {
        while (true) {
            const Result<std::string> piece = reader.read({agent, sandbox, name_}, offset_);
            if (!piece) return piece.error();
            if (piece->empty()) break;
            offset_ += piece->size();
            take(*piece);
        }
        if (tail_) flush_tail();
        if (is_last && !line_.empty()) write(std::exchange(line_, {}), true);
        std::fflush(to_);
        return {};
    }

private:
    void take(const std::string& piece) {
        // Alone and whole it is passed on byte by byte; else line by line.
        if (prefix_.empty() && !tail_) {
            std::fwrite(piece.data(), 1, piece.size(), to_);
            return;
        }
        line_ += piece;
        std::size_t begin = 0;
        for (std::size_t end = 0; (end = line_.find('\n', begin)) != std::string::npos;
             begin = end + 1) {
            put_line(line_.substr(begin, end + 1 - begin));
        }
        line_.erase(0, begin);
    }

    void put_line(std::string line) {
        if (!tail_) return write(line, false);
        kept_.push_back(std::move(line));
        if (kept_.size() > *tail_) kept_.pop_front();
    }

    void flush_tail() {
        // The line that is not ended yet is one of the last.
        if (!line_.empty() && kept_.size() == *tail_ && !kept_.empty()) kept_.pop_front();
        for (const std::string& line : kept_)
            write(line, false);
        kept_.clear();
        tail_.reset();
    }

    void write(const std::string& line, bool ends_it) const {
        std::fputs(prefix_.c_str(), to_);
        std::fwrite(line.data(), 1, line.size(), to_);
        if (ends_it && !prefix_.empty()) std::fputc('\n', to_);
    }

    std::FILE* to_;
    const char* name_;
    std::string prefix_;
    std::optional<std::size_t> tail_;  // Until the first time.
    std::deque<std::string> kept_;
    std::string line_;
    std::uint64_t offset_ = 0;
};

bool is_over(const std::string& state) {
    static constexpr std::string_view over[] = {"finished", "failed",           "killed",
                                                "error",    "dropped",          "gone",
                                                "lost",     "gone_by_operator", "unknown"};
    return std::ranges::find(over, state) != std::end(over);
}

std::string end_of(const Json& task) {
    std::string text = task.value("state", "");
    if (!task["exit_code"].is_null()) text += ", exit code " + task["exit_code"].dump();
    if (!task["signal"].is_null()) text += ", signal " + task["signal"].dump();
    const std::string message = task.value("message", "");
    // Of a command that ended by itself the code says it all.
    return message.empty() || task.value("reason", "") == "command_exited" ? text
                                                                           : text + ": " + message;
}

/// One task: waited for, followed, and its end said.
class LogTask {
public:
    LogTask(std::string id, const LogsOptions& options) : id_(std::move(id)), options_(options) {
        const std::string prefix = options.tasks.size() > 1 ? id_ + " | " : "";
        if (options.stream != "stderr") files_.emplace_back(stdout, "stdout", prefix, options.tail);
        if (options.stream != "stdout") files_.emplace_back(stderr, "stderr", prefix, options.tail);
    }

    [[nodiscard]] bool is_done() const { return done_; }
    [[nodiscard]] bool has_succeeded() const { return succeeded_; }
    [[nodiscard]] bool is_found() const { return found_; }
    [[nodiscard]] const std::string& id() const { return id_; }

    /// Refuses: what the master refuses. What an agent refuses is said, and ends this one alone.
    Result<void> look(HttpPeer& master, SandboxReader& reader) {
        Query query{{"id", id_}};
        if (!options_.framework.empty()) query.emplace_back("framework", options_.framework);
        const Result<Json> document = get_document(master, "/v1/tasks", "tasks", query);
        if (!document) return document.error();
        const Json* task = nullptr;
        for (const Json& each : (*document)["tasks"]) {
            // The latest of that name is meant.
            if (task == nullptr || field(*task, "launched_at") < field(each, "launched_at")) {
                task = &each;
            }
        }
        if (task == nullptr) {
            if (options_.follow) say_once("waits until it starts");
            done_ = !options_.follow;
            return {};
        }
        found_ = true;
        const bool over = is_over(task->value("state", ""));
        if (task->value("sandbox", "").empty() && !over) say_once("waits until it starts");
        if (!pass_on(*task, reader, over)) return {};
        if (over && options_.follow) {
            std::fprintf(stderr, "offerkit: task %s: %s\n", id_.c_str(), end_of(*task).c_str());
        }
        succeeded_ = !options_.follow || task->value("state", "") == "finished";
        done_ = over || !options_.follow;
        return {};
    }

private:
    /// False if it has to be tried again, or was given up.
    bool pass_on(const Json& task, SandboxReader& reader, bool is_last) {
        const std::string sandbox = task.value("sandbox", "");
        const Result<AgentId> agent = parse_id<AgentTag>(task.value("agent", ""));
        if (sandbox.empty() || !agent) return true;
        for (LogFile& file : files_) {
            const Result<void> passed = file.pass_on(reader, *agent, sandbox, is_last);
            if (passed) continue;
            const auto now = std::chrono::steady_clock::now();
            if (!give_up_) give_up_ = now + patience;
            const bool may_pass = passed.error().code == RefusalCode::unavailable;
            if (options_.follow && may_pass && now < *give_up_) return false;
            std::fprintf(stderr, "offerkit: task %s: %s\n", id_.c_str(),
                         format_refusal(passed.error()).c_str());
            done_ = true;
            return false;
        }
        give_up_.reset();
        return true;
    }

    void say_once(const char* what) {
        if (std::exchange(said_, true)) return;
        std::fprintf(stderr, "offerkit: task %s: %s\n", id_.c_str(), what);
    }

    std::string id_;
    const LogsOptions& options_;
    std::vector<LogFile> files_;
    std::optional<std::chrono::steady_clock::time_point> give_up_;
    bool found_ = false;
    bool said_ = false;
    bool done_ = false;
    bool succeeded_ = false;
};

int say_unknown(HttpPeer& master, const std::string& id) {
    std::string text = "task " + id.substr(0, 64) + ": there is no such task";
    const Result<Json> document = get_document(master, "/v1/tasks", "tasks");
    std::vector<std::string> ids;
    if (document) {
        for (const Json& task : (*document)["tasks"])
            ids.push_back(task.value("id", ""));
    }
    const std::vector<std::string_view> words(ids.begin(), ids.end());
    const std::string_view near = nearest(id, words);
    if (!near.empty()) text += ", did you mean " + std::string(near) + "?";
    return fail(exit_failed, text + "; -f waits for one that is to come");
}

}  // namespace

int logs(const LogsOptions& options) {
    runtime::ClusterAccess access;
    if (const int code = find_access(options.access, access); code != exit_done) return code;
    Result<HttpPeer> master = HttpPeer::at(access.http, access.token);
    if (!master) return fail(exit_usage, format_refusal(master.error()));
    SandboxReader reader{access};
    std::vector<LogTask> tasks;
    tasks.reserve(options.tasks.size());
    for (const std::string& id : options.tasks)
        tasks.emplace_back(id, options);
    while (true) {
        for (LogTask& task : tasks) {
            if (task.is_done()) continue;
            if (Result<void> looked = task.look(*master, reader); !looked) {
                return fail(exit_cluster, format_refusal(looked.error()));
            }
        }
        if (std::ranges::all_of(tasks, &LogTask::is_done)) break;
        std::this_thread::sleep_for(logs_pause);
    }
    int code = exit_done;
    for (const LogTask& task : tasks) {
        if (!task.is_found()) code = say_unknown(*master, task.id());
        if (!task.has_succeeded()) code = exit_failed;
    }
    return code;
}

}  // namespace offerkit::tools
