// SPDX-License-Identifier: Apache-2.0
#include "plan.hpp"

#include "workloads.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace offerkit::test {

std::string_view format_blow(Blow blow) {
    constexpr std::array<std::string_view, blows> names{
        "break_link",      "cut_link",       "slow_link",        "crash_master",
        "crash_agent",     "crash_machine",  "kill_framework",   "forget_framework",
        "master_part_way", "agent_part_way", "machine_part_way", "framework_part_way",
        "fill_disk",       "slow_disk",      "jump_wall",        "replace_agent",
        "operate",         "leave_agent",    "crash_launcher",   "crash_supervisors"};
    return names[static_cast<std::size_t>(blow)];
}

Plan draw_plan(std::uint64_t seed) {
    Rng rng{seed};
    Plan plan;
    plan.seed = seed;
    plan.workload = static_cast<std::uint32_t>(rng.below(workloads().size()));
    plan.agents = static_cast<std::uint32_t>(rng.between(1, 8));
    plan.seconds = rng.between(20, 120);
    plan.blows = static_cast<std::uint32_t>(rng.between(2, 30));
    plan.hostile = rng.chance(1, 6);
    return plan;
}

// One draw per statement: the order of draws is the same for every compiler.
std::vector<PlannedBlow> draw_blows(const Plan& plan) {
    Rng rng = Rng{plan.seed}.split();
    std::vector<PlannedBlow> drawn;
    for (std::uint32_t i = 0; i < plan.blows; ++i) {
        PlannedBlow blow;
        blow.at = Instant{rng.between(500'000'000, plan.seconds * 1'000'000'000)};
        blow.blow = static_cast<Blow>(rng.below(blows));
        // Most are over soon; some last longer than anybody waits for anybody.
        const std::int64_t longest = rng.chance(1, 4) ? 150'000 : 8'000;
        blow.length = std::chrono::milliseconds{rng.between(10, longest)};
        blow.seed = rng.next();
        drawn.push_back(blow);
    }
    if (!plan.kept) return drawn;
    std::vector<PlannedBlow> kept;
    for (const std::uint32_t number : *plan.kept) {
        if (number < drawn.size()) kept.push_back(drawn[number]);
    }
    return kept;
}

std::string format_plan(const Plan& plan) {
    std::string text = "seed=" + std::to_string(plan.seed) +
                       " workload=" + std::string(workloads()[plan.workload].name) +
                       " agents=" + std::to_string(plan.agents) +
                       " seconds=" + std::to_string(plan.seconds) +
                       " blows=" + std::to_string(plan.blows);
    if (plan.hostile) text += " hostile=1";
    if (!plan.kept) return text;
    text += " kept=";
    for (std::size_t i = 0; i < plan.kept->size(); ++i)
        text += (i == 0 ? "" : ",") + std::to_string((*plan.kept)[i]);
    return text;
}

namespace {

template <class Number>
bool read_number(std::string_view text, Number& number) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size();
}

bool read_kept(std::string_view text, Plan& plan) {
    plan.kept.emplace();
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(','), text.size());
        std::uint32_t number = 0;
        if (!read_number(text.substr(0, end), number)) return false;
        plan.kept->push_back(number);
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return true;
}

bool read_word(std::string_view name, std::string_view value, Plan& plan) {
    if (name == "seed") {
        if (!read_number(value, plan.seed)) return false;
        plan = draw_plan(plan.seed);
        return true;
    }
    if (name == "workload") {
        const auto all = workloads();
        const auto found = std::ranges::find(all, value, &Workload::name);
        plan.workload = static_cast<std::uint32_t>(found - all.begin());
        return found != all.end();
    }
    if (name == "agents") return read_number(value, plan.agents) && plan.agents != 0;
    if (name == "seconds") return read_number(value, plan.seconds) && plan.seconds > 0;
    if (name == "blows") return read_number(value, plan.blows);
    if (name == "kept") return read_kept(value, plan);
    if (name != "hostile") return false;
    plan.hostile = value != "0";
    return true;
}

}  // namespace

// The seed comes first: what is not said is drawn from it.
Result<Plan> parse_plan(std::string_view text) {
    Plan plan;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find(' '), text.size());
        const std::string_view word = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        if (word.empty()) continue;
        const std::size_t sign = word.find('=');
        if (sign == std::string_view::npos ||
            !read_word(word.substr(0, sign), word.substr(sign + 1), plan)) {
            return Refusal{RefusalCode::invalid, "plan", "read " + std::string(word),
                           "it is not one of seed, workload, agents, seconds, blows, kept, hostile "
                           "with a value",
                           "take the line that a failed run prints"};
        }
    }
    return plan;
}

}  // namespace offerkit::test
