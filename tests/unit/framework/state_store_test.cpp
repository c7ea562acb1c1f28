// SPDX-License-Identifier: Apache-2.0
#include <offerkit/framework/state_store.hpp>

#include <catch2/catch.hpp>

#include <optional>
#include <string>
#include <vector>

using namespace offerkit;

TEST_CASE("a memory store finds what was put last") {
    MemoryStateStore store;
    CHECK(*store.find("a") == std::nullopt);
    REQUIRE(store.put("a", "1"));
    REQUIRE(store.put("b", Bytes{"\0x", 2}));
    REQUIRE(store.put("a", "2"));
    CHECK(*store.find("a") == Bytes{"2"});
    CHECK(*store.find("b") == Bytes{"\0x", 2});
    CHECK(store.keys() == std::vector<std::string>{"a", "b"});
    REQUIRE(store.erase("a"));
    REQUIRE(store.erase("a"));
    CHECK(*store.find("a") == std::nullopt);
}

TEST_CASE("a memory store refuses what a file store would") {
    MemoryStateStore store;
    for (const char* key : {"", ".a", "a/b", "a b"}) {
        const auto put = store.put(key, "x");
        REQUIRE(!put);
        CHECK(put.error().code == RefusalCode::invalid);
        CHECK(!store.find(key));
        CHECK(!store.erase(key));
    }
    CHECK(store.put(std::string(framework::state_key_max, 'k'), ""));
    CHECK(!store.put(std::string(framework::state_key_max + 1, 'k'), ""));
    CHECK(store.keys().size() == 1);
}
