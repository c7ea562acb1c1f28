// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/file_state_store.hpp>
#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

using namespace offerkit;
using offerkit::testing::TemporaryFolder;

namespace {

FileStateStore open(const TemporaryFolder& folder) {
    auto opened = FileStateStore::open(folder.file("state"));
    REQUIRE(opened);
    return std::move(opened).value();
}

std::optional<Bytes> found(const FileStateStore& store, const char* key) {
    const auto value = store.find(key);
    REQUIRE(value);
    return *value;
}

std::string read(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    return {std::istreambuf_iterator<char>{file}, {}};
}

void write(const std::string& path, const std::string& text) {
    std::ofstream{path, std::ios::binary} << text;
}

}  // namespace

TEST_CASE("a file store finds what another process put before it") {
    const TemporaryFolder folder;
    const Bytes odd{"\0 any\nbytes \xff", 13};
    {
        FileStateStore store = open(folder);
        CHECK(found(store, "jobs") == std::nullopt);
        REQUIRE(store.put("jobs", odd));
        REQUIRE(store.put("empty", ""));
        REQUIRE(store.put("gone", "x"));
        REQUIRE(store.erase("gone"));
        REQUIRE(store.erase("never"));
    }
    FileStateStore store = open(folder);
    CHECK(found(store, "jobs") == odd);
    CHECK(found(store, "empty") == Bytes{});
    CHECK(found(store, "gone") == std::nullopt);
    CHECK(store.keys() == std::vector<std::string>{"empty", "jobs"});
    REQUIRE(store.put("jobs", "new"));
    CHECK(found(store, "jobs") == Bytes{"new"});
}

TEST_CASE("one process at a time has a file store") {
    const TemporaryFolder folder;
    const FileStateStore store = open(folder);
    const auto second = FileStateStore::open(folder.file("state"));
    REQUIRE(!second);
    CHECK(second.error().code == RefusalCode::already_exists);
    CHECK(second.error().todo == "end that process, or give each scheduler a folder of its own");
}

TEST_CASE("a file store refuses keys that are no file names, and values without measure") {
    const TemporaryFolder folder;
    FileStateStore store = open(folder);
    for (const char* key : {"", ".", "..", ".hidden", "a/b", "a b", "\xc3\xa4"}) {
        INFO(key);
        const auto put = store.put(key, "x");
        REQUIRE(!put);
        CHECK(put.error().code == RefusalCode::invalid);
        CHECK(!store.find(key));
        CHECK(!store.erase(key));
    }
    CHECK(store.put(std::string(framework::state_key_max, 'k'), "x"));
    CHECK(!store.put(std::string(framework::state_key_max + 1, 'k'), "x"));
    const auto large = store.put("large", Bytes(framework::state_value_max + 1, 'x'));
    REQUIRE(!large);
    CHECK(large.error().code == RefusalCode::too_large);
}

TEST_CASE("a file store never gives wrong bytes: any byte that differs is found") {
    const TemporaryFolder folder;
    FileStateStore store = open(folder);
    REQUIRE(store.put("jobs", "a value of some length"));
    const std::string path = folder.file("state/jobs.state");
    const std::string good = read(path);
    for (std::size_t i = 0; i < good.size(); ++i) {
        std::string bad = good;
        bad[i] = static_cast<char>(bad[i] ^ 0x20);
        write(path, bad);
        INFO("byte " << i);
        const auto value = store.find("jobs");
        REQUIRE(!value);
        CHECK(value.error().code == RefusalCode::malformed);
    }
    for (std::size_t size = 0; size < good.size(); ++size) {
        write(path, good.substr(0, size));
        INFO("cut to " << size);
        CHECK(!store.find("jobs"));
    }
    write(path, good);
    CHECK(found(store, "jobs") == Bytes{"a value of some length"});
    std::filesystem::copy_file(path, folder.file("state/other.state"));
    CHECK(!store.find("other"));
}

TEST_CASE("half a file that a crash has left behind is not a value") {
    const TemporaryFolder folder;
    FileStateStore store = open(folder);
    REQUIRE(store.put("jobs", "old"));
    write(folder.file("state/jobs.state.next"), "OFKS");
    write(folder.file("state/other.state.next"), "OFKS");
    CHECK(store.keys() == std::vector<std::string>{"jobs"});
    CHECK(found(store, "jobs") == Bytes{"old"});
    REQUIRE(store.put("jobs", "new"));
    CHECK(found(store, "jobs") == Bytes{"new"});
}
