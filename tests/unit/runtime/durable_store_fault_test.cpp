// SPDX-License-Identifier: Apache-2.0
#include "failing_files.hpp"
#include "store_fixture.hpp"

#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstring>

using namespace offerkit;
using namespace offerkit::runtime;
using namespace offerkit::testing;

using Values = std::map<std::string, std::string>;
using Fault = FailingFiles::Fault;

namespace {

DurableStoreOptions failing_options(const StoreFolder& folder) {
    FailingFiles::install();
    DurableStoreOptions options = store_options(folder);
    options.vfs = FailingFiles::name;
    return options;
}

/// Writes through a fault that begins at each place in turn, and keeps account of what was told.
/// Returns how many of the places were reached.
int write_through(Fault fault, bool heal_before_next) {
    int reached = 0;
    for (int place = 0; place < 12; ++place) {
        const StoreFolder folder;
        Values expected;
        {
            const auto open = open_store(failing_options(folder));
            const auto write = [&](const std::string& key, std::optional<std::string> value) {
                open->write(key, value);
                if (open->told.stored() != open->entry) return false;
                if (value) {
                    expected[key] = *value;
                } else {
                    expected.erase(key);
                }
                return true;
            };
            REQUIRE(write("kept", "1"));
            REQUIRE(write("erased", "1"));
            REQUIRE(write("changed", "1"));
            FailingFiles::fail(fault, place);
            write("changed", std::string(20'000, '2'));
            write("erased", std::nullopt);
            write("new", "2");
            if (heal_before_next) FailingFiles::heal();
            write("later", "3");
            FailingFiles::heal();
            if (FailingFiles::has_failed()) {
                ++reached;
                CHECK_FALSE(open->told.failures().empty());
            }
            CHECK(write("healed", "4"));
        }
        INFO("the fault began after " << place << " writes and syncs");
        CHECK(open_store(folder)->values == expected);
    }
    return reached;
}

}  // namespace

TEST_CASE("a full disk refuses writes and loses nothing, wherever it begins") {
    CHECK(write_through(Fault::full, false) == 12);
    CHECK(write_through(Fault::full, true) == 12);
}

TEST_CASE("a write that fails is never there, wherever it fails") {
    CHECK(write_through(Fault::write_error, false) == 12);
    CHECK(write_through(Fault::write_error, true) == 12);
}

TEST_CASE("a commit whose sync fails is taken back, although it is on the disk") {
    CHECK(write_through(Fault::sync_error, false) >= 3);
    CHECK(write_through(Fault::sync_error, true) >= 3);
}

TEST_CASE("the text of a full disk says what to do") {
    const StoreFolder folder;
    const auto open = open_store(failing_options(folder));
    FailingFiles::fail(Fault::full, 0);
    open->put("a", "1");
    open->put("b", "1");
    open->store->commit();
    open->told.wait_for(2);
    FailingFiles::heal();
    const auto failures = open->told.failures();
    REQUIRE_FALSE(failures.empty());
    CHECK(failures.back().upto == 2);
    CHECK_THAT(failures.front().why, Catch::Contains("the disk, or the size that was allowed, is "
                                                     "full; make space"));
}

TEST_CASE("a store of limited size takes writes again once something is erased") {
    const StoreFolder folder;
    DurableStoreOptions options = store_options(folder);
    options.size_max = 200'000;
    const auto open = open_store(options);
    const std::string value(10'000, 'x');
    int stored = 0;
    while (open->told.failures().empty()) {
        open->write("key " + std::to_string(++stored), value);
        REQUIRE(stored < 30);
    }
    CHECK(stored > 10);
    open->write("key 1", std::nullopt);
    CHECK(open->told.stored() == open->entry);
    open->write("last", value);
    CHECK(open->told.stored() == open->entry);
    CHECK(open->told.failures().size() == 1);
}

TEST_CASE("a file that may not grow refuses writes, and takes them again") {
    const StoreFolder folder;
    Values expected;
    {
        const auto open = open_store(folder);
        const auto before = ::signal(SIGXFSZ, SIG_IGN);
        rlimit limit = {};
        REQUIRE(::getrlimit(RLIMIT_FSIZE, &limit) == 0);
        rlimit small = limit;
        small.rlim_cur = 100'000;
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
        for (int i = 0; i < 20; ++i) {
            const std::string key = "key " + std::to_string(i);
            open->write(key, std::string(10'000, 'x'));
            if (open->told.stored() == open->entry) expected[key] = std::string(10'000, 'x');
        }
        REQUIRE(::setrlimit(RLIMIT_FSIZE, &limit) == 0);
        ::signal(SIGXFSZ, before);
        CHECK_FALSE(open->told.failures().empty());
        CHECK(expected.size() < 20);
        open->write("later", "1");
        CHECK(open->told.stored() == open->entry);
        expected["later"] = "1";
    }
    CHECK(open_store(folder)->values == expected);
}

namespace {

/// Writes entry after entry, several of them at once, and says on `out` how far they are stored.
[[noreturn]] void write_until_killed(const std::string& path, int out) {
    DurableStoreOptions options;
    options.folder = path;
    auto opened = DurableStore::open(options);
    if (!opened) ::_exit(1);
    std::uint64_t number = opened.value()->take_values().size();
    DurableStore& store = **opened;
    const std::uint64_t base = number;
    store.start({[out, base](std::uint64_t upto) {
                     const std::uint64_t stored = base + upto;
                     (void)!::write(out, &stored, sizeof stored);
                 },
                 [](std::uint64_t, std::uint64_t, const std::string&) { ::_exit(2); }});
    for (std::uint64_t entry = 1;; ++entry) {
        char key[24];
        std::snprintf(key, sizeof key, "%020llu", static_cast<unsigned long long>(base + entry));
        store.put(entry, {{key, std::string(100 + entry % 300, 'x')}});
        store.commit();
        if (entry % 16 == 0) ::usleep(1000);
    }
}

/// Opens the store in a process that is killed after so many writes and syncs. False: it was not.
bool open_and_be_killed(const StoreFolder& folder, int after) {
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        DurableStoreOptions options = failing_options(folder);
        FailingFiles::fail(Fault::killed, after);
        const auto opened = DurableStore::open(std::move(options));
        FailingFiles::heal();
        ::_exit(opened ? 0 : 1);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    CHECK((WIFSIGNALED(status) || WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

}  // namespace

TEST_CASE("a store opens however often an opening was killed before, and wherever") {
    int reached = 0;
    for (int first = 0; first < 8; ++first) {
        for (int second = 0; second < 8; ++second) {
            const StoreFolder folder;
            open_store(folder)->write("kept", "1");
            INFO("killed after " << first << " writes and syncs, then after " << second);
            const bool both = open_and_be_killed(folder, first);
            reached += open_and_be_killed(folder, second) && both ? 1 : 0;
            CHECK(open_store(folder)->values == Values{{"kept", "1"}});
        }
    }
    CHECK(reached >= 16);
}

TEST_CASE("every entry that was told as stored outlives kill -9, and none before it is missing") {
    const StoreFolder folder;
    std::uint64_t told = 0;
    for (int round = 0; round < 12; ++round) {
        std::array<int, 2> pipe{};
        REQUIRE(::pipe(pipe.data()) == 0);
        const pid_t child = ::fork();
        REQUIRE(child >= 0);
        if (child == 0) {
            ::close(pipe[0]);
            write_until_killed(folder.path, pipe[1]);
        }
        ::close(pipe[1]);
        // Another number of completions each round; the rest of what it says is read after.
        std::uint64_t stored = 0;
        for (int i = 0; i < 1 + 5 * round; ++i)
            REQUIRE(::read(pipe[0], &stored, sizeof stored) == sizeof stored);
        ::kill(child, SIGKILL);
        int status = 0;
        ::waitpid(child, &status, 0);
        REQUIRE(WIFSIGNALED(status));
        while (::read(pipe[0], &stored, sizeof stored) == sizeof stored)
            told = stored;
        ::close(pipe[0]);
        told = std::max(told, stored);

        const auto open = open_store(folder);
        INFO("round " << round);
        REQUIRE(open->values.size() >= told);
        std::uint64_t expected = 0;
        std::uint64_t holes = 0;
        for (const auto& [key, value] : open->values)
            holes += std::stoull(key) != ++expected ? 1 : 0;
        REQUIRE(holes == 0);
    }
    CHECK(told > 100);
}
