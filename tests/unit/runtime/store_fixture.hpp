// SPDX-License-Identifier: Apache-2.0
#pragma once

/// A folder for a store, what it was told, and what is in its files.

#include <offerkit/runtime/durable_store.hpp>

#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <condition_variable>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace offerkit::testing {

/// In memory if the machine offers that: these tests sync more than they write.
struct StoreFolder {
    [[nodiscard]] std::string file(const std::string& name) const { return path + "/" + name; }

    TemporaryFolder folder{std::filesystem::exists("/dev/shm")
                               ? std::filesystem::path{"/dev/shm"}
                               : std::filesystem::temp_directory_path()};
    std::string root = folder.path();
    std::string path = folder.file("store");
};

/// What the store told, for a test that waits for it.
class Told {
public:
    struct Failure {
        std::uint64_t from = 0;
        std::uint64_t upto = 0;
        std::string why;
    };

    [[nodiscard]] runtime::StoreCompletions completions() {
        return {[this](std::uint64_t upto) {
                    const std::lock_guard held{mutex_};
                    stored_ = upto;
                    settled_ = upto;
                    changed_.notify_all();
                },
                [this](std::uint64_t from, std::uint64_t upto, const std::string& why) {
                    const std::lock_guard held{mutex_};
                    failures_.push_back({from, upto, why});
                    settled_ = upto;
                    changed_.notify_all();
                }};
    }

    /// Until the entry was told of, either way.
    void wait_for(std::uint64_t entry) {
        std::unique_lock held{mutex_};
        changed_.wait(held, [&] { return settled_ >= entry; });
    }

    [[nodiscard]] std::uint64_t stored() const {
        const std::lock_guard held{mutex_};
        return stored_;
    }
    [[nodiscard]] std::vector<Failure> failures() const {
        const std::lock_guard held{mutex_};
        return failures_;
    }

private:
    mutable std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t stored_ = 0;
    std::uint64_t settled_ = 0;
    std::vector<Failure> failures_;
};

/// A store that is open, and what it told. Entries are numbered from 1.
class OpenStore {
public:
    explicit OpenStore(std::unique_ptr<runtime::DurableStore> opened) : store(std::move(opened)) {
        for (record::KeyValue& each : store->take_values())
            values.emplace(std::move(each.key), std::move(each.value));
        store->start(told.completions());
    }

    std::uint64_t put(const std::string& key, std::optional<std::string> value) {
        store->put(++entry, {{key, std::move(value)}});
        return entry;
    }

    /// One entry, and waits until it was told of.
    void write(const std::string& key, std::optional<std::string> value) {
        put(key, std::move(value));
        store->commit();
        told.wait_for(entry);
    }

    Told told;
    std::map<std::string, std::string> values;  // As they were at opening.
    std::uint64_t entry = 0;
    std::unique_ptr<runtime::DurableStore> store;  // Before `told` at the end.
};

inline runtime::DurableStoreOptions store_options(const StoreFolder& folder) {
    runtime::DurableStoreOptions options;
    options.folder = folder.path;
    return options;
}

inline std::unique_ptr<OpenStore> open_store(runtime::DurableStoreOptions options) {
    auto opened = runtime::DurableStore::open(std::move(options));
    if (!opened) FAIL(format_refusal(opened.error()));
    return std::make_unique<OpenStore>(std::move(opened).value());
}

inline std::unique_ptr<OpenStore> open_store(const StoreFolder& folder) {
    return open_store(store_options(folder));
}

/// The files of a folder, to put them back as they were.
using Files = std::map<std::string, std::string>;

inline Files read_files(const std::string& folder) {
    Files files;
    for (const auto& each : std::filesystem::directory_iterator(folder)) {
        std::ifstream in(each.path(), std::ios::binary);
        files[each.path().filename().string()] = {std::istreambuf_iterator<char>(in), {}};
    }
    return files;
}

inline void write_files(const std::string& folder, const Files& files) {
    std::filesystem::remove_all(folder);
    std::filesystem::create_directories(folder);
    for (const auto& [name, bytes] : files) {
        std::ofstream out(folder + "/" + name, std::ios::binary);
        out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    }
}

}  // namespace offerkit::testing
