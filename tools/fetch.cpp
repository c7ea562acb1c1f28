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

bool OutputFetcher::fetch(const std::string& job, AgentId agent, const std::string& sandbox,
                          Done done) {
    if (folder_.empty() || sandbox.empty()) return false;
    {
        const std::lock_guard lock{mutex_};
        orders_.push_back({job, agent, sandbox, std::move(done)});
    }
    changed_.notify_one();
    return true;
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
        std::string error;
        for (const char* const name : {"stdout", "stderr"}) {
            Result<void> saved = save(reader, order, name);
            if (saved) continue;
            error = format_refusal(saved.error());
            const std::lock_guard lock{mutex_};
            missing_.push_back(std::move(saved).error());
        }
        order.done(error);
    }
}

Result<void> OutputFetcher::save(SandboxReader& reader, const Order& order,
                                 const char* name) const {
    const std::string path = path_of(order.job, name);
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
