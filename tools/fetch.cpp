// SPDX-License-Identifier: Apache-2.0

#include "fetch.hpp"

#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

namespace offerkit::tools {

namespace {

// Enough that one slow agent does not hold up the others, few enough to leave it in peace.
constexpr int workers = 4;

}  // namespace

OutputFetcher::OutputFetcher(runtime::ClusterAccess access, std::string folder)
    : access_(std::move(access)), folder_(std::move(folder)) {
    if (folder_.empty()) return;
    std::error_code error;
    std::filesystem::create_directories(folder_, error);
    if (error) {
        missing_.push_back({RefusalCode::unavailable, "folder " + folder_, "make", error.message(),
                            "give another --output-dir"});
    }
    for (int i = 0; i < workers; ++i)
        threads_.emplace_back([this] { work(); });
}

OutputFetcher::~OutputFetcher() { static_cast<void>(finish()); }

void OutputFetcher::fetch(const std::string& job, const TaskStatus& status) {
    if (folder_.empty() || status.sandbox.empty()) return;
    {
        const std::lock_guard lock{mutex_};
        orders_.push_back({job, status.agent, status.sandbox});
    }
    changed_.notify_one();
}

std::vector<Refusal> OutputFetcher::finish() {
    {
        const std::lock_guard lock{mutex_};
        finishing_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_)
        thread.join();
    threads_.clear();
    return std::exchange(missing_, {});
}

void OutputFetcher::work() {
    SandboxReader reader{access_};
    while (true) {
        Order order;
        {
            std::unique_lock lock{mutex_};
            changed_.wait(lock, [&] { return finishing_ || !orders_.empty(); });
            if (orders_.empty()) return;
            order = std::move(orders_.front());
            orders_.pop_front();
        }
        for (const char* const name : {"stdout", "stderr"}) {
            Result<void> saved = save(reader, order, name);
            if (saved) continue;
            const std::lock_guard lock{mutex_};
            missing_.push_back(std::move(saved).error());
        }
    }
}

Result<void> OutputFetcher::save(SandboxReader& reader, const Order& order,
                                 const char* name) const {
    const std::string path = folder_ + "/" + order.job + "." + name;
    std::ofstream file(path, std::ios::binary | std::ios::trunc);
    Result<void> read = reader.read_all({order.agent, order.sandbox, name},
                                        [&](const std::string& piece) { file << piece; });
    if (!read) return read;
    file.close();
    if (file.fail()) {
        return Refusal{RefusalCode::unavailable, "file " + path, "write", "could not be written",
                       "see that the disk has room and the folder may be written"};
    }
    return {};
}

}  // namespace offerkit::tools
