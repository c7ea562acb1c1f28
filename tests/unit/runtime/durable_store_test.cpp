// SPDX-License-Identifier: Apache-2.0
#include "store_fixture.hpp"

#include <unistd.h>

using namespace offerkit;
using namespace offerkit::runtime;
using namespace offerkit::testing;

using Values = std::map<std::string, std::string>;

TEST_CASE("what was told as stored is there at the next opening") {
    const StoreFolder folder;
    {
        const auto open = open_store(folder);
        CHECK(open->values.empty());
        open->write("a", "1");
        open->write("b", std::string("\0\xff", 2));
        open->write("c", "");
        open->write("a", "2");
        open->write("b", std::nullopt);
        open->write("never there", std::nullopt);
        CHECK(open->told.stored() == 6);
    }
    CHECK(open_store(folder)->values == Values{{"a", "2"}, {"c", ""}});
}

TEST_CASE("changes of one entry apply in their order and become durable together") {
    const StoreFolder folder;
    {
        const auto open = open_store(folder);
        open->store->put(1, {{"a", "1"}, {"b", "1"}, {"a", std::nullopt}, {"b", "2"}});
        open->store->commit();
        open->told.wait_for(1);
    }
    CHECK(open_store(folder)->values == Values{{"b", "2"}});
}

TEST_CASE("entries that were put while a commit was under way share the next one") {
    const StoreFolder folder;
    const auto open = open_store(folder);
    constexpr std::uint64_t count = 1000;
    for (std::uint64_t i = 1; i <= count; ++i)
        open->put("key " + std::to_string(i), "value");
    open->store->commit();
    open->told.wait_for(count);
    CHECK(open->store->counters().entries == count);
    CHECK(open->store->counters().commits == 1);
}

TEST_CASE("a group is no larger than any store would take") {
    const StoreFolder folder;
    const auto open = open_store(folder);
    for (int i = 1; i <= 4; ++i)
        open->put("key " + std::to_string(i), std::string(store_value_max, 'x'));
    open->store->commit();
    open->told.wait_for(4);
    CHECK(open->told.stored() == 4);
    CHECK(open->store->counters().commits == 4);
}

TEST_CASE("without groups each entry is a commit") {
    const StoreFolder folder;
    DurableStoreOptions options = store_options(folder);
    options.group = false;
    const auto open = open_store(options);
    for (int i = 1; i <= 10; ++i)
        open->put("key", std::to_string(i));
    open->store->commit();
    open->told.wait_for(10);
    CHECK(open->store->counters().commits == 10);
}

TEST_CASE("an entry that no store could take fails alone") {
    const StoreFolder folder;
    {
        const auto open = open_store(folder);
        open->put("at the limit", std::string(store_value_max, 'x'));
        open->put("one past it", std::string(store_value_max + 1, 'x'));
        open->put(std::string(store_key_max, 'k'), "1");
        open->put(std::string(store_key_max + 1, 'k'), "1");
        const std::string half(store_commit_max / 2 - 1, 'x');
        open->store->put(++open->entry, {{"1", half}, {"2", half}, {"", std::nullopt}});
        open->store->put(++open->entry, {{"1", half}, {"2", half}, {"3", std::nullopt}});
        open->put("last", "1");
        open->store->commit();
        open->told.wait_for(7);
        const auto failures = open->told.failures();
        REQUIRE(failures.size() == 3);
        CHECK((failures[0].from == 2 && failures[0].upto == 2));
        CHECK_THAT(failures[0].why,
                   Catch::Contains("one past it has 11 bytes and its value 524289"));
        CHECK((failures[1].from == 4 && failures[1].upto == 4));
        CHECK((failures[2].from == 6 && failures[2].upto == 6));
        CHECK_THAT(failures[2].why, Catch::Contains("an entry of 1048577 bytes"));
    }
    CHECK(open_store(folder)->values.size() == 5);
}

TEST_CASE("a store that stops at the first failure never has a hole") {
    const StoreFolder folder;
    {
        DurableStoreOptions options = store_options(folder);
        options.after_failure = AfterFailure::stop;
        const auto open = open_store(options);
        open->write("a", "1");
        open->write("b", std::string(store_value_max + 1, 'x'));
        open->write("c", "1");
        CHECK(open->told.stored() == 1);
        CHECK(open->told.failures().size() == 2);
    }
    CHECK(open_store(folder)->values == Values{{"a", "1"}});
}

TEST_CASE("what was put and not committed is not kept") {
    const StoreFolder folder;
    {
        const auto open = open_store(folder);
        open->write("a", "1");
        open->put("b", "1");
    }
    CHECK(open_store(folder)->values == Values{{"a", "1"}});
}

TEST_CASE("each opening has a higher epoch") {
    const StoreFolder folder;
    CHECK(open_store(folder)->store->epoch() == 1);
    CHECK(open_store(folder)->store->epoch() == 2);
    DurableStoreOptions options = store_options(folder);
    options.epoch_min = 40;
    CHECK(open_store(options)->store->epoch() == 40);
    CHECK(open_store(options)->store->epoch() == 41);
}

TEST_CASE("a folder is held by one process, which the refusal names") {
    const StoreFolder folder;
    const auto open = open_store(folder);
    const auto second = DurableStore::open(store_options(folder));
    REQUIRE_FALSE(second.has_value());
    CHECK(second.error().code == RefusalCode::already_exists);
    CHECK(second.error().why == "process " + std::to_string(::getpid()) + " uses it");
}

TEST_CASE("an older writer is fenced by a newer one, should the lock not have helped") {
    const StoreFolder folder;
    const auto older = open_store(folder);
    older->write("a", "older");
    std::filesystem::remove(folder.file("lock"));
    const auto newer = open_store(folder);
    newer->write("b", "newer");
    older->write("a", "too late");
    newer->write("c", "newer");
    older->write("a", "too late again");
    const auto failures = older->told.failures();
    REQUIRE(failures.size() == 2);
    CHECK_THAT(failures[0].why, Catch::Contains("another writer has taken it over since epoch 1"));
    CHECK(failures[1].why == failures[0].why);
    CHECK(newer->told.stored() == 2);
    older->store.reset();
    newer->store.reset();
    CHECK(open_store(folder)->values == Values{{"a", "older"}, {"b", "newer"}, {"c", "newer"}});
}

TEST_CASE("the log does not grow for ever") {
    const StoreFolder folder;
    const auto open = open_store(folder);
    const std::string value(100'000, 'x');
    for (int i = 0; i < 200; ++i)
        open->write("key", value);
    CHECK(std::filesystem::file_size(folder.file("entries.db-wal")) < 8'000'000);
    CHECK(std::filesystem::file_size(folder.file("entries.db")) < 1'000'000);
}
