// SPDX-License-Identifier: Apache-2.0
#pragma once

/// The words of one command of a scenario, read one after the other, strictly: what is not
/// understood ends the test with the line it stands on.

#include <offerkit/core/id.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/model/offer.hpp>
#include <offerkit/model/role.hpp>
#include <offerkit/model/status.hpp>
#include <offerkit/model/task.hpp>
#include <offerkit/resources/text.hpp>

#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace offerkit::test {

class Words {
public:
    explicit Words(std::string line);

    [[nodiscard]] bool is_empty() const { return at_ == words_.size(); }
    [[nodiscard]] std::string next(std::string_view what);
    /// Takes the next word if it is this one.
    [[nodiscard]] bool take(std::string_view word);
    /// All that is left, as one text.
    [[nodiscard]] std::string rest();
    void expect_end() const;
    [[noreturn]] void fail(const std::string& why) const;

    [[nodiscard]] std::uint64_t number(std::string_view what);
    [[nodiscard]] Duration duration(std::string_view what);
    [[nodiscard]] Resources resources();
    [[nodiscard]] Role role();
    [[nodiscard]] TaskId task_id() { return TaskId{next("task id")}; }
    [[nodiscard]] TaskState task_state();
    [[nodiscard]] StatusReason status_reason();
    [[nodiscard]] DeclineReason decline_reason();
    [[nodiscard]] RefusalCode refusal_code();

    /// "c1" is short for peer c0-1; "none", or "own" for an agent's own executor, for no id.
    template <class Id>
    [[nodiscard]] Id id(std::string_view what);

    /// "FRAMEWORK TASK".
    [[nodiscard]] std::pair<FrameworkId, TaskId> task_of();

    /// "ID RESOURCES [COMMAND...]" up to the end, or to "and".
    [[nodiscard]] TaskInfo task();

    /// "TASK STATE [id S] [agent A] [reason R] [message TEXT]".
    [[nodiscard]] TaskStatus status();

    /// "O@A(RESOURCES)".
    [[nodiscard]] Offer offer();

    /// "CODE WHY...".
    [[nodiscard]] Refusal refusal();

private:
    template <class E>
    [[nodiscard]] E enumerator(std::string_view (*format)(E), std::size_t count,
                               std::string_view what);

    std::string line_;
    std::vector<std::string> words_;
    std::size_t at_ = 0;
};

template <class Id>
Id Words::id(std::string_view what) {
    const std::string word = next(what);
    if (word == "none" || word == "own") return Id{};
    if constexpr (std::is_same_v<Id, PeerId>) {
        if (word.size() > 1 && word.find('-') == std::string::npos) {
            const Result<PeerId> parsed = parse_id<PeerTag>("c0-" + word.substr(1));
            if (parsed) return *parsed;
        }
    }
    const Result<Id> parsed = [&]<class Tag>(NumberedId<Tag>) { return parse_id<Tag>(word); }(Id{});
    if (!parsed) fail(format_refusal(parsed.error()));
    return *parsed;
}

/// "1.5s", "500ms", "10m": what the language writes for a length of time, and reads.
[[nodiscard]] std::string format_duration(Duration duration);
[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);

}  // namespace offerkit::test
