// SPDX-License-Identifier: Apache-2.0
#include "words.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace offerkit::test {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t ns;
};
constexpr std::array units{
    Unit{"h", 3'600'000'000'000}, Unit{"m", 60'000'000'000}, Unit{"s", 1'000'000'000},
    Unit{"ms", 1'000'000},        Unit{"us", 1'000},         Unit{"ns", 1}};

}  // namespace

std::string format_duration(Duration duration) {
    if (duration == Duration::max()) return "forever";
    for (const Unit& unit : units) {
        if (duration.count() % unit.ns != 0) continue;
        if (duration.count() == 0) return "0s";
        return std::to_string(duration.count() / unit.ns) + std::string(unit.name);
    }
    return {};
}

std::optional<Duration> parse_duration(std::string_view text) {
    if (text == "forever") return Duration::max();
    std::int64_t count = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
    if (error != std::errc{}) return std::nullopt;
    const std::string_view name(end, static_cast<std::size_t>(text.data() + text.size() - end));
    for (const Unit& unit : units) {
        if (unit.name == name) return Duration{count * unit.ns};
    }
    return std::nullopt;
}

Words::Words(std::string line) : line_(std::move(line)) {
    std::size_t at = 0;
    while (at < line_.size()) {
        const std::size_t end = std::min(line_.find(' ', at), line_.size());
        if (end > at) words_.push_back(line_.substr(at, end - at));
        at = end + 1;
    }
}

void Words::fail(const std::string& why) const {
    throw std::runtime_error("scenario: \"" + line_ + "\": " + why);
}

std::string Words::next(std::string_view what) {
    if (is_empty()) fail("expected " + std::string(what));
    return words_[at_++];
}

bool Words::take(std::string_view word) {
    if (is_empty() || words_[at_] != word) return false;
    ++at_;
    return true;
}

std::string Words::rest() {
    std::string text;
    while (!is_empty())
        text += (text.empty() ? "" : " ") + words_[at_++];
    return text;
}

void Words::expect_end() const {
    if (!is_empty()) fail("\"" + words_[at_] + "\" is not understood");
}

std::uint64_t Words::number(std::string_view what) {
    const std::string word = next(what);
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || end != word.data() + word.size()) fail(word + " is no number");
    return value;
}

Duration Words::duration(std::string_view what) {
    const std::string word = next(what);
    const std::optional<Duration> parsed = parse_duration(word);
    if (!parsed) fail(word + " is no duration");
    return *parsed;
}

Resources Words::resources() {
    const Result<Resources> parsed = parse_resources(next("resources"));
    if (!parsed) fail(format_refusal(parsed.error()));
    return *parsed;
}

Role Words::role() {
    const Result<Role> parsed = Role::parse(next("role"));
    if (!parsed) fail(format_refusal(parsed.error()));
    return *parsed;
}

template <class E>
E Words::enumerator(std::string_view (*format)(E), std::size_t count, std::string_view what) {
    const std::string word = next(what);
    for (std::size_t i = 0; i < count; ++i) {
        if (format(static_cast<E>(i)) == word) return static_cast<E>(i);
    }
    fail(word + " is no " + std::string(what));
}

TaskState Words::task_state() { return enumerator(format_task_state, task_states, "task state"); }
StatusReason Words::status_reason() {
    return enumerator(format_status_reason, status_reasons, "status reason");
}
DeclineReason Words::decline_reason() {
    return enumerator(format_decline_reason, decline_reasons, "decline reason");
}
RefusalCode Words::refusal_code() {
    constexpr auto count = static_cast<std::size_t>(RefusalCode::cancelled) + 1;
    return enumerator(format_refusal_code, count, "refusal code");
}

std::pair<FrameworkId, TaskId> Words::task_of() {
    const auto framework = id<FrameworkId>("framework");
    return {framework, task_id()};
}

TaskInfo Words::task() {
    TaskInfo task;
    task.id = task_id();
    task.resources = resources();
    std::string command;
    while (!is_empty() && !take("and")) {
        command += (command.empty() ? "" : " ") + next("command");
    }
    task.command.shell = command.empty() ? "true" : command;
    return task;
}

TaskStatus Words::status() {
    TaskStatus status;
    status.task = task_id();
    status.state = task_state();
    while (!is_empty() && !take("and")) {
        if (take("id")) {
            status.id = id<StatusId>("status id");
        } else if (take("agent")) {
            status.agent = id<AgentId>("agent id");
        } else if (take("reason")) {
            status.reason = status_reason();
        } else if (take("exit")) {
            status.exit = ExitStatus{static_cast<std::int32_t>(number("exit code")), 0};
        } else if (take("signal")) {
            status.exit = ExitStatus{0, static_cast<std::int32_t>(number("signal"))};
        } else {
            fail("expected id, agent, reason, exit or signal");
        }
    }
    return status;
}

Offer Words::offer() {
    const std::string word = next("offer");
    const std::size_t at = word.find('@');
    const std::size_t open = word.find('(');
    if (at == std::string::npos || open == std::string::npos || word.back() != ')') {
        fail(word + " is not of the form OFFER@AGENT(RESOURCES)");
    }
    Words parts{word.substr(0, at) + ' ' + word.substr(at + 1, open - at - 1) + ' ' +
                word.substr(open + 1, word.size() - open - 2)};
    Offer offer;
    offer.id = parts.id<OfferId>("offer id");
    offer.agent = parts.id<AgentId>("agent id");
    offer.resources = parts.resources();
    return offer;
}

Refusal Words::refusal() {
    Refusal refusal;
    refusal.code = refusal_code();
    refusal.who = "peer";
    refusal.why = rest();
    return refusal;
}

}  // namespace offerkit::test
