// SPDX-License-Identifier: Apache-2.0
#include "process.hpp"

#include <offerkit/runtime/work_dir.hpp>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <nlohmann/json.hpp>

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace offerkit::daemons {

void ignore_broken_pipes() { ::signal(SIGPIPE, SIG_IGN); }

void allow_many_connections() {
    rlimit files = {};
    if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return;
    files.rlim_cur = files.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &files);
}

Result<runtime::Log> make_log(const std::string& name, const std::string& level) {
    using runtime::LogLevel;
    const auto known = spdlog::level::from_str(level);
    if (known == spdlog::level::off && level != "off") {
        return Refusal{RefusalCode::invalid, "log level " + level.substr(0, 64), "open log",
                       "it is not a level", "say debug, info, warning or error"};
    }
    auto logger =
        std::make_shared<spdlog::logger>(name, std::make_shared<spdlog::sinks::stderr_sink_mt>());
    logger->set_level(known);
    logger->set_pattern("%Y-%m-%dT%H:%M:%S.%f%z %l %n: %v");
    return runtime::Log{[logger](LogLevel at, const std::string& line) {
        switch (at) {
            case LogLevel::debug:
                return logger->debug("{}", line);
            case LogLevel::info:
                return logger->info("{}", line);
            case LogLevel::warning:
                return logger->warn("{}", line);
            case LogLevel::error:
                return logger->error("{}", line);
        }
    }};
}

void EndReason::ask(const std::string& why) {
    {
        const std::lock_guard lock{mutex_};
        if (!why_) why_ = why;
    }
    asked_.notify_all();
}

std::string EndReason::wait() {
    std::unique_lock lock{mutex_};
    asked_.wait(lock, [this] { return why_.has_value(); });
    return *why_;
}

Result<ParentWatch> ParentWatch::start(int descriptor, EndReason& end) {
    if (descriptor < 0) return ParentWatch{};
    if (::fcntl(descriptor, F_SETFD, FD_CLOEXEC) != 0) {
        return Refusal{RefusalCode::invalid, "descriptor " + std::to_string(descriptor),
                       "watch the parent", "it is not open",
                       "give the number of an inherited pipe or socket"};
    }
    ParentWatch watch;
    watch.wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch.thread_ = std::thread([descriptor, wake = watch.wake_, &end] {
        while (true) {
            pollfd waiting[2] = {{descriptor, POLLIN, 0}, {wake, POLLIN, 0}};
            if (::poll(waiting, 2, -1) < 0) continue;
            if (waiting[1].revents != 0) return;
            char ignored[64];
            // Readable without an end: somebody wrote, which means nothing here.
            if (::read(descriptor, ignored, sizeof ignored) <= 0) return end.ask("parent is gone");
        }
    });
    return watch;
}

ParentWatch::ParentWatch(ParentWatch&& other) noexcept
    : thread_(std::move(other.thread_)), wake_(std::exchange(other.wake_, -1)) {}

ParentWatch& ParentWatch::operator=(ParentWatch&& other) noexcept {
    std::swap(thread_, other.thread_);
    std::swap(wake_, other.wake_);
    return *this;
}

ParentWatch::~ParentWatch() {
    if (wake_ < 0) return;
    const std::uint64_t one = 1;
    (void)!::write(wake_, &one, sizeof one);
    if (thread_.joinable()) thread_.join();
    ::close(wake_);
}

Result<void> write_ready_file(const ReadyFacts& facts) {
    if (facts.path.empty()) return {};
    nlohmann::json json = {{"schema_version", 1}, {"pid", ::getpid()}};
    for (const auto& [name, number] : facts.numbers)
        json[name] = number;
    for (const auto& [name, text] : facts.texts)
        json[name] = text;
    return runtime::write_file(facts.path, json.dump(2) + "\n");
}

int tell_refusal(const std::string& program, const Refusal& refusal) {
    std::fprintf(stderr, "%s: %s\n", program.c_str(), format_refusal(refusal).c_str());
    switch (refusal.code) {
        case RefusalCode::invalid:
        case RefusalCode::malformed:
        case RefusalCode::forbidden:
        case RefusalCode::not_found:
            return 2;
        default:
            return 1;
    }
}

int tell_refusals(const std::string& program, const std::vector<Refusal>& refusals) {
    int code = 0;
    for (const Refusal& refusal : refusals)
        code = std::max(code, tell_refusal(program, refusal));
    return code;
}

}  // namespace offerkit::daemons
