// SPDX-License-Identifier: Apache-2.0
#include <support/temporary_folder.hpp>

#include <catch2/catch.hpp>

#include <offerkit/allocation/policies.hpp>
#include <offerkit/record/build_id.hpp>
#include <offerkit/record/replay.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/recorder.hpp>
#include <offerkit/runtime/work_dir.hpp>

#include <stdlib.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <mutex>

using namespace offerkit;
using namespace offerkit::runtime;
using offerkit::testing::TemporaryFolder;

namespace {

/// A master that is told of agents, one after the other, and recorded meanwhile.
class Recorded {
public:
    explicit Recorded(RecordOptions options, std::uint64_t run = 1, Log log = {})
        : master_({.epoch = run}, make_allocator("drf").value()) {
        record::LogHeader header;
        header.build = record::build_text();
        header.policy = "drf";
        record::encode(master_.options(), header.options);
        auto started =
            Recorder::start(options, "master", run, std::move(header), master_, std::move(log));
        REQUIRE(started);
        recorder_ = std::move(*started);
    }

    void add_agent() {
        const PeerId peer{1, ++peers_};
        protocol::RegisterAgent message;
        message.info.hostname = "host-" + std::to_string(peers_);
        message.info.resources = parse_resources("cpus:4;mem:1024").value();
        std::vector<master::Event> events;
        events.emplace_back(master::PeerOpened{peer, protocol::PeerKind::agent, "agent"});
        events.emplace_back(master::AgentSaid{peer, std::move(message)});
        step(std::move(events));
        events.clear();
        events.emplace_back(master::Stored{peers_});
        step(std::move(events));
    }

    void finish() { recorder_.finish(master_); }

    void step(std::vector<master::Event> events, Duration after = std::chrono::milliseconds{1}) {
        now_ = now_ + after;
        const Batch<master::Event> batch{now_, WallTime{}, events};
        effects_.clear();
        recorder_.begin(batch);
        const Instant wake = master_.step(batch, effects_);
        recorder_.end(master_, effects_, wake);
    }

private:
    master::Master master_;
    master::Effects effects_;
    Recorder recorder_;
    Instant now_;
    std::uint64_t peers_ = 0;
};

std::vector<std::string> files_in(const std::string& folder) {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator{folder})
        names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
}

std::string bytes_of(const std::string& path) {
    auto bytes = read_file(path, 100 * 1024 * 1024);
    REQUIRE(bytes);
    return *bytes;
}

}  // namespace

TEST_CASE("a record goes on in files that replay alone, and the oldest are removed") {
    const TemporaryFolder folder;
    const std::string other = folder.path() + "/agent-1-000001.log";
    std::ofstream{other} << "not ours";
    std::ofstream{folder.path() + "/master-1-notes.log"} << "nor this";
    {
        Recorded recorded{{.folder = folder.path(), .file_bytes = 4096, .files = 3}};
        for (int agent = 0; agent < 200; ++agent)
            recorded.add_agent();
        recorded.finish();
    }
    std::vector<std::string> names = files_in(folder.path());
    REQUIRE(names.size() == 5);
    CHECK(names.front() == "agent-1-000001.log");
    CHECK(names.back() == "master-1-notes.log");
    const auto last = names.end() - 1;
    std::uint64_t agents_before = 0;
    for (auto name = names.begin() + 1; name != last; ++name) {
        INFO(*name);
        const std::string log = bytes_of(folder.path() + "/" + *name);
        record::ReplayOptions options;
        options.build = record::build_text();
        auto replayer = record::Replayer::open(log, options);
        REQUIRE(replayer);
        // Each goes on where the one before it ended.
        const auto agents = replayer->state().tables.at(0).rows.size();
        CHECK((agents_before == 0 || agents == agents_before));
        while (true) {
            const auto more = replayer->next();
            REQUIRE(more);
            if (!*more) break;
        }
        CHECK_FALSE(replayer->so_far().difference);
        CHECK_FALSE(replayer->so_far().cut_off);
        CHECK(replayer->so_far().state_compared);
        CHECK(replayer->so_far().steps_in_full < replayer->so_far().steps);
        agents_before = replayer->state().tables.at(0).rows.size();
    }
    CHECK(agents_before == 200);
}

TEST_CASE("files of an earlier run count among those that are kept") {
    const TemporaryFolder folder;
    for (std::uint64_t run = 9; run <= 11; ++run)
        Recorded{{.folder = folder.path(), .file_bytes = 1 << 20, .files = 2}, run}.add_agent();
    CHECK(files_in(folder.path()) ==
          std::vector<std::string>{"master-10-000001.log", "master-11-000001.log"});
}

TEST_CASE("a record that is there already is not written over") {
    const TemporaryFolder folder;
    for (int start = 0; start < 3; ++start)
        Recorded{{.folder = folder.path()}}.add_agent();
    CHECK(files_in(folder.path()) == std::vector<std::string>{"master-1-000001.log",
                                                              "master-1-000002.log",
                                                              "master-1-000003.log"});
}

TEST_CASE("a record that cannot be written is reported, and goes on in another file") {
    const TemporaryFolder folder;
    const std::string next = folder.path() + "/master-1-000002.log";
    std::vector<std::string> said;
    std::mutex mutex;
    {
        std::ofstream{next} << "somebody else's";
        Recorded recorded{{.folder = folder.path(), .file_bytes = 4096, .files = 9},
                          1,
                          [&](LogLevel, const std::string& line) {
                              const std::lock_guard lock{mutex};
                              said.push_back(line);
                          }};
        const auto is_reported = [&] {
            const std::lock_guard lock{mutex};
            return !said.empty();
        };
        for (int i = 0; i < 100'000 && !is_reported(); ++i)
            recorded.add_agent();
        REQUIRE(is_reported());
        recorded.step({});  // Learns of it.
        recorded.step({}, std::chrono::minutes{1});
        recorded.add_agent();
    }
    CHECK(said.size() == 1);
    CHECK(said.front().find("master-1-000002.log ends here") != std::string::npos);
    const auto replayed = record::replay(bytes_of(folder.path() + "/master-1-000003.log"));
    REQUIRE(replayed);
    CHECK_FALSE(replayed->difference);
    CHECK(replayed->steps >= 2);
}
