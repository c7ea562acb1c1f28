// SPDX-License-Identifier: Apache-2.0
// How many writes a second become durable in a master's registry, and how long a full one takes
// to open.
//
//   registry [--writes 20000] [--in-flight 256] [--agents 10000] [--dir FOLDER]
//       writes_per_second: framework entries through the store on the disk of FOLDER (else of the
//       temporary folder), `in-flight` at once, in groups (and, a hundredth as many, each alone).
//       open_seconds: opening, checking and decoding a registry of `agents`.

#include <offerkit/record/registry_codec.hpp>
#include <offerkit/resources/text.hpp>
#include <offerkit/runtime/durable_store.hpp>

#include <support/daemons.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace offerkit;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
}

void print(const std::string& workload, const char* metric, double value, const char* unit) {
    std::printf(
        "{\"bench\":\"registry\",\"workload\":\"%s\",\"seed\":0,\"metric\":\"%s\","
        "\"value\":%.6g,\"unit\":\"%s\"}\n",
        workload.c_str(), metric, value, unit);
    std::fflush(stdout);
}

std::unique_ptr<runtime::DurableStore> open(const std::string& folder, bool group) {
    runtime::DurableStoreOptions options;
    options.folder = folder;
    options.group = group;
    auto opened = runtime::DurableStore::open(std::move(options));
    if (!opened) {
        std::fprintf(stderr, "registry: %s\n", format_refusal(opened.error()).c_str());
        std::exit(1);
    }
    return std::move(opened).value();
}

/// How far the store is, for a writer that keeps a number of entries on their way.
class Progress {
public:
    [[nodiscard]] runtime::StoreCompletions completions() {
        return {[this](std::uint64_t upto) {
                    const std::lock_guard held{mutex_};
                    stored_ = upto;
                    changed_.notify_all();
                },
                [](std::uint64_t, std::uint64_t, const std::string& why) {
                    std::fprintf(stderr, "registry: %s\n", why.c_str());
                    std::exit(1);
                }};
    }
    void wait_for(std::uint64_t entry) {
        std::unique_lock held{mutex_};
        changed_.wait(held, [&] { return stored_ >= entry; });
    }

private:
    std::mutex mutex_;
    std::condition_variable changed_;
    std::uint64_t stored_ = 0;
};

master::registry::Write framework_write(std::uint64_t number) {
    FrameworkInfo info;
    info.name = "framework of the benchmark";
    info.user = "nobody";
    info.roles = {Role::parse("batch/night").value()};
    info.failover_timeout = std::chrono::hours{1};
    info.principal = "bench";
    return master::registry::PutFramework{FrameworkId{1, 1 + number % 1000}, std::move(info)};
}

void measure_writes(const std::string& folder, bool group, std::uint64_t writes,
                    std::uint64_t in_flight) {
    const auto store = open(folder, group);
    Progress progress;
    store->start(progress.completions());
    const auto start = Clock::now();
    for (std::uint64_t entry = 1; entry <= writes; ++entry) {
        if (entry > in_flight) progress.wait_for(entry - in_flight);
        store->put(entry, record::changes_of(framework_write(entry)));
        store->commit();
    }
    progress.wait_for(writes);
    const double seconds = seconds_since(start);
    store->stop();
    const std::string workload =
        std::to_string(in_flight) + " in flight, " + (group ? "in groups" : "each alone");
    print(workload, "writes_per_second", static_cast<double>(writes) / seconds, "1/s");
    print(workload, "writes_per_commit",
          static_cast<double>(writes) / static_cast<double>(store->counters().commits), "1");
}

void measure_open(const std::string& folder, std::uint64_t agents) {
    {
        const auto store = open(folder, true);
        Progress progress;
        store->start(progress.completions());
        for (std::uint64_t number = 1; number <= agents; ++number) {
            AgentInfo info;
            info.hostname = "agent-" + std::to_string(number) + ".example";
            info.resources = parse_resources("cpus:64;mem:262144;ports:[31000-32000]").value();
            store->put(number, record::changes_of(master::registry::AdmitAgent{AgentId{1, number},
                                                                               std::move(info)}));
        }
        store->commit();
        progress.wait_for(agents);
    }
    const auto start = Clock::now();
    const auto store = open(folder, true);
    const auto contents = record::registry_of(store->take_values());
    const double seconds = seconds_since(start);
    if (!contents || contents->agents.size() != agents) {
        std::fprintf(stderr, "registry: %s\n",
                     contents ? "agents are missing" : format_refusal(contents.error()).c_str());
        std::exit(1);
    }
    print(std::to_string(agents) + " agents", "open_seconds", seconds, "s");
}

}  // namespace

int main(int argc, char** argv) {
    std::uint64_t writes = 20'000;
    std::uint64_t in_flight = 256;
    std::uint64_t agents = 10'000;
    std::string dir;
    for (int i = 1; i + 1 < argc; i += 2) {
        const std::string_view flag = argv[i];
        if (flag == "--writes") writes = std::strtoull(argv[i + 1], nullptr, 10);
        if (flag == "--in-flight") in_flight = std::strtoull(argv[i + 1], nullptr, 10);
        if (flag == "--agents") agents = std::strtoull(argv[i + 1], nullptr, 10);
        if (flag == "--dir") dir = argv[i + 1];
    }
    if (!dir.empty()) ::setenv("TMPDIR", dir.c_str(), 1);
    const offerkit::testing::TemporaryFolder folder;
    measure_writes(folder.file("groups"), true, writes, in_flight);
    measure_writes(folder.file("alone"), false, writes / 100, in_flight);
    measure_open(folder.file("full"), agents);
    return 0;
}
