// SPDX-License-Identifier: Apache-2.0

#include "stream.hpp"

#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdio>
#include <string>
#include <string_view>
#include <thread>
#include <utility>

namespace offerkit::tools {

namespace {

constexpr auto look_again_after = std::chrono::milliseconds{100};
/// An agent that starts again has its files still, at another port.
constexpr auto patience = std::chrono::seconds{60};

void write_all(int descriptor, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // Our reader has gone: its problem, not the task's.
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

}  // namespace

OutputStream::OutputStream(runtime::ClusterAccess access)
    : reader_(std::move(access)), thread_([this] { run(); }) {}

OutputStream::~OutputStream() { finish(); }

void OutputStream::tell(const TaskStatus& status) {
    {
        const std::lock_guard lock{mutex_};
        if (!status.sandbox.empty()) {
            status_ = status;
            has_sandbox_ = true;
        }
        ended_ = ended_ || is_terminal(status.state);
    }
    told_.notify_one();
}

void OutputStream::finish() {
    if (!thread_.joinable()) return;
    {
        const std::lock_guard lock{mutex_};
        ended_ = true;
    }
    told_.notify_one();
    thread_.join();
}

Result<void> OutputStream::pass_on(const SandboxFile& file, std::uint64_t& offset, int descriptor) {
    while (true) {
        const Result<std::string> piece = reader_.read(file, offset);
        if (!piece) return piece.error();
        if (piece->empty()) return {};
        write_all(descriptor, *piece);
        offset += piece->size();
    }
}

void OutputStream::run() {
    std::uint64_t out = 0;
    std::uint64_t err = 0;
    auto give_up = std::chrono::steady_clock::now() + patience;
    while (true) {
        bool last = false;
        SandboxFile file;
        {
            std::unique_lock lock{mutex_};
            told_.wait_for(lock, look_again_after, [&] { return ended_; });
            last = ended_;
            if (!has_sandbox_) {
                if (last) return;
                continue;
            }
            file = {status_.agent, status_.sandbox, "stdout"};
        }
        Result<void> passed = pass_on(file, out, STDOUT_FILENO);
        file.name = "stderr";
        if (passed) passed = pass_on(file, err, STDERR_FILENO);
        const auto now = std::chrono::steady_clock::now();
        if (passed) {
            if (last) return;
            give_up = now + patience;
        } else if (passed.error().code != RefusalCode::unavailable || now > give_up) {
            std::fprintf(stderr, "offerkit: %s\n", format_refusal(passed.error()).c_str());
            return;
        } else {
            std::this_thread::sleep_for(look_again_after);
        }
    }
}

}  // namespace offerkit::tools
