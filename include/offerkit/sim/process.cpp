// SPDX-License-Identifier: Apache-2.0
#include <offerkit/sim/process.hpp>

#include <offerkit/resources/text.hpp>

#include <charconv>

namespace offerkit::sim {
namespace {

std::vector<std::string> split_words(std::string_view text) {
    std::vector<std::string> words;
    std::size_t at = 0;
    while (at < text.size()) {
        const std::size_t end = std::min(text.find(' ', at), text.size());
        if (end > at) words.emplace_back(text.substr(at, end - at));
        at = end + 1;
    }
    return words;
}

std::optional<std::int32_t> read_code(std::string_view text) {
    std::int32_t code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error != std::errc{} || end != text.data() + text.size() || code < 0 || code > 255) {
        return std::nullopt;
    }
    return code;
}

std::optional<ProcessPlan> read_words(const std::vector<std::string>& words) {
    ProcessPlan plan;
    if (words.size() == 1 && words[0] == "true") return plan;
    if (words.size() == 1 && words[0] == "false") {
        plan.code = 1;
        return plan;
    }
    if (words.size() != 2) return std::nullopt;
    if (words[0] == "exit") {
        const auto code = read_code(words[1]);
        if (!code) return std::nullopt;
        plan.code = *code;
        return plan;
    }
    if (words[0] != "sleep") return std::nullopt;
    if (words[1] == "infinity") {
        plan.run_time = Duration::max();
        return plan;
    }
    const Result<std::int64_t> seconds = parse_amount(words[1]);  // Exact to a millisecond.
    if (!seconds) return std::nullopt;
    plan.run_time = std::chrono::milliseconds{*seconds};
    return plan;
}

}  // namespace

std::optional<ProcessPlan> read_plan(const std::vector<std::string>& argv) {
    if (argv.size() == 3 && argv[0] == "/bin/sh" && argv[1] == "-c") {
        return read_words(split_words(argv[2]));
    }
    return read_words(argv);
}

ProcessPlan draw_plan(const ProcessOptions& options, Rng& rng,
                      const std::vector<std::string>& argv) {
    const std::optional<ProcessPlan> read = read_plan(argv);
    ProcessPlan plan = read.value_or(ProcessPlan{});
    if (!read) plan.run_time = options.run_time.draw(rng);
    if (options.fails != 0 && rng.chance(options.fails, 1000)) plan.code = 1;
    if (options.starts_not != 0) plan.starts = !rng.chance(options.starts_not, 1000);
    if (options.ignores_term != 0) plan.ignores_term = rng.chance(options.ignores_term, 1000);
    return plan;
}

}  // namespace offerkit::sim
