// SPDX-License-Identifier: Apache-2.0

#include "replay.hpp"

#include "commands.hpp"
#include <offerkit/core/nearest.hpp>
#include "table.hpp"

#include <offerkit/record/build_id.hpp>
#include <offerkit/record/replay.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

namespace offerkit::tools {

namespace {

using OrderedJson = nlohmann::ordered_json;

/// How a replay went, beside what `record::Replay` says.
struct Ending {
    std::string why;                 // "end of the log", "step 12", ...
    std::vector<std::string> kinds;  // What the last step heard and asked for.
};

Result<std::string> read_log(const std::string& path) {
    const auto refuse = [&](int error) {
        return Refusal{error == ENOENT ? RefusalCode::not_found : RefusalCode::unavailable,
                       "log " + path, "read", std::strerror(error),
                       "give a file that a daemon wrote under --record"};
    };
    std::FILE* const file = std::fopen(path.c_str(), "rbe");
    if (file == nullptr) return refuse(errno);
    std::string bytes;
    std::array<char, 1 << 16> part;
    std::size_t count = 0;
    while ((count = std::fread(part.data(), 1, part.size(), file)) > 0)
        bytes.append(part.data(), count);
    const int error = std::ferror(file) != 0 ? errno : 0;
    std::fclose(file);
    if (error != 0) return refuse(error);
    return bytes;
}

Result<void> check_kind(const record::Replayer& replayer, const std::string& kind) {
    const std::vector<std::string> all = replayer.all_kinds();
    if (kind.empty() || std::ranges::binary_search(all, kind)) return {};
    std::vector<std::string_view> names{all.begin(), all.end()};
    const std::string_view near = nearest(kind, names);
    std::string list;
    for (const std::string_view name : names)
        list += (list.empty() ? "" : ", ") + std::string(name);
    return Refusal{RefusalCode::not_found, "kind " + kind.substr(0, 64), "break on it",
                   "this machine neither hears nor asks for such a thing",
                   near.empty() ? "use one of " + list : "did you mean " + std::string(near) + "?"};
}

/// Where the log has a step after the moment, the replay ends before it.
bool is_after(const Moment& moment, const record::Replayer& replayer) {
    if (moment.step) return replayer.so_far().steps >= *moment.step;
    if (!moment.ns) return false;
    const std::optional<Instant> next = replayer.next_at();
    return next && next->ns > *moment.ns;
}

Result<Ending> run(record::Replayer& replayer, const Moment& until, const std::string& kind) {
    Ending ending;
    while (true) {
        if (is_after(until, replayer)) {
            ending.why = "asked to stop here";
            return ending;
        }
        const std::uint64_t before = replayer.so_far().steps;
        const Result<bool> more = replayer.next();
        if (!more) return more.error();
        if (replayer.so_far().steps != before) ending.kinds = replayer.kinds();
        if (replayer.so_far().difference) {
            ending.why = "differs from what was recorded";
            return ending;
        }
        if (!*more) {
            ending.why = replayer.so_far().cut_off ? "the log is cut off here" : "end of the log";
            return ending;
        }
        if (!kind.empty() && std::ranges::find(ending.kinds, kind) != ending.kinds.end()) {
            ending.why = "met " + kind;
            return ending;
        }
    }
}

std::string joined(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : " ") + word;
    return text.empty() ? "-" : text;
}

std::string seconds_of(Instant at) {
    const std::int64_t us = at.ns / 1000;
    return std::to_string(us / 1'000'000) + "." +
           std::to_string(1'000'000 + us % 1'000'000).substr(1) + "s";
}

void print_state(const record::Summary& state) {
    Table facts{{"STATE", ""}};
    for (const auto& [name, value] : state.facts)
        facts.add({name, value});
    std::fputs(("\n" + facts.text()).c_str(), stdout);
    for (const record::SummaryTable& each : state.tables) {
        std::printf("\n%s: %zu\n", each.title.c_str(), each.rows.size());
        if (each.rows.empty()) continue;
        Table table{each.columns};
        for (const auto& row : each.rows)
            table.add(row);
        std::fputs(table.text().c_str(), stdout);
    }
}

/// What "the same" means here.
std::string how_same(const record::Replay& so_far) {
    std::string text = "byte for byte";
    if (so_far.steps_in_full != so_far.steps) {
        text += " in " + std::to_string(so_far.steps_in_full) + " of " +
                std::to_string(so_far.steps) + " steps, by number and kinds of effects in all";
    }
    if (so_far.state_compared) text += "; the state at the end too";
    return text;
}

void print_text(const record::Replayer& replayer, const Ending& ending, bool state) {
    const record::Replay& so_far = replayer.so_far();
    std::printf("build     %s\n", replayer.header().build.c_str());
    std::printf("steps     %llu, %llu events, %llu effects\n",
                static_cast<unsigned long long>(so_far.steps),
                static_cast<unsigned long long>(so_far.events),
                static_cast<unsigned long long>(so_far.effects));
    std::printf("at        %s of the machine's clock\n", seconds_of(replayer.now()).c_str());
    std::printf("stopped   %s\n", ending.why.c_str());
    std::printf("last step %s\n", joined(ending.kinds).c_str());
    if (so_far.difference) {
        std::printf("differs   in step %llu: %s\n",
                    static_cast<unsigned long long>(so_far.difference->step),
                    so_far.difference->what.c_str());
    } else {
        std::printf("same      %s\n", how_same(so_far).c_str());
    }
    if (state) print_state(replayer.state());
}

OrderedJson json_of(const record::Summary& state) {
    OrderedJson json;
    for (const auto& [name, value] : state.facts)
        json[name] = value;
    for (const record::SummaryTable& table : state.tables) {
        OrderedJson& rows = json[table.title] = OrderedJson::array();
        for (const auto& row : table.rows) {
            OrderedJson object;
            for (std::size_t i = 0; i < row.size(); ++i)
                object[table.columns[i]] = row[i];
            rows.push_back(std::move(object));
        }
    }
    return json;
}

void print_json(const record::Replayer& replayer, const Ending& ending, bool state) {
    const record::Replay& so_far = replayer.so_far();
    OrderedJson json{{"build", replayer.header().build},
                     {"steps", so_far.steps},
                     {"steps_in_full", so_far.steps_in_full},
                     {"state_compared", so_far.state_compared},
                     {"events", so_far.events},
                     {"effects", so_far.effects},
                     {"at_ns", replayer.now().ns},
                     {"stopped", ending.why},
                     {"last_step", ending.kinds},
                     {"cut_off", so_far.cut_off},
                     {"difference", nullptr}};
    if (so_far.difference) {
        json["difference"] = {{"step", so_far.difference->step},
                              {"at_ns", so_far.difference->at.ns},
                              {"what", so_far.difference->what}};
    }
    if (state) json["state"] = json_of(replayer.state());
    std::fputs((json.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n").c_str(),
               stdout);
}

Result<bool> try_replay(const ReplayCommand& command) {
    const Result<Moment> until = parse_moment(command.until);
    if (!until) return until.error();
    const Result<std::string> log = read_log(command.log);
    if (!log) return log.error();
    record::ReplayOptions options;
    options.build = record::build_text();
    Result<record::Replayer> replayer = record::Replayer::open(*log, std::move(options));
    if (!replayer) return replayer.error();
    if (auto known = check_kind(*replayer, command.break_on); !known) return known.error();
    const Result<Ending> ending = run(*replayer, *until, command.break_on);
    if (!ending) return ending.error();
    (command.json ? print_json : print_text)(*replayer, *ending, command.state);
    return !replayer->so_far().difference;
}

}  // namespace

Result<Moment> parse_moment(const std::string& text) {
    Moment moment;
    if (text.empty()) return moment;
    const Refusal refusal{RefusalCode::malformed, "moment " + text.substr(0, 64), "stop there",
                          "is neither a step nor a time",
                          "give a number of steps, or a time such as 75.5s, 300ms, 2min"};
    std::int64_t whole = 0;
    const char* const end = text.data() + text.size();
    const auto read = std::from_chars(text.data(), end, whole);
    if (read.ec != std::errc{} || whole < 0) return refusal;
    std::string_view rest{read.ptr, static_cast<std::size_t>(end - read.ptr)};
    if (rest.empty()) {
        moment.step = static_cast<std::uint64_t>(whole);
        return moment;
    }
    std::int64_t billionths = 0;  // Of the unit, as many as nine digits give.
    if (rest.starts_with('.')) {
        rest.remove_prefix(1);
        std::int64_t worth = 100'000'000;
        const std::size_t digits = rest.find_first_not_of("0123456789");
        if (digits == 0 || digits == std::string_view::npos || digits > 9) return refusal;
        for (std::size_t i = 0; i < digits; ++i, worth /= 10)
            billionths += (rest[i] - '0') * worth;
        rest.remove_prefix(digits);
    }
    constexpr std::array<std::pair<std::string_view, std::int64_t>, 4> units{
        {{"ms", 1'000'000},
         {"s", 1'000'000'000},
         {"min", 60'000'000'000},
         {"h", 3600'000'000'000}}};
    for (const auto& [name, ns] : units) {
        if (rest != name) continue;
        if (whole > 1'000'000'000'000'000'000 / ns) return refusal;
        moment.ns = whole * ns + billionths * (ns / 1'000'000) / 1000;
        return moment;
    }
    return refusal;
}

int replay(const ReplayCommand& command) {
    const Result<bool> same = try_replay(command);
    if (!same) return fail(exit_usage, format_refusal(same.error()));
    return *same ? exit_done : exit_failed;
}

}  // namespace offerkit::tools
