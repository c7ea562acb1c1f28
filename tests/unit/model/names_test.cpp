// SPDX-License-Identifier: Apache-2.0
// Closed sets: each member has a name of its own, and terminal states are what they should be.

#include <offerkit/model/offer.hpp>
#include <offerkit/model/reasons.hpp>
#include <offerkit/model/status.hpp>

#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <string_view>

namespace offerkit {

namespace {

template <class Enum, class Format>
void check_names(std::size_t count, Format format) {
    std::set<std::string_view> names;
    for (std::size_t i = 0; i < count; ++i)
        names.insert(format(static_cast<Enum>(i)));
    CHECK(names.size() == count);
    CHECK_FALSE(names.contains("?"));
    // One past the last has none: the count is right.
    CHECK(format(static_cast<Enum>(count)) == "?");
}

}  // namespace

TEST_CASE("every member of a closed set has a name of its own") {
    check_names<TaskState>(task_states, format_task_state);
    check_names<StatusReason>(status_reasons, format_status_reason);
    check_names<StatusSource>(3, format_status_source);
    check_names<DeclineReason>(decline_reasons, format_decline_reason);
    check_names<NoOfferReason>(no_offer_reasons, format_no_offer_reason);
}

TEST_CASE("a task in a terminal state never changes again") {
    std::set<std::string_view> terminal;
    for (std::size_t i = 0; i < task_states; ++i) {
        const auto state = static_cast<TaskState>(i);
        if (is_terminal(state)) terminal.insert(format_task_state(state));
    }
    CHECK(terminal ==
          std::set<std::string_view>{"finished", "failed", "killed", "error", "dropped", "gone"});
}

TEST_CASE("a message is cut to what a status may carry, between characters") {
    const std::string fits(limits::message_text_max, 'x');
    CHECK(bound_message(fits) == fits);
    CHECK(bound_message(fits + "y") == fits);
    const std::string nearly(limits::message_text_max - 1, 'x');
    CHECK(bound_message(nearly + "\xc3\xa9") == nearly);
    CHECK(bound_message("").empty());
}

}  // namespace offerkit
