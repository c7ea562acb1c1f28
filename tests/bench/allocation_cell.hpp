// SPDX-License-Identifier: Apache-2.0
#pragma once

/// One size of cluster for the benchmark of allocation: agents and frameworks around one allocator,
/// taken through everything that Mesos' own benchmarks do with theirs. Each cell runs in a process
/// of its own, so that its peak of memory is its own.

#include <offerkit/allocation/policies.hpp>
#include <offerkit/model/offer.hpp>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::bench {

using namespace offerkit::literals;
using namespace std::chrono_literals;

struct CellOptions {
    std::uint32_t agents = 10'000;
    std::uint32_t frameworks = 1'000;
    std::string sorter = "drf";
    bool one_role = false;
    bool quota = false;
    double filters = 0;  // Share of the agents that each framework has declined for ever.
    int rounds = 9;
};

inline double cpu_seconds() {
    timespec now{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

inline double peak_rss_mb() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return static_cast<double>(usage.ru_maxrss) / 1024;
}

/// Runs `body` in a process of its own. Ends this one if that failed.
inline void in_own_process(const std::function<void()>& body) {
    std::cout.flush();
    const pid_t child = fork();
    if (child == 0) {
        body();
        std::cout.flush();
        std::_Exit(0);
    }
    int status = 0;
    if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
        std::cerr << "allocation: a measurement failed with status " << status << '\n';
        std::exit(1);
    }
}

/// What was measured several times: half of them and all but one in a hundred took no longer.
struct Spread {
    double p50 = 0;
    double p99 = 0;
    std::size_t samples = 0;

    static Spread of(std::vector<double> seconds) {
        std::ranges::sort(seconds);
        const std::size_t last = seconds.size() - 1;
        return {seconds[last / 2], seconds[(last * 99 + 50) / 100], seconds.size()};
    }
};

class Reporter {
public:
    explicit Reporter(std::string workload) : workload_(std::move(workload)) {}

    void operator()(std::string_view metric, double value, std::string_view unit) const {
        print(metric, value, unit, {});
    }
    void operator()(std::string_view metric, const Spread& spread) const {
        print(metric, spread.p50, "s", {{"p99", spread.p99}, {"samples", spread.samples}});
    }

private:
    void print(std::string_view metric, double value, std::string_view unit,
               const nlohmann::json& more) const {
        nlohmann::json line{{"bench", "allocation"}, {"workload", workload_}, {"seed", 1},
                            {"metric", metric},      {"value", value},        {"unit", unit}};
        if (!more.is_null()) line.update(more);
        std::cout << line << '\n';
    }

    std::string workload_;
};

/// The resources that Mesos' benchmarks give to an agent.
inline Resources agent_resources() {
    return (24_cpus + 4_GiB + 4_GiB_disk).with_ports({{31000, 32000}});
}

inline Role role_of(const std::string& path) { return Role::parse(path).value(); }

/// An allocator with what a master keeps beside it, told by events alone.
class Cell {
public:
    explicit Cell(std::string_view policy) : allocator_(make_allocator(policy).value()) {}

    [[nodiscard]] Allocator& allocator() { return *allocator_; }
    [[nodiscard]] const CycleOutcome& outcome() const { return outcome_; }

    void say(const AllocatorEvent& event) { allocator_->on(event, now); }

    void put_agent(std::uint32_t agent, const Resources& total) {
        say(allocator_event::AgentPut{{agent}, {1, agent + 1}, total});
    }
    void put_framework(std::uint32_t framework, const Role& role) {
        roles_.push_back(role);
        say(allocator_event::ClaimantPut{{framework}, {1, framework + 1}, role, {}});
    }
    void put_active(std::uint32_t framework, bool active) {
        say(allocator_event::ClaimantActive{{framework}, active, NoOfferReason::suppressed});
    }

    /// Runs one cycle, and nothing else: this is what is measured.
    void run() { allocator_->run(now, outcome_); }

    /// Keeps what the last cycle granted, as a master does.
    void keep() {
        if (!outcome_.faults.empty()) {
            std::cerr << "allocation: " << outcome_.faults.front() << '\n';
            std::exit(1);
        }
        std::ranges::move(outcome_.grants, std::back_inserter(held_));
        outcome_.grants.clear();
    }
    void run_all() {
        do {
            run();
            keep();
        } while (allocator_->is_dirty(now));
    }

    [[nodiscard]] std::vector<Grant>& held() { return held_; }

    void give_back(const Grant& grant) {
        say(allocator_event::Recovered{grant.claimant, grant.agent, grant.resources});
    }
    void give_all_back() {
        keep();
        for (const Grant& grant : held_)
            give_back(grant);
        held_.clear();
    }
    void decline_all(Instant until) {
        keep();
        for (const Grant& grant : held_) {
            give_back(grant);
            say(allocator_event::Refused{grant.claimant, grant.agent, grant.resources, until});
        }
        held_.clear();
    }

    /// What a master makes of the grants of the last cycle.
    [[nodiscard]] std::size_t build_offers() {
        offers_.clear();
        for (const Grant& grant : outcome_.grants) {
            Offer& offer = offers_.emplace_back();
            offer.id = {1, ++offers_made_};
            offer.framework = {1, grant.claimant.value + 1};
            offer.agent = {1, grant.agent.value + 1};
            offer.role = roles_[grant.claimant.value];
            offer.hostname = "agent" + std::to_string(grant.agent.value);
            offer.resources = grant.resources;
        }
        return offers_.size();
    }

    Instant now = Instant{} + 1s;

private:
    std::unique_ptr<Allocator> allocator_;
    CycleOutcome outcome_;
    std::vector<Grant> held_;
    std::vector<Role> roles_;
    std::vector<Offer> offers_;
    std::uint64_t offers_made_ = 0;
};

/// Measures `body` up to `rounds` times, as long as that takes less than about two seconds.
inline Spread measure(int rounds, const std::function<void()>& prepare,
                      const std::function<void()>& body) {
    std::vector<double> seconds;
    double spent = 0;
    for (int i = 0; i < rounds && (i < 1 || spent < 2); ++i) {
        prepare();
        const double begin = cpu_seconds();
        body();
        seconds.push_back(cpu_seconds() - begin);
        spent += seconds.back();
    }
    return Spread::of(std::move(seconds));
}

inline double seconds_of(const std::function<void()>& body) {
    const double begin = cpu_seconds();
    body();
    return cpu_seconds() - begin;
}

/// The least that dominant resource fairness does for each agent, whoever writes it: take the
/// framework of the least share from a heap, add what the agent has, put it back at its new share.
/// Nothing is checked, booked or told.
class BareLoop {
public:
    BareLoop(std::uint32_t agents, std::uint32_t frameworks)
        : agents_(agents, agent_resources().amounts()), frameworks_(frameworks) {
        for (const Amounts& agent : agents_)
            total_ += agent;
    }

    void run() {
        held_.assign(frameworks_, Amounts{});
        heap_.clear();
        for (std::uint32_t i = 0; i < frameworks_; ++i)
            heap_.push_back({Share{}, i});
        for (const Amounts& agent : agents_) {
            Entry least = heap_.front();
            held_[least.framework] += agent;
            least.share = dominant_share(held_[least.framework], total_);
            sink(least);
        }
    }

private:
    struct Entry {
        Share share;
        std::uint32_t framework;

        friend bool operator<(const Entry& a, const Entry& b) {
            const auto shares = a.share <=> b.share;
            return shares != 0 ? shares < 0 : a.framework < b.framework;
        }
    };

    void sink(const Entry& entry) {
        std::size_t at = 0;
        for (std::size_t child = 1; child < heap_.size(); child = 2 * at + 1) {
            if (child + 1 < heap_.size() && heap_[child + 1] < heap_[child]) ++child;
            if (!(heap_[child] < entry)) break;
            heap_[at] = heap_[child];
            at = child;
        }
        heap_[at] = entry;
    }

    std::vector<Amounts> agents_;
    std::vector<Amounts> held_;
    std::vector<Entry> heap_;
    Amounts total_;
    std::uint32_t frameworks_;
};

}  // namespace offerkit::bench
