// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/recorder.hpp>
#include <offerkit/version.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <string_view>
#include <system_error>
#include <thread>

namespace offerkit::runtime {

struct GrowingFile::Body {
    Body(int opened, std::string path, Log told)
        : descriptor(opened), name(std::move(path)), log(std::move(told)) {}

    ~Body() {
        {
            const std::lock_guard lock{mutex};
            ending = true;
        }
        more.notify_one();
        if (thread.joinable()) thread.join();
        ::close(descriptor);
    }

    void run() {
        record::Bytes taken;
        while (true) {
            {
                std::unique_lock lock{mutex};
                more.wait(lock, [this] { return ending || !waiting.empty(); });
                if (waiting.empty()) return;
                taken.swap(waiting);
            }
            if (!write_all({taken.data(), taken.size()})) return;
            taken.clear();
        }
    }

    bool write_all(std::string_view rest) {
        while (!rest.empty()) {
            const ssize_t count = ::write(descriptor, rest.data(), rest.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) {
                write_log(log, LogLevel::error,
                          "the record " + name + " ends here: " + std::strerror(errno));
                const std::lock_guard lock{mutex};
                failed = true;
                waiting.clear();
                return false;
            }
            rest.remove_prefix(static_cast<std::size_t>(count));
        }
        return true;
    }

    const int descriptor;
    const std::string name;
    const Log log;
    std::mutex mutex;
    std::condition_variable more;
    record::Bytes waiting;
    bool ending = false;
    bool failed = false;
    std::thread thread;
};

GrowingFile::GrowingFile(std::unique_ptr<Body> body) : body_(std::move(body)) {}
GrowingFile::~GrowingFile() = default;

Result<std::unique_ptr<GrowingFile>> GrowingFile::create(const std::string& folder,
                                                         const std::string& name, Log log) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    const std::string path = (std::filesystem::path{folder} / name).string();
    const int flags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
    const int opened = ::open(path.c_str(), flags, 0600);
    if (opened < 0) {
        return Refusal{errno == EEXIST ? RefusalCode::already_exists : RefusalCode::unavailable,
                       "file " + path, "write the record", std::strerror(errno),
                       "give --record another folder"};
    }
    auto body = std::make_unique<Body>(opened, path, std::move(log));
    body->thread = std::thread([raw = body.get()] { raw->run(); });
    return std::unique_ptr<GrowingFile>{new GrowingFile{std::move(body)}};
}

void GrowingFile::append(record::Bytes& bytes) {
    {
        const std::lock_guard lock{body_->mutex};
        if (!body_->failed) {
            if (body_->waiting.empty()) {
                body_->waiting.swap(bytes);
            } else {
                body_->waiting += bytes;
            }
        }
    }
    bytes.clear();
    body_->more.notify_one();
}

std::string build_text() {
    return std::string("offerkit ") + version_text + ", compiled by " + __VERSION__;
}

}  // namespace offerkit::runtime
