// SPDX-License-Identifier: Apache-2.0

#include "progress.hpp"

#include "duration.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>

namespace offerkit::tools {

namespace {

constexpr Duration rewrite_every = std::chrono::milliseconds{200};
constexpr Duration line_every = std::chrono::seconds{5};

void append(std::string& text, std::size_t count, const char* what) {
    if (count != 0) text += ", " + std::to_string(count) + " " + what;
}

std::string tenths(std::int64_t value) {
    if (value >= 100) return std::to_string(value / 10);
    return std::to_string(value / 10) + "." + std::to_string(value % 10);
}

/// Of `ended` jobs in `time`: a number that is easy to read, with its unit.
std::string format_rate(std::int64_t ended, Duration time) {
    const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    const std::int64_t per_second = ended * 10'000 / ms;
    if (per_second >= 10) return tenths(per_second) + "/s";
    return tenths(ended * 600'000 / ms) + "/min";
}

std::size_t terminal_width() {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
    return size.ws_col;
}

}  // namespace

std::string ProgressText::line(Instant now, const BatchCounts& counts) {
    const std::size_t ended = counts.ended();
    if (samples_.empty() || now - samples_.back().at >= std::chrono::seconds{1}) {
        samples_.push_back({now, ended});
    }
    while (samples_.size() > 2 && now - samples_[1].at >= window)
        samples_.pop_front();
    std::string text = std::to_string(ended) + " of " + std::to_string(counts.jobs) + " ended";
    append(text, counts.failed, "failed");
    append(text, counts.not_run, "not run");
    append(text, counts.running, "running");
    append(text, counts.retrying, "to be tried again");
    const Duration time = now - samples_.front().at;
    const auto done = static_cast<std::int64_t>(ended - samples_.front().ended);
    if (done <= 0 || time < std::chrono::seconds{1}) return text;
    text += ", " + format_rate(done, time);
    const auto left = static_cast<std::int64_t>(counts.jobs - ended);
    const std::int64_t ms = std::chrono::duration_cast<std::chrono::milliseconds>(time).count();
    if (left > 0)
        text += ", " + format_about(std::chrono::milliseconds{left * ms / done}) + " left";
    return text;
}

void Progress::tell(Instant now, const BatchCounts& counts) {
    if (next_ == Instant{}) next_ = now + (terminal_ ? rewrite_every : line_every);
    if (now < next_) return;
    next_ = now + (terminal_ ? rewrite_every : line_every);
    std::string line = text_.line(now, counts);
    if (terminal_) {
        // A line that is broken in two cannot be rewritten.
        const std::size_t width = terminal_width();
        if (line.size() >= width) line.resize(width - 1);
        std::fprintf(stderr, "\r%s\x1b[K", line.c_str());
        shown_ = true;
    } else {
        std::fprintf(stderr, "offerkit: %s\n", line.c_str());
    }
    std::fflush(stderr);
}

void Progress::say(const std::string& line) {
    clear();
    std::fprintf(stderr, "offerkit: %s\n", line.c_str());
}

void Progress::clear() {
    if (shown_) std::fprintf(stderr, "\r\x1b[K");
    shown_ = false;
}

std::string format_summary(const BatchCounts& counts) {
    std::string text = std::to_string(counts.jobs) + (counts.jobs == 1 ? " job" : " jobs");
    append(text, counts.finished, "finished");
    append(text, counts.earlier, "finished earlier");
    append(text, counts.failed, "failed");
    append(text, counts.not_run, "not run");
    append(text, counts.interrupted, "interrupted");
    append(text, counts.jobs - counts.ended() - counts.interrupted, "not started");
    return text;
}

std::string format_end(const JobEnd& end) {
    const TaskStatus& status = end.status;
    std::string text{format_task_state(status.state)};
    if (status.reason == StatusReason::run_time_exceeded) text += ", it ran for too long";
    if (status.exit && status.exit->signal != 0) {
        text += ", signal " + std::to_string(status.exit->signal);
    } else if (status.exit) {
        text += ", exit code " + std::to_string(status.exit->code);
    }
    if (!status.message.empty()) text += ": " + status.message;
    if (end.attempts > 1) text += " (attempt " + std::to_string(end.attempts) + ")";
    return text;
}

}  // namespace offerkit::tools
