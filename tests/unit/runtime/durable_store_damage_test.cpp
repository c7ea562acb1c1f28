// SPDX-License-Identifier: Apache-2.0
#include "store_fixture.hpp"

using namespace offerkit;
using namespace offerkit::runtime;
using namespace offerkit::testing;

using Values = std::map<std::string, std::string>;

namespace {

const Values kept = {{"a", "one"}, {"b", std::string(300, 'b')}, {"c", std::string(5000, 'c')}};
constexpr std::uint64_t kept_epoch = 2;

/// The files as a process leaves them that is killed: much is in the log only.
Files crashed_files() {
    const StoreFolder folder;
    {
        const auto open = open_store(folder);
        open->write("a", "older");
        open->write("z", "erased");
    }
    const auto open = open_store(folder);
    open->write("b", kept.at("b"));
    open->write("z", std::nullopt);
    open->write("c", kept.at("c"));
    open->write("a", kept.at("a"));
    REQUIRE(open->told.stored() == 4);
    return read_files(folder.path);
}

/// As one leaves them that ends.
Files closed_files() {
    const StoreFolder folder;
    write_files(folder.path, crashed_files());
    {
        auto opened = DurableStore::open(store_options(folder));
        if (!opened) FAIL(format_refusal(opened.error()));
    }
    // The opening was one more, so the epoch is higher than in the other.
    return read_files(folder.path);
}

struct Counts {
    int refused = 0;
    int harmless = 0;
};

/// Opens damaged files: either they are refused and left as they are, or nothing is missing.
void check_files(const StoreFolder& folder, const Files& files, std::uint64_t epoch,
                 Counts& counts) {
    write_files(folder.path, files);
    auto opened = DurableStore::open(store_options(folder));
    if (opened) {
        ++counts.harmless;
        Values values;
        for (auto& each : (*opened)->take_values())
            values.emplace(std::move(each.key), std::move(each.value));
        if (values != kept) FAIL("opened, and holds something else");
        if ((*opened)->epoch() <= epoch) FAIL("opened, with an epoch that was used before");
        return;
    }
    ++counts.refused;
    const Refusal& refusal = opened.error();
    if (refusal.code != RefusalCode::malformed || refusal.why.empty() || refusal.todo.empty())
        FAIL("not refused as damage: " << format_refusal(refusal));
    const Files after = read_files(folder.path);
    for (const char* name : {"entries.db", "entries.db-wal", "durable"}) {
        const auto before = files.find(name);
        const auto found = after.find(name);
        const bool same = before == files.end()
                              ? found == after.end() || found->second.empty()
                              : found != after.end() && found->second == before->second;
        if (!same) FAIL(name << " was changed by an opening that was refused");
    }
}

Counts flip_each(const Files& files, const std::string& name, std::uint64_t epoch) {
    const StoreFolder folder;
    Counts counts;
    const std::string& bytes = files.at(name);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        // All that differs from what stands before it, and samples of what goes on the same.
        if (i > 0 && bytes[i] == bytes[i - 1] && i % 37 != 0) continue;
        Files damaged = files;
        damaged[name][i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
        INFO("bit " << i % 8 << " of byte " << i << " of " << name << " was flipped");
        check_files(folder, damaged, epoch, counts);
    }
    return counts;
}

Counts cut_each(const Files& files, const std::string& name, std::uint64_t epoch) {
    const StoreFolder folder;
    Counts counts;
    const std::size_t size = files.at(name).size();
    for (std::size_t length = 0; length < size; ++length) {
        // Every boundary of a page or a frame of the log, what is near to it, and samples.
        const bool near_page = (length + 2) % 512 <= 4;
        const bool near_frame = length < 32 || (length - 32 + 2) % 4120 <= 4;
        if (!near_page && !near_frame && length % 101 != 0) continue;
        Files damaged = files;
        damaged[name].resize(length);
        INFO(name << " was cut to " << length << " of " << size << " bytes");
        check_files(folder, damaged, epoch, counts);
    }
    return counts;
}

}  // namespace

TEST_CASE("a bit that is flipped in what a killed process left is found, or changes nothing") {
    const Files files = crashed_files();
    CHECK(files.at("entries.db-wal").size() > 4096);
    CHECK(flip_each(files, "entries.db-wal", kept_epoch).refused > 100);
    // All of the database is in its log too.
    CHECK(flip_each(files, "entries.db", kept_epoch).harmless > 100);
    // Each slot of the second file holds enough to go on without the other.
    CHECK(flip_each(files, "durable", kept_epoch).harmless > 100);
}

TEST_CASE("a bit that is flipped in what was closed well is found, or changes nothing") {
    const Files files = closed_files();
    CHECK(files.at("entries.db-wal").empty());
    CHECK(flip_each(files, "entries.db", kept_epoch + 1).refused > 100);
}

TEST_CASE("a file that is cut off is found, wherever") {
    const Files files = crashed_files();
    CHECK(cut_each(files, "entries.db-wal", kept_epoch).harmless == 0);
    CHECK(cut_each(files, "entries.db", kept_epoch).refused > 10);
    CHECK(cut_each(files, "durable", kept_epoch).harmless == 0);
    CHECK(cut_each(closed_files(), "entries.db", kept_epoch + 1).harmless == 0);
}

TEST_CASE("a file that is missing is found") {
    const Files crashed = crashed_files();
    const StoreFolder folder;
    Counts counts;
    for (const char* name : {"entries.db", "entries.db-wal", "durable"}) {
        Files files = crashed;
        files.erase(name);
        INFO(name << " is missing");
        check_files(folder, files, kept_epoch, counts);
    }
    CHECK(counts.refused == 3);
}

TEST_CASE("an old copy of either file is found") {
    const StoreFolder folder;
    Files older;
    {
        const auto open = open_store(folder);
        open->write("a", "older");
        older = read_files(folder.path);
        for (const auto& [key, value] : kept)
            open->write(key, value);
        const Files newer = read_files(folder.path);
        open->store->stop();
        const StoreFolder other;
        Counts counts;
        for (const auto& names :
             std::vector<std::vector<std::string>>{{"entries.db"},
                                                   {"entries.db-wal"},
                                                   {"entries.db", "entries.db-wal"},
                                                   {"durable"}}) {
            Files mixed = newer;
            for (const std::string& name : names)
                mixed[name] = older.at(name);
            INFO("old copies of " << names.size() << ", first " << names.front());
            check_files(other, mixed, 1, counts);
        }
        CHECK(counts.refused >= 3);
    }
}

TEST_CASE("files of two stores do not go together") {
    const auto files_of = [](const char* value) {
        const StoreFolder folder;
        const auto open = open_store(folder);
        open->write("a", value);
        return read_files(folder.path);
    };
    Files files = files_of("one");
    files["durable"] = files_of("two").at("durable");
    const StoreFolder folder;
    write_files(folder.path, files);
    const auto opened = DurableStore::open(store_options(folder));
    REQUIRE_FALSE(opened.has_value());
    CHECK_THAT(opened.error().why, Catch::Contains("are not of the same store"));
}

TEST_CASE("a first opening that was cut off is begun again") {
    const StoreFolder folder;
    Files files;
    {
        const auto open = open_store(folder);
        files = read_files(folder.path);
    }
    // Only the second file was made, then a database that is half there.
    std::string blank = files.at("durable");
    std::fill(blank.begin() + 4096, blank.end(), '\0');
    write_files(folder.path, {{"durable", blank}});
    CHECK(open_store(folder)->store->epoch() == 1);
    write_files(folder.path, {{"durable", blank}, {"entries.db", "SQLite form"}});
    CHECK(open_store(folder)->store->epoch() == 1);
}
