// SPDX-License-Identifier: Apache-2.0
#include <offerkit/runtime/cluster_access.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

using namespace offerkit;
using namespace offerkit::runtime;
using offerkit::testing::TemporaryFolder;

TEST_CASE("a number in a file rises with every start") {
    const TemporaryFolder folder;
    const std::string path = folder.file("epoch");
    for (std::uint64_t expected = 1; expected <= 3; ++expected) {
        const auto number = raise_number(path);
        REQUIRE(number.has_value());
        CHECK(*number == expected);
    }
    for (const char* text : {"", "x", "3x", "-1", " 3", "99999999999999999999999"}) {
        INFO(text);
        REQUIRE(write_file(path, text).has_value());
        const auto number = raise_number(path);
        REQUIRE_FALSE(number.has_value());
        CHECK(number.error().code == RefusalCode::malformed);
    }
}

TEST_CASE("a file is replaced whole, and leaves nothing beside it") {
    const TemporaryFolder folder;
    REQUIRE(write_file(folder.file("a"), "old and long").has_value());
    REQUIRE(write_file(folder.file("a"), "new").has_value());
    CHECK(*read_file(folder.file("a"), 100) == "new");
    CHECK(read_file(folder.file("a"), 2).error().code == RefusalCode::too_large);
    CHECK(read_file(folder.file("b"), 2).error().code == RefusalCode::not_found);
    CHECK_FALSE(write_file(folder.file("no/such/folder"), "x").has_value());
    CHECK(std::distance(std::filesystem::directory_iterator{folder.path()}, {}) == 1);
}

TEST_CASE("a work folder has one holder") {
    const TemporaryFolder folder;
    {
        const auto first = WorkDir::open(folder.file("work"));
        REQUIRE(first.has_value());
        const auto second = WorkDir::open(folder.file("work"));
        REQUIRE_FALSE(second.has_value());
        CHECK(second.error().code == RefusalCode::already_exists);
        struct stat status = {};
        REQUIRE(::stat(first->path().c_str(), &status) == 0);
        CHECK((status.st_mode & 0777U) == 0700U);
    }
    CHECK(WorkDir::open(folder.file("work")).has_value());
}

TEST_CASE("a token file is its owner's alone, and holds one token") {
    const TemporaryFolder folder;
    const std::string path = folder.file("token");
    const auto token = make_token();
    REQUIRE(token.has_value());
    CHECK(token->size() == 64);
    REQUIRE(write_file(path, *token + "\n").has_value());
    CHECK(*read_token_file(path) == *token);
    REQUIRE(::chmod(path.c_str(), 0640) == 0);
    CHECK(read_token_file(path).error().code == RefusalCode::forbidden);
    for (const char* text : {"", "\n", "two words", "two\nlines"}) {
        REQUIRE(write_file(path, text).has_value());
        CHECK(read_token_file(path).error().code == RefusalCode::malformed);
    }
    REQUIRE(write_file(path, std::string(600, 'x')).has_value());
    CHECK_FALSE(read_token_file(path).has_value());
}

TEST_CASE("the cluster is found by what is given, the environment, then the dev file") {
    const TemporaryFolder folder;
    ::setenv("XDG_RUNTIME_DIR", folder.path().c_str(), 1);
    ::unsetenv("OFFERKIT_MASTER");
    ::unsetenv("OFFERKIT_HTTP");
    ::unsetenv("OFFERKIT_TOKEN");
    ::unsetenv("OFFERKIT_TOKEN_FILE");
    CHECK(find_cluster({}).error().code == RefusalCode::not_found);

    std::filesystem::create_directory(folder.file("offerkit"));
    const ClusterAccess dev{"127.0.0.1:7000", "http://127.0.0.1:7001", "dev-token"};
    REQUIRE(write_file(dev_file_path(), format_dev_file(dev)).has_value());
    auto found = find_cluster({});
    REQUIRE(found.has_value());
    CHECK(found->master == dev.master);
    CHECK(found->token == dev.token);

    SECTION("its token is not given to another cluster") {
        found = find_cluster({"192.0.2.1:7000", "", ""});
        REQUIRE(found.has_value());
        CHECK(found->token.empty());
    }
    SECTION("the environment comes first") {
        ::setenv("OFFERKIT_MASTER", "127.0.0.1:8000", 1);
        ::setenv("OFFERKIT_TOKEN", "mine", 1);
        found = find_cluster({});
        REQUIRE(found.has_value());
        CHECK(found->master == "127.0.0.1:8000");
        CHECK(found->token == "mine");
        ::unsetenv("OFFERKIT_MASTER");
        ::unsetenv("OFFERKIT_TOKEN");
    }
    SECTION("a dev file that others can read is not trusted") {
        REQUIRE(::chmod(dev_file_path().c_str(), 0644) == 0);
        CHECK(find_cluster({}).error().code == RefusalCode::forbidden);
    }
    SECTION("a dev file that is no such thing is refused") {
        REQUIRE(write_file(dev_file_path(), "{\"master\": 3}").has_value());
        CHECK(find_cluster({}).error().code == RefusalCode::malformed);
    }
    ::unsetenv("XDG_RUNTIME_DIR");
}
