// SPDX-License-Identifier: Apache-2.0
#pragma once

/// What a scheduler was told and what it answered, kept, so that another version of it can be asked
/// the same questions: a change that answers otherwise is found before it is let loose.

#include <offerkit/core/bytes.hpp>
#include <offerkit/core/result.hpp>
#include <offerkit/core/time.hpp>
#include <offerkit/framework/deliver.hpp>
#include <offerkit/framework/effect.hpp>
#include <offerkit/framework/event.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace offerkit::record {

/// One call of a scheduler's handlers, and what came of it.
struct Exchange {
    std::variant<framework::Deliver, Instant> told;  // A delivery, or `on_wake` at that time.
    framework::AuthorAsked answer;
    friend bool operator==(const Exchange&, const Exchange&) = default;
};

using Conversation = std::vector<Exchange>;

/// As bytes, for a file. They are read by the same build of OfferKit only.
[[nodiscard]] Bytes format_conversation(const Conversation& conversation);
/// Refuses: `malformed`; `unsupported` for what another build has written.
[[nodiscard]] Result<Conversation> parse_conversation(std::string_view bytes);

/// What was told or answered, in a line each: "accept o1-4 launch t1 t2".
[[nodiscard]] std::string format_told(const Exchange& exchange);
[[nodiscard]] std::string format_answer(const framework::AuthorAsked& answer);

/// The first answer that was another one.
struct Departure {
    std::size_t exchange = 0;  // From zero.
    std::string text;          // For people: what it was told, what was recorded, what it said now.
};

/// Puts the same to another scheduler, from its beginning, and compares every answer. What it
/// throws passes through.
template <Scheduler S>
[[nodiscard]] std::optional<Departure> replay_conversation(const Conversation& conversation,
                                                           S& scheduler) {
    for (std::size_t i = 0; i < conversation.size(); ++i) {
        framework::AuthorAsked answer;
        if (const auto* const delivery = std::get_if<framework::Deliver>(&conversation[i].told)) {
            framework::AuthorReplied replied = framework::call_handlers(scheduler, *delivery);
            answer = {std::move(replied.offers), std::move(replied.requests)};
        } else {
            answer = framework::call_wake(scheduler, std::get<Instant>(conversation[i].told));
        }
        if (answer == conversation[i].answer) continue;
        return Departure{i, "exchange " + std::to_string(i) + ": told " +
                                format_told(conversation[i]) +
                                "\nrecorded: " + format_answer(conversation[i].answer) +
                                "\nnow: " + format_answer(answer)};
    }
    return std::nullopt;
}

}  // namespace offerkit::record

namespace offerkit {

using record::Conversation;
using record::replay_conversation;

}  // namespace offerkit
