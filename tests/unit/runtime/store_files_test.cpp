// SPDX-License-Identifier: Apache-2.0
#include "store_fixture.hpp"

#include <offerkit/runtime/store_files.hpp>

#include <algorithm>

using namespace offerkit;
using namespace offerkit::runtime;
using namespace offerkit::testing;

using Values = std::map<std::string, std::string>;

namespace {

const std::vector<record::KeyValue> kept = {{"a", "1"}, {"b", std::string(300'000, 'b')}};

void fill(const StoreFolder& folder) {
    const auto open = open_store(folder);
    for (const record::KeyValue& each : kept)
        open->write(each.key, each.value);
}

StoreContents read_whole(const std::string& folder, StoreUse use = StoreUse::alone) {
    auto contents = runtime::read_store(folder, use);
    if (!contents) FAIL(format_refusal(contents.error()));
    return std::move(contents).value();
}

bool all_good(const std::vector<StoreFinding>& findings) {
    return std::ranges::all_of(findings, &StoreFinding::good);
}

void damage_last_value(const StoreFolder& folder) {
    Files files = read_files(folder.path);
    std::string& database = files.at("entries.db");
    database.at(database.find("bbbb")) = 'c';
    write_files(folder.path, files);
}

}  // namespace

TEST_CASE("a store is read without being changed") {
    const StoreFolder folder;
    fill(folder);
    const Files before = read_files(folder.path);
    const StoreContents contents = read_whole(folder.path);
    CHECK(contents.values == kept);
    CHECK(contents.epoch == 1);
    CHECK(contents.commit == 3);
    const Files after = read_files(folder.path);
    CHECK(after.at("entries.db") == before.at("entries.db"));
    CHECK(after.at("durable") == before.at("durable"));
    CHECK(open_store(folder)->store->epoch() == 2);
}

TEST_CASE("a store that is held is read only if it may go on") {
    const StoreFolder folder;
    const auto open = open_store(folder);
    open->write("a", "1");
    const auto refused = runtime::read_store(folder.path, StoreUse::alone);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == RefusalCode::already_exists);
    for (int i = 2; i <= 50; ++i) {
        open->put("a", std::to_string(i));
        open->store->commit();
        const StoreContents contents = read_whole(folder.path, StoreUse::live);
        REQUIRE(contents.values.size() == 1);
        CHECK(std::stoi(contents.values.front().value) <= i);
    }
    open->told.wait_for(50);
    CHECK(read_whole(folder.path, StoreUse::live).values.front().value == "50");
    CHECK(open->told.failures().empty());
}

TEST_CASE("where there is no store, none is made") {
    const StoreFolder folder;
    for (const std::string& path : {folder.path, folder.root}) {
        const auto contents = runtime::read_store(path, StoreUse::live);
        REQUIRE_FALSE(contents.has_value());
        CHECK(contents.error().code == RefusalCode::not_found);
        CHECK_FALSE(examine_store(path).has_value());
    }
    CHECK(std::filesystem::is_empty(folder.root));
}

TEST_CASE("damage is told by file") {
    const StoreFolder folder;
    fill(folder);
    auto findings = examine_store(folder.path);
    REQUIRE(findings.has_value());
    CHECK(all_good(*findings));
    damage_last_value(folder);
    findings = examine_store(folder.path);
    REQUIRE(findings.has_value());
    REQUIRE(findings->size() == 3);
    CHECK((*findings)[0].good);
    CHECK_FALSE((*findings)[1].good);
    CHECK_THAT((*findings)[1].found,
               Catch::Contains("the row with key b does not agree with its checksum"));
    CHECK_FALSE((*findings)[2].good);
}

TEST_CASE("a backup holds all, and is refused when a byte of it has changed") {
    const StoreFolder folder;
    const std::string file = folder.root + "/backup";
    const StoreContents contents{7, 9, {{"a", ""}, {"b", std::string("\0x", 2)}}};
    REQUIRE(write_backup(file, contents).has_value());
    const auto read = read_backup(file);
    REQUIRE(read.has_value());
    CHECK(*read == contents);
    const auto again = write_backup(file, contents);
    REQUIRE_FALSE(again.has_value());
    CHECK(again.error().code == RefusalCode::already_exists);

    const Files whole = read_files(folder.root);
    const std::string& bytes = whole.at("backup");
    int accepted = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        Files damaged = whole;
        damaged["backup"][i] = static_cast<char>(bytes[i] ^ 4);
        write_files(folder.root, damaged);
        accepted += read_backup(file).has_value() ? 1 : 0;
        damaged["backup"] = bytes.substr(0, i);
        write_files(folder.root, damaged);
        accepted += read_backup(file).has_value() ? 1 : 0;
    }
    CHECK(accepted == 0);
    CHECK(read_backup(folder.root + "/none").error().code == RefusalCode::not_found);
}

TEST_CASE("a restored store holds the backup, has a higher epoch, and keeps what was there") {
    const StoreFolder folder;
    fill(folder);
    const StoreContents contents = read_whole(folder.path);
    {
        const auto open = open_store(folder);
        open->write("later", "1");
    }
    damage_last_value(folder);
    CHECK(find_epoch(folder.path) == 2);
    const auto saved = restore_store(folder.path, contents, 2);
    REQUIRE(saved.has_value());
    CHECK(*saved == folder.path + ".before-restore-1");
    CHECK(std::filesystem::exists(*saved + "/entries.db"));
    CHECK_FALSE(std::filesystem::exists(folder.path + ".next"));
    CHECK(read_whole(folder.path).values == kept);
    const auto open = open_store(folder);
    CHECK(open->store->epoch() == 4);
    CHECK(open->values.size() == 2);
}

TEST_CASE("a store is restored where there is none, an empty one too") {
    const StoreFolder folder;
    const auto saved = restore_store(folder.path, StoreContents{}, 41);
    REQUIRE(saved.has_value());
    CHECK(saved->empty());
    const auto open = open_store(folder);
    CHECK(open->store->epoch() == 43);
    CHECK(open->values.empty());
}

TEST_CASE("what is still whole can be salvaged when the second file is lost") {
    const StoreFolder folder;
    fill(folder);
    std::filesystem::remove(folder.file("durable"));
    CHECK(runtime::read_store(folder.path, StoreUse::alone).error().code == RefusalCode::malformed);
    const auto salvaged = salvage_store(folder.path);
    REQUIRE(salvaged.has_value());
    CHECK(salvaged->values == kept);
    REQUIRE(restore_store(folder.path, *salvaged, salvaged->epoch).has_value());
    CHECK(open_store(folder)->values.size() == 2);
    damage_last_value(folder);
    CHECK(salvage_store(folder.path).error().code == RefusalCode::malformed);
}
