// SPDX-License-Identifier: Apache-2.0

// What allocation costs, with the sizes and the workload of Mesos' own allocator benchmarks: each
// agent has cpus:24;mem:4096;disk:4096;ports:[31000-32000]. Next to it a bare heap loop, which does
// nothing but pick the least share and raise it. CPU seconds of this process, so that other work on
// the machine matters little.
//
//     scripts/bench allocation [--agents A] [--frameworks F] [--sorter drf|random] [--one-role]
//                              [--quota] [--filters SHARE] [--rounds N] [--matrix]
//
// One cell of A agents and F frameworks, then the special cases (`allocation_cases.hpp`), whose
// sizes are fixed. SHARE: each framework has declined that share of the agents for ever, 0 to 1.
// --matrix: every cell of Mesos' matrix instead, with both sorters, one role each and all in one.

#include "allocation_cases.hpp"
#include "allocation_cell.hpp"

#include <charconv>
#include <cmath>
#include <optional>

namespace offerkit::bench {
namespace {

class Measured {
public:
    explicit Measured(const CellOptions& options)
        : options_(options), cell_(options.sorter), report_(describe(options)) {}

    void measure() {
        set_up();
        full_cycles();
        declines();
        install_filters();
        if (options_.filters > 0) filtered_cycles();
        unchanged();
        one_agent_changed();
    }

private:
    static std::string describe(const CellOptions& options) {
        std::string text = std::to_string(options.agents) + "x" +
                           std::to_string(options.frameworks) + " " + options.sorter +
                           (options.one_role ? ", all in one role" : ", one role each");
        if (options.quota) text += ", quota";
        if (options.filters > 0) {
            text += ", filters on " + nlohmann::json(options.filters).dump() + " of the agents";
        }
        return text;
    }

    void set_up() {
        const Resources total = agent_resources();
        report_("add_agents_cpu_seconds", seconds_of([&] {
                    for (std::uint32_t i = 0; i < options_.agents; ++i)
                        cell_.put_agent(i, total);
                }),
                "s");
        std::vector<Role> roles;
        for (std::uint32_t i = 0; i < options_.frameworks; ++i) {
            roles.push_back(role_of(options_.one_role ? "one" : "role" + std::to_string(i)));
        }
        report_("add_frameworks_cpu_seconds", seconds_of([&] {
                    for (std::uint32_t i = 0; i < options_.frameworks; ++i)
                        cell_.put_framework(i, roles[i]);
                }),
                "s");
        if (options_.quota) {
            report_("put_quota_cpu_seconds", seconds_of([&] { put_quota(roles); }), "s");
        }
    }

    // Half of an equal share is guaranteed, and twice of one is the limit.
    void put_quota(const std::vector<Role>& roles) {
        const std::int64_t owners = options_.one_role ? 1 : std::int64_t{options_.frameworks};
        for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(owners); ++i) {
            RoleConfig config{roles[i], 1000, {}};
            Amounts guarantee;
            for (const std::size_t slot : essential_slots) {
                const std::int64_t share =
                    agent_resources().amounts()[slot] * options_.agents / owners;
                guarantee.set(slot, share / 2);
                config.quota.limits.emplace_back(slot == *slot_of<Cpus> ? "cpus" : "mem",
                                                 share * 2);
            }
            config.quota.guarantee = Resources{guarantee};
            cell_.say(allocator_event::RolePut{config});
        }
    }

    void full_cycles() {
        const auto run = [this] { cell_.run(); };
        const auto give_back = [this] { cell_.give_all_back(); };
        report_("first_cycle_cpu_seconds", seconds_of(run), "s");
        report_("grants", static_cast<double>(cell_.outcome().grants.size()), "count");
        std::vector<double> full;
        std::vector<double> bare;
        // One after the other, so that whatever else the machine does befalls both alike.
        BareLoop loop{options_.agents, options_.frameworks};
        for (int i = 0; i < options_.rounds; ++i) {
            give_back();
            full.push_back(seconds_of(run));
            bare.push_back(seconds_of([&] { loop.run(); }));
        }
        if (options_.filters == 0) report_("full_cycle_cpu_seconds", Spread::of(full));
        if (options_.filters > 0) report_("full_cycle_unfiltered_cpu_seconds", Spread::of(full));
        report_("bare_loop_cpu_seconds", Spread::of(bare));
        report_("full_cycle_with_offers_cpu_seconds",
                bench::measure(options_.rounds, give_back, [this] {
                    cell_.run();
                    if (cell_.build_offers() == 0) std::abort();
                }));
        report_("peak_rss_mb", peak_rss_mb(), "MB");
    }

    void declines() {
        cell_.give_all_back();
        cell_.run_all();
        const Instant until = cell_.now + 5s;
        report_("decline_all_cpu_seconds", seconds_of([&] { cell_.decline_all(until); }), "s");
        report_("next_cycle_cpu_seconds", seconds_of([this] { cell_.run(); }), "s");
        cell_.keep();
        cell_.now = until;
        report_("filters_expire_cpu_seconds", seconds_of([this] { cell_.run(); }), "s");
        cell_.give_all_back();
        cell_.run_all();
    }

    // Each framework has declined its share of the agents, scattered evenly.
    void install_filters() {
        if (options_.filters <= 0) return;
        const double before = peak_rss_mb();
        AllocatorEvent event =
            allocator_event::Refused{{0}, {0}, agent_resources(), Instant::never()};
        auto& refused = std::get<allocator_event::Refused>(event);
        std::uint64_t filters = 0;
        const double seconds = seconds_of([&] {
            for (std::uint32_t framework = 0; framework < options_.frameworks; ++framework) {
                // A step of the golden ratio: as even as it is without a pattern.
                double at = std::fmod(framework * 0.7548776662466927, 1.0);
                refused.claimant = {framework};
                for (std::uint32_t agent = 0; agent < options_.agents; ++agent) {
                    at += 0.6180339887498949;
                    if (at >= 1) at -= 1;
                    if (at >= options_.filters) continue;
                    refused.agent = {agent};
                    cell_.say(event);
                    ++filters;
                }
            }
        });
        report_("filters", static_cast<double>(filters), "count");
        report_("install_filters_cpu_seconds", seconds, "s");
        const double after = peak_rss_mb();
        report_("peak_rss_with_filters_mb", after, "MB");
        report_("filter_bytes", (after - before) * 1024 * 1024 / static_cast<double>(filters),
                "bytes");
    }

    void filtered_cycles() {
        report_("full_cycle_cpu_seconds",
                bench::measure(
                    options_.rounds, [this] { cell_.give_all_back(); }, [this] { cell_.run(); }));
        report_("grants_filtered", static_cast<double>(cell_.outcome().grants.size()), "count");
        cell_.keep();
        cell_.run_all();
    }

    void unchanged() {
        std::uint64_t cycles = 0;
        const double seconds = seconds_of([&] {
            for (int i = 0; i < 1000; ++i) {
                cell_.now = cell_.now + 1s;
                if (!cell_.allocator().is_dirty(cell_.now)) continue;
                ++cycles;
                cell_.run();
            }
        });
        report_("idle_cycles", static_cast<double>(cycles), "count");
        report_("idle_check_cpu_seconds", seconds / 1000, "s");
    }

    // What an offer gives back, each time another; where everybody has declined every agent, one
    // that registers again, which nobody may have.
    void one_agent_changed() {
        std::uint32_t next = 0;
        const auto change = [&] {
            cell_.keep();
            next += 7919;
            if (cell_.held().empty()) {
                return cell_.put_agent(next % options_.agents, agent_resources());
            }
            std::swap(cell_.held()[next % cell_.held().size()], cell_.held().back());
            cell_.give_back(cell_.held().back());
            cell_.held().pop_back();
        };
        report_("one_agent_changed_cpu_seconds",
                bench::measure(1001, change, [this] { cell_.run(); }));
    }

    CellOptions options_;
    Cell cell_;
    Reporter report_;
};

void measure_matrix(CellOptions options) {
    for (const std::uint32_t agents : {1'000U, 5'000U, 10'000U, 20'000U, 50'000U}) {
        for (const std::uint32_t frameworks : {1U, 50U, 200U, 1'000U, 3'000U, 6'000U}) {
            for (const char* const sorter : {"drf", "random"}) {
                for (const bool one_role : {false, true}) {
                    options.agents = agents;
                    options.frameworks = frameworks;
                    options.sorter = sorter;
                    options.one_role = one_role;
                    in_own_process([&] { Measured{options}.measure(); });
                }
            }
        }
    }
}

template <class T>
std::optional<T> number(std::string_view text, T least, T most) {
    T value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    if (!(value >= least && value <= most)) return std::nullopt;
    return value;
}

int refuse(std::string_view what) {
    std::cerr << "allocation: do not understand " << what
              << "; use --agents A, --frameworks F, --rounds N (whole numbers above 0), "
                 "--sorter drf|random, --filters SHARE (0 to 1), --one-role, --quota, --matrix\n";
    return 2;
}

}  // namespace

int run(std::span<char* const> arguments) {
    CellOptions options;
    bool matrix = false;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
        const std::string_view flag = arguments[i];
        if (flag == "--one-role" || flag == "--quota" || flag == "--matrix") {
            (flag == "--one-role" ? options.one_role
             : flag == "--quota"  ? options.quota
                                  : matrix) = true;
            continue;
        }
        if (i + 1 == arguments.size()) return refuse(flag);
        const std::string_view text = arguments[++i];
        const auto count = number<std::uint32_t>(text, 1, 200'000);
        const auto share = number<double>(text, 0, 1);
        if (flag == "--agents" && count) {
            options.agents = *count;
        } else if (flag == "--frameworks" && count) {
            options.frameworks = *count;
        } else if (flag == "--rounds" && count) {
            options.rounds = static_cast<int>(*count);
        } else if (flag == "--sorter" && (text == "drf" || text == "random")) {
            options.sorter = text;
        } else if (flag == "--filters" && share) {
            options.filters = *share;
        } else {
            return refuse(std::string(flag) + " " + std::string(text));
        }
    }
    if (matrix) {
        measure_matrix(options);
        return 0;
    }
    in_own_process([&] { Measured{options}.measure(); });
    measure_cases();
    return 0;
}

}  // namespace offerkit::bench

int main(int argc, char** argv) {
    return offerkit::bench::run({argv + 1, static_cast<std::size_t>(argc - 1)});
}
